"""Why a step was executed: which term of its key changed since the time before."""

from __future__ import annotations

from collections.abc import Mapping

from mlwright.core.errors import NotFoundError, nearest
from mlwright.core.ids import short
from mlwright.core.records import load
from mlwright.ledger.ledger import Ledger
from mlwright.run.history import step_record
from mlwright.run.recorded import Change, StepRecord, StepWhy
from mlwright.run.records import KeyTerms
from mlwright.store.protocol import Store

_SHOWN = 5


def why_step(ledger: Ledger, store: Store, name: str, *, run: str | None = None) -> StepWhy:
    """Explain an execution of a step, the newest or that of a run, against the one before.

    Raises
    ------
    NotFoundError
        ``step-unknown`` when no step of that name ever finished, or none in that run.
    """
    rows = ledger.steps_named(name)
    if run is not None:
        newest = next((i for i, row in enumerate(rows) if row.run == run), len(rows))
        rows = rows[newest:]
    if not rows:
        raise _unknown(ledger, name)
    now = step_record(ledger.event(rows[0].sequence))
    terms = load(KeyTerms, store.get(now.terms))
    earlier = [row for row in rows[1:] if row.run != now.run]
    if not earlier:
        return _explained(now, None, (), "it had not run before")
    before = step_record(ledger.event(earlier[0].sequence))
    changes = _changes(load(KeyTerms, store.get(before.terms)), terms)
    if now.cached:
        return _explained(now, before, changes, f"nothing changed since {short(now.made_by)}")
    if changes:
        return _explained(now, before, changes, _sentence(changes, now.edges))
    if terms.unseen:
        return _explained(now, before, (), f"it is not kept: {terms.unseen[0]}")
    return _explained(now, before, (), "nothing changed; the cache was not asked or had lost it")


def _explained(
    now: StepRecord, before: StepRecord | None, changes: tuple[Change, ...], why: str
) -> StepWhy:
    return StepWhy(
        step=now.step,
        run=now.run,
        key=now.key,
        cached=now.cached,
        made_by=now.made_by,
        previous=None if before is None else before.run,
        changes=changes,
        why=why,
    )


def _changes(before: KeyTerms, now: KeyTerms) -> tuple[Change, ...]:
    """Return every difference; where a function changed, not what only follows from it."""
    found = [
        *_differences("code", before.parts, now.parts),
        *_differences("input", before.inputs, now.inputs),
        *_differences("config", before.config, now.config),
        *_differences("distribution", before.distributions, now.distributions),
    ]
    if before.seed != now.seed:
        found.append(Change("seed", "seed", before.seed, now.seed))
    if before.python != now.python:
        found.append(Change("python", "python", before.python, now.python))
    if before.function != now.function:
        found.append(Change("code", "function", before.function, now.function))
    return tuple(found)


def _differences(term: str, before: Mapping[str, str], now: Mapping[str, str]) -> list[Change]:
    return [
        Change(term, name, before.get(name), now.get(name))
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    ]


def _sentence(changes: tuple[Change, ...], edges: Mapping[str, str]) -> str:
    told = [_told(change, edges) for change in changes[:_SHOWN]]
    more = len(changes) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


def _told(change: Change, edges: Mapping[str, str]) -> str:
    verb = "new" if change.before is None else "gone" if change.after is None else "changed"
    if change.term == "distribution" and verb == "changed":
        return f"{change.name} {change.before} became {change.after}"
    if change.term == "python":
        return f"Python {change.before} became {change.after}"
    if change.term == "seed":
        return "the seed changed"
    if change.term == "code":
        return f"{change.name} is {verb}" if verb != "changed" else f"{change.name} changed"
    if change.term == "input" and verb == "changed" and change.name in edges:
        return f"step {edges[change.name]} gave another {change.name!r}"
    return f"{change.term} {change.name!r} {'is ' if verb != 'changed' else ''}{verb}"


def _unknown(ledger: Ledger, name: str) -> NotFoundError:
    known = {
        str(event.facts["step"]) for event in ledger.events(kind="step.finished", limit=10_000)
    }
    near = nearest(name, sorted(known))
    return NotFoundError(
        "step-unknown",
        f"no step {name!r} ever finished" + (f"; did you mean {near!r}?" if near else ""),
        fix=f"mlw why {near}" if near else "mlw ls steps lists those that did",
        facts={"step": name, "nearest": near},
        looked=[f"the {ledger.size:,} events of this project's ledger"],
    )
