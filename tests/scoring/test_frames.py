"""A table is cast as its rows are."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.errors import DataError
from mlwright.data.records import Column, Kind
from mlwright.features.records import Value
from mlwright.scoring.cast import cast_value
from mlwright.scoring.frames import cast_frame, frame_of

FLOATS = st.one_of(st.floats(), st.integers(-3, 3).map(float), st.just(2.0**63))
COLUMNS = st.one_of(
    st.tuples(st.just(pl.Float64()), st.lists(st.none() | FLOATS, min_size=1)),
    st.tuples(
        st.just(pl.Int64()),
        st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=1),
    ),
    st.tuples(st.just(pl.Boolean()), st.lists(st.none() | st.booleans(), min_size=1)),
    st.tuples(
        st.just(pl.String()),
        st.lists(st.none() | st.sampled_from(["a", "2026-01-31", "2026-01-31T10:00Z", "1"])),
    ),
    st.tuples(st.just(pl.Date()), st.lists(st.none() | st.dates(), min_size=1)),
    st.tuples(st.just(pl.Datetime("us")), st.lists(st.none() | st.datetimes(), min_size=1)),
)


@given(column=COLUMNS, kind=st.sampled_from(Kind))
def test_a_column_is_cast_as_its_cells_are(
    column: tuple[pl.DataType, list[Value]], kind: Kind
) -> None:
    dtype, cells = column
    frame = pl.DataFrame({"c": pl.Series(cells, dtype=dtype)})
    wanted = Column("c", kind)

    row = first_refused(cells, wanted)
    if row is None:
        expected = [cast_value(cell, wanted) for cell in cells]
        assert cast_frame(frame, [wanted])["c"].to_list() == expected
    else:
        with pytest.raises(DataError) as refused:
            cast_frame(frame, [wanted])
        assert (refused.value.code, refused.value.facts["row"]) == ("value-kind", row)


def first_refused(cells: list[Value], column: Column) -> int | None:
    for row, cell in enumerate(cells, start=1):
        try:
            cast_value(cell, column)
        except DataError:
            return row
    return None


def test_small_and_foreign_types_are_read_as_tables_are() -> None:
    frame = pl.DataFrame(
        {
            "a": pl.Series([1, 2], dtype=pl.UInt8),
            "b": pl.Series(["x", None], dtype=pl.Categorical),
            "c": pl.Series([0.5, 1.5], dtype=pl.Float32),
        }
    )
    inputs = [Column("a", Kind.FLOAT), Column("b", Kind.STRING), Column("c", Kind.FLOAT)]

    assert cast_frame(frame, inputs).rows() == [(1.0, "x", 0.5), (2.0, None, 1.5)]


def test_a_column_of_nothing_but_nulls_is_of_any_kind() -> None:
    frame = pl.DataFrame({kind.value: [None, None] for kind in Kind})
    inputs = [Column(kind.value, kind) for kind in Kind]

    assert cast_frame(frame, inputs).null_count().row(0) == (2,) * len(Kind)


def test_a_missing_column_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(DataError) as refused:
        cast_frame(pl.DataFrame({"plann": ["a"]}), [Column("plan", Kind.STRING)])

    assert refused.value.facts == {"missing": ["plan"], "nearest": "plann"}


def test_a_table_without_inputs_keeps_its_rows() -> None:
    assert cast_frame(pl.DataFrame({"a": [1, 2, 3]}), []).height == 3
    assert frame_of([(), ()], []).height == 2


def test_rows_of_cast_values_become_a_table() -> None:
    inputs = [Column("d", Kind.DATE), Column("t", Kind.DATETIME), Column("i", Kind.INTEGER)]
    row = (date(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999), -(2**63))

    assert frame_of([row, (None, None, None)], inputs).rows() == [row, (None, None, None)]
