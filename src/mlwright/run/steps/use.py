"""A step or a pipeline as a part of a pipeline: under a name, fed by others, done over values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mlwright.core.errors import UsageError
from mlwright.run.steps.fan import Axis, axis_of

_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a step or a pipeline.

    ``takes`` maps a parameter to the step or input that feeds it, where that is not the one of
    its own name; ``axes`` are the values that it is done over.
    """

    part: Any
    name: str
    takes: Mapping[str, str] = field(default_factory=dict)
    axes: tuple[Axis, ...] = ()

    def named(self, name: str, /, **takes: str) -> Use:
        """Return the same under another name: ``clean.named("clean_test", table="test")``.

        Raises
        ------
        UsageError
            ``step-name`` for what cannot be a parameter's name.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(
                "step-name",
                f"{name!r} cannot name a step: others take its output by a parameter of that name",
                fix="use letters, digits and '_', and begin with a letter",
                facts={"name": name},
            )
        return replace(self, name=name, takes={**self.takes, **takes})

    def over(
        self, together: Sequence[Mapping[str, object]] = (), /, **values: Sequence[object]
    ) -> Use:
        """Return the same, done once for each value: ``fit.over(depth=[3, 5])``.

        Values of several parameters are combined each with each; ``together`` lists those that
        belong together: ``fit.over([{"depth": 3, "rate": 0.1}, {"depth": 5, "rate": 0.05}])``.

        Raises
        ------
        UsageError
            ``fan-values`` for no values, the same twice, or a parameter twice.
        """
        axes = [
            axis_of(self.name, [{name: each} for each in given]) for name, given in values.items()
        ]
        if together:
            axes.insert(0, axis_of(self.name, together))
        known = [name for axis in (*self.axes, *axes) for name in axis.parameters]
        twice = sorted({name for name in known if known.count(name) > 1})
        if twice or not axes:
            raise UsageError(
                "fan-values",
                f"{self.name} is to be done over {twice[0]!r} twice"
                if twice
                else f"{self.name} is to be done over no values",
                fix="give each parameter's values once: over(depth=[3, 5])",
                facts={"step": self.name, "parameters": twice},
            )
        return replace(self, axes=(*self.axes, *axes))
