"""A calibration of scores, as a configuration's parameters name it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

STRETCH, SHIFT = "stretch", "shift"
"""Parameters that any configuration may have: what its scores are multiplied by and moved by."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """``stretch`` times a score, plus ``shift``."""

    stretch: float
    shift: float


def of_parameters(parameters: Mapping[str, int | float | str | bool]) -> Calibration | None:
    """Return the calibration that parameters name; None without one.

    >>> of_parameters({"stretch": 1.5, "trees": 9})
    Calibration(stretch=1.5, shift=0.0)
    """
    if STRETCH not in parameters:
        return None
    return Calibration(float(parameters[STRETCH]), float(parameters.get(SHIFT, 0.0)))
