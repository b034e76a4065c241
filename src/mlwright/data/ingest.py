"""From a source to a snapshot: read, normalised, named by content, kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import polars as pl

from mlwright.core.errors import MlwrightError, UsageError
from mlwright.data.normalise import normalise
from mlwright.data.records import Column, Snapshot, Source
from mlwright.data.settings import DataSettings
from mlwright.data.snapshot import build_from, slices
from mlwright.data.sources import files, frames, http, sqlite
from mlwright.data.sources.address import Address, Place, parse_address, sqlite_path
from mlwright.data.sources.large import LargeTable, large_table
from mlwright.data.sources.outside import NOTHING, Outside
from mlwright.data.sources.query import query_unfit
from mlwright.data.sources.raw import RawTable
from mlwright.store.protocol import Store


def ingest(
    place: Path | str,
    settings: DataSettings,
    *,
    store: Store,
    known: Callable[[str], Snapshot | None],
    parent: Callable[[Sequence[Column]], Snapshot | None] = lambda _: None,
    outside: Outside = NOTHING,
) -> tuple[Snapshot, Source]:
    """Read a source into a snapshot; the objects are in the store when it returns.

    Parameters
    ----------
    place
        A path, or an address as text.
    known
        Gives the manifest of a data id that exists already; the same rows in another order are
        the same data and get the first snapshot's manifest.
    parent
        Gives an earlier snapshot with these columns; rows it holds are not written again.

    Raises
    ------
    NotFoundError, DataError, UsageError, FaultError
        Whatever is wrong with the source or its settings, by code.
    """
    with _opened(place, settings, outside) as table:
        batches = table.batches if isinstance(table, LargeTable) else partial(slices, table.frame)
        snapshot = build_from(
            batches,
            key=settings.key,
            store=store,
            readings=lambda: table.readings,
            known=known,
            parent=parent,
        )
    return snapshot, source_of(place, table, settings, snapshot)


@contextmanager
def _opened(
    place: Path | str, settings: DataSettings, outside: Outside
) -> Iterator[RawTable | LargeTable]:
    """Give a table whole, or in parts where its file is too large to be held."""
    path = place if isinstance(place, Path) else None
    if isinstance(place, str):
        address = parse_address(place, outside.environ)
        path = Path(address.target) if address.place is Place.PATH else None
    if path is not None and settings.query is None and not files.is_database(path):
        with large_table(path, settings) as large:
            if large is not None:
                yield large
                return
    yield read_source(place, settings, outside=outside)


def source_of(
    place: Path | str,
    table: RawTable | LargeTable,
    settings: DataSettings,
    snapshot: Snapshot,
) -> Source:
    """Return where a table came from; where there were no bytes, its rows have the digest."""
    return Source(
        address=table.address or str(place),
        format=table.format,
        content=table.content or snapshot.digest,
        size=table.size,
        encoding=table.encoding,
        query=settings.query,
        files=table.files,
        schema=table.schema,
    )


def read_table(
    place: Path | str,
    settings: DataSettings,
    *,
    texts: Collection[str] = (),
    outside: Outside = NOTHING,
) -> pl.DataFrame:
    """Return a source's rows in its order, read as :func:`ingest` reads them.

    ``texts`` are columns that stay text whatever their cells look like: in a short file a column
    of codes may happen to hold digits alone.
    """
    frame, _ = normalise(read_source(place, settings, texts, outside=outside).frame)
    return frame


def read_source(
    place: Path | str,
    settings: DataSettings,
    texts: Collection[str] = (),
    *,
    outside: Outside = NOTHING,
) -> RawTable:
    """Read whatever is named: a file, a folder, a pattern, an address, a frame.

    Raises
    ------
    NotFoundError, DataError, UsageError, FaultError
        Whatever is wrong with the source or its settings, by code.
    """
    if isinstance(place, Path):
        return _read_path(place, settings, texts)
    address = parse_address(str(place), outside.environ)
    if address.place is Place.POSTGRES:
        from mlwright.data.sources import postgres

        return postgres.read(address, settings, texts)
    if address.place is Place.SQLITE:
        return _read_sqlite(address, settings, texts)
    if address.place is Place.PATH:
        return _read_path(Path(address.target), settings, texts)
    _no_query(address, settings)
    if address.place is Place.BUILT_IN:
        from mlwright.data.sources import builtin

        return builtin.read(address)
    if address.place is Place.WEB:
        with http.fetched(address, settings, outside) as source:
            return files.read_opened(source, settings, texts)
    if address.place is Place.GLOB:
        return files.read_pattern(address.target, settings, texts)
    if outside.frame is not None:
        return frames.read(outside.frame, settings, texts)
    raise UsageError(
        "source-scheme",
        f"{address.text} stands for a frame, which only a program can give",
        fix="give it from Python: mw.run(df, target=…) or project.add(df); or name a file",
        facts={"source": address.text},
    )


def _read_sqlite(address: Address, settings: DataSettings, texts: Collection[str]) -> RawTable:
    path = sqlite_path(address.target)
    try:
        return sqlite.read(Path(path), settings, texts)
    except MlwrightError as error:
        if address.text == address.target:
            raise
        # A path that the environment holds is not told either.
        message = error.message.replace(path, address.text)
        facts = {**error.facts, "path": address.text, "source": address.text}
        raise type(error)(error.code, message, fix=error.fix, facts=facts) from None


def _read_path(path: Path, settings: DataSettings, texts: Collection[str]) -> RawTable:
    if files.is_database(path):
        return sqlite.read(path, settings, texts)
    if settings.query is not None:
        raise query_unfit(str(path))
    if files.is_folder(path):
        return files.read_folder(path, settings, texts)
    return files.read_file(path, settings, texts)


def _no_query(address: Address, settings: DataSettings) -> None:
    if settings.query is not None:
        raise query_unfit(address.text)
