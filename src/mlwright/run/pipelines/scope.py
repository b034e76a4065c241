"""Names in a pipeline: what feeds a parameter, inside the pipeline it stands in or around it.

The part of that name in the same pipeline comes first, then what the pipeline itself is given in
the one around, and last the inputs of the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from mlwright.core.errors import UsageError, nearest
from mlwright.run.steps.fan import Axis
from mlwright.run.steps.graph import AnyStep
from mlwright.run.steps.use import Use


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """A pipeline in its place: its parts by name, and the use of it in the scope around.

    ``gives`` names the part whose output is the pipeline's, where that was said.
    """

    name: str
    gives: str | None
    use: Use | None
    around: Scope | None
    parts: dict[str, Use | Scope]

    def full(self, name: str) -> str:
        """Return what a part of the scope is called in the run."""
        return f"{self.name}.{name}" if self.name else name

    def part_of(self, name: str) -> str:
        """Return which part of the scope a step belongs to, by its name in the run."""
        inside = name.removeprefix(f"{self.name}.") if self.name else name
        return inside.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step stands: its scope and the use of it there."""

    scope: Scope
    use: Use

    @property
    def name(self) -> str:
        """What the step is called in the run."""
        return self.scope.full(self.use.name)

    @property
    def step(self) -> AnyStep:
        """The step itself."""
        step: AnyStep = self.use.part
        return step


@dataclass(frozen=True, slots=True)
class OnAxis:
    """A parameter of an axis: each variant has its own value of it."""

    axis: Axis
    parameter: str


Feed: TypeAlias = Place | OnAxis | str
"""What feeds a parameter: a step, an axis, or the input of a name."""


def places(scope: Scope) -> Iterator[Place]:
    """Give the place of each step of a pipeline and of those inside it."""
    for part in scope.parts.values():
        if isinstance(part, Scope):
            yield from places(part)
        else:
            yield Place(scope, part)


def feed_of(parameter: str, place: Place, within: Scope | None = None) -> Feed:
    """Return what feeds a parameter of a step; names outside ``within`` are inputs."""
    return _feed(parameter, place.use, place.scope, within)


def _feed(parameter: str, use: Use, scope: Scope, within: Scope | None) -> Feed:
    for axis in use.axes:
        if parameter in axis.parameters:
            return OnAxis(axis, parameter)
    wanted = use.takes.get(parameter, parameter)
    found = None if wanted == use.name else _looked_up(wanted, scope)
    if found is not None:
        return found
    if scope.use is not None and scope.around is not None and scope is not within:
        return _feed(wanted, scope.use, scope.around, within)
    if "." in wanted:
        raise _unknown(use.name, parameter, wanted, [each.name for each in places(scope)])
    return wanted


def _looked_up(name: str, scope: Scope) -> Place | None:
    """Return the step behind a name, dotted where it lies in a pipeline inside."""
    first, _, rest = name.partition(".")
    part = scope.parts.get(first)
    if isinstance(part, Scope):
        return _looked_up(rest, part) if rest else result(part)
    return None if part is None or rest else Place(scope, part)


def result(scope: Scope) -> Place:
    """Return the step whose output is a pipeline's.

    Raises
    ------
    UsageError
        ``pipeline-result`` when that is not one step.
    """
    ends = [scope.gives] if scope.gives is not None else _ends(scope)
    found = _looked_up(ends[0], scope) if len(ends) == 1 else None
    if found is not None:
        return found
    name = scope.name or "the pipeline"
    problem = (
        f"{name} is to give the output of {scope.gives!r}, which is none of its steps"
        if scope.gives is not None
        else f"{name} has several outputs that none of its steps takes: {', '.join(ends)}"
    )
    known = list(scope.parts)
    raise UsageError(
        "pipeline-result",
        problem,
        fix=f"say which one others take: mw.pipeline(..., gives={known[-1]!r})",
        facts={"pipeline": scope.name, "steps": ends},
        looked=[f"its parts: {', '.join(known)}"],
    )


def ends_alone(scope: Scope) -> bool:
    """Tell whether it is clear which step's output is the pipeline's."""
    return scope.gives is not None or len(_ends(scope)) == 1


def _ends(scope: Scope) -> list[str]:
    """Return the parts whose output no other part of the scope takes."""
    taken = set()
    for place in places(scope):
        for parameter in place.step.parameters:
            feed = feed_of(parameter.name, place, within=scope)
            if isinstance(feed, Place) and scope.part_of(feed.name) != scope.part_of(place.name):
                taken.add(scope.part_of(feed.name))
    return [name for name in scope.parts if name not in taken]


def require_known(use: Use, parameters: Iterable[str]) -> None:
    """Refuse what a use feeds or goes over that its step or pipeline does not take.

    Raises
    ------
    UsageError
        ``step-takes``, with the nearest name.
    """
    known = list(parameters)
    for name in (*use.takes, *(each for axis in use.axes for each in axis.parameters)):
        if name not in known:
            raise takes_unknown(use.name, name, known)


def takes_unknown(step: str, name: str, known: list[str]) -> UsageError:
    """Return the error for a parameter that a step or a pipeline does not take."""
    near = nearest(name, known)
    return UsageError(
        "step-takes",
        f"{step} takes no {name!r}" + (f"; did you mean {near!r}?" if near else ""),
        fix=f"use {near}" if near else f"it takes {', '.join(known) or 'nothing'}",
        facts={"step": step, "parameter": name, "nearest": near},
        looked=[f"what {step} takes: {', '.join(known) or 'nothing'}"],
    )


def _unknown(step: str, parameter: str, wanted: str, known: list[str]) -> UsageError:
    near = nearest(wanted, known)
    return UsageError(
        "step-takes",
        f"{step} is to take {parameter!r} from {wanted!r}, and there is no such step"
        + (f"; did you mean {near!r}?" if near else ""),
        fix=f"use {near}" if near else "name a step of the pipeline",
        facts={"step": step, "parameter": parameter, "wanted": wanted, "nearest": near},
        looked=[f"steps: {', '.join(known)}"],
    )
