from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from tests.data.conftest import Shelf

from mlwright.data.diff import diff
from mlwright.data.records import Diff

KEYED = st.dictionaries(
    st.integers(0, 12), st.tuples(st.integers(0, 2), st.none() | st.sampled_from("ab")), min_size=2
)


def frame_of(rows: dict[int, tuple[int, str | None]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": list(rows),
            "x": [x for x, _ in rows.values()],
            "y": pl.Series([y for _, y in rows.values()], dtype=pl.String),
        }
    )


@given(KEYED, KEYED)
def test_a_difference_is_that_of_two_dictionaries(
    old: dict[int, tuple[int, str | None]], new: dict[int, tuple[int, str | None]]
) -> None:
    shelf = Shelf()

    found = diff(
        shelf.snapshot(frame_of(old), "id"), shelf.snapshot(frame_of(new), "id"), shelf.store
    )

    both = old.keys() & new.keys()
    cells = {
        name: count
        for place, name in enumerate("xy")
        if (count := sum(old[i][place] != new[i][place] for i in both))
    }
    assert found == Diff(
        added=tuple(sorted(str(i) for i in new.keys() - old.keys())),
        removed=tuple(sorted(str(i) for i in old.keys() - new.keys())),
        changed=tuple(sorted(str(i) for i in both if old[i] != new[i])),
        columns_added=(),
        columns_removed=(),
        cells=cells,
    )


def test_columns_that_come_and_go_change_no_row(shelf: Shelf) -> None:
    frame = pl.DataFrame({"id": [1, 2, 3], "a": [1, 2, 3], "b": ["x", "y", "z"]})
    later = frame.select("b", pl.lit(1).alias("c"), "id")

    keyed = diff(shelf.snapshot(frame, "id"), shelf.snapshot(later, "id"), shelf.store)
    bare = diff(shelf.snapshot(frame), shelf.snapshot(later), shelf.store)

    for found in (keyed, bare):
        assert (found.added, found.removed, found.changed, found.cells) == ((), (), (), {})
        assert (found.columns_added, found.columns_removed) == (("c",), ("a",))


def test_without_a_key_a_changed_row_is_one_gone_and_one_new(shelf: Shelf) -> None:
    frame = pl.DataFrame({"a": [1, 2, 2], "b": ["x", "y", "y"]})
    later = pl.DataFrame({"a": [1, 2, 2, 2], "b": ["z", "y", "y", "y"]})

    found = diff(shelf.snapshot(frame), shelf.snapshot(later), shelf.store)

    assert (len(found.added), len(found.removed), len(found.changed)) == (2, 1, 0)


def test_a_column_of_another_kind_is_compared_as_it_is_written(shelf: Shelf) -> None:
    old = pl.DataFrame({"id": [1, 2], "a": [1, 2]})
    new = pl.DataFrame({"id": [1, 2], "a": ["1", "two"]})

    found = diff(shelf.snapshot(old, "id"), shelf.snapshot(new, "id"), shelf.store)

    assert (found.changed, found.cells) == (("1", "2"), {"a": 1})
