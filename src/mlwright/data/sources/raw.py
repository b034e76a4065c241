"""A table as a source gave it, what was normalised on the way, and the bytes it came from."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from mlwright.core.digest import Digest
from mlwright.data.records import Reading


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """Rows in the order of the source, under usable names, in the types the source has.

    ``content`` and ``size`` are of exactly the bytes that were read; ``encoding`` is None where
    the format says by itself how text is written.
    """

    frame: pl.DataFrame
    readings: tuple[Reading, ...]
    format: str
    encoding: str | None
    content: Digest
    size: int
