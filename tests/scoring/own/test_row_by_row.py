"""Which feature steps are told to look at other rows: asked in parts, they give other cells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from mlwright.scoring.own.compare import alone, first_difference, pieces
from mlwright.scoring.own.examine import places_of
from mlwright.scoring.own.records import Difference
from mlwright.scoring.own.work import guarded

Make = Callable[[pl.DataFrame], pl.DataFrame]

A, B, T, D = pl.col("a"), pl.col("b"), pl.col("t"), pl.col("d")


def made(**columns: pl.Expr) -> Make:
    return lambda table: table.with_columns(**columns)


def table(rows: int = 400) -> pl.DataFrame:
    """Numbers, some of them missing in one row of a hundred, a text and a day."""
    draw = np.random.Generator(np.random.PCG64(0))
    a = draw.normal(size=rows).round(3)
    b = draw.integers(0, 5, rows)
    day = date(2026, 1, 1)
    return pl.DataFrame(
        {
            "a": [None if place % 100 == 63 else float(each) for place, each in enumerate(a)],
            "b": [None if place % 150 == 77 else int(each) for place, each in enumerate(b)],
            "t": [" xYz"[int(each) % 4 :] for each in b],
            "d": [day + timedelta(days=int(each)) for each in draw.integers(0, 900, rows)],
        }
    )


HONEST: dict[str, Make] = {
    "arithmetic": made(x=A / (B + 1), y=A.fill_null(0.0).abs().log1p()),
    "a division by a number": made(x=B / 12.0, y=A / 7),
    "powers": made(x=A**2.0, y=A.abs() ** 0.37, z=B**2),
    "functions of numpy": lambda rows: rows.with_columns(
        x=pl.Series(np.sin(rows["a"].to_numpy()) ** 2.0), y=pl.Series(np.exp(rows["a"].to_numpy()))
    ),
    "a limit": made(a=A.clip(-1.0, 1.0)),
    "a case": made(x=pl.when(A.is_null()).then(B).otherwise(-B)),
    "texts": made(x=T.str.strip_chars().str.to_lowercase() + "!", y=T.str.len_chars()),
    "days": made(x=D.dt.month(), y=(D - date(2026, 3, 1)).dt.total_days(), z=D.dt.offset_by("1mo")),
    "code in Python": made(
        x=B.map_elements(lambda each: float(str(each)), return_dtype=pl.Float64)
    ),
    "how much is missing": made(x=pl.sum_horizontal(pl.all().is_null())),
    "whole numbers among others": lambda rows: rows.with_columns(
        x=pl.Series([2.5 if each is None else each for each in rows["b"]], strict=False)
    ),
    "one value": made(x=pl.lit(1.5)),
    "another order of columns": lambda rows: rows.select("d", "t", x=A * 2),
    "lazily": lambda rows: rows.lazy().with_columns(x=A + B),  # type: ignore[dict-item,return-value]
}

CHEATS: dict[str, Make] = {
    "a mean": made(x=A - A.mean()),
    "a share of the highest": made(x=B / B.max()),
    "a rank": made(x=A.rank()),
    "the row before": made(x=B.shift(1)),
    "a sum so far": made(x=B.fill_null(0).cum_sum()),
    "a mean by category": made(x=A.mean().over("t")),
    "filled with the row before": made(a=A.fill_null(strategy="forward")),
    "missing cells filled with the mean": made(a=A.fill_null(A.mean())),
    "missing cells filled with the most frequent": made(b=B.fill_null(B.mode().first())),
    "a count of equals": made(x=T.count().over("t")),
    "what comes twice": made(x=D.is_duplicated()),
    "bins of the same size": made(x=A.quantile(0.75) < A),
    "the number of the row": lambda rows: rows.with_row_index("x"),
    "rows in another order": lambda rows: rows.sort("a"),
    "the height": lambda rows: rows.with_columns(x=pl.lit(rows.height)),
    "a type that depends on the rows": lambda rows: rows.with_columns(
        x=pl.Series(["none" if each is None else each for each in rows["b"]], strict=False)
    ),
    "drawn lots": lambda rows: rows.with_columns(
        x=pl.Series(np.random.default_rng().random(rows.height))
    ),
}


def difference(make: Make, rows: pl.DataFrame) -> Difference | None:
    """Return what is told of a step, as it is examined before a training."""
    step = guarded("step", make)
    whole = step(rows)
    some = places_of(rows)
    return first_difference(step, alone(len(some)), rows[some], whole[some]) or first_difference(
        step, pieces(rows.height), rows, whole
    )


@pytest.mark.parametrize("name", HONEST)
def test_a_step_that_looks_at_each_row_alone_gives_the_same_in_parts(name: str) -> None:
    assert difference(HONEST[name], table()) is None


@pytest.mark.parametrize("name", CHEATS)
def test_a_step_that_looks_at_other_rows_gives_other_cells_in_parts(name: str) -> None:
    assert difference(CHEATS[name], table()) is not None


def test_the_first_cell_that_differs_is_told_by_its_row_and_both_values() -> None:
    rows = pl.DataFrame({"a": [1.0, 3.0] * 5})

    found = difference(made(x=A - A.mean()), rows)

    assert found == Difference(0, "x", "-1.0", "0.0", close=False)


def test_a_difference_in_the_last_bits_is_told_as_that() -> None:
    rows = pl.DataFrame({"a": [1.0, 3.0] * 5})

    found = difference(lambda t: t.with_columns(x=A * (1.0 + 1e-15 * t.height)), rows)

    assert found is not None
    assert found.close


def test_a_zero_and_its_negative_are_not_the_same() -> None:
    rows = pl.DataFrame({"a": [1.0, 3.0]})

    found = difference(
        lambda t: t.with_columns(x=pl.lit(-0.0 if t["a"].n_unique() == 1 else 0.0)), rows
    )

    assert found is not None
    assert (found.together, found.apart) == ("0.0", "-0.0")


def test_a_row_that_is_refused_alone_is_told() -> None:
    def proud(rows: pl.DataFrame) -> pl.DataFrame:
        if rows["a"].n_unique() == 1:
            raise ValueError("alone?")
        return rows

    found = difference(proud, pl.DataFrame({"a": [1.0, 3.0]}))

    assert found is not None
    assert "alone?" in found.apart
