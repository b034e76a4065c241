from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from tests.data.conftest import Shelf

from mlwright.data.cells import Cells, SnapshotCells, TableCells, sealed_rows
from mlwright.data.fragments import pack
from mlwright.data.profile import profile
from mlwright.data.records import Screening, Snapshot, Split
from mlwright.data.screen import screen
from mlwright.data.snapshot import build
from mlwright.data.split import sealed
from mlwright.data.table import read
from mlwright.store.local import LocalStore

TODAY = date(2026, 11, 21)
SPLIT = Split("hash", 7, None, None, None, None, {}, "")


def frame(rows: int = 3_000) -> pl.DataFrame:
    draw = np.random.default_rng(0)
    near = draw.normal(100, 10, rows)
    cells = pl.DataFrame(
        {
            "code": [f"P{i:05d}" for i in range(rows)],
            "plan": draw.choice(["basic", "family", "single"], rows),
            "a": near.round(3),
            "b": (near + draw.normal(size=rows)).round(3),
            "c": pl.Series(near - draw.normal(size=rows)).round(3),
            "left": draw.choice(["yes", "no"], rows),
        }
    )
    here = pl.int_range(pl.len())
    spoilt = cells.with_columns(
        pl.when(here == 5).then(pl.lit("famly")).otherwise("plan").alias("plan"),
        pl.when(here == 9).then(pl.col("a") * 10).otherwise("a").alias("a"),
        pl.when(here % 50 == 3).then(None).otherwise("c").alias("c"),
    )
    return pl.concat([spoilt, spoilt[20:22]])


def told(screening: Screening) -> list[tuple[object, ...]]:
    return sorted(
        (fault.check, str(fault.column), str(fault.row), str(fault.value), fault.why)
        for fault in screening.faults
    )


def both(snapshot: Snapshot, store: LocalStore) -> list[Cells]:
    return [TableCells(read(snapshot, store)), SnapshotCells(snapshot, store)]


def test_a_data_version_is_described_and_screened_alike_held_or_not(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    snapshot = build(frame(), key=None, store=store)

    held, passing = both(snapshot, store)
    sealed_parts = [sealed_rows(each, [SPLIT]) for each in (held, passing)]
    found = [
        screen(each, today=TODAY, target="left", sealed=hidden, described=True)
        for each, hidden in zip((held, passing), sealed_parts, strict=True)
    ]

    assert {fault.check for fault in found[0].faults} >= {"misspelling", "unit-slip", "duplicate"}
    # Which of two equal rows is the repeat is for their ids to say; all else is the same.
    assert told(found[0]) == told(found[1])
    assert found[0].profile == found[1].profile
    assert found[0].sealed == found[1].sealed == int(sealed_parts[0].sum())
    assert profile(held) == profile(passing)


def test_rows_that_are_gone_are_neither_described_nor_named(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    whole = build(frame(), key=None, store=store)
    (fragment,) = whole.fragments
    gone = np.zeros(whole.rows, np.bool_)
    gone[:2_000] = True
    rest = replace(
        whole,
        rows=whole.rows - 2_000,
        fragments=(replace(fragment, rows=whole.rows - 2_000, deleted=store.put(pack(gone))),),
    )

    held, passing = both(rest, store)

    assert passing.column("a").len() == whole.rows - 2_000
    assert profile(held) == profile(passing)
    places = np.array([0, 17, 999])
    assert passing.ids(places) == passing.table([]).row_ids.gather(places).to_list()


def test_without_a_split_no_row_is_sealed(shelf: Shelf) -> None:
    snapshot = shelf.snapshot(frame())
    cells = SnapshotCells(snapshot, shelf.store)

    hidden = sealed_rows(cells, [SPLIT])

    assert sealed_rows(cells, []) is None
    assert hidden is not None
    assert hidden.to_list() == sealed(cells.table([]), [SPLIT]).to_list()
    assert 0.1 < float(str(hidden.mean())) < 0.3
