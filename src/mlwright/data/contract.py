"""What columns promise, told from a profile: for serving to flag, and as rules to check."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

from mlwright.checks.grammar import render
from mlwright.checks.records import Choice, Comparator, Limit, Range, Rule, Term
from mlwright.data.records import ColumnProfile, Contract, FeatureContract, Kind, Profile

MOST_CATEGORIES = 50
_SEEN_EACH = 5
_NEGLIGIBLE = 0.001
_EXACT = 2**53
_STEPS = (1, 2, 5, 10)


def infer(profile: Profile, target: str, exclude: Collection[str] = ()) -> Contract:
    """Return the promises of every column but the target and those excluded.

    A number promises the range it was seen in, text that repeats promises its categories. What
    is bound to change promises neither: dates, and whole numbers of which no two are equal.
    """
    columns = [c for c in profile.columns if c.name != target and c.name not in exclude]
    features = tuple(_feature(column) for column in columns)
    rules = [
        render(rule)
        for column, feature in zip(columns, features, strict=True)
        for rule in _rules(column, feature)
    ]
    return Contract(features, tuple(rules))


def _feature(column: ColumnProfile) -> FeatureContract:
    seen = column.rows - column.nulls
    names_rows = column.kind is Kind.INTEGER and column.distinct == seen > MOST_CATEGORIES
    ranged = column.kind in (Kind.INTEGER, Kind.FLOAT) and not names_rows
    known = (
        column.kind is Kind.STRING
        and 0 < column.distinct <= MOST_CATEGORIES
        and seen >= _SEEN_EACH * column.distinct
    )
    return FeatureContract(
        name=column.name,
        kind=column.kind,
        nullable=column.nulls > 0,
        low=column.low if ranged else None,
        high=column.high if ranged else None,
        categories=tuple(sorted(text for text, _ in column.top)) if known else None,
    )


def _rules(column: ColumnProfile, feature: FeatureContract) -> Iterator[Rule]:
    share = _most_missing(column.nulls, column.rows)
    if share < 1:
        yield _rule(Term("null", column.name), Comparator.AT_MOST, Limit(share, "%"))
    name = Term(None, column.name)
    low, high = feature.low, feature.high
    if isinstance(low, int | float) and isinstance(high, int | float):
        # A limit is a float; one it cannot hold would shut out the very value it was seen in.
        if math.isfinite(low) and math.isfinite(high) and max(abs(low), abs(high)) <= _EXACT:
            bounds = Range(Limit(float(low), None), Limit(float(high), None), False, False)
            yield _rule(name, Comparator.IN, bounds)
    elif feature.categories:
        yield _rule(name, Comparator.IN, Choice((), feature.categories))


def _rule(term: Term, comparator: Comparator, bound: Limit | Range | Choice) -> Rule:
    name = term.name if term.function is None else f"{term.function}({term.name})"
    return Rule("", name, term, comparator, bound, warns=False)


def _most_missing(nulls: int, rows: int) -> float:
    """Return the share of missing values that would not surprise, as 1, 2 or 5 of a power of ten.

    Three standard deviations of a count above what was seen, and three more: none among n rows
    still allows 3 / n (the rule of three). Under 0.1 % is not worth an alarm.
    """
    if not rows:
        return 1.0
    share = max((nulls + 3 * math.sqrt(nulls) + 3) / rows, _NEGLIGIBLE)
    power = math.floor(math.log10(share))
    digits = next(step for step in _STEPS if share <= step * 10.0**power * (1 + 1e-9))
    return float(f"{digits}e{power}")
