"""The recipes: which steps make features of the columns, by what the algorithm can take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal, cast, get_args

from mlwright.core.errors import FaultError
from mlwright.data.records import Column, Kind
from mlwright.features.catalogue import STEPS
from mlwright.features.columns import DATES, NUMERIC
from mlwright.features.numbers import missing_in
from mlwright.features.records import FittedStep
from mlwright.features.steps import date_cycle, date_parts, elapsed, ordinal, target_mean
from mlwright.features.truth import Truth

if TYPE_CHECKING:
    import polars as pl

Recipe = Literal["tree", "linear", "encoded"]
"""How an algorithm wants its features.

``tree`` keeps missing values as NaN and categories as codes; ``linear`` fills with the median
beside an indicator, standardises, and spreads categories over columns. ``encoded`` is ``tree`` with
each category's mean of the target and its share of the rows, and the days between dates.
"""

READS_TARGET: frozenset[Recipe] = frozenset({"encoded"})
"""The recipes with steps that read the target: training rows are prepared crosswise."""

_MOST_DATES = 4  # each pair of them is a feature
_MANY_TEXTS = 8  # fewer categories than this are told apart by their codes alone


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """One column of the training rows, as a recipe is given it.

    Without ``raw``, only what comes round again is taken from a date. ``truth`` is None where the
    target is not told.
    """

    series: pl.Series
    column: Column
    raw: bool
    truth: Truth | None


def known_recipe(name: str) -> Recipe:
    """Return a recipe by its name, refusing one that a plan of another version may ask for."""
    if name not in get_args(Recipe):
        raise FaultError(
            "recipe-unknown",
            f"this version cannot prepare features by the recipe {name!r}",
            fix="install the version of mlwright that made the plan, or plan anew: --replan",
            facts={"recipe": name},
            looked=list(get_args(Recipe)),
        )
    return cast("Recipe", name)


def column_steps(recipe: Recipe, given: Given) -> tuple[FittedStep, ...]:
    """Return the steps that read one column."""
    return _OF_COLUMN[recipe](given)


def joint_steps(recipe: Recipe, columns: Sequence[Given]) -> tuple[FittedStep, ...]:
    """Return the steps that read several of the columns that become features."""
    if recipe != "encoded":
        return ()
    dates = [each for each in columns if each.column.kind in DATES][:_MOST_DATES]
    return tuple(elapsed.fit((start.column, end.column)) for start, end in combinations(dates, 2))


def _tree(given: Given) -> tuple[FittedStep, ...]:
    series, column = given.series, given.column
    if column.kind in NUMERIC:
        return (STEPS["passthrough"].fit(series, column),)
    if column.kind in DATES:
        step = date_parts.fit(series, column, raw=given.raw)
        return (step,) if step.outputs else ()
    return (ordinal.fit(series, column),)


def _encoded(given: Given) -> tuple[FittedStep, ...]:
    steps = list(_tree(given))
    series, column, truth = given.series, given.column, given.truth
    if column.kind is Kind.STRING and truth is not None and truth.width:
        steps.append(target_mean.fit([series], [column], truth))
    if column.kind is Kind.STRING and series.n_unique() >= _MANY_TEXTS:
        steps.append(STEPS["frequency"].fit(series, column))
    return tuple(steps)


def _linear(given: Given) -> tuple[FittedStep, ...]:
    series, column = given.series, given.column
    missing = missing_in(series)
    steps: list[FittedStep] = []
    if column.kind in DATES:
        step = date_cycle.fit(series, column, raw=given.raw)
        steps += [step] if step.outputs else []
    elif series.filter(~missing).n_unique() > 1:
        name = "scale" if column.kind in NUMERIC else "one_hot"
        steps.append(STEPS[name].fit(series, column))
    if missing.any():
        steps.append(STEPS["indicator"].fit(series, column))
    return tuple(steps)


_OF_COLUMN: Mapping[Recipe, Callable[[Given], tuple[FittedStep, ...]]] = {
    "tree": _tree,
    "linear": _linear,
    "encoded": _encoded,
}
