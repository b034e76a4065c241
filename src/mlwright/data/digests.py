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


def table_digest(columns: Sequence[Column], row_ids: pl.Series, digests: bytes) -> Digest:
    """Return the digest over the schema and the pairs of row id and row digest, sorted by id."""
    state = sha256(_TABLE_TAG + encode(tuple(columns)))
    pairs = pl.DataFrame({"id": row_ids, "digest": hexadecimal(digests)}).sort("id")
    for start in range(0, pairs.height, FRAGMENT_ROWS):
        lines = pairs.slice(start, FRAGMENT_ROWS).select(
            # An id may hold any character; its length says where it ends.
            pl.format("{}:{}:{}", pl.col("id").str.len_bytes(), "id", "digest").str.join("\n")
        )
        state.update(lines.item().encode() + b"\n")
    return from_raw(state.digest())


def hexadecimal(digests: bytes) -> pl.Series:
    """Return the hex digits of raw row digests, one text a row."""
    letters = digests.hex()
    return pl.Series([letters[i : i + 64] for i in range(0, len(letters), 64)], dtype=pl.String)


def _fragment_digests(frame: pl.DataFrame) -> bytes:
    pieces = [_canonical(series) for series in frame]
    width = len(_ROW_TAG) + sum(1 + payload.shape[1] for _, payload in pieces)
    rows = np.empty((frame.height, width), np.uint8)
    rows[:, : len(_ROW_TAG)] = np.frombuffer(_ROW_TAG, np.uint8)
    place = len(_ROW_TAG)
    for tags, payload in pieces:
        rows[:, place] = tags
        end = place + 1 + payload.shape[1]
        rows[:, place + 1 : end] = payload
        place = end
    texts = rows.view(f"V{width}").ravel().tolist()
    return b"".join([sha256(text).digest() for text in texts])


def _canonical(series: pl.Series) -> tuple[_Letters, _Letters]:
    """Return a tag and a payload for each value."""
    tag, payload = _PAYLOADS[series.dtype](series)
    if series.null_count():
        missing = series.is_null().to_numpy()
        tag[missing] = 0
        payload[missing] = 0
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
    """Hash each distinct text once and look the digests up."""
    places = series.fill_null("").alias("text").to_frame().with_row_index("place")
    groups = places.group_by("text").agg("place")
    texts = groups["text"].to_list()
    digests = b"".join([sha256(text.encode()).digest() for text in texts])
    table = np.frombuffer(digests, np.uint8).reshape(len(texts), 32)
    code = np.empty(len(series), np.int64)
    order = groups["place"].explode(empty_as_null=False).to_numpy()
    code[order] = np.repeat(np.arange(len(texts)), groups["place"].list.len().to_numpy())
    return _tags("S", len(series)), table[code]


_PAYLOADS: dict[pl.DataType, Callable[[pl.Series], tuple[_Letters, _Letters]]] = {
    pl.Boolean(): _booleans,
    pl.Int64(): _integers,
    pl.Float64(): _floats,
    pl.String(): _texts,
    pl.Date(): _dates,
    pl.Datetime("us"): _moments,
}
