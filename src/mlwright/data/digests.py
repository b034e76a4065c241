"""Digests of rows and of tables: over values alone, whatever the order, file or library.

A row's digest is SHA-256 over its canonical values in column order. A value is a tag and a
payload: ``0`` and zeros for null, ``N`` and IEEE bits for a number a 64-bit float holds exactly
(so that a column of integers which later also holds decimals keeps the digests of its rows),
``I`` and 8 bytes for other integers, ``B`` for a truth value, ``D`` and days, ``T`` and
microseconds since 1970, ``S`` and the SHA-256 of UTF-8 text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.core.digest import Digest, from_raw
from mlwright.core.encoding import encode
from mlwright.data.records import Column, Kind

FRAGMENT_ROWS = 131_072
_BLOCK_ROWS = 4_096  # so many rows of bytes stay in the processor's cache
_ROW_TAG = b"mlwright row 1\0"
_TABLE_TAG = b"mlwright data 1\0"

DTYPES = {
    Kind.BOOLEAN: pl.Boolean(),
    Kind.INTEGER: pl.Int64(),
    Kind.FLOAT: pl.Float64(),
    Kind.STRING: pl.String(),
    Kind.DATE: pl.Date(),
    Kind.DATETIME: pl.Datetime("us"),
}
"""How each kind lies in a frame."""

_Letters = npt.NDArray[np.uint8]


def columns_of(frame: pl.DataFrame) -> tuple[Column, ...]:
    """Return the columns of a frame whose types are all among the six kinds."""
    kinds = {dtype: kind for kind, dtype in DTYPES.items()}
    return tuple(Column(name, kinds[dtype]) for name, dtype in frame.schema.items())


def row_digests(frame: pl.DataFrame) -> bytes:
    """Return 32 bytes a row, in the frame's order."""
    return b"".join(
        _fragment_digests(frame.slice(start, FRAGMENT_ROWS))
        for start in range(0, frame.height, FRAGMENT_ROWS)
    )


def table_digest(columns: Sequence[Column], row_ids: pl.Series, digests: pl.Series) -> Digest:
    """Return the digest over the schema and a sorted line for each row: its id and digest."""
    state = sha256(_TABLE_TAG + encode(tuple(columns)))
    # An id may hold any character: read from the end, its length says where it begins.
    line = pl.format("{}:{}:{}", "id", "digest", pl.col("id").str.len_bytes())
    pairs = pl.DataFrame({"id": row_ids, "digest": digests})
    lines = pairs.select(line).to_series().sort()
    for start in range(0, len(lines), FRAGMENT_ROWS):
        piece = lines.slice(start, FRAGMENT_ROWS).str.join("\n")
        state.update(piece.item().encode() + b"\n")
    return from_raw(state.digest())


def hexadecimal(digests: bytes) -> pl.Series:
    """Return the hex digits of raw row digests, one text a row."""
    letters = np.frombuffer(digests, np.uint8).reshape(-1, 32)
    return pl.Series("", letters).arr.to_list().cast(pl.Binary).bin.encode("hex")


def hash_texts(texts: pl.Series, prefix: bytes = b"") -> _Letters:
    """Return the SHA-256 of each text's UTF-8 after a prefix, 32 bytes a row.

    Each distinct text is hashed once and looked up, unless most of them differ anyway.
    """
    if texts.n_unique() * 2 > len(texts):
        return _hashed(texts, prefix)
    places = texts.alias("text").to_frame().with_row_index("place")
    groups = places.group_by("text").agg("place")
    table = _hashed(groups["text"], prefix)
    code = np.empty(len(texts), np.int64)
    order = groups["place"].explode(empty_as_null=False).to_numpy()
    code[order] = np.repeat(np.arange(len(table)), groups["place"].list.len().to_numpy())
    return table[code]


def _hashed(texts: pl.Series, prefix: bytes) -> _Letters:
    digests = [sha256(prefix + text).digest() for text in texts.cast(pl.Binary).to_list()]
    return np.frombuffer(b"".join(digests), np.uint8).reshape(len(texts), 32)


def _fragment_digests(frame: pl.DataFrame) -> bytes:
    pieces = [_canonical(series) for series in frame]
    width = len(_ROW_TAG) + sum(1 + payload.shape[1] for _, payload in pieces)
    digests: list[bytes] = []
    for start in range(0, frame.height, _BLOCK_ROWS):
        count = min(_BLOCK_ROWS, frame.height - start)
        rows = np.empty((count, width), np.uint8)
        rows[:, : len(_ROW_TAG)] = np.frombuffer(_ROW_TAG, np.uint8)
        place = len(_ROW_TAG)
        for tags, payload in pieces:
            end = place + 1 + payload.shape[1]
            rows[:, place] = tags[start : start + count]
            rows[:, place + 1 : end] = payload[start : start + count]
            place = end
        digests.extend([sha256(row).digest() for row in rows.view(f"V{width}").ravel().tolist()])
    return b"".join(digests)


def _canonical(series: pl.Series) -> tuple[_Letters, _Letters]:
    """Return a tag and a payload for each value."""
    tag, payload = _PAYLOADS[series.dtype](series)
    if series.null_count():
        present = series.is_not_null().to_numpy()
        return tag * present, payload * present[:, None]
    return tag, payload


def _tags(letter: str, count: int) -> _Letters:
    return np.full(count, ord(letter), np.uint8)


def _eight(values: npt.NDArray[np.int64] | npt.NDArray[np.float64]) -> _Letters:
    wide = values.astype(values.dtype.newbyteorder(">"))
    return wide.view(np.uint8).reshape(len(values), 8)


def _integers(series: pl.Series) -> tuple[_Letters, _Letters]:
    values = series.fill_null(0).to_numpy()
    floats = values.astype(np.float64)
    # Integers that round up to 2**63 have no way back: as floats they are out of range.
    exact = np.where(floats < 2.0**63, floats, 0.0).astype(np.int64) == values
    if exact.all():
        return _tags("N", len(values)), _eight(floats)
    tags = np.where(exact, _tags("N", len(values)), _tags("I", len(values)))
    return tags, np.where(exact[:, None], _eight(floats), _eight(values))


def _floats(series: pl.Series) -> tuple[_Letters, _Letters]:
    values = series.fill_null(0.0).to_numpy()
    values = np.where(np.isnan(values), np.float64("nan"), values)
    return _tags("N", len(values)), _eight(values)


def _booleans(series: pl.Series) -> tuple[_Letters, _Letters]:
    values = series.fill_null(value=False).to_numpy().astype(np.uint8)
    return _tags("B", len(values)), values[:, None]


def _dates(series: pl.Series) -> tuple[_Letters, _Letters]:
    values = series.to_physical().cast(pl.Int64).fill_null(0).to_numpy()
    return _tags("D", len(values)), _eight(values)


def _moments(series: pl.Series) -> tuple[_Letters, _Letters]:
    values = series.to_physical().fill_null(0).to_numpy()
    return _tags("T", len(values)), _eight(values)


def _texts(series: pl.Series) -> tuple[_Letters, _Letters]:
    return _tags("S", len(series)), hash_texts(series.fill_null(""))


_PAYLOADS: dict[pl.DataType, Callable[[pl.Series], tuple[_Letters, _Letters]]] = {
    pl.Boolean(): _booleans,
    pl.Int64(): _integers,
    pl.Float64(): _floats,
    pl.String(): _texts,
    pl.Date(): _dates,
    pl.Datetime("us"): _moments,
}
