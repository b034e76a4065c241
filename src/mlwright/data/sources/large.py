"""A file larger than memory should hold: CSV text or Parquet, given a part at a time.

Kinds of text are decided over all values, so text is first laid into a temporary file a block at a
time; then each column is looked through, and blocks become typed ones as they are asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from mmap import ACCESS_READ, mmap
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

import polars as pl

from mlwright.core.digest import Digest
from mlwright.core.errors import DataError
from mlwright.data.digests import FRAGMENT_ROWS
from mlwright.data.names import settle_names
from mlwright.data.records import Reading
from mlwright.data.settings import DataSettings
from mlwright.data.snapshot import Batches
from mlwright.data.sources import csv, parquet
from mlwright.data.sources.address import bare_name
from mlwright.data.sources.files import format_of_head
from mlwright.data.sources.kinds import decide_blocks
from mlwright.data.sources.packed import UnpackedFile, unpacked
from mlwright.data.sources.pages import DamagedError, check_pages
from mlwright.data.sources.steady import SteadyFile, opened, steady

LARGE = {csv.FORMAT: 256 << 20, parquet.FORMAT: 64 << 20}
"""From how many bytes on a file is read in parts; a packed one from an eighth of it on."""

_PACKED = 8


@dataclass(frozen=True, slots=True, eq=False)
class LargeTable:
    """A table whose rows are given a part at a time, from the first on each time."""

    batches: Batches
    readings: tuple[Reading, ...]
    format: str
    encoding: str | None
    content: Digest
    size: int
    schema: Mapping[str, str]
    address: str | None = None
    files: int | None = None


@contextmanager
def large_table(
    path: Path, settings: DataSettings, texts: Collection[str] = ()
) -> Iterator[LargeTable | None]:
    """Open a large file of a format that is read in parts; None for every other.

    The file may not change until the context ends.

    Raises
    ------
    NotFoundError, DataError, UsageError
        Whatever is wrong with the file or its settings, by code.
    """
    form = _large_format(path)
    if form is None:
        yield None
        return
    with steady(path) as source, TemporaryDirectory(prefix="mlwright-rows-") as folder:
        if form == parquet.FORMAT:
            yield _parquet(path, source, settings)
        else:
            yield _csv(source, settings, texts, Path(folder))


def _large_format(path: Path) -> str | None:
    try:
        size = path.stat().st_size if path.is_file() else 0
    except OSError:
        return None  # its reader says what is wrong
    if size * _PACKED < min(LARGE.values()):
        return None
    with opened(path) as file:
        bytes_ = unpacked(SteadyFile(str(path), file))
        packed = isinstance(bytes_, UnpackedFile)
        form = format_of_head(bytes_.head(16), bare_name(str(path)), str(path))
    least = LARGE.get(form)
    if least is None or (packed and form == parquet.FORMAT):
        return None
    return form if size * (_PACKED if packed else 1) >= least else None


def _parquet(path: Path, source: SteadyFile, settings: DataSettings) -> LargeTable:
    source.drain()
    rows = pl.scan_parquet(path, hive_partitioning=False, glob=False)
    try:
        with opened(path) as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            groups = check_pages(content)
        schema = rows.collect_schema()
    except _FAULTS as error:
        raise _broken(path, source, error) from error
    names, readings = settle_names(schema.names(), settings.max_columns)
    renamed = dict(zip(schema.names(), names, strict=True))

    def batches() -> Iterator[pl.DataFrame]:
        start = 0
        for group in groups or [0]:
            # A slice that ends with a row group decodes nothing twice.
            for inside in range(0, max(group, 1), 2 * FRAGMENT_ROWS):
                count = min(2 * FRAGMENT_ROWS, group - inside)
                try:
                    yield rows.slice(start + inside, count).collect().rename(renamed)
                except _FAULTS as error:
                    raise _broken(path, source, error) from error
            start += group

    told = {renamed[name]: str(dtype) for name, dtype in schema.items()}
    return LargeTable(
        batches, tuple(readings), parquet.FORMAT, None, source.digest(), source.size, told
    )


_FAULTS = (DamagedError, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


def _broken(path: Path, source: SteadyFile, error: BaseException) -> DataError:
    return DataError(
        "parquet-broken",
        f"{path} is no whole Parquet file: {str(error).splitlines()[0]}",
        fix="write the file again, or give the table as CSV",
        facts={"path": str(path), "size": source.size},
    )


def _csv(
    source: SteadyFile, settings: DataSettings, texts: Collection[str], folder: Path
) -> LargeTable:
    bytes_ = unpacked(source)
    tabs = PurePath(bare_name(source.name)).suffix.lower() == ".tsv"
    table = csv.text_batches(bytes_, settings, tabs=tabs)
    count = 0
    for frame in table.batches:
        frame.write_ipc(folder / f"{count}.text")
        count += 1
    source.drain()
    readings = list(table.readings)
    if isinstance(bytes_, UnpackedFile):
        readings.insert(0, Reading("", f"unpacked from {bytes_.packing}", 1))
    kinds = {}
    for name in table.names:
        blocks = partial(_column, name, folder, count)
        if name in texts:
            continue
        kinds[name], told = decide_blocks(blocks)
        readings.extend(Reading(name, what, times) for what, times in told)
    schema = {}

    def typed(number: int) -> pl.DataFrame:
        kept = folder / f"{number}.typed"
        if kept.exists():
            return pl.read_ipc(kept)
        text = folder / f"{number}.text"
        frame = pl.read_ipc(text)
        frame = pl.DataFrame([kinds[s.name](s) if s.name in kinds else s for s in frame])
        frame.write_ipc(kept)
        text.unlink()
        return frame

    def batches() -> Iterator[pl.DataFrame]:
        for number in range(count):
            yield typed(number)
        if not count:
            yield pl.DataFrame(schema=dict.fromkeys(table.names, pl.String))

    if count:
        schema = {name: str(dtype) for name, dtype in typed(0).schema.items()}
    return LargeTable(
        batches,
        tuple(readings),
        csv.FORMAT,
        table.encoding,
        source.digest(),
        source.size,
        schema,
    )


def _column(name: str, folder: Path, count: int) -> Iterator[pl.Series]:
    for number in range(count):
        yield pl.read_ipc(folder / f"{number}.text", columns=[name])[name]
