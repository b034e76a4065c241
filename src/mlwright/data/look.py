"""A file's rows with their ids, read as a data version would be and kept nowhere."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from mlwright.core.errors import DataError
from mlwright.data.digests import columns_of, hexadecimal
from mlwright.data.ingest import read_source
from mlwright.data.normalise import normalise
from mlwright.data.records import Reading
from mlwright.data.rows import check_key, row_ids
from mlwright.data.settings import DataSettings
from mlwright.data.snapshot import identify
from mlwright.data.sources.outside import NOTHING, Outside
from mlwright.data.table import Table


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """Rows in the file's order, each with the id it would have in the data version ``id``.

    A key that does not name every row once names none: the rows are then known by content.
    """

    id: str
    table: Table
    readings: tuple[Reading, ...]


def look(
    place: Path | str,
    settings: DataSettings,
    *,
    texts: Collection[str] = (),
    outside: Outside = NOTHING,
) -> Looked:
    """Read a file without keeping it.

    Raises
    ------
    NotFoundError, DataError, UsageError
        Whatever is wrong with the file or its settings, by code; repeated and missing keys are
        none, as they are what is looked for.
    """
    raw = read_source(place, settings, texts, outside=outside)
    frame, told = normalise(raw.frame)
    if not frame.height:
        raise DataError(
            "data-no-rows",
            f"{place} has columns but no rows",
            fix="give a table with rows below its header",
            facts={"path": str(place)},
        )
    key = settings.key
    if key is not None:
        try:
            check_key(frame, key)
        except DataError as error:
            if error.code not in ("key-duplicate", "key-missing-value"):
                raise
            key = None
    identifier, _, digests = identify(frame, columns_of(frame), key)
    ids = row_ids(frame, key, hexadecimal(digests))
    return Looked(identifier, Table(frame, ids), (*raw.readings, *told))
