"""The values that a step is done over, and what each variant is called."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from mlwright.core.encoding import digest_of
from mlwright.core.errors import UsageError
from mlwright.run.artefacts import pack

_WORD = re.compile(r"[\w.+\-]{1,24}")


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """Values of one parameter, or of several that go together, each set under a label."""

    parameters: tuple[str, ...]
    points: tuple[tuple[str, Mapping[str, Any]], ...]


Variant = Mapping[Axis, int]
"""Which point of each axis a variant stands at."""


def axis_of(step: str, points: Sequence[Mapping[str, object]]) -> Axis:
    """Return an axis over sets of values.

    Raises
    ------
    UsageError
        ``fan-values`` when there are none, two are the same, or they are of other parameters;
        ``artefact-type`` for a value without canonical bytes.
    """
    points = [dict(each) for each in points]
    parameters = tuple(points[0]) if points else ()
    labels = [_label(each) for each in points]
    digests = [
        digest_of(tuple(pack(v).digest for v in p.values()), tag="mlwright/fan/1") for p in points
    ]
    problem = None
    if not parameters:
        problem = "no values"
    elif any(set(each) != set(parameters) for each in points):
        problem = "sets of values of different parameters"
    elif len(set(digests)) < len(digests):
        twice = next(i for i, each in enumerate(digests) if each in digests[:i])
        problem = f"the same value twice: {labels[twice]}"
    if problem is not None:
        raise UsageError(
            "fan-values",
            f"{step} is to be done over {problem}",
            fix="give a list of different values: over(depth=[3, 5])",
            facts={"step": step, "parameters": list(parameters)},
        )
    if len(set(labels)) < len(labels):
        labels = [f"{'+'.join(parameters)}#{place}" for place in range(len(points))]
    return Axis(parameters, tuple(zip(labels, points, strict=True)))


def variants(axes: Sequence[Axis]) -> list[Variant]:
    """Return every combination of the points of some axes, the last axis the fastest."""
    places = product(*(range(len(axis.points)) for axis in axes))
    return [dict(zip(axes, each, strict=True)) for each in places]


def label(variant: Variant) -> str:
    """Return what tells a variant from the others: ``depth=3,rate=0.1``."""
    return ",".join(axis.points[place][0] for axis, place in variant.items())


def name_of(step: str, variant: Variant) -> str:
    """Return the name of a step's variant: ``fit[depth=3]``, or its own where there is one."""
    return f"{step}[{label(variant)}]" if variant else step


def _label(values: Mapping[str, object]) -> str:
    return ",".join(f"{name}={_written(value)}" for name, value in values.items())


def _written(value: object) -> str:
    """Return a value as a word, where it is short enough to be one; else by its digest."""
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, str) and _WORD.fullmatch(value):
        return value
    return f"#{pack(value).digest.partition(':')[2][:8]}"
