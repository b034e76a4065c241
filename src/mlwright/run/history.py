"""Runs and steps as the ledger has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from mlwright.core.digest import Digest
from mlwright.core.errors import NotFoundError, listed, nearest
from mlwright.core.ids import Noun, noun_of, short
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import Event
from mlwright.run.recorded import RunRecord, StepRecord


def run_record(ledger: Ledger, run: str) -> RunRecord:
    """Return a run with its finished steps, in the order they finished.

    Raises
    ------
    NotFoundError
        ``run-unknown`` when ``run`` is not the start of exactly one run's id.
    """
    found = ledger.resolve(run) if run.startswith("r_") else ()
    if len(found) != 1:
        raise NotFoundError(
            "run-unknown",
            f"there is no run {run!r}"
            if not found
            else f"{run!r} is the start of {len(found)} runs",
            fix="mlw ls runs lists them",
            facts={"run": run, "candidates": list(found)},
            looked=[f"the {ledger.size:,} events of this project's ledger"],
        )
    events = list(ledger.events(subject=found[0]))
    started = events[0]
    facts: Any = started.facts
    ended = [e for e in events if e.kind.startswith("run.") and e is not started]
    return RunRecord(
        id=found[0],
        status=ended[-1].kind.removeprefix("run.") if ended else "open",
        command=facts["command"],
        started=started.time,
        actor=started.actor,
        spec=Digest(facts["spec"]),
        environment=Digest(facts["environment"]),
        code=Digest(facts["code"]),
        inputs=_digests(facts["inputs"]),
        steps=tuple(step_record(event) for event in events if event.kind == "step.finished"),
    )


def step_named(ref: str, ledger: Ledger) -> StepRecord | None:
    """Return the step a reference names: ``r_…/STEP``, or ``STEP`` in the last run that has one.

    None for a reference that names no step, and for a name that a model has too.

    Raises
    ------
    NotFoundError
        ``run-unknown``; ``step-unknown`` for a run that has no such step.
    """
    head, slash, name = ref.partition("/")
    if slash and noun_of(head) is Noun.RUN:
        run = run_record(ledger, head)
        found = [step for step in run.steps if step.step == name]
        if not found:
            raise _no_step(run, name)
        return found[-1]
    if noun_of(ref) is not None or ledger.versions(ref.partition("@")[0]):
        return None
    rows = ledger.steps_named(ref)
    return step_record(ledger.event(rows[0].sequence)) if rows else None


def _no_step(run: RunRecord, name: str) -> NotFoundError:
    known = [step.step for step in run.steps]
    near = nearest(name, known)
    return NotFoundError(
        "step-unknown",
        f"{short(run.id)} has no step {name!r}" + (f"; did you mean {near!r}?" if near else ""),
        fix=f"use {short(run.id)}/{near}" if near else f"mlw why {short(run.id)} lists its steps",
        facts={"run": run.id, "step": name, "nearest": near},
        looked=[f"the steps {listed(known)}" if known else "a run without finished steps"],
    )


def step_record(event: Event) -> StepRecord:
    """Return the step an event of kind ``step.finished`` tells of."""
    facts: Any = event.facts
    return StepRecord(
        run=facts["run"],
        step=facts["step"],
        function=facts["function"],
        key=Digest(facts["key"]),
        terms=Digest(facts["terms"]),
        code=Digest(facts["code"]),
        inputs=_digests(facts["inputs"]),
        objects=_digests(facts["objects"]),
        kinds=cast("Mapping[str, str]", facts["kinds"]),
        edges=cast("Mapping[str, str]", facts["edges"]),
        resources=tuple(facts["resources"]),
        sources=None if facts["sources"] is None else Digest(facts["sources"]),
        output=Digest(facts["output"]),
        kind=facts["kind"],
        content=Digest(facts["content"]),
        seconds=float(facts["seconds"]),
        cached=facts["cached"],
        made_by=facts["made_by"],
        sequence=event.sequence,
        seed=facts.get("seed"),
        log=None if facts.get("log") is None else Digest(facts["log"]),
        failures=tuple(facts.get("failures", ())),
        executor=facts.get("executor", "inline"),
    )


def _digests(facts: Mapping[str, str]) -> dict[str, Digest]:
    return {name: Digest(digest) for name, digest in facts.items()}
