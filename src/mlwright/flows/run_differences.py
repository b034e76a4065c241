"""What differs between two runs: what they took, were asked, ran on, and what they found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar, cast

from mlwright.core.digest import Digest, is_digest
from mlwright.core.errors import MlwrightError
from mlwright.core.records import load
from mlwright.data.records import Snapshot
from mlwright.evaluate.records import Evaluation
from mlwright.flows.code_differences import TextDifference, code_texts, text_difference
from mlwright.flows.known import Known
from mlwright.flows.workspace import Workspace
from mlwright.govern.difference import Difference, Part
from mlwright.ledger.records import MetricSummary
from mlwright.run.artefacts import JSON
from mlwright.run.history import run_record
from mlwright.run.recorded import RunRecord
from mlwright.run.records import Environment, KeyTerms
from mlwright.run.tracking.reading import logged
from mlwright.store.protocol import Store
from mlwright.train.records import Plan

R = TypeVar("R")

_MOST = 60
_SHOWN = 6
_RECORDED = (f"{Snapshot.__module__}:{Snapshot.__qualname__}",)
_PLANNED = (f"{Plan.__module__}:{Plan.__qualname__}",)


class Runs:
    """Two runs, each part of them read once and only when it is asked for."""

    def __init__(self, first: str, second: str, workspace: Workspace) -> None:
        self.workspace = workspace
        self.store: Store = workspace.store
        self.records = tuple(run_record(workspace.ledger, run) for run in (first, second))
        self.known = tuple(Known(run, workspace) for run in (first, second))

    @property
    def first(self) -> RunRecord:
        """The one on the left."""
        return self.records[0]

    @property
    def second(self) -> RunRecord:
        """The one on the right."""
        return self.records[1]


def run_differences(runs: Runs) -> tuple[list[Difference], list[TextDifference]]:
    """Return what differs, part by part, and the texts of code that do."""
    found: list[Difference] = []
    if runs.first.command != runs.second.command:
        found.append(Difference("command", runs.first.command, runs.second.command))
    found += _tables(runs)
    states, texts = code_texts(runs.first, runs.second, runs.store)
    found += states
    found += _reached(runs)
    asked, more = _parameters(runs)
    found += asked
    found += _logged(runs)
    found += _environment(runs)
    found += _steps(runs)
    # A module may stand in the repository, beside a step and in the plan: it is told once.
    once = {each.lines: each for each in reversed([*texts, *more])}
    return found, list(reversed(once.values()))


def metric_differences(first: Evaluation, second: Evaluation) -> Iterator[Difference]:
    """Give each metric that is another, with its interval."""
    old, new = first.metrics, second.metrics
    for name in (*old, *(n for n in new if n not in old)):
        one, other = old.get(name), new.get(name)
        if one != other:
            yield Difference(name, one, other, Part.METRICS)


def snapshots(runs: Runs) -> tuple[Snapshot, Snapshot] | None:
    """Return the tables that two runs learned from, where each had one."""
    for name in ("snapshot", "raw"):
        if all(known.has(name) for known in runs.known):
            old, new = (known.of(name, Snapshot) for known in runs.known)
            return old, new
    return None


def _tables(runs: Runs) -> Iterator[Difference]:
    """Give each table that was taken, where it is another version."""
    for name in sorted({*runs.first.inputs, *runs.second.inputs}):
        sides = [_table(record, known, name) for record, known in zip(*_both(runs), strict=True)]
        if any(sides) and sides[0] != sides[1]:
            yield Difference(f"input {name}", sides[0], sides[1], Part.DATA)


def _both(runs: Runs) -> tuple[tuple[RunRecord, ...], tuple[Known, ...]]:
    return runs.records, runs.known


def _table(record: RunRecord, known: Known, name: str) -> str | None:
    if name not in record.inputs or not known.has(name):
        return None
    return known.of(name, Snapshot).id if known.kind(name) in _RECORDED else None


# Code: the parts that steps reach, mlwright's own among them.


def _reached(runs: Runs) -> Iterator[Difference]:
    changed: dict[str, str] = {}
    for old in runs.first.steps:
        for new in runs.second.steps:
            if new.step == old.step and new.code != old.code:
                changed.update(_parts(old.terms, new.terms, runs.store))
    ours = {name: how for name, how in changed.items() if _is_ours(name)}
    theirs = {name: how for name, how in changed.items() if not _is_ours(name)}
    for what, parts in (("code that steps reach", theirs), ("mlwright's own code", ours)):
        if parts:
            yield Difference(what, None, _listed(parts), Part.CODE)


def _is_ours(part: str) -> bool:
    return part.removeprefix("class ").removeprefix("module ").startswith("mlwright.")


def _parts(first: Digest, second: Digest, store: Store) -> dict[str, str]:
    terms = [_loaded(KeyTerms, digest, store) for digest in (first, second)]
    if terms[0] is None or terms[1] is None:
        return {}
    old, new = terms[0].parts, terms[1].parts
    return {
        name: "is new" if name not in old else "is gone" if name not in new else "changed"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    }


def _listed(parts: Mapping[str, str]) -> str:
    told = [f"{name} {how}" for name, how in list(parts.items())[:_SHOWN]]
    more = len(parts) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


# Parameters: the settings, and every input that is no table, leaf by leaf.


def _parameters(runs: Runs) -> tuple[list[Difference], list[TextDifference]]:
    found: list[Difference] = []
    texts: list[TextDifference] = []
    settings = [_json(record.spec, runs.store) for record in runs.records]
    _compare("", settings[0], settings[1], found, texts)
    for name in sorted({*runs.first.inputs, *runs.second.inputs}):
        digests = [record.inputs.get(name) for record in runs.records]
        if digests[0] == digests[1]:
            continue
        kinds = [known.kind(name) if known.has(name) else "" for known in runs.known]
        if set(kinds) & set(_RECORDED):
            continue
        label = f"input {name}"
        sides = [None if digest is None else _json(digest, runs.store) for digest in digests]
        said = [
            None if side is None and kind == JSON else digest
            for side, kind, digest in zip(sides, kinds, digests, strict=True)
        ]
        inner: list[Difference] = []
        if all(isinstance(side, dict) for side in sides):
            asked, other = map(_without_measured, kinds, sides)
            _compare(label, asked, other, inner, texts)
            if asked == other:
                continue
        if inner and len(inner) <= _MOST:
            found += inner
        elif inner:
            found.append(Difference(label, None, f"{len(inner)} values differ", Part.PARAMETERS))
        else:
            found.append(Difference(label, said[0], said[1], Part.PARAMETERS))
    return found, texts


def _without_measured(kind: str, side: object) -> object:
    """Return a plan without what its probe timed, which decides nothing once the plan is made."""
    if kind in _PLANNED and isinstance(side, dict):
        return {name: value for name, value in side.items() if name != "measured"}
    return side


def _compare(
    where: str,
    old: object,
    new: object,
    found: list[Difference],
    texts: list[TextDifference],
) -> None:
    """Gather the leaves of two documents that differ; texts of several lines apart."""
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in (*old, *(k for k in new if k not in old)):
            inner = f"{where}.{key}" if where else str(key)
            _compare(inner, old.get(key), new.get(key), found, texts)
        return
    if isinstance(old, list) and isinstance(new, list) and (_are_records(old) or _are_records(new)):
        _compare(where, _keyed(old), _keyed(new), found, texts)
        return
    if any(isinstance(side, str) and "\n" in side for side in (old, new)):
        texts.append(text_difference(where, cast("str", old), cast("str", new)))
        return
    if all(isinstance(side, str) and is_digest(side) for side in (old, new)):
        return  # what a digest names is told where it is read
    found.append(Difference(where, old, new, Part.PARAMETERS))


def _are_records(values: Sequence[object]) -> bool:
    return bool(values) and all(isinstance(value, Mapping) for value in values)


def _keyed(values: Sequence[object]) -> dict[str, object]:
    """Return records by their name, so that one more does not move all that follow."""
    found: dict[str, object] = {}
    for place, value in enumerate(values):
        name = value.get("name") if isinstance(value, Mapping) else None
        key = str(name) if name is not None else str(place)
        found[key if key not in found else f"{key}#{place}"] = value
    return found


def _logged(runs: Runs) -> Iterator[Difference]:
    """Give each parameter and tag that was logged, and each metric's last value, that differs."""
    old, new = (logged(runs.workspace.ledger, record.id) for record in runs.records)
    asked = {f"params.{name}": value for name, value in old.params.items()}
    asked |= {f"tags.{name}": value for name, value in old.tags.items()}
    other = {f"params.{name}": value for name, value in new.params.items()}
    other |= {f"tags.{name}": value for name, value in new.tags.items()}
    for name in (*asked, *(n for n in other if n not in asked)):
        if repr(asked.get(name)) != repr(other.get(name)):  # a NaN is like another
            yield Difference(name, asked.get(name), other.get(name), Part.PARAMETERS)
    for name in (*old.metrics, *(n for n in new.metrics if n not in old.metrics)):
        one, two = old.metrics.get(name), new.metrics.get(name)
        if _values(one) != _values(two):
            yield Difference(f"metrics.{name}", one, two, Part.METRICS)


def _values(found: MetricSummary | None) -> str:
    """Return what was logged, without when; as text, for a NaN is like another."""
    if found is None:
        return ""
    return repr((found.count, found.step, found.last, found.low, found.high))


# Environment and steps.


def _environment(runs: Runs) -> Iterator[Difference]:
    sides = [_loaded(Environment, record.environment, runs.store) for record in runs.records]
    if sides[0] is None or sides[1] is None:
        if runs.first.environment != runs.second.environment:
            yield Difference(
                "environment", runs.first.environment, runs.second.environment, Part.ENVIRONMENT
            )
        return
    old, new = sides[0], sides[1]
    for name in ("python", "implementation", "platform", "libc", "cpu", "cores", "blas", "threads"):
        yield from _apart(name, getattr(old, name), getattr(new, name))
    for name in ("locale", "timezone", "variables"):
        yield from _apart(name, getattr(old, name), getattr(new, name))
    for name in sorted({*old.distributions, *new.distributions}):
        one, other = old.distributions.get(name), new.distributions.get(name)
        versions = [None if side is None else side.version for side in (one, other)]
        if one is not None and other is not None and one.version == other.version:
            if None not in (one.files, other.files) and one.files != other.files:
                said = f"{one.version}, other files"
                yield Difference(name, one.version, said, Part.ENVIRONMENT)
        elif versions[0] != versions[1]:
            yield Difference(name, versions[0], versions[1], Part.ENVIRONMENT)


def _apart(name: str, old: object, new: object) -> Iterator[Difference]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _apart(f"{name} {key}", old.get(key), new.get(key))
    elif old != new:
        yield Difference(name, _word(old), _word(new), Part.ENVIRONMENT)


def _word(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else value


def _steps(runs: Runs) -> Iterator[Difference]:
    outputs = [{step.step: step.output for step in record.steps} for record in runs.records]
    for name in (*outputs[0], *(n for n in outputs[1] if n not in outputs[0])):
        old, new = outputs[0].get(name), outputs[1].get(name)
        if old != new:
            yield Difference(f"step {name}", old, new, Part.STEPS)


def _json(digest: Digest, store: Store) -> object:
    """Return the document behind a digest; None where it is none, or gone."""
    try:
        return cast("object", json.loads(store.get(digest)))
    except (MlwrightError, ValueError):
        return None


def _loaded(kind: type[R], digest: Digest, store: Store) -> R | None:
    try:
        return load(kind, store.get(digest))
    except MlwrightError:
        return None
