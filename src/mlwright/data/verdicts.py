"""Rules of the checks grammar held against a table: ``age in [17, 90]``, ``null(plan) <= 5%``."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import polars as pl

from mlwright.checks.grammar import render
from mlwright.checks.judge import judge, judge_rows
from mlwright.checks.records import (
    Choice,
    Comparator,
    Limit,
    Measured,
    Range,
    Rule,
    Scale,
    Term,
    Verdict,
)
from mlwright.checks.sense import require_known, require_sense
from mlwright.core.errors import UsageError
from mlwright.core.quantities import Quantity
from mlwright.data.rules.rule import shown

_NULL = "null"
_COMPARE: Mapping[Comparator, Callable[[pl.Series, float], pl.Series]] = MappingProxyType(
    {
        Comparator.AT_LEAST: operator.ge,
        Comparator.AT_MOST: operator.le,
        Comparator.MORE: operator.gt,
        Comparator.LESS: operator.lt,
        Comparator.EQUAL: operator.eq,
        Comparator.UNEQUAL: operator.ne,
    }
)


def hold(rules: Sequence[Rule], frame: pl.DataFrame, subject: str) -> tuple[Verdict, ...]:
    """Return one verdict a rule, in order; empty cells keep every rule but one about ``null``.

    Raises
    ------
    UsageError
        ``check-unknown-value`` for a rule about what is no column of the table; ``check-unit``
        and ``check-range`` for a limit on ``null(...)`` that makes no sense; ``check-kind`` for
        numbers held against a column of days.
    """
    shares = {f"{_NULL}({name})": Scale(Quantity.SHARE, 0.0, 1.0) for name in frame.columns}
    for rule in rules:
        require_known(rule, (*frame.columns, *shares))
    about_null = [rule for rule in rules if rule.term.function == _NULL]
    require_sense(about_null, shares)
    nulls = _Nulls(frame)
    return tuple(
        judge([rule], nulls, subject)[0]
        if rule.term.function == _NULL
        else _by_row(rule, frame, subject)
        for rule in rules
    )


class _Nulls:
    """Implements :class:`mlwright.checks.judge.Values` for the shares of empty cells."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def value(self, term: Term, name: str) -> Measured | None:  # noqa: ARG002 - the protocol's
        """Return the share of a column's cells that are empty."""
        return Measured(self._frame[term.name].null_count() / max(self._frame.height, 1))

    def known(self) -> tuple[str, ...]:
        """Return a term for each column."""
        return tuple(f"{_NULL}({name})" for name in self._frame.columns)


def _by_row(rule: Rule, frame: pl.DataFrame, subject: str) -> Verdict:
    series = frame[rule.term.name]
    broken = series.is_not_null() & ~kept(rule, series).fill_null(value=False)
    count = int(broken.sum())
    example = shown(series.filter(broken)[0]) if count else None
    return judge_rows(rule, count, frame.height, example, subject)


def kept(rule: Rule, series: pl.Series) -> pl.Series:
    """Return which cells of a column keep a rule; null where there is no cell to ask."""
    bound = rule.bound
    if isinstance(bound, Choice):
        texts = pl.Series(bound.texts, dtype=pl.String)
        held = series.cast(pl.String).is_in(texts.implode())
        if bound.numbers:
            numbers = pl.Series([limit.value for limit in bound.numbers], dtype=pl.Float64)
            held |= _numbers(rule, series).is_in(numbers.implode()).fill_null(value=False)
        return held
    numbers = _numbers(rule, series)
    if isinstance(bound, Limit):
        return _COMPARE[rule.comparator](numbers, bound.value)
    return _within(numbers, bound)


def _within(numbers: pl.Series, bound: Range) -> pl.Series:
    low, high = bound.low.value, bound.high.value
    above = numbers > low if bound.low_open else numbers >= low
    return above & (numbers < high if bound.high_open else numbers <= high)


def _numbers(rule: Rule, series: pl.Series) -> pl.Series:
    """Return a column as numbers; a text that is none becomes null, which breaks the rule."""
    if series.dtype in (pl.Date(), pl.Datetime("us"), pl.Boolean()):
        raise UsageError(
            "check-kind",
            f"the check {render(rule)!r} holds {rule.term.name!r}, a column of "
            f"{str(series.dtype).lower()}s, against numbers",
            fix="give a rule about a column of numbers or of text, or about null(COLUMN)",
            facts={"check": rule.name, "column": rule.term.name},
        )
    return series.cast(pl.Float64, strict=False)
