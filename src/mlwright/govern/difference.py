"""One thing that two things of a kind do not have in common, and which part of them it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Part(str, Enum):
    """What a difference is about, in the order it is told."""

    MODEL = "model"
    DATA = "data"
    CODE = "code"
    PARAMETERS = "parameters"
    ENVIRONMENT = "environment"
    METRICS = "metrics"
    CHECKS = "checks"
    CONTRACT = "contract"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs, with its value on both sides."""

    what: str
    first: object
    second: object
    part: Part = Part.MODEL
