"""How the values of a column moved between two snapshots, as a test and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.data.fragments import frame_of
from mlwright.data.records import Shift, Snapshot
from mlwright.stats.association import benjamini_hochberg, count_shift
from mlwright.stats.shift import Distance, shares_apart, steps_apart
from mlwright.stats.spread import mean_of
from mlwright.store.protocol import Store

LEAST = 30  # with fewer cells on a side, luck explains nearly everything
RATE = 0.05  # the share of columns told as moved that did not, at most
LEAST_EFFECT = 0.02  # below it a difference is real among many rows and matters to nobody
_SAMPLED = 8  # fragments, evenly spaced, that stand for a table: a million rows
_TOLD = 3
_ORDERED = (pl.Int64(), pl.Float64(), pl.Date(), pl.Datetime("us"))


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """The cells of one column that are in one snapshot only, and how many rows changed theirs."""

    name: str
    gone: pl.Series
    came: pl.Series
    cells: int


def shift(sides: Sides, a: Snapshot, b: Snapshot, store: Store) -> Shift | None:
    """Compare the cells that came with those that went, or with the table where none did.

    None where no cell of the column differs, and where it holds another kind now.
    """
    gone, came = sides.gone, sides.came
    if not (len(gone) or len(came)) or gone.dtype != came.dtype:
        return None
    counts = (sides.name, len(gone), len(came))
    if len(gone) >= LEAST and len(came) >= LEAST:
        against = "the cells that went"
    elif len(came) >= LEAST:
        gone, against = _sample(a, sides.name, store), "all cells before"
    elif len(gone) >= LEAST:
        came, against = _sample(b, sides.name, store), "all cells after"
    else:
        few = f"too few cells to compare: {len(gone):,} went, {len(came):,} came"
        return Shift(*counts, None, None, None, None, None, (few,))
    statistic, distance, words = _compared(gone, came)
    return Shift(*counts, against, statistic, distance.effect, distance.chance, None, tuple(words))


def told_apart(shifts: Sequence[Shift]) -> list[Shift]:
    """Say of each shift whether it is real, all columns being looked at at once."""
    judged = [each for each in shifts if each.chance is not None]
    believed = benjamini_hochberg([each.chance or 0.0 for each in judged], RATE)
    real = {
        each.column: bool(true and (each.effect or 0.0) > LEAST_EFFECT)
        for each, true in zip(judged, believed, strict=True)
    }
    return [replace(each, real=real.get(each.column)) for each in shifts]


def _sample(snapshot: Snapshot, name: str, store: Store) -> pl.Series:
    """Return a column of a table, or of fragments spread over it."""
    last = len(snapshot.fragments) - 1
    places = sorted({round(place) for place in np.linspace(0, last, _SAMPLED)})
    return pl.concat([frame_of(snapshot.fragments[at], [name], store)[name] for at in places])


def _compared(gone: pl.Series, came: pl.Series) -> tuple[str, Distance, list[str]]:
    old, new = gone.drop_nulls(), came.drop_nulls()
    missing, words = _missing(gone, came)
    if not len(old) or not len(new):
        return "share missing", missing, words
    if old.dtype in _ORDERED:
        statistic, distance, told = "largest step", steps_apart(_floats(old), _floats(new)), _moved
    elif old.dtype == pl.String and _mostly_distinct(old) and _mostly_distinct(new):
        old, new = old.str.len_chars().cast(pl.Int64), new.str.len_chars().cast(pl.Int64)
        statistic, distance, told = "largest step", steps_apart(_floats(old), _floats(new)), _longer
    else:
        statistic, told = "shares", _other_shares
        distance = shares_apart(*_counts(old, new)[1:])
    if missing.chance < 1.0:
        # Two tests of one column: the chance that either would say so by luck.
        chance = min(1.0, 2 * min(distance.chance, missing.chance))
        distance = Distance(max(distance.effect, missing.effect), chance)
    return statistic, distance, [*told(old, new), *words]


def _missing(gone: pl.Series, came: pl.Series) -> tuple[Distance, list[str]]:
    nulls = came.null_count(), gone.null_count()
    total = len(came) + len(gone)
    if not sum(nulls) or sum(nulls) == total:
        return Distance(0.0, 1.0), []
    found = count_shift(nulls[0], len(came), sum(nulls), total)
    words = f"missing in {_percent(found.inside)}, was {_percent(found.outside)}"
    return Distance(abs(found.inside - found.outside), found.chance), [words]


def _floats(values: pl.Series) -> npt.NDArray[np.float64]:
    return values.to_physical().cast(pl.Float64).to_numpy()


def _mostly_distinct(values: pl.Series) -> bool:
    return values.n_unique() * 2 > len(values)


def _counts(
    old: pl.Series, new: pl.Series
) -> tuple[pl.Series, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the categories of both and how often each stands in either."""
    tables = [each.alias("value").to_frame().group_by("value").len("rows") for each in (old, new)]
    both = tables[0].join(tables[1], on="value", how="full", suffix=" later", coalesce=True)
    both = both.with_columns(pl.col("rows", "rows later").fill_null(0).cast(pl.Int64))
    both = both.sort("value")
    return both["value"], both["rows"].to_numpy(), both["rows later"].to_numpy()


def _moved(old: pl.Series, new: pl.Series) -> list[str]:
    """Tell the mean, and the quantile that moved most; of the finite numbers."""
    words: list[str] = []
    old, new = (each.filter(pl.Series(np.isfinite(_floats(each)))) for each in (old, new))
    if not len(old) or not len(new):
        return words
    if old.dtype in (pl.Int64(), pl.Float64()):
        means = [_number(mean_of(_floats(each))) for each in (new, old)]
        words.append(f"mean {means[0]}, was {means[1]}")
    shares = (0.1, 0.5, 0.9)
    # Of halves: the distance between the largest numbers of either sign is no number.
    before, after = (np.quantile(_floats(each) / 2, shares) for each in (old, new))
    most = int(np.argmax(np.abs(after - before)))
    if abs(after[most] - before[most]) > 0:
        name = "median" if shares[most] == 0.5 else f"{round(shares[most] * 100)} % lie below"
        written = [_written(2 * each[most], old.dtype) for each in (after, before)]
        words.append(f"{name} {written[0]}, was {written[1]}")
    return words


def _longer(old: pl.Series, new: pl.Series) -> list[str]:
    return [f"length: {words}" for words in _moved(old, new)]


def _other_shares(old: pl.Series, new: pl.Series) -> list[str]:
    """Tell the categories whose share changed most, new and vanished ones as such."""
    values, before, after = _counts(old, new)
    shares = before / before.sum(), after / after.sum()
    words = []
    for place in np.argsort(-np.abs(shares[1] - shares[0]), kind="stable")[:_TOLD]:
        was, now = float(shares[0][place]), float(shares[1][place])
        value = values[int(place)]
        shown = repr(value) if isinstance(value, str) else str(value).lower()
        if not was:
            words.append(f"{shown} is new: {_percent(now)}")
        elif not now:
            words.append(f"{shown} is gone, was {_percent(was)}")
        elif was != now:
            words.append(f"{shown} {_percent(now)}, was {_percent(was)}")
    return words


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")


def _number(value: float) -> str:
    return f"{value:,.0f}" if 10_000 <= abs(value) < 1e15 else f"{value:.4g}"


def _written(value: float, dtype: pl.DataType) -> str:
    if dtype in (pl.Int64(), pl.Float64()):
        return _number(value)
    moment = pl.Series([round(value)]).cast(dtype)[0]
    return moment.isoformat(sep=" ") if isinstance(moment, datetime) else _day(moment)


def _day(moment: object) -> str:
    return moment.isoformat() if isinstance(moment, date) else str(moment)
