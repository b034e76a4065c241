"""What differs between two data versions, two runs or two models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from mlwright.core.digest import Digest
from mlwright.core.errors import UsageError
from mlwright.core.ids import Noun, noun_of
from mlwright.core.records import load
from mlwright.data.diff import compare, rows_apart
from mlwright.data.export import write_rows_apart
from mlwright.data.records import Diff, Snapshot
from mlwright.evaluate.records import Behaviour, Evaluation
from mlwright.flows.behaving import behaviour_of
from mlwright.flows.contract_text import lines_told
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.workspace import Workspace
from mlwright.govern.why import resolve
from mlwright.registry.records import ModelVersion
from mlwright.registry.versions import find
from mlwright.scoring.records import ModelPackage


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs, with its value on both sides."""

    what: str
    first: object
    second: object


@dataclass(frozen=True, slots=True)
class Differences:
    """All that differs between two things of one kind.

    ``data`` says more of two tables, ``behaviour`` of two models: how they answer the same rows.
    """

    kind: str
    first: str
    second: str
    differences: tuple[Difference, ...]
    data: Diff | None = None
    behaviour: Behaviour | None = None


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
        versions = (find(workspace.ledger, first), find(workspace.ledger, second))
        found = tuple(_models(*versions, workspace))
        return Differences(
            "model",
            versions[0].ref,
            versions[1].ref,
            found,
            behaviour=behaviour_of(*versions, workspace),
        )
    ids = (resolve(first, workspace.ledger), resolve(second, workspace.ledger))
    if kinds[0] is Noun.DATA:
        return _tables(*ids, workspace, rows)
    return Differences(kinds[0].name.lower(), *ids, tuple(_runs(*ids, workspace)))


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
            yield Difference(f"column {name}", kinds.get(name), later.get(name))
    yield Difference("rows", old.rows, new.rows)
    yield Difference("rows added", "", found.added)
    yield Difference("rows removed", found.removed, "")
    yield Difference("rows changed", "", found.changed)


def _runs(first: str, second: str, workspace: Workspace) -> Iterator[Difference]:
    old, new = _started(first, workspace), _started(second, workspace)
    for name in ("command", "code", "environment"):
        if old.get(name) != new.get(name):
            yield Difference(name, old.get(name), new.get(name))
    inputs = [cast("Mapping[str, str]", facts["inputs"]) for facts in (old, new)]
    for name in sorted({*inputs[0], *inputs[1]}):
        if inputs[0].get(name) != inputs[1].get(name):
            yield Difference(f"input {name}", inputs[0].get(name), inputs[1].get(name))
    outputs = [_outputs(run, workspace) for run in (first, second)]
    for name in (*outputs[0], *(n for n in outputs[1] if n not in outputs[0])):
        if outputs[0].get(name) != outputs[1].get(name):
            yield Difference(f"step {name}", outputs[0].get(name), outputs[1].get(name))


def _started(run: str, workspace: Workspace) -> Mapping[str, object]:
    return next(iter(workspace.ledger.events(kind="run.started", subject=run))).facts


def _outputs(run: str, workspace: Workspace) -> dict[str, object]:
    events = workspace.ledger.events(kind="step.finished", subject=run)
    return {str(e.facts["step"]): e.facts["output"] for e in events}


def _models(
    first: ModelVersion, second: ModelVersion, workspace: Workspace
) -> Iterator[Difference]:
    for name in ("model", "data", "artefact", "probe_answers"):
        old, new = getattr(first, name), getattr(second, name)
        if old != new:
            yield Difference(name.replace("_", " "), old, new)
    metrics = [_evaluation(v.evaluation, workspace).metrics for v in (first, second)]
    for name in (*metrics[0], *(n for n in metrics[1] if n not in metrics[0])):
        old, new = metrics[0].get(name), metrics[1].get(name)
        if old != new:
            yield Difference(
                name,
                None if old is None else f"{old.value:.4g} ({old.low:.4g} to {old.high:.4g})",
                None if new is None else f"{new.value:.4g} ({new.low:.4g} to {new.high:.4g})",
            )
    yield from _promises(first, second, workspace)
    yield from _checks(first, second, workspace)
    if first.run != second.run:
        yield from _runs(first.run, second.run, workspace)


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
            yield Difference(f"promise {key}", old.get(key), new.get(key))


def _checks(
    first: ModelVersion, second: ModelVersion, workspace: Workspace
) -> Iterator[Difference]:
    """Give each rule that only one was judged by, or that they did not both meet alike."""
    old, new = (_verdicts(version, workspace) for version in (first, second))
    for rule in (*old, *(r for r in new if r not in old)):
        (one, said), (other, told) = (side.get(rule, (None, None)) for side in (old, new))
        if one != other:
            yield Difference(f"check {rule}", said, told)


def _verdicts(version: ModelVersion, workspace: Workspace) -> dict[str, tuple[str, str]]:
    """Return each rule's outcome, and the outcome with its reason."""
    found = {}
    for check in version.checks:
        judged = workspace.ledger.events(kind="check.judged", subject=check)
        facts = next(iter(judged)).facts
        outcome = str(facts["outcome"])
        found[str(facts["rule"])] = (outcome, f"{outcome}: {facts['why']}")
    return found


def _evaluation(digest: Digest, workspace: Workspace) -> Evaluation:
    return load(Evaluation, workspace.store.get(digest))
