"""Digests of rows: over values alone, whatever the order, file or library.

A row's digest is SHA-256 over its canonical values in column order. A value is a tag and a
payload: ``0`` and zeros for null, ``N`` and IEEE bits for a number a 64-bit float holds exactly
(so that a column of integers which later also holds decimals keeps the digests of its rows),
``I`` and 8 bytes for other integers, ``B`` for a truth value, ``D`` and days, ``T`` and
microseconds since 1970, ``S`` and the SHA-256 of UTF-8 text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.data.records import Column, Kind

FRAGMENT_ROWS = 131_072
_BLOCK_ROWS = 1_024  # so many rows of bytes stay in the processor's cache
_ROW_TAG = b"mlwright row 1\0"

DTYPES = {
    Kind.BOOLEAN: pl.Boolean(),
    Kind.INTEGER: pl.Int64(),
    Kind.FLOAT: pl.Float64(),
    Kind.STRING: pl.String(),
    Kind.DATE: pl.Date(),
    Kind.DATETIME: pl.Datetime("us"),
}
"""How each kind lies in a frame."""

Digests = npt.NDArray[np.uint8]
_Letters = npt.NDArray[np.uint8]
_Payload = npt.NDArray[Any]  # big-endian numbers of 8 bytes, truth values, or digests


def columns_of(frame: pl.DataFrame) -> tuple[Column, ...]:
    """Return the columns of a frame whose types are all among the six kinds."""
    return columns_in(frame.schema)


def columns_in(schema: Mapping[str, pl.DataType]) -> tuple[Column, ...]:
    """Return the columns of a schema whose types are all among the six kinds."""
    kinds = {dtype: kind for kind, dtype in DTYPES.items()}
    return tuple(Column(name, kinds[dtype]) for name, dtype in schema.items())


def row_digests(frame: pl.DataFrame) -> bytes:
    """Return 32 bytes a row, in the frame's order."""
    return b"".join(
        _fragment_digests(frame.slice(start, FRAGMENT_ROWS))
        for start in range(0, frame.height, FRAGMENT_ROWS)
    )


def hexadecimal(digests: bytes | Digests) -> pl.Series:
    """Return the hex digits of raw row digests, one text a row."""
    letters = digests
    if isinstance(letters, bytes):
        letters = np.frombuffer(letters, np.uint8).reshape(-1, 32)
    return pl.Series("", letters).arr.to_list().cast(pl.Binary).bin.encode("hex")


def hash_texts(texts: pl.Series, prefix: bytes = b"") -> _Letters:
    """Return the SHA-256 of each text's UTF-8 after a prefix, 32 bytes a row.

    Each distinct text is hashed once and looked up, unless most of them differ anyway.
    """
    if cast("int", texts.approx_n_unique()) * 2 > len(texts):
        return _hashed(texts, prefix)
    distinct = texts.unique()
    codes = pl.Series(np.arange(len(distinct), dtype=np.uint32))
    # Each digest is copied as one value: 32 single bytes a row take five times as long.
    table = _hashed(distinct, prefix).view("V32").ravel()
    found = table[texts.replace_strict(distinct, codes).to_numpy()]
    letters: _Letters = found.view(np.uint8).reshape(-1, 32)
    return letters


def _hashed(texts: pl.Series, prefix: bytes) -> _Letters:
    raw = texts.cast(pl.Binary).to_list()
    if prefix:
        raw = [prefix + text for text in raw]
    digests = [sha256(text).digest() for text in raw]
    return np.frombuffer(b"".join(digests), np.uint8).reshape(len(texts), 32)


def _fragment_digests(frame: pl.DataFrame) -> bytes:
    pieces = [_canonical(series) for series in frame]
    fields: list[tuple[str, str]] = [("tag", f"V{len(_ROW_TAG)}")]
    for place, (_, payload) in enumerate(pieces):
        fields += [(f"tag {place}", "u1"), (f"payload {place}", payload.dtype.str)]
    layout = np.dtype(fields)
    # The width is part of the type: a void of one width is one bytes object a row.
    whole = f"V{layout.itemsize}"
    digests: list[bytes] = []
    for start in range(0, frame.height, _BLOCK_ROWS):
        block = slice(start, min(start + _BLOCK_ROWS, frame.height))
        rows = np.empty(block.stop - start, layout)
        rows["tag"] = np.void(_ROW_TAG)
        for place, (tags, payload) in enumerate(pieces):
            rows[f"tag {place}"] = tags if tags.ndim == 0 else tags[block]
            rows[f"payload {place}"] = payload[block]
        digests.extend([sha256(row).digest() for row in rows.view(whole).tolist()])
    return b"".join(digests)


def _canonical(series: pl.Series) -> tuple[_Letters, _Payload]:
    """Return a tag, or one for each value, and a payload for each value."""
    tag, payload = _PAYLOADS[series.dtype](series)
    if series.null_count():
        missing = series.is_null().to_numpy()
        payload = payload.copy()
        payload[missing] = np.zeros((), payload.dtype)
        return np.where(missing, np.uint8(0), tag), payload
    return tag, payload


def _tag(letter: str) -> _Letters:
    return np.array(ord(letter), np.uint8)


def _integers(series: pl.Series) -> tuple[_Letters, _Payload]:
    values = series.fill_null(0).to_numpy()
    floats = values.astype(np.float64)
    # Integers that round up to 2**63 have no way back: as floats they are out of range.
    exact = np.where(floats < 2.0**63, floats, 0.0).astype(np.int64) == values
    if exact.all():
        return _tag("N"), _big_endian(floats)
    bits = np.where(exact, floats.view(np.int64), values)
    return np.where(exact, _tag("N"), _tag("I")), _big_endian(bits)


def _floats(series: pl.Series) -> tuple[_Letters, _Payload]:
    values = series.fill_null(0.0).to_numpy()
    return _tag("N"), _big_endian(np.where(np.isnan(values), np.float64("nan"), values))


def _booleans(series: pl.Series) -> tuple[_Letters, _Payload]:
    return _tag("B"), series.fill_null(value=False).to_numpy().astype(np.uint8)


def _dates(series: pl.Series) -> tuple[_Letters, _Payload]:
    days = series.to_physical().cast(pl.Int64).fill_null(0).to_numpy()
    return _tag("D"), _big_endian(days)


def _moments(series: pl.Series) -> tuple[_Letters, _Payload]:
    return _tag("T"), _big_endian(series.to_physical().fill_null(0).to_numpy())


def _texts(series: pl.Series) -> tuple[_Letters, _Payload]:
    return _tag("S"), hash_texts(series.fill_null("")).view("V32").ravel()


def _big_endian(values: npt.NDArray[np.int64] | npt.NDArray[np.float64]) -> _Payload:
    return values.astype(values.dtype.newbyteorder(">"))


_PAYLOADS: dict[pl.DataType, Callable[[pl.Series], tuple[_Letters, _Payload]]] = {
    pl.Boolean(): _booleans,
    pl.Int64(): _integers,
    pl.Float64(): _floats,
    pl.String(): _texts,
    pl.Date(): _dates,
    pl.Datetime("us"): _moments,
}
