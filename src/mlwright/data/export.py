"""A snapshot handed out as a file or table that other tools read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from mlwright.core.errors import UsageError
from mlwright.core.files import disk_faults, make_folder_durably, sync_folder
from mlwright.data.delta import write_delta
from mlwright.data.diff import Rows
from mlwright.data.digests import DTYPES, FRAGMENT_ROWS
from mlwright.data.fragments import frame_of
from mlwright.data.ordered import ordered
from mlwright.data.records import Column, Kind, Loss, Snapshot
from mlwright.data.sources.kinds import decide
from mlwright.data.sources.structure import MAX_CELL
from mlwright.store.protocol import Store

FORMATS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv"}
DELTA = "delta"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the file or folder, its format, and what that format could not hold."""

    path: Path
    format: str
    rows: int
    losses: tuple[Loss, ...]


def format_of(out: Path) -> str:
    """Return the format a path names: by its ending, and a folder is a Delta table.

    Raises
    ------
    UsageError
        ``export-format`` for an ending that names none, ``export-exists`` for a folder that holds
        something.
    """
    if out.suffix == "" or out.is_dir():
        if out.is_dir() and any(out.iterdir()):
            raise UsageError(
                "export-exists",
                f"the folder {out} holds something already",
                fix="name a folder that does not exist: a Delta table is written into a new one",
                facts={"path": str(out)},
            )
        return DELTA
    found = FORMATS.get(out.suffix.lower())
    if found is None:
        raise UsageError(
            "export-format",
            f"{out.name!r} names no format that tables are written in",
            fix="end it in .parquet or .csv, or name a folder for a Delta table",
            facts={"path": str(out), "formats": [*FORMATS, "a folder"]},
        )
    return found


def export(snapshot: Snapshot, store: Store, out: Path) -> Exported:
    """Write a snapshot's rows in row-id order; a file is there whole or not at all.

    Raises
    ------
    UsageError
        ``export-format``, ``export-exists``; ``extra-missing`` for a Delta table without its
        library.
    """
    form = format_of(out)
    rows = _lazily(snapshot, store)
    if form == DELTA:
        write_delta(rows, out)
    elif form == "csv":
        with _landed(out) as staged:
            rows.sink_csv(staged, batch_size=_CSV_ROWS)
    else:
        with _landed(out) as staged:
            rows.sink_parquet(staged, row_group_size=FRAGMENT_ROWS)
    losses = csv_losses(snapshot, store) if form == "csv" else ()
    return Exported(out, form, snapshot.rows, losses)


def csv_losses(snapshot: Snapshot, store: Store) -> tuple[Loss, ...]:
    """Return which columns come back from CSV as something else: it writes values, not kinds."""
    found = ((column.name, _loss(column, snapshot, store)) for column in snapshot.columns)
    return tuple(Loss(name, why) for name, why in found if why is not None)


def write_rows_apart(rows: Rows, out: Path) -> None:
    """Write the ids of the rows that differ, each with what became of it."""
    form = format_of(out)
    pieces = [
        ids.alias("row").to_frame().with_columns(pl.lit(what).alias("change"))
        for what, ids in (
            ("added", rows.added),
            ("removed", rows.removed),
            ("changed", rows.changed),
        )
    ]
    frame = pl.concat(pieces).select("change", "row")
    if form == DELTA:
        raise UsageError(
            "export-format",
            f"{out.name!r} names no file for row ids",
            fix="end it in .csv or .parquet",
            facts={"path": str(out), "formats": list(FORMATS)},
        )
    with _landed(out) as staged:
        frame.write_csv(staged) if form == "csv" else frame.write_parquet(staged)


_CSV_ROWS = 8_192


def _lazily(snapshot: Snapshot, store: Store) -> pl.LazyFrame:
    """Return the rows as a query that asks for a part after the other."""
    schema = {column.name: DTYPES[column.kind] for column in snapshot.columns}

    def parts(
        names: list[str] | None, chosen: pl.Expr | None, most: int | None, size: int | None
    ) -> Iterator[pl.DataFrame]:
        step = size or FRAGMENT_ROWS
        left = snapshot.rows if most is None else most
        for part in ordered(snapshot, store):
            for start in range(0, min(part.height, left), step):
                rows = part.slice(start, min(step, left - start)).select(names or pl.all())
                yield rows if chosen is None else rows.filter(chosen)
            left = max(left - part.height, 0)

    return register_io_source(parts, schema=schema)


@contextmanager
def _landed(target: Path) -> Iterator[Path]:
    """Give a path beside the target; what was written there takes its place once it is whole."""
    target = target.absolute()
    with disk_faults(target):
        make_folder_durably(target.parent)
        staged = target.parent / f".mlwright-{os.getpid()}-{os.urandom(8).hex()}"
        try:
            yield staged
            with staged.open("rb") as file:
                os.fsync(file.fileno())
            staged.replace(target)
        finally:
            staged.unlink(missing_ok=True)
        sync_folder(target.parent)


def _loss(column: Column, snapshot: Snapshot, store: Store) -> str | None:
    def pieces() -> Iterator[pl.Series]:
        for fragment in snapshot.fragments:
            yield frame_of(fragment, [column.name], store)[column.name]

    if column.kind is Kind.STRING:
        return _text_loss(pieces)
    if all(piece.null_count() == len(piece) for piece in pieces()):
        return f"every value is missing: read again as text, not {column.kind.value}"
    if column.kind in (Kind.DATE, Kind.DATETIME):
        years = chain.from_iterable((p.dt.year().min(), p.dt.year().max()) for p in pieces())
        if any(not 1 <= year <= 9999 for year in years if isinstance(year, int)):
            return "times outside the years 1 to 9999: read again as text"
    return None


def _text_loss(pieces: Callable[[], Iterator[pl.Series]]) -> str | None:
    read_as = None
    stays = False
    for piece in pieces():
        longest = piece.str.len_bytes().max()
        if isinstance(longest, int) and longest > MAX_CELL:
            return f"a text of {longest:,} bytes: the reader takes at most {MAX_CELL:,} a cell"
        if piece.str.contains("\0", literal=True).any():
            return "text that holds a NUL character: the reader refuses it"
        values, _ = decide(piece)
        stays |= values.dtype == pl.String and piece.null_count() < len(piece)
        read_as = values.dtype if values.dtype != pl.String else read_as
    if stays or read_as is None:
        return None
    # Each part by itself reads as some kind: whether all of it is one kind only all of it tells.
    whole, _ = decide(pl.concat(list(pieces())))
    if whole.dtype == pl.String:
        return None
    kinds = {dtype: kind.value for kind, dtype in DTYPES.items()}
    return f"text that looks like another kind: read again as {kinds[whole.dtype]}"
