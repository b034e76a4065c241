"""A table as a source gave it, what was normalised on the way, and the bytes it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from mlwright.core.digest import Digest
from mlwright.data.records import Reading


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """Rows in the order of the source, under usable names, in the types the source has.

    ``content`` and ``size`` are of exactly the bytes that were read; both are None where there
    were none, as in a query's answer. ``encoding`` is None where the format says by itself how
    text is written. ``address`` is None where the place that was named says it all.
    """

    frame: pl.DataFrame
    readings: tuple[Reading, ...]
    format: str
    encoding: str | None = None
    content: Digest | None = None
    size: int | None = None
    address: str | None = None
    files: int | None = None

    @property
    def schema(self) -> Mapping[str, str]:
        """The type of each column as the source has it, before it became one of the kinds."""
        return {name: str(dtype) for name, dtype in self.frame.schema.items()}


class Readable(Protocol):
    """Bytes with a name for errors: a file, an unpacked file, what an address gave."""

    @property
    def name(self) -> str:
        """What the bytes are called."""

    def read(self, count: int = -1) -> bytes:
        """Return up to ``count`` bytes, all that are left by default; none at the end."""


class Gathering(Protocol):
    """One table in the making from one file or several, of one format.

    Types are decided when all of it is there, so that neither the order of the rows nor of the
    files matters.
    """

    @property
    def encoding(self) -> str | None:
        """How the text was written; None where the format says so by itself."""

    def add(self, source: Readable) -> None:
        """Take the rows of one file; a column has the same name in each."""

    def finish(self) -> tuple[pl.DataFrame, tuple[Reading, ...]]:
        """Return the whole table and what was normalised."""
