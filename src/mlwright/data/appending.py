"""Rows added to a data version: a new version that shares what stayed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

from mlwright.core.errors import DataError, UsageError
from mlwright.core.ids import short
from mlwright.data.fitting import fitted
from mlwright.data.fragments import frame_of
from mlwright.data.normalise import normalise
from mlwright.data.records import Reading, Snapshot
from mlwright.data.rows import check_key
from mlwright.data.snapshot import build_from, slices
from mlwright.data.sources.raw import RawTable
from mlwright.store.protocol import Store


def append(
    parent: Snapshot,
    table: RawTable,
    *,
    key: str | None,
    store: Store,
    known: Callable[[str], Snapshot | None],
) -> Snapshot:
    """Return the version that has the parent's rows and a table's; with a key, rows replace rows.

    Parameters
    ----------
    key
        What the table's rows are named by, where that is said; the parent's key by default.

    Raises
    ------
    UsageError
        ``key-differs``; ``append-derived`` for a version that was made from another.
    DataError
        ``schema-differs`` names the column that does not fit; ``key-…`` for a faulty key.
    """
    if key is not None and key != parent.key:
        raise UsageError(
            "key-differs",
            f"the rows of {short(parent.id)} are known by "
            + (f"{parent.key!r}" if parent.key else "their content")
            + f", not by {key!r}",
            fix="leave --key out, or add the whole table anew with that key",
            facts={"key": key, "expected": parent.key},
        )
    if any(fragment.row_ids is not None for fragment in parent.fragments):
        raise UsageError(
            "append-derived",
            f"{short(parent.id)} was made from another version, whose rows it goes back to",
            fix="add to the version it was made from, and make it again: mlw why "
            f"{short(parent.id)} names that one",
            facts={"data": parent.id},
        )
    kinds = {column.name: column.kind for column in parent.columns}
    rows, told = normalise(table.frame)
    rows = fitted(rows, kinds)
    if not rows.height:
        raise DataError(
            "data-no-rows",
            "the table has columns but no rows",
            fix="give a table with rows to add",
        )
    if parent.key is not None:
        check_key(rows, parent.key)

    def batches() -> Iterator[pl.DataFrame]:
        for fragment in parent.fragments:
            piece = frame_of(fragment, list(kinds), store)
            if parent.key is not None:
                piece = piece.filter(~piece[parent.key].is_in(rows[parent.key].implode()))
            yield piece
        yield from slices(rows)

    return build_from(
        batches,
        key=parent.key,
        store=store,
        readings=lambda: _new((*parent.readings, *table.readings, *told)),
        known=known,
        parent=lambda _: parent,
    )


def _new(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Return what was normalised, each column's sum of one sort once."""
    counts: dict[tuple[str, str], int] = {}
    for reading in readings:
        about = (reading.column, reading.what)
        counts[about] = counts.get(about, 0) + reading.count
    return tuple(Reading(*about, count) for about, count in counts.items())
