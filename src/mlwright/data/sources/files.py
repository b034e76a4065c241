"""One table from one file or several: which format each is of, by its first bytes and ending."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import NoReturn

from mlwright.core.digest import Digest
from mlwright.core.encoding import digest_of
from mlwright.core.errors import DataError, MlwrightError, NotFoundError, listed
from mlwright.data.records import Reading
from mlwright.data.settings import DataSettings
from mlwright.data.sources import arrow, csv, excel, json_lines, parquet, sqlite, typed
from mlwright.data.sources.address import bare_name
from mlwright.data.sources.packed import UnpackedFile, unpacked
from mlwright.data.sources.raw import Gathering, RawTable
from mlwright.data.sources.steady import SteadyFile, steady, unreadable

_TYPED = {arrow.FORMAT: arrow.parse, excel.FORMAT: excel.parse, parquet.FORMAT: parquet.parse}
_MARKS = {
    b"PAR1": parquet.FORMAT,
    b"ARROW1": arrow.FORMAT,
    b"\xff\xff\xff\xff": arrow.FORMAT,
    b"PK\x03\x04": excel.FORMAT,
    b"\xd0\xcf\x11\xe0": excel.FORMAT,
    sqlite.MARK: sqlite.FORMAT,
}
_ENDINGS = {
    ".arrow": arrow.FORMAT,
    ".arrows": arrow.FORMAT,
    ".csv": csv.FORMAT,
    ".feather": arrow.FORMAT,
    ".ipc": arrow.FORMAT,
    ".json": json_lines.FORMAT,
    ".jsonl": json_lines.FORMAT,
    ".ndjson": json_lines.FORMAT,
    ".ods": excel.FORMAT,
    ".parquet": parquet.FORMAT,
    ".pq": parquet.FORMAT,
    ".tsv": csv.FORMAT,
    ".txt": csv.FORMAT,
    ".xls": excel.FORMAT,
    ".xlsb": excel.FORMAT,
    ".xlsm": excel.FORMAT,
    ".xlsx": excel.FORMAT,
}
_LONGEST_MARK = 16
_HIDDEN = (".", "_")


def _holds_table(name: str) -> bool:
    """Tell whether a file's ending is one that tables have, compressed or not."""
    return PurePath(bare_name(name)).suffix.lower() in _ENDINGS


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder's; of one that cannot be looked at, its reader will tell."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_database(path: Path) -> bool:
    """Tell whether a file is a SQLite database."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(sqlite.MARK)) == sqlite.MARK
    except OSError:
        return False


def read_file(path: Path, settings: DataSettings, texts: Collection[str] = ()) -> RawTable:
    """Read the table of one file.

    Raises
    ------
    NotFoundError, DataError, UsageError
        Whatever is wrong with the file or its settings, by code.
    """
    with steady(path) as source:
        return read_opened(source, settings, texts)


def read_opened(
    source: SteadyFile, settings: DataSettings, texts: Collection[str] = ()
) -> RawTable:
    """Read the table of a file that is open already."""
    taken = _Taken(settings, texts)
    taken.add(source)
    return taken.finish(source.digest(), source.size)


def read_folder(folder: Path, settings: DataSettings, texts: Collection[str] = ()) -> RawTable:
    """Read one table from every file in and below a folder whose ending is a table's.

    Raises
    ------
    NotFoundError, DataError, UsageError
        Whatever is wrong with a file, by its path; ``source-missing`` where there is none.
    """
    found: list[Path] = []
    others: list[Path] = []
    for path in _below(folder):
        (found if _holds_table(path.name) else others).append(path)
    if not found:
        raise _no_files(str(folder), f"{len(others)} other files: {listed(_names(others))}")
    readings = []
    if others:
        what = f"files without a table's ending left out: {listed(_names(others), most=3)}"
        readings.append(Reading("", what, len(others)))
    return _read_all(found, folder, settings, texts, readings)


def _below(folder: Path) -> list[Path]:
    """Return every file in and below a folder, sorted; hidden ones and those with ``_`` not.

    A folder that cannot be looked into is an error, not a part of the table that is missing.
    """

    def refuse(error: OSError) -> NoReturn:
        raise unreadable(Path(str(error.filename)), error) from error

    found = []
    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(_HIDDEN)]
        paths = (Path(parent, name) for name in names if not name.startswith(_HIDDEN))
        found += [path for path in paths if path.is_file()]
    return sorted(found)


def read_pattern(pattern: str, settings: DataSettings, texts: Collection[str] = ()) -> RawTable:
    """Read one table from every file a pattern such as ``sales/*.csv`` names."""
    path = Path(pattern).absolute()
    relative = path.relative_to(path.anchor)
    try:
        found = sorted(each for each in Path(path.anchor).glob(str(relative)) if each.is_file())
    except (ValueError, NotImplementedError):
        found = []
    if not found:
        raise _no_files(pattern, str(path.parent))
    return _read_all(found, Path(path.anchor), settings, texts, [])


def _read_all(
    paths: Sequence[Path],
    folder: Path,
    settings: DataSettings,
    texts: Collection[str],
    readings: list[Reading],
) -> RawTable:
    taken = _Taken(settings, texts)
    digests: list[tuple[str, Digest]] = []
    size = 0
    for path in paths:
        with steady(path) as source, _named(path):
            taken.add(source)
        digests.append((path.relative_to(folder).as_posix(), source.digest()))
        size += source.size
    raw = taken.finish(digest_of(tuple(digests), tag="files 1"), size)
    return RawTable(
        raw.frame,
        (*readings, *raw.readings),
        raw.format,
        raw.encoding,
        raw.content,
        raw.size,
        files=len(paths),
    )


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Tell which file an error is about, where it does not say so itself."""
    try:
        yield
    except MlwrightError as error:
        if str(path) in error.message:
            raise
        told = error.of(str(path))
        told.facts["path"] = str(path)
        raise told from error


class _Taken:
    """Files taken into one table; all are of the first one's format."""

    def __init__(self, settings: DataSettings, texts: Collection[str]) -> None:
        self._settings = settings
        self._texts = texts
        self._format: str | None = None
        self._packed: dict[str, int] = {}
        self._gathering: Gathering | None = None

    def add(self, source: SteadyFile) -> None:
        opened = unpacked(source)
        if isinstance(opened, UnpackedFile):
            self._packed[opened.packing] = self._packed.get(opened.packing, 0) + 1
        head = opened.head(_LONGEST_MARK)
        format_ = format_of_head(head, bare_name(source.name), source.name)
        if self._gathering is None:
            self._format = format_
            self._gathering = self._begun(format_, source.name)
        if format_ != self._format:
            raise DataError(
                "source-mixed",
                f"{source.name} is {format_}, the files before it are {self._format}",
                fix="give files of one format, or a pattern that names them: 'folder/*.csv'",
                facts={"path": source.name, "format": format_, "expected": self._format},
            )
        self._gathering.add(opened)
        source.drain()

    def finish(self, content: Digest, size: int) -> RawTable:
        assert self._gathering is not None
        assert self._format is not None
        frame, told = self._gathering.finish()
        packed = [Reading("", f"unpacked from {each}", n) for each, n in self._packed.items()]
        return RawTable(
            frame, (*packed, *told), self._format, self._gathering.encoding, content, size
        )

    def _begun(self, format_: str, name: str) -> Gathering:
        if format_ == csv.FORMAT:
            tabs = PurePath(bare_name(name)).suffix.lower() == ".tsv"
            return csv.Gathered(self._settings, self._texts, tabs=tabs)
        if format_ == json_lines.FORMAT:
            return json_lines.Gathered(self._settings, self._texts)
        return typed.Gathered(self._settings, _TYPED[format_])


def format_of_head(head: bytes, bare: str, name: str) -> str:
    """Return a file's format by its first bytes, or else by its name's ending.

    Raises
    ------
    DataError
        ``source-format`` for a database among files.
    """
    for mark, format_ in _MARKS.items():
        if head.startswith(mark):
            if format_ == sqlite.FORMAT:
                raise DataError(
                    "source-format",
                    f"{name} is a SQLite database",
                    fix="name it alone and not compressed, with --query 'SELECT * FROM …'",
                    facts={"path": name},
                )
            return format_
    ending = PurePath(bare).suffix.lower()
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    return json_lines.FORMAT if head.lstrip().startswith(b'{"') else csv.FORMAT


def _names(paths: Sequence[Path]) -> list[str]:
    return [path.name for path in paths]


def _no_files(where: str, looked: str) -> NotFoundError:
    return NotFoundError(
        "source-missing",
        f"no table in {where}",
        fix="name a folder or a pattern with files such as .csv, .parquet, .jsonl or .arrow",
        facts={"path": where, "nearest": None},
        looked=[looked],
    )
