"""The split of a build: decided once for each data version, in the light of the one before."""

from __future__ import annotations

from mlwright.core.digest import Digest
from mlwright.core.encoding import digest_of
from mlwright.core.records import dump, load
from mlwright.data.records import Snapshot, Split
from mlwright.flows.question import Question
from mlwright.flows.repairing import raw_versions
from mlwright.flows.workspace import Workspace
from mlwright.ledger.records import Event, NewEvent


def split_before(workspace: Workspace, snapshot: Snapshot, question: Question) -> Split | None:
    """Return the split this project made before for the same target, or None.

    Data that was split before is split in the light of the same one as then, so that running it
    again changes nothing; for new data it is the newest.
    """
    made = _made(workspace, question)
    again = _of_data(made, snapshot, question)
    if again is not None:
        before = again.facts["before"]
    else:
        before = made[-1].facts["split"] if made else None
    return None if before is None else load(Split, workspace.store.get(Digest(str(before))))


def record_split(
    workspace: Workspace,
    run: str,
    snapshot: Snapshot,
    question: Question,
    before: Split | None,
    split: Split,
) -> None:
    """Record a split, once for each data version and each way of telling rows apart."""
    if _of_data(_made(workspace, question), snapshot, question) is not None:
        return
    digest = workspace.store.put(dump(split))
    earlier = None if before is None else workspace.store.put(dump(before))
    facts = {
        "target": question.goal.target,
        "roles": _roles(question),
        "data": snapshot.id,
        "split": digest,
        "before": earlier,
    }
    objects = (digest,) if earlier is None else (digest, earlier)
    workspace.ledger.append(
        [NewEvent("split.made", run, facts, uses=(snapshot.id,), objects=objects)]
    )


def splits_of(workspace: Workspace, data: str) -> tuple[str | None, tuple[Split, ...]]:
    """Return the target last asked of a data version, and every split made of it.

    A repaired version has the parts of the one it was made from.
    """
    target, splits = None, {}
    asked = {data, *raw_versions(data, workspace)}
    for event in workspace.ledger.events(kind="split.made"):
        if event.facts["data"] in asked:
            target = str(event.facts["target"])
            digest = Digest(str(event.facts["split"]))
            splits[digest] = load(Split, workspace.store.get(digest))
    return target, tuple(splits.values())


def _made(workspace: Workspace, question: Question) -> list[Event]:
    target = question.goal.target
    made = workspace.ledger.events(kind="split.made")
    return [event for event in made if event.facts["target"] == target]


def _of_data(made: list[Event], snapshot: Snapshot, question: Question) -> Event | None:
    wanted = (snapshot.id, _roles(question))
    return next((e for e in made if (e.facts["data"], e.facts["roles"]) == wanted), None)


def _roles(question: Question) -> Digest:
    return digest_of(question.roles, tag="mlwright/roles/1")
