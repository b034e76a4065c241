"""Columns that know the target: alone, by being there at all, or two of them together.

A column is a suspect when what it tells alone is nearly everything, whatever luck the rows had. It
is a leak only where everything else together leaves far more untold: in an easy question many
columns know the answer, and that is no leak.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from mlwright.data.leaks.records import TARGET, Leak
from mlwright.data.leaks.sample import Mask, Numbers, Sample, as_numbers
from mlwright.data.rules.rule import share, shown
from mlwright.stats.explained import Explained

Rest = Callable[[Collection[str]], float]
"""How much of the target a model tells from all columns but some, on rows not fitted on."""

SUSPECT_CLASS = 0.75
SUSPECT_AMOUNT = 0.95
"""The share of the target that a column alone surely tells, from which on it is a suspect. Of the
honest columns measured the best tells 0.74 of a class and 0.94 of an amount."""

_EXACT = 0.995
_TIMES_WORSE = 2.5
_UNTOLD = 0.02
_MOST_REFITTED = 4

_PURE = 0.98
_ELSEWHERE = 0.5
_COMMON = 0.05
_FEWEST_PRESENT = 30
_SURE = 3.0
_WITHOUT_ANSWER = 20

_SUMMED_ROWS = 500
_SUMMED_COLUMNS = 60
_ALWAYS = 0.99
_FEWEST_VALUES = 20


def knowing(sample: Sample, names: Sequence[str], rest: Rest) -> Iterator[Leak]:
    """Yield the columns that know the target, those most certain first."""
    found: dict[str, Leak] = {}
    for leak in (*_alone(sample, names, rest), *_by_presence(sample, names), *_sums(sample, names)):
        if leak.column is not None:
            found.setdefault(leak.column, leak)
    yield from found.values()


def best_of(sample: Sample, names: Sequence[str]) -> tuple[str, Explained] | None:
    """Return the column that tells most alone."""
    told = {name: sample.told_by(name) for name in names}
    return max(told.items(), key=lambda each: each[1].share, default=None)


def _alone(sample: Sample, names: Sequence[str], rest: Rest) -> Iterator[Leak]:
    limit = SUSPECT_AMOUNT if sample.is_amount else SUSPECT_CLASS
    told = {name: sample.told_by(name) for name in names}
    suspects = {n: t for n, t in told.items() if t.least >= limit}
    if not suspects:
        return
    exact = [name for name, each in suspects.items() if each.least >= _EXACT]
    if exact:
        others = rest(tuple(suspects))
        for name in exact:
            if _is_better(suspects[name], others):
                yield _leak(sample, name, suspects[name], others)
    near = sorted((n for n in suspects if n not in exact), key=lambda n: -suspects[n].share)
    for name in near[:_MOST_REFITTED]:
        # A suspect is held against its like: of several that know as much, none is the leak.
        others = rest((*exact, name))
        if _is_better(suspects[name], others):
            yield _leak(sample, name, suspects[name], others)


def _is_better(told: Explained, others: float) -> bool:
    untold = 1.0 - max(others, 0.0)
    return untold >= _UNTOLD and untold >= _TIMES_WORSE * (1.0 - told.share)


def _leak(sample: Sample, name: str, told: Explained, others: float) -> Leak:
    return Leak(
        TARGET,
        name,
        0,
        f"{name!r} alone tells {share(min(told.share, 1.0))} of {sample.target!r} on rows not "
        f"fitted on, all other columns together {share(max(others, 0.0))}",
        f"--drop {name}",
    )


def _by_presence(sample: Sample, names: Sequence[str]) -> Iterator[Leak]:
    """Yield columns that are there (or missing) nearly only with one answer."""
    classes = _classes(sample)
    for name in names:
        series = sample.frame[name]
        missing = series.is_null()
        if series.dtype.is_float():
            missing |= series.is_nan().fill_null(value=False)
        absent = missing.to_numpy()
        if not _FEWEST_PRESENT <= absent.sum() <= len(absent) - _FEWEST_PRESENT:
            continue
        for is_there, inside in ((True, ~absent), (False, absent)):
            leak = _pure(sample, name, inside, classes, is_there=is_there)
            if leak is not None:
                yield leak
                break


def _classes(sample: Sample) -> Mapping[str, Mask]:
    """Return the rows of each common answer; of an amount, those of its most common value."""
    answer = sample.frame[sample.target]
    counts = answer.value_counts(sort=True, name="rows of it")
    most = 1 if sample.is_amount else 20
    common = {
        shown(value): (answer == value).to_numpy()
        for value, rows in counts.head(most).rows()
        if rows >= _COMMON * len(answer)
    }
    if sample.is_amount:
        common |= {f"something else than {name}": ~rows for name, rows in dict(common).items()}
    return common


def _pure(
    sample: Sample,
    name: str,
    inside: Mask,
    classes: Mapping[str, Mask],
    *,
    is_there: bool,
) -> Leak | None:
    rows = int(inside.sum())
    for answer, is_it in classes.items():
        within, beyond = float(is_it[inside].mean()), float(is_it[~inside].mean())
        # What so many rows surely hold at least, as good as all of them being the one answer.
        least = within - _SURE * np.sqrt(max(within * (1 - within), 1.0 / rows) / rows)
        if within >= _PURE and least > beyond and beyond <= _ELSEWHERE:
            where = "where it has a value" if is_there else "where it is missing"
            return Leak(
                TARGET,
                name,
                rows,
                f"{sample.target!r} is {answer} in {share(within)} of the rows {where}, and in "
                f"{share(beyond)} of the others: whether {name!r} is there tells the answer",
                f"--drop {name}",
            )
    return None


def present_with_target(frame: pl.DataFrame, target: str, names: Sequence[str]) -> Iterator[Leak]:
    """Yield columns that are there exactly where the target is: known no sooner than it.

    ``frame`` holds rows with and without a target. Where most columns are missing with the
    target, the whole row is, and none of them is told.
    """
    unknown = frame[target].is_null()
    rows = int(unknown.sum())
    if not _WITHOUT_ANSWER <= rows <= frame.height - _WITHOUT_ANSWER:
        return
    found = []
    for name in names:
        missing = frame[name].is_null()
        both = int((missing & unknown).sum())
        if both >= _ALWAYS * rows and both >= _ALWAYS * int(missing.sum()):
            found.append(name)
    if 2 * len(found) > len(names):
        return
    for name in found:
        yield Leak(
            TARGET,
            name,
            rows,
            f"{name!r} is missing in the {rows:,} rows without {target!r}, and in hardly any "
            "other: it is known no sooner than the answer",
            f"--drop {name}",
        )


def _sums(sample: Sample, names: Sequence[str]) -> Iterator[Leak]:
    """Yield pairs of columns of which the target is the sum, difference, product or ratio."""
    answer = sample.frame[sample.target]
    if not sample.is_amount or answer.n_unique() < _FEWEST_VALUES:
        return
    some = sample.frame.gather_every(max(1, sample.frame.height // _SUMMED_ROWS))
    y = as_numbers(some[sample.target])
    numeric = [n for n in names if some[n].dtype.is_numeric() and some[n].n_unique() > 2]
    numeric = numeric[:_SUMMED_COLUMNS]
    cells = {name: as_numbers(some[name]) for name in numeric}
    for place, one in enumerate(numeric):
        for other in numeric[place + 1 :]:
            how = _made_of(y, cells[one], cells[other])
            if how is None:
                continue
            told = how.format(repr(one), repr(other))
            for name in (one, other):
                yield Leak(
                    TARGET,
                    name,
                    0,
                    f"{sample.target!r} is {told} in nearly every row",
                    f"--drop {name}",
                )


def _made_of(y: Numbers, one: Numbers, other: Numbers) -> str | None:
    with np.errstate(all="ignore"):
        made = {
            "{} + {}": one + other,
            "{} - {}": one - other,
            "{1} - {0}": other - one,
            "{} x {}": one * other,
            "{} / {}": one / other,
            "{1} / {0}": other / one,
        }
        for how, values in made.items():
            known = np.isfinite(values) & np.isfinite(y)
            if known.sum() < _ALWAYS * len(y):
                continue
            near = np.abs(values[known] - y[known]) <= 1e-9 * np.maximum(1.0, np.abs(y[known]))
            # A column of nearly all zeros adds nothing: the other one alone would be the copy.
            both = (
                np.mean(values[known] != one[known]) > 0.2 < np.mean(values[known] != other[known])
            )
            if near.mean() >= _ALWAYS and both:
                return how
    return None
