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
from mlwright.features.steps import (
    date_cycle,
    date_parts,
    elapsed,
    log,
    target_mean,
    text_score,
    words,
)
from mlwright.features.truth import Truth

if TYPE_CHECKING:
    import polars as pl

Recipe = Literal["tree", "linear", "encoded", "rich", "binned", "logged"]
"""How an algorithm wants its features.

``tree`` keeps missing values as NaN and categories as codes; ``linear`` fills with the median
beside an indicator, standardises, and spreads categories over columns. ``encoded`` is ``tree`` with
each category's mean of the target and its share of the rows, and the days between dates. ``rich``
is ``encoded`` with features of two columns that say what a first model does not, less the columns
that tell it no more than chance. ``binned`` is ``linear`` with numbers spread over bins, through
which a linear model follows a curve; ``logged`` is ``linear`` with the logarithms of numbers that
are skewed and not below 0, where these are more even. Texts become their length, their words and
what these say of the target.
"""

_TREE_TERMS, _LINEAR_TERMS = 100, 300
_MOST_DATES = 4  # each pair of them is a feature
_MANY_TEXTS = 8  # fewer categories than this are told apart by their codes alone


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """One column of the training rows, as a recipe is given it.

    Without ``raw``, only what comes round again is taken from a date. ``text`` says that a column
    holds prose, ``named`` that its texts come again so that they name something. ``truth`` is None
    where the target is not told.
    """

    series: pl.Series
    column: Column
    raw: bool
    text: bool
    named: bool
    truth: Truth | None

    @property
    def told(self) -> Truth | None:
        """The target, where it is told and a few numbers can hold it."""
        return self.truth if self.truth is not None and self.truth.width else None


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
    if recipe not in ("encoded", "rich"):
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
    return (*(_of_text(given, linear=False) if given.text else ()), *_named(given, "ordinal"))


def _of_text(given: Given, *, linear: bool) -> tuple[FittedStep, ...]:
    series, column = given.series, given.column
    steps = [STEPS["lengths"].fit(series, column)]
    if given.told is not None:
        steps.append(text_score.fit([series], [column], given.told))
    # Out of fold a linear model gains nothing from words beside what they say together.
    if given.told is None or not linear:
        steps.append(words.fit(series, column, most=_LINEAR_TERMS if linear else _TREE_TERMS))
    return tuple(step for step in steps if step.outputs)


def _named(given: Given, step: str) -> tuple[FittedStep, ...]:
    return (STEPS[step].fit(given.series, given.column),) if given.named else ()


def _encoded(given: Given) -> tuple[FittedStep, ...]:
    steps = list(_tree(given))
    series, column = given.series, given.column
    if column.kind is not Kind.STRING:
        return tuple(steps)
    if given.named and given.told is not None:
        steps.append(target_mean.fit([series], [column], given.told))
    if given.named and series.n_unique() >= _MANY_TEXTS:
        steps.append(STEPS["frequency"].fit(series, column))
    return tuple(steps)


def _linear(given: Given) -> tuple[FittedStep, ...]:
    return _for_sums(given, "scale")


def _binned(given: Given) -> tuple[FittedStep, ...]:
    return _for_sums(given, "scale" if given.column.kind is Kind.BOOLEAN else "bins")


def _logged(given: Given) -> tuple[FittedStep, ...]:
    numeric = given.column.kind in (Kind.INTEGER, Kind.FLOAT)
    return _for_sums(given, "log" if numeric and log.pays(given.series) else "scale")


def _for_sums(given: Given, number: str) -> tuple[FittedStep, ...]:
    series, column = given.series, given.column
    missing = missing_in(series)
    steps: list[FittedStep] = []
    if column.kind in DATES:
        step = date_cycle.fit(series, column, raw=given.raw)
        steps += [step] if step.outputs else []
    elif series.filter(~missing).n_unique() > 1:
        if column.kind in NUMERIC:
            steps.append(STEPS[number].fit(series, column))
        if given.text:
            steps.extend(_of_text(given, linear=True))
        if column.kind is Kind.STRING:
            steps.extend(_named(given, "one_hot"))
    if missing.any():
        steps.append(STEPS["indicator"].fit(series, column))
    return tuple(steps)


_OF_COLUMN: Mapping[Recipe, Callable[[Given], tuple[FittedStep, ...]]] = {
    "tree": _tree,
    "linear": _linear,
    "encoded": _encoded,
    "rich": _encoded,
    "binned": _binned,
    "logged": _logged,
}
