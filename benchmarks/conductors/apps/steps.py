"""The three trivial steps that every system is given."""

from __future__ import annotations


def first(n: int) -> int:
    return n + 1


def second(first: int) -> float:
    return 2.0 * first


def third(second: float) -> float:
    return second - 1.0
