"""What fits of a search report while they go on, and which of them are given up: by no clock."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

import numpy as np

from mlwright.run.points import Nowhere, Sink
from mlwright.train.algorithms.foreign import OWN
from mlwright.train.memory import Memory, packed, unpacked
from mlwright.train.own.process import Hear
from mlwright.train.records import Configuration, Decision

FEWEST = 3
"""Configurations that have to have reported at a step before one is held against their median."""

_LONGEST = 200
"""Characters of a metric's name."""

Told = dict[int, float]
"""What one fit reported, by step."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A fit that was ended: what it had reported at best, and what half of those before it had."""

    configuration: str
    place: str
    step: int
    best: float
    bar: float
    before: int

    def decision(self) -> Decision:
        """Return it as it is told."""
        return Decision(
            f"{self.configuration} given up at step {self.step} of round {self.place}",
            f"it had reported {self.best:.4g} at best, and half of the {self.before} before it "
            f"{self.bar:.4g} or more at that step",
            "ctx.log in place of ctx.report",
        )


@dataclass(slots=True, eq=False)
class Reports:
    """What the fits of one round reported, each model's own in the order they were tried.

    ``place`` is the round's, nothing for the fit that is kept.
    ``ended`` holds the fits that were given up, in all rounds that share it.
    """

    place: str = ""
    sink: Sink = field(default_factory=Nowhere)
    told: dict[str, dict[str, Told]] = field(default_factory=dict)
    ended: list[GivenUp] = field(default_factory=list)

    def at(self, place: str) -> Reports:
        """Return the reports of another round, where nothing was reported yet."""
        return replace(self, place=place, told={})

    def hearer(self, configuration: Configuration) -> Hear:
        """Return what hears the fit of a configuration, from its start.

        Raises nothing itself: where it answers False the fit is to end.
        """
        model = str(configuration.parameters.get(OWN, ""))
        others = self.told.setdefault(model, {})
        before = [told for name, told in others.items() if name != configuration.name]
        mine: Told = {}
        others[configuration.name] = mine

        def hear(told: Mapping[str, Any]) -> bool:
            if "line" in told:
                self.sink.say(f"{self._where(configuration, ', round ')}: {told['line']}")
            elif "numbers" in told:
                named = {self._named(configuration, n): v for n, v in told["numbers"].items()}
                self.sink.log(named, told["step"])
            else:
                return self._goes_on(configuration, before, mine, told["reported"], told["step"])
            return True

        return hear

    def is_given_up(self, configuration: Configuration) -> bool:
        """Tell whether the fit of a configuration in this round was given up."""
        ended = ((each.configuration, each.place) for each in self.ended)
        return (configuration.name, self.place) in ended

    def keep(self, configuration: Configuration, memory: Memory, name: str) -> None:
        """Keep what a fit reported, for a search that goes on from there."""
        mine = self.told.get(str(configuration.parameters.get(OWN, "")), {})
        if mine.get(configuration.name):
            reported = mine[configuration.name].items()
            memory.keep(f"{name}-reports", packed((np.array([*reported], dtype=np.float64),), ()))

    def recall(self, configuration: Configuration, memory: Memory, name: str) -> None:
        """Take what a fit had reported in a search that was cut short."""
        content = memory.recall(f"{name}-reports")
        if content is not None:
            (reported,), _ = unpacked(content)
            mine = {int(step): value for step, value in reported.tolist()}
            model = str(configuration.parameters[OWN])
            self.told.setdefault(model, {})[configuration.name] = mine

    def _goes_on(
        self,
        configuration: Configuration,
        before: Sequence[Told],
        mine: Told,
        value: float,
        step: int,
    ) -> bool:
        if self.is_given_up(configuration):
            return False
        mine[step] = value
        best = best_until(mine, step)
        bar = bar_at(before, step)
        if bar is None or best >= bar:
            return True
        count = sum(step in each for each in before)
        self.ended.append(GivenUp(configuration.name, self.place, step, best, bar, count))
        return False

    def _named(self, configuration: Configuration, name: str) -> str:
        prefix = self._where(configuration, "/")[: _LONGEST - len(name) - 1].rstrip()
        return f"{prefix}/{name}" if prefix else name

    def _where(self, configuration: Configuration, between: str) -> str:
        return f"{configuration.name}{between}{self.place}" if self.place else configuration.name


def best_until(told: Told, step: int) -> float:
    """Return the best a fit reported up to a step; a NaN is none.

    >>> best_until({1: 0.5, 2: 0.4, 3: 0.9}, 2)
    0.5
    """
    values = (value for at, value in told.items() if at <= step and not math.isnan(value))
    return max(values, default=-math.inf)


def bar_at(before: Sequence[Told], step: int) -> float | None:
    """Return the median of what others reported at a step; None where too few did.

    >>> bar_at([{1: 0.5}, {1: 0.6}, {1: 0.9}], 1)
    0.6
    >>> bar_at([{1: 0.5}, {2: 0.6}, {1: 0.9}], 1) is None
    True
    """
    at = [told[step] for told in before if step in told]
    at = [-math.inf if math.isnan(value) else value for value in at]
    return median(at) if len(at) >= FEWEST else None
