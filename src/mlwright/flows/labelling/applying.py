"""From a queue's settled rows to a new data version that remembers who said what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from mlwright.core.digest import Digest, digest_bytes
from mlwright.core.records import dump, load
from mlwright.data.labels.records import LabelledSet, SettledLabel
from mlwright.data.labels.settle import labels_of, relabelled
from mlwright.data.records import Snapshot
from mlwright.data.snapshot import build
from mlwright.data.table import read
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.labelling.agreeing import require_settled, settled_rows
from mlwright.flows.labelling.answered import table_of_answers
from mlwright.flows.labelling.queueing import data_of
from mlwright.flows.labelling.records import QueueStanding, Settled
from mlwright.flows.labelling.standing import queued_event, standing
from mlwright.flows.workspace import Workspace
from mlwright.ledger.records import NewEvent

FORMAT = "labels"


@dataclass(frozen=True, slots=True)
class Applied:
    """A data version made of a queue's settled labels.

    ``changed`` counts the cells whose label is another now, ``open`` the rows of the queue that
    are not settled and keep the label they had. ``event`` is None where nothing was recorded,
    because the same labels had been applied before.
    """

    queue: str
    before: str
    data: str
    settled: int
    changed: int
    open: int
    rows: tuple[SettledLabel, ...]
    event: str | None


def apply_labels(workspace: Workspace, ref: str | None, onto: str | None = None) -> Applied:
    """Write the settled labels of a queue into a new version of its data; row ids stay.

    Of recorded predictions a table of their own is made, its rows named by the predictions' ids.

    Parameters
    ----------
    onto
        The data version to correct instead of the queue's own, such as one that another queue's
        labels made; rows it does not hold are left out.

    Raises
    ------
    NotFoundError
        ``queue-unsettled`` while no row is settled.
    """
    workspace.ledger.require_writable()
    now = standing(ref, workspace)
    settled = require_settled(now, settled_rows(now, workspace))
    labels = tuple(_label(now, each) for each in settled)
    before = snapshot_of(now.queue.data if onto is None else data_of(workspace, onto), workspace)
    if now.queue.answered is None:
        rows, after = _corrected(before, now, labels, workspace)
    else:
        rows, after = labels, _answered(now, labels, workspace)
    counts = Counter(
        str(given.guideline or "none") for each in settled for given in now.answers[each.row]
    )
    made = LabelledSet(now.name, before.id, now.queue.target, rows, counts, now.guideline)
    changed = sum(each.value != each.before for each in rows)
    return Applied(
        queue=now.name,
        before=before.id,
        data=after.id,
        settled=len(rows),
        changed=changed,
        open=len(now.queue.rows) - len(rows),
        rows=rows,
        event=_record(workspace, now, after, made, changed),
    )


def labelled_set(content: Digest, workspace: Workspace) -> LabelledSet:
    """Return the labels a data version was made with."""
    return load(LabelledSet, workspace.store.get(content))


def _label(now: QueueStanding, each: Settled) -> SettledLabel:
    asked = now.queue.find(each.row)
    assert asked is not None, "a settled row is one of the queue's"
    assert each.value is not None, "a settled row has a label"
    return SettledLabel(each.row, each.value, asked.recorded, each.labels, each.adjudication)


def _corrected(
    before: Snapshot, now: QueueStanding, labels: tuple[SettledLabel, ...], workspace: Workspace
) -> tuple[tuple[SettledLabel, ...], Snapshot]:
    """Return the labels of rows a version holds, beside what it says there, and it corrected."""
    table = read(before, workspace.store)
    had = labels_of(table, now.queue.target, [each.row for each in labels])
    rows = tuple(replace(each, before=had[each.row]) for each in labels if each.row in had)
    changed = {each.row: each.value for each in rows if each.value != each.before}
    if not changed:
        return rows, before
    after = build(
        relabelled(table, now.queue.target, changed),
        key=before.key,
        store=workspace.store,
        readings=before.readings,
        known=lambda found: _known(found, workspace),
        row_ids=table.row_ids,
        parent=before,
    )
    return rows, after


def _answered(
    now: QueueStanding, labels: tuple[SettledLabel, ...], workspace: Workspace
) -> Snapshot:
    event = queued_event(now.name, workspace.ledger)
    package = Digest(str(event.facts["package"]))
    return table_of_answers(now.queue, labels, package, workspace)


def _known(identifier: str, workspace: Workspace) -> Snapshot | None:
    made = any(True for _ in workspace.ledger.events(kind="data.ingested", subject=identifier))
    return snapshot_of(identifier, workspace) if made else None


def _record(
    workspace: Workspace, now: QueueStanding, after: Snapshot, made: LabelledSet, changed: int
) -> str | None:
    """Record the version as one that was read from the labels of a queue."""
    written = dump(made)
    content = digest_bytes(written)
    for event in workspace.ledger.events(kind="data.ingested", subject=after.id):
        if event.facts["content"] == content:
            return None
    workspace.store.put(written)
    manifest = workspace.store.put(dump(after))
    facts = {
        "digest": after.digest,
        "manifest": manifest,
        "rows": after.rows,
        "columns": len(after.columns),
        "row_ids": f"column {after.key}" if after.key else f"those of {made.data}",
        "address": now.name,
        "format": FORMAT,
        "content": content,
        "size": len(written),
        "changed": changed,
    }
    labels = [label for row in made.rows for label in (*row.labels, row.adjudication) if label]
    uses = (
        *((made.data,) if after.id != made.data else ()),
        now.name,
        *labels,
    )
    parts = [name for fragment in after.fragments for name in fragment.objects]
    new = NewEvent("data.ingested", after.id, facts, uses=uses, objects=(content, manifest, *parts))
    return workspace.ledger.append([new])[0].id
