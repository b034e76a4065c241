"""What feeds a step's parameters in a pipeline that was laid out, where names do not say it.

A value made of several steps' outputs has a slot for each of them: ``fit[0]`` and ``fit[1]`` are
the items of a list ``fit``, ``fit{depth=3}`` is an item of a mapping. So each output is named by
its own digest, in the step's key and in its record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

_SLOT = re.compile(r"(?P<name>\w+)(?:\[(?P<place>\d+)\]|\{(?P<key>.*)\})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Output:
    """The output of a step, by the name it has in the run."""

    step: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """The outputs of several steps, each with its label: a list, or a mapping by label."""

    steps: tuple[tuple[str, str], ...]
    by_label: bool

    def slots(self, parameter: str) -> Iterator[tuple[str, str]]:
        """Give the slot of each output, and the step that makes it."""
        for place, (label, step) in enumerate(self.steps):
            yield f"{parameter}{{{label}}}" if self.by_label else f"{parameter}[{place}]", step


@dataclass(frozen=True, slots=True)
class Given:
    """An input or a configuration value of another name."""

    name: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """A value of its own, such as one of those that a step is done over."""

    value: Any


Wire: TypeAlias = Output | Gathered | Given | Fixed


def sources_of(wire: Wire) -> tuple[str, ...]:
    """Return the names of the steps that a wire comes from."""
    if isinstance(wire, Output):
        return (wire.step,)
    return tuple(step for _, step in wire.steps) if isinstance(wire, Gathered) else ()


def assembled(slots: Mapping[str, object]) -> dict[str, object]:
    """Return arguments by parameter, lists and mappings put together from their slots.

    >>> assembled({"table": 1, "fit[0]": "a", "fit[1]": "b", "score{depth=3}": 0.5})
    {'table': 1, 'fit': ['a', 'b'], 'score': {'depth=3': 0.5}}
    """
    arguments: dict[str, Any] = {}
    for slot, value in slots.items():
        found = _SLOT.fullmatch(slot)
        if found is None:
            arguments[slot] = value
        elif found["place"] is None:
            arguments.setdefault(found["name"], {})[found["key"]] = value
        else:
            items = arguments.setdefault(found["name"], [])
            items.insert(int(found["place"]), value)
    return arguments
