"""A row is found where it lies and called what the whole table calls it."""

from __future__ import annotations

import polars as pl
import pytest

from mlwright.data.digests import hexadecimal
from mlwright.data.places import find_row, rows_at
from mlwright.data.records import Snapshot
from mlwright.data.snapshot import build
from mlwright.data.table import read, unordered
from mlwright.store.memory import MemoryStore

FRAME = pl.DataFrame({"id": [30, 10, 20, 40], "a": [1, 2, 1, 1], "b": ["x", "y", "x", "x"]})


def snapshots() -> tuple[Snapshot, Snapshot, MemoryStore]:
    store = MemoryStore()
    keyed = build(FRAME, key="id", store=store)
    return keyed, build(FRAME.drop("id"), key=None, store=store), store


def test_every_row_is_found_under_the_id_the_table_gives_it() -> None:
    keyed, plain, store = snapshots()

    for snapshot in (keyed, plain):
        table = read(snapshot, store)
        frame = unordered(snapshot, store)
        for place, row in enumerate(table.row_ids):
            found = find_row(row, snapshot, store)

            assert found is not None
            assert found[1] == ("key" if snapshot.key else "content")
            alone = rows_at([found[0]], frame, snapshot, store)
            assert alone.row_ids.to_list() == [row]
            assert alone.frame.equals(table.frame[[place]])
    assert sorted(read(plain, store).row_ids.str.len_chars()) == [32, 32, 34, 34]


def test_rows_come_in_the_order_asked_with_their_ids() -> None:
    keyed, _, store = snapshots()

    table = rows_at([2, 0], unordered(keyed, store), keyed, store)

    assert table.row_ids.to_list() == ["20", "30"]
    assert table.frame["a"].to_list() == [1, 1]


def test_in_a_table_with_a_key_a_digest_finds_the_row_with_that_content() -> None:
    keyed, plain, store = snapshots()
    digests = hexadecimal(b"".join(store.get(f.row_digests) for f in keyed.fragments))

    assert find_row(digests[1], keyed, store) == (1, "content")
    assert find_row(digests[1][:32], keyed, store) == (1, "content")
    assert find_row(digests[1], plain, store) is None


@pytest.mark.parametrize("row", ["", "50", "1", "010", "f" * 32, "0" * 31, "x" * 32, "1" * 64])
def test_what_no_row_is_called_is_not_found(row: str) -> None:
    keyed, plain, store = snapshots()

    assert find_row(row, keyed, store) is None
    assert find_row(row, plain, store) is None


def test_a_repeat_beyond_the_last_is_not_found() -> None:
    _, plain, store = snapshots()
    twice = next(row for row in read(plain, store).row_ids if row.endswith("-2"))

    assert find_row(twice, plain, store) is not None
    assert find_row(twice[:-1] + "3", plain, store) is None
