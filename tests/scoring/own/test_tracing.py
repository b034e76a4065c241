"""What feature steps read, and of which column they make what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import polars as pl
import pytest

from mlwright.scoring.own.tracing import trace
from mlwright.scoring.own.work import guarded

FRAME = pl.DataFrame(
    {
        "a": [1.0, 2.5, None, 4.0],
        "b": [3, 1, 2, 7],
        "t": ["x", "y", None, "y"],
        "u": ["p", "q", "p", "r"],
        "c": [5, 6, 7, 8],
    }
)
A, B, T, U = pl.col("a"), pl.col("b"), pl.col("t"), pl.col("u")

Make = Callable[[pl.DataFrame], pl.DataFrame]


def made(**columns: pl.Expr) -> Make:
    return lambda table: table.with_columns(**columns)


CASES: dict[str, tuple[Make, Sequence[str], Mapping[str, Sequence[str]]]] = {
    "of two": (made(x=A / B), "ab", {"x": "ab"}),
    "of one each": (made(x=A * 2, y=U + "!"), "au", {"x": "a", "y": "u"}),
    "of nothing": (made(x=pl.lit(1)), "", {"x": ""}),
    "of a type": (
        lambda table: table.with_columns(x=pl.sum_horizontal(table.select(pl.col(pl.Int64)))),
        "bc",
        {"x": "bc"},
    ),
    "of what is missing anywhere": (
        made(x=pl.any_horizontal(pl.all().is_null())),
        "abtuc",
        {"x": "abtuc"},
    ),
    "in place": (made(t=T.str.to_uppercase()), "t", {"t": "t"}),
    "of another through one": (
        lambda table: table.with_columns(x=A + 1).with_columns(y=pl.col("x") * B).drop("x"),
        "ab",
        {"y": "ab"},
    ),
    "where another says so": (made(x=pl.when(T == "y").then(B).otherwise(0)), "bt", {"x": "bt"}),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_made_is_told_with_the_columns_it_is_made_of(name: str) -> None:
    make, read, sources = CASES[name]

    found = trace(guarded("step", make), FRAME)

    assert set(found.read) == set(read)
    for column, names in sources.items():
        assert set(found.made[column]) == set(names)
    assert found.left_out == ()


def test_a_column_nobody_looked_at_is_only_handed_on() -> None:
    found = trace(guarded("step", made(x=A * 2)), FRAME)

    assert "c" not in found.read
    assert "c" not in found.made


def test_a_limit_that_no_row_reached_counts_as_made() -> None:
    found = trace(guarded("step", made(b=B.clip(0, 1_000))), FRAME)

    assert found.made == {"b": ("b",)}


def test_what_does_not_come_back_is_left_out() -> None:
    found = trace(guarded("step", lambda table: table.select("u", x=A * 2)), FRAME)

    assert found.left_out == ("a", "b", "t", "c")
    assert found.made == {"x": ("a",)}


def test_few_of_many_columns_are_found_by_few_questions() -> None:
    asked = 0
    frame = pl.DataFrame({f"c{place}": [1.0, 2.0, 3.0] * 4 for place in range(500)})

    def counted(table: pl.DataFrame) -> pl.DataFrame:
        nonlocal asked
        asked += 1
        return table.with_columns(x=pl.col("c17") / pl.col("c401"))

    found = trace(guarded("step", counted, telling=False), frame)

    assert found.read == ("c17", "c401")
    assert asked < 200
