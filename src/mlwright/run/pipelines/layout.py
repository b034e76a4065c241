"""A pipeline laid out: its steps under names of their own, wired one to another.

A step that is done over values is laid out once for each, and so is what takes its output, unless
it takes a list or a mapping of them: that gathers every variant that arose in its own pipeline or
further inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlwright.core.errors import UsageError
from mlwright.run.pipelines.annotations import agrees, hints, item_of, may_pass, told
from mlwright.run.pipelines.scope import (
    Feed,
    OnAxis,
    Place,
    Scope,
    ends_alone,
    feed_of,
    places,
    require_known,
    result,
)
from mlwright.run.records import Planned, Shape
from mlwright.run.steps.fan import Axis, Variant, label, name_of, variants
from mlwright.run.steps.graph import AnyStep, ordered
from mlwright.run.steps.step import Step
from mlwright.run.steps.wires import Fixed, Gathered, Given, Output, Wire

RETURN = "return"

_Stand = Mapping[str, Sequence[tuple[Variant, str]]]
"""The variants of each step that was laid out, and what each is called."""


class Placed(Step[..., Any]):
    """A step as it stands in a pipeline: the same function under its name there, and wired."""

    def __init__(self, step: AnyStep, name: str, wires: Mapping[str, Wire]) -> None:
        self.__dict__.update(vars(step))
        self.name = name
        self.wires = dict(wires)


@dataclass(frozen=True, slots=True)
class Input:
    """What a pipeline is given: its annotations wherever it is taken, and if it may be left out."""

    annotations: tuple[Any, ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class Laid:
    """A pipeline laid out.

    ``variants`` gives the steps that stand for each step, by label; one that is done once stands
    for itself, under an empty label. ``result`` is the step whose output is the pipeline's.
    """

    steps: tuple[AnyStep, ...]
    variants: Mapping[str, Mapping[str, str]]
    inputs: Mapping[str, Input]
    result: str | None

    def shape(self, name: str) -> Shape:
        """Return what is recorded of the pipeline before it runs."""
        return Shape(name, tuple(map(_planned, self.steps)))


def lay_out(scope: Scope, sources: Mapping[str, AnyStep] | None = None) -> Laid:
    """Lay a pipeline out.

    Parameters
    ----------
    sources
        Steps that make inputs of the run, by the input's name.

    Raises
    ------
    UsageError
        ``step-cycle``; ``step-type`` where annotations contradict each other; ``artefact-type``
        for a step that returns what cannot be passed on; ``step-takes`` for a parameter or a step
        that there is none of; ``pipeline-result`` where a pipeline's output is taken and several
        of its steps could be meant.
    """
    sources = sources or {}
    placed: list[AnyStep] = [Placed(step, name, step.wires) for name, step in sources.items()]
    stand: dict[str, list[tuple[Variant, str]]] = {}
    inputs: dict[str, Input] = {}
    for place, feeds in _in_order(_fed(scope)):
        _require_passable(place)
        _note_inputs(place, feeds, inputs)
        gathering = _gathering(place, feeds, stand)
        stand[place.name] = []
        for variant in variants(_axes(feeds, stand, gathering)):
            wires = {
                parameter: _wire(feed, variant, stand, gathering.get(parameter), sources)
                for parameter, feed in feeds.items()
            }
            name = name_of(place.name, variant)
            placed.append(Placed(place.step, name, wires))
            stand[place.name].append((variant, name))
    known = {name: {label(v): each for v, each in found} for name, found in stand.items()}
    known |= {name: {"": name} for name in sources}
    return Laid(ordered(placed), known, inputs, result(scope).name if ends_alone(scope) else None)


def _fed(scope: Scope) -> list[tuple[Place, dict[str, Feed]]]:
    """Return every step with what feeds each of its parameters."""
    fed = []
    for place in places(scope):
        names = [each.name for each in place.step.parameters]
        require_known(place.use, names)
        fed.append((place, {name: feed_of(name, place) for name in names}))
    return fed


def _in_order(
    fed: Sequence[tuple[Place, dict[str, Feed]]],
) -> list[tuple[Place, dict[str, Feed]]]:
    """Return the steps so that each comes after those that feed it."""
    done: dict[str, tuple[Place, dict[str, Feed]]] = {}
    waiting = list(fed)
    while waiting:
        ready = [each for each in waiting if all(name in done for name in _feeding(each[1]))]
        if not ready:
            names = [place.name for place, _ in waiting]
            raise UsageError(
                "step-cycle",
                f"these steps need each other's outputs: {', '.join(names)}",
                fix="rename a parameter that is meant as an input",
                facts={"steps": names},
            )
        for each in ready:
            done[each[0].name] = each
            waiting.remove(each)
    return list(done.values())


def _feeding(feeds: Mapping[str, Feed]) -> Iterator[str]:
    return (feed.name for feed in feeds.values() if isinstance(feed, Place))


def _note_inputs(place: Place, feeds: Mapping[str, Feed], inputs: dict[str, Input]) -> None:
    wanted = hints(place.step.function)
    optional = {each.name: each.optional for each in place.step.parameters}
    for parameter, feed in feeds.items():
        if isinstance(feed, str):
            known = inputs.get(feed, Input((), optional=True))
            more = (wanted[parameter],) if parameter in wanted else ()
            may_miss = known.optional and optional[parameter]
            inputs[feed] = Input((*known.annotations, *more), may_miss)


def _require_passable(place: Place) -> None:
    """Refuse before anything runs what would be refused once the step has run."""
    given = hints(place.step.function).get(RETURN, Any)
    if may_pass(given):
        return
    raise UsageError(
        "artefact-type",
        f"step {place.name!r} is to return {told(given)}, which cannot pass from step to step: it "
        "has no canonical bytes",
        fix="return a record (a dataclass), JSON values, bytes, a numpy array, a polars frame, or "
        "give the class to_bytes() and a class method from_bytes(bytes)",
        facts={"step": place.name, "type": told(given)},
    )


@dataclass(frozen=True, slots=True)
class _Gathering:
    """A parameter that takes several variants at once: over which axes, and if by their labels."""

    axes: frozenset[Axis]
    by_label: bool


def _gathering(place: Place, feeds: Mapping[str, Feed], stand: _Stand) -> dict[str, _Gathering]:
    """Return the parameters that gather variants, once every annotation agrees."""
    wanted = hints(place.step.function)
    found = {}
    for parameter, feed in feeds.items():
        if isinstance(feed, str) or parameter not in wanted:
            continue
        asked = wanted[parameter]
        if isinstance(feed, OnAxis):
            for _, values in feed.axis.points:
                kind = type(values[feed.parameter])
                _require_agreement(place, parameter, asked, kind, "it is done over")
            continue
        given = hints(feed.step.function).get(RETURN, Any)
        axes = {axis for variant, _ in stand[feed.name] for axis in variant}
        inside = frozenset(axis for axis in axes if _arose_in(axis, place.scope))
        item = item_of(asked) if inside and asked != given else None
        if item is not None and agrees(given, item[0]):
            found[parameter] = _Gathering(inside, item[1])
        else:
            source = f"step {feed.name!r} gives"
            _require_agreement(place, parameter, asked, given, source)
    return found


def _arose_in(axis: Axis, scope: Scope) -> bool:
    """Tell whether an axis belongs to a part of a scope, or lies further inside."""
    return any(
        axis in ((part.use.axes if part.use else ()) if isinstance(part, Scope) else part.axes)
        or (isinstance(part, Scope) and _arose_in(axis, part))
        for part in scope.parts.values()
    )


def _require_agreement(place: Place, parameter: str, wanted: Any, given: Any, source: str) -> None:
    if agrees(given, wanted):
        return
    raise UsageError(
        "step-type",
        f"step {place.name!r} takes {parameter}: {told(wanted)}, and {source} {told(given)}",
        fix="correct one of the two annotations, or have another step feed it: "
        f"{place.use.part.__name__}.named({place.use.name!r}, {parameter}='OTHER')",
        facts={
            "step": place.name,
            "parameter": parameter,
            "wanted": told(wanted),
            "given": told(given),
        },
    )


def _axes(
    feeds: Mapping[str, Feed], stand: _Stand, gathering: Mapping[str, _Gathering]
) -> list[Axis]:
    """Return the axes a step is laid out over: its own, and those of what it takes one by one."""
    found: dict[Axis, None] = {}
    for parameter, feed in feeds.items():
        if isinstance(feed, OnAxis):
            found[feed.axis] = None
        elif isinstance(feed, Place):
            gathered = gathering[parameter].axes if parameter in gathering else frozenset()
            axes = (axis for variant, _ in stand[feed.name] for axis in variant)
            found |= dict.fromkeys(axis for axis in axes if axis not in gathered)
    return list(found)


def _wire(
    feed: Feed,
    variant: Variant,
    stand: _Stand,
    gathering: _Gathering | None,
    sources: Mapping[str, AnyStep],
) -> Wire:
    if isinstance(feed, str):
        return Output(feed) if feed in sources else Given(feed)
    if isinstance(feed, OnAxis):
        return Fixed(feed.axis.points[variant[feed.axis]][1][feed.parameter])
    gathered = frozenset() if gathering is None else gathering.axes
    chosen = [
        (label({axis: at for axis, at in each.items() if axis in gathered}), name)
        for each, name in stand[feed.name]
        if all(variant[axis] == at for axis, at in each.items() if axis not in gathered)
    ]
    if gathering is None:
        return Output(chosen[0][1])
    return Gathered(tuple(chosen), gathering.by_label)


def _planned(step: AnyStep) -> Planned:
    edges: dict[str, str] = {}
    inputs: dict[str, str] = {}
    for parameter, wire in step.wires.items():
        if isinstance(wire, Output):
            edges[parameter] = wire.step
        elif isinstance(wire, Gathered):
            edges.update(wire.slots(parameter))
        elif isinstance(wire, Given):
            inputs[parameter] = wire.name
    return Planned(step.name, step.qualified, edges, inputs)
