"""What differs between two data versions, two runs or two models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlwright.core.errors import NotFoundError, UsageError
from mlwright.core.ids import Noun, noun_of
from mlwright.core.records import load
from mlwright.data.diff import compare, rows_apart
from mlwright.data.export import write_rows_apart
from mlwright.data.records import Diff, Snapshot
from mlwright.evaluate.records import Behaviour, Evaluation
from mlwright.flows.behaving import behaviour_of
from mlwright.flows.code_differences import TextDifference
from mlwright.flows.contract_text import lines_told
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.run_differences import Runs, metric_differences, run_differences, snapshots
from mlwright.flows.workspace import Workspace
from mlwright.govern.difference import Difference, Part
from mlwright.govern.why import resolve
from mlwright.registry.records import ModelVersion
from mlwright.registry.versions import find
from mlwright.scoring.records import ModelPackage
from mlwright.store.protocol import Store


@dataclass(frozen=True, slots=True)
class Differences:
    """All that differs between two things of one kind.

    ``data`` says more of the tables behind them, ``behaviour`` of two models: how they answer the
    same rows. ``code`` are the texts that differ, line by line.
    """

    kind: str
    first: str
    second: str
    differences: tuple[Difference, ...]
    data: Diff | None = None
    behaviour: Behaviour | None = None
    code: tuple[TextDifference, ...] = ()


def diff(first: str, second: str, workspace: Workspace, *, rows: Path | None = None) -> Differences:
    """Compare two things of one kind.

    Parameters
    ----------
    rows
        Takes the id of each row that two data versions do not share, and what became of it.

    Raises
    ------
    UsageError
        ``diff-kinds`` when they are of different kinds, ``diff-rows`` when ``rows`` is wanted of
        what has none, ``export-format`` when its ending names no format.
    """
    kinds = [noun_of(ref) or Noun.MODEL for ref in (first, second)]
    comparable = (Noun.DATA, Noun.RUN, Noun.MODEL)
    if kinds[0] is not kinds[1] or kinds[0] not in comparable:
        raise UsageError(
            "diff-kinds",
            f"{first!r} and {second!r} cannot be compared",
            fix="give two data versions (d_…), two runs (r_…) or two models (NAME@VERSION)",
            facts={"first": first, "second": second},
        )
    if rows is not None and kinds[0] is not Noun.DATA:
        raise UsageError(
            "diff-rows",
            f"{first} and {second} are no data versions: their rows are not compared",
            fix="leave out --rows, or compare two data versions (d_…)",
            facts={"first": first, "second": second},
        )
    if kinds[0] is Noun.MODEL:
        return _models(find(workspace.ledger, first), find(workspace.ledger, second), workspace)
    ids = (resolve(first, workspace.ledger), resolve(second, workspace.ledger))
    if kinds[0] is Noun.DATA:
        return _tables(*ids, workspace, rows)
    return _runs("run", *ids, Runs(*ids, workspace), ())


def _tables(first: str, second: str, workspace: Workspace, out: Path | None) -> Differences:
    old, new = snapshot_of(first, workspace), snapshot_of(second, workspace)
    apart = rows_apart(old, new, workspace.store)
    if out is not None:
        write_rows_apart(apart, out)
    found = compare(old, new, apart, workspace.store)
    return Differences("data", first, second, tuple(_data(old, new, found)), found)


def _data(old: Snapshot, new: Snapshot, found: Diff) -> Iterator[Difference]:
    kinds = {c.name: c.kind.value for c in old.columns}
    later = {c.name: c.kind.value for c in new.columns}
    for name in (*kinds, *(n for n in later if n not in kinds)):
        if kinds.get(name) != later.get(name):
            yield Difference(f"column {name}", kinds.get(name), later.get(name), Part.DATA)
    yield Difference("rows", old.rows, new.rows, Part.DATA)
    yield from _moved(found)


def _moved(found: Diff) -> Iterator[Difference]:
    yield Difference("rows added", "", found.added, Part.DATA)
    yield Difference("rows removed", found.removed, "", Part.DATA)
    yield Difference("rows changed", "", found.changed, Part.DATA)


def _models(first: ModelVersion, second: ModelVersion, workspace: Workspace) -> Differences:
    """Compare two versions, and the runs that made them."""
    found = []
    for name in ("model", "data", "artefact", "probe_answers"):
        old, new = getattr(first, name), getattr(second, name)
        if old != new:
            part = Part.DATA if name == "data" else Part.MODEL
            found.append(Difference(name.replace("_", " "), old, new, part))
    found += _promises(first, second, workspace)
    found += _checks(first, second, workspace)
    if first.run == second.run:
        return Differences("model", first.ref, second.ref, tuple(found))
    return _runs("model", first.ref, second.ref, Runs(first.run, second.run, workspace), found)


def _runs(
    kind: str, first: str, second: str, runs: Runs, more: Sequence[Difference]
) -> Differences:
    """Compare two runs in every part that both have."""
    found, texts = run_differences(runs)
    evaluated = [known.has("evaluation") for known in runs.known]
    if all(evaluated):
        old, new = (known.of("evaluation", Evaluation) for known in runs.known)
        told = tuple(metric_differences(old, new))
        again = {f"metrics.{each.what}" for each in told}  # logged too, without an interval
        found = [*(each for each in found if each.what not in again), *told]
    tables = snapshots(runs)
    data = None
    if tables is not None and tables[0].id != tables[1].id:
        data = _compared(*tables, runs.workspace.store)
        if data is not None:
            found += _moved(data)
    order = list(Part)
    return Differences(
        kind,
        first,
        second,
        tuple(sorted((*more, *found), key=lambda each: order.index(each.part))),
        data=data,
        behaviour=behaviour_of(runs.first.id, runs.second.id, runs.workspace),
        code=tuple(texts),
    )


def _compared(old: Snapshot, new: Snapshot, store: Store) -> Diff | None:
    """Compare the rows of two tables; None where rows are gone."""
    try:
        return compare(old, new, rows_apart(old, new, store), store)
    except NotFoundError:
        return None


def _promises(
    first: ModelVersion, second: ModelVersion, workspace: Workspace
) -> Iterator[Difference]:
    """Give each line of the contract that only one has, or that the other has otherwise."""
    old, new = (
        lines_told(load(ModelPackage, workspace.store.get(v.package)).contract, workspace)
        for v in (first, second)
    )
    for key in (*old, *(k for k in new if k not in old)):
        if old.get(key) != new.get(key):
            yield Difference(f"promise {key}", old.get(key), new.get(key), Part.CONTRACT)


def _checks(
    first: ModelVersion, second: ModelVersion, workspace: Workspace
) -> Iterator[Difference]:
    """Give each rule that only one was judged by, or that they did not both meet alike."""
    old, new = (_verdicts(version, workspace) for version in (first, second))
    for rule in (*old, *(r for r in new if r not in old)):
        (one, said), (other, told) = (side.get(rule, (None, None)) for side in (old, new))
        if one != other:
            yield Difference(f"check {rule}", said, told, Part.CHECKS)


def _verdicts(version: ModelVersion, workspace: Workspace) -> dict[str, tuple[str, str]]:
    """Return each rule's outcome, and the outcome with its reason."""
    found = {}
    for check in version.checks:
        judged = workspace.ledger.events(kind="check.judged", subject=check)
        facts = next(iter(judged)).facts
        outcome = str(facts["outcome"])
        found[str(facts["rule"])] = (outcome, f"{outcome}: {facts['why']}")
    return found
