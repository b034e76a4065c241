"""Joins recorded: a data version made of two others by a step that is done again for a proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import cast

from mlwright.core.digest import Digest
from mlwright.core.errors import NotFoundError, UsageError
from mlwright.core.ids import Noun, noun_of, short
from mlwright.core.quantities import Quantity, parse_quantity
from mlwright.core.records import dump, load
from mlwright.data.joins.join import join, require_joinable
from mlwright.data.joins.records import Joined, JoinRule, Joins
from mlwright.data.records import Snapshot
from mlwright.data.settings import DataSettings
from mlwright.flows.data_events import data_event
from mlwright.flows.ingesting import ingest_source, snapshot_of
from mlwright.flows.question import Question
from mlwright.flows.workspace import Workspace
from mlwright.govern.why import resolve
from mlwright.ledger.records import NewEvent
from mlwright.registry.versions import find
from mlwright.run.engine import Runner
from mlwright.run.steps.step import step
from mlwright.store.protocol import Store

JOINED = "data.joined"
WITHIN = "1d"
"""How old a joined value may be unless something else is said."""

NEVER = "any"
JOINED_ROW = "it names the row that was joined, and so is no feature"


@step
def joined(left: Snapshot, right: Snapshot, how: JoinRule, store: Store) -> Joined:
    """Join two data versions as of the moments of the left one's rows, and verify the result."""
    return join(left, right, how, store)


@dataclass(frozen=True, slots=True)
class JoinMade:
    """A join that was made: its record, and the run that made it."""

    run: str
    joined: Joined


def join_data(
    workspace: Workspace,
    left: str,
    right: str,
    *,
    by: Sequence[str],
    time: str,
    event: str | None = None,
    known: str | None = None,
    known_after: str | None = None,
    within: str = WITHIN,
    columns: Sequence[str] = (),
    name: str | None = None,
    key: str | None = None,
    right_key: str | None = None,
) -> JoinMade:
    """Join a table to another as it was known at the time of each row; the result is a version.

    Parameters
    ----------
    left, right
        Data versions, models (their data) or tables, which are then read.
    by
        Columns that are equal in both, or ``left=right`` where they are called otherwise.
    time
        The left column with each row's moment; ``event`` is the right one, of the same name when
        it is None.
    known
        The right column that says when a row could be read; None means when it was true, and
        ``known_after`` (``45m``) later.
    within
        The oldest values that are taken, such as ``2h``; ``any`` takes all.
    columns
        The right columns that are taken; all but keys and times by default.
    name
        What goes before the names of joined columns; by default the right table's own.

    Raises
    ------
    MlwrightError
        What is wrong with a table; ``join-by``, ``join-key`` and ``join-time``; ``spec-value``.
    """
    workspace.ledger.require_writable()
    workspace.ledger.require_sound()
    one = _version(workspace, left, key)
    other = _version(workspace, right, right_key)
    rule = JoinRule(
        name=name or _called(other, right, workspace),
        by=tuple(_pair(each) for each in by),
        time=time,
        event=event or time,
        known=known,
        known_after=0.0 if known_after is None else _seconds(known_after, "known-after"),
        within=None if within == NEVER else _seconds(within, "within"),
        columns=tuple(columns),
    )
    require_joinable(one, other, rule)
    runner = Runner(workspace.store, workspace.ledger, workspace.seam)
    run = runner.start("data join", inputs={"left": one, "right": other, "how": rule})
    with runner.recording():
        made = runner.execute([joined], resources={"store": workspace.store})
        found = cast("Joined", made["joined"])
        _record(workspace, found, run)
        runner.finish("finished", {"data": found.snapshot.id})
    return JoinMade(run, found)


def joins_of(identifier: str, workspace: Workspace) -> tuple[JoinMade, ...]:
    """Return every join that made a data version, oldest first."""
    events = workspace.ledger.events(kind=JOINED, subject=identifier)
    return tuple(
        JoinMade(
            str(event.facts["run"]),
            load(Joined, workspace.store.get(Digest(str(event.facts["record"])))),
        )
        for event in events
    )


def of_version(question: Question, snapshot: Snapshot, workspace: Workspace) -> Question:
    """Return a question about a data version: its key and ids of joined rows are no features."""
    apart = {made.joined.rule.row: JOINED_ROW for made in joins_of(snapshot.id, workspace)}
    if snapshot.key is not None:
        apart[snapshot.key] = "it is the key, and so no feature"
    apart.pop(question.goal.target, None)
    left_out = {**apart, **question.rule.left_out}
    return replace(question, rule=replace(question.rule, left_out=left_out))


def joins_behind(snapshot: Snapshot, workspace: Workspace) -> Joins | None:
    """Return the joins that made a data version; None for one that was read."""
    made = joins_of(snapshot.id, workspace)[-1:]
    return Joins(tuple(each.joined.rule for each in made)) if made else None


def _version(workspace: Workspace, named: str, key: str | None) -> Snapshot:
    if noun_of(named) is Noun.DATA:
        return snapshot_of(resolve(named, workspace.ledger), workspace)
    data = replace(workspace.settings.section(DataSettings), source=named, key=key)
    try:
        return ingest_source(workspace, data)[0]
    except NotFoundError as error:
        try:
            return snapshot_of(find(workspace.ledger, named).data, workspace)
        except NotFoundError:
            raise error from None


def _called(snapshot: Snapshot, named: str, workspace: Workspace) -> str:
    """Return what a table is called: its file without folders and endings."""
    address = named
    if noun_of(named) is Noun.DATA:
        address = str(data_event(snapshot.id, workspace.ledger).facts.get("address") or "joined")
    stem = PurePath(address).name.partition(".")[0]
    return "".join(c if c.isalnum() else "_" for c in stem) or "joined"


def _pair(text: str) -> tuple[str, str]:
    one, equals, other = text.partition("=")
    if not one or (equals and not other):
        raise UsageError(
            "join-by",
            f"--by {text!r} names no column, or half a pair",
            fix="name a column that both tables have, or LEFT=RIGHT: --by tail=tailnum",
            facts={"by": text},
        )
    return one, other if equals else one


def _seconds(text: str, option: str) -> float:
    try:
        found = parse_quantity(text, Quantity.DURATION)
    except ValueError as error:
        raise UsageError(
            "join-within",
            f"--{option} {text!r}: {error}",
            fix=f"write a duration with its unit: --{option} 2h",
            facts={option: text},
        ) from None
    return found


def _record(workspace: Workspace, made: Joined, run: str) -> None:
    """Record a joined version, once for each way it was come by."""
    record = workspace.store.put(dump(made))
    snapshot, rule = made.snapshot, made.rule
    before = workspace.ledger.events(kind=JOINED, subject=snapshot.id)
    if any(event.facts["record"] == record for event in before):
        return
    manifest = workspace.store.put(dump(snapshot))
    facts = {
        "digest": snapshot.digest,
        "manifest": manifest,
        "rows": snapshot.rows,
        "columns": len(snapshot.columns),
        "row_ids": f"column {snapshot.key}" if snapshot.key else "those of the left table",
        "address": f"{short(made.left)} joined with {short(made.right)}",
        "left": made.left,
        "right": made.right,
        "record": record,
        "run": run,
        "row_column": rule.row,
        "matched": made.matched,
        "verified": made.verified.rows,
    }
    fragments = [name for fragment in snapshot.fragments for name in fragment.objects]
    objects = tuple(dict.fromkeys((record, manifest, *fragments)))
    event = NewEvent(JOINED, snapshot.id, facts, uses=(made.left, made.right, run), objects=objects)
    workspace.ledger.append([event])
