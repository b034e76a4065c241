"""What runs are asked for: conditions and orders, and the row of a run that is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Field:
    """What of a run is asked for.

    ``of`` is ``run``, ``metric``, ``param`` or ``tag``; ``name`` is one of its columns or what the
    metric, parameter or tag is called; ``aspect`` is of a metric: ``last``, ``min``, ``max``,
    ``count`` or ``step``.
    """

    of: str
    name: str
    aspect: str = "last"


@dataclass(frozen=True, slots=True)
class Compared:
    """A field beside a value: ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=`` or ``~`` (contains)."""

    field: Field
    operator: str
    value: str | float | bool | None


@dataclass(frozen=True, slots=True)
class Has:
    """The run has such a metric, parameter or tag at all."""

    field: Field


@dataclass(frozen=True, slots=True)
class Together:
    """Several conditions: all of them, or any."""

    every: bool
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A condition that is not met, also where what it asks for is lacking."""

    part: Condition


Condition = Compared | Has | Together | Not


@dataclass(frozen=True, slots=True)
class Order:
    """A field to order by."""

    field: Field
    descending: bool = False


class RunRow(NamedTuple):
    """A run as it is looked up: how it stands, its parameters, tags and metrics' last values.

    ``ended`` is empty while it is open. A tuple, for a page is hundreds of them: a frozen
    dataclass takes three times as long to make.
    """

    id: str
    name: str
    command: str
    status: str
    started: str
    ended: str
    actor: str
    steps: int
    params: Mapping[str, object]
    tags: Mapping[str, str]
    metrics: Mapping[str, float]
