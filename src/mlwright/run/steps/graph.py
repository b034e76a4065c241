"""The order of steps: each after the steps its parameters are named for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlwright.core.errors import UsageError
from mlwright.run.steps.step import Step
from mlwright.run.steps.wires import sources_of

AnyStep = Step[..., Any]


def ordered(steps: Sequence[AnyStep]) -> tuple[AnyStep, ...]:
    """Return the steps so that each comes after those it takes outputs of, ties as given.

    Raises
    ------
    UsageError
        ``step-duplicate`` for two steps of one name; ``step-cycle`` when steps need each other.
    """
    by_name: dict[str, AnyStep] = {}
    for step in steps:
        if step.name in by_name:
            raise UsageError(
                "step-duplicate",
                f"two steps are named {step.name!r}: {by_name[step.name].qualified} and "
                f"{step.qualified}",
                fix="rename one of the functions",
                facts={"step": step.name},
            )
        by_name[step.name] = step
    done: dict[str, AnyStep] = {}
    waiting = list(steps)
    while waiting:
        ready = [step for step in waiting if edges(step, by_name) <= done.keys()]
        if not ready:
            names = ", ".join(step.name for step in waiting)
            raise UsageError(
                "step-cycle",
                f"these steps need each other's outputs: {names}",
                fix="rename a parameter that is meant as an input",
                facts={"steps": [step.name for step in waiting]},
            )
        done[ready[0].name] = ready[0]
        waiting.remove(ready[0])
    return tuple(done.values())


def edges(step: AnyStep, names: dict[str, AnyStep]) -> set[str]:
    """Return the names of the steps whose outputs a step takes; its own name is an input."""
    wired = {name for wire in step.wires.values() for name in sources_of(wire)}
    unwired = (p.name for p in step.parameters if p.name not in step.wires)
    return wired | {name for name in unwired if name in names and name != step.name}
