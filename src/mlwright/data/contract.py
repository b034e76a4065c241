"""What columns promise: told from a profile, kept from before, or stated by a person."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import replace

from mlwright.checks.grammar import render, term_text
from mlwright.checks.records import Choice, Comparator, Limit, Range, Rule, Term
from mlwright.data.records import (
    ColumnProfile,
    Contract,
    FeatureContract,
    Kind,
    Profile,
    Scalar,
    Terms,
)
from mlwright.data.terms import Line, lines_of, promised, read_line

MOST_CATEGORIES = 50
_SEEN_EACH = 5
_NEGLIGIBLE = 0.001
_EXACT = 2**53
_STEPS = (1, 2, 5, 10)
_NULL = "null"


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


def agree(inferred: Contract, terms: Terms) -> Contract:
    """Return the contract in force: a person's line first, then what was agreed before.

    What was inferred stands where neither says anything: for a column that is new, that is now of
    another kind, or whose line a person took out again.

    Raises
    ------
    UsageError
        ``check-syntax``, ``contract-line`` and ``check-kind`` for a line that cannot be.
    """
    lines = [read_line(key, text) for key, text in terms.stated]
    stated = {line.term: line for line in lines}
    earlier = {} if terms.before is None else {f.name: f for f in terms.before.contract.features}
    kept = {} if terms.before is None else lines_of(terms.before.contract)
    taken_out = () if terms.before is None else terms.before.stated
    here = lines_of(inferred)
    features, rules = [], []
    for feature in inferred.features:
        null, value = Term(_NULL, feature.name), Term(None, feature.name)
        old = earlier.get(feature.name)
        for term in (null, value):
            line = here.get(term)
            if term in stated:
                line = stated.pop(term)
                feature = promised(feature, line)
            elif old is not None and old.kind is feature.kind and term_text(term) not in taken_out:
                line = kept.get(term)
                feature = _as_before(feature, old, term)
            rules += [line.text] if line is not None and line.rule is not None else []
        features.append(feature)
    # Lines about a column that is no feature, such as the target, are for whole tables alone.
    rules += [line.text for line in stated.values() if line.rule is not None]
    return Contract(tuple(features), tuple(rules))


def _as_before(now: FeatureContract, old: FeatureContract, term: Term) -> FeatureContract:
    if term.function == _NULL:
        return replace(now, nullable=old.nullable)
    return replace(now, low=old.low, high=old.high, categories=old.categories)


def written(contract: Contract, *, null: str) -> Iterator[Line]:
    """Yield every line of a contract as a person would write it, column by column.

    What no line can say, a whole number beyond 2**53 among it, is left out.

    Parameters
    ----------
    null
        What becomes of an empty cell that breaks its promise, where the contract leaves that to
        the settings: a share of empty cells alone would let each of them be.
    """
    lines = lines_of(contract)
    for feature in contract.features:
        yield _nulls_written(feature, lines.pop(Term(_NULL, feature.name), None), null)
        value = Term(None, feature.name)
        if value in lines:
            yield lines.pop(value)
        elif feature.low is None and feature.categories is None:
            yield Line(value, None, None)
    yield from lines.values()


def _nulls_written(feature: FeatureContract, line: Line | None, null: str) -> Line:
    if line is None or line.rule is None:
        term = Term(_NULL, feature.name)
        line = Line(term, _rule(term, Comparator.AT_MOST, Limit(1.0, "%")), None)
    if feature.nullable or line.action is not None or not promised(feature, line).nullable:
        return line
    return replace(line, action=null)


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
        yield _rule(Term(_NULL, column.name), Comparator.AT_MOST, Limit(share, "%"))
    name = Term(None, column.name)
    low, high = feature.low, feature.high
    if isinstance(low, int | float) and isinstance(high, int | float):
        # A limit is a float; one it cannot hold would shut out the very value it was seen in.
        if math.isfinite(low) and math.isfinite(high) and _exact(low) and _exact(high):
            bounds = Range(Limit(float(low), None), Limit(float(high), None), False, False)
            yield _rule(name, Comparator.IN, bounds)
    elif feature.categories:
        yield _rule(name, Comparator.IN, Choice((), tuple(map(str, feature.categories))))


def _exact(value: Scalar) -> bool:
    return not isinstance(value, int) or abs(value) <= _EXACT


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
