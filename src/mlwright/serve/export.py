"""Recorded predictions as one Parquet file for other programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from io import BytesIO
from itertools import islice
from pathlib import Path

import polars as pl

from mlwright.core.encoding import plain
from mlwright.core.files import write_durably
from mlwright.serve.records import Prediction
from mlwright.serve.requests import rows_of

_COLUMNS: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "prediction": pl.String,
    "time": pl.Datetime("us", "UTC"),
    "endpoint": pl.String,
    "version": pl.String,
    "model": pl.String,
    "role": pl.String,
    "input": pl.String,
    "answer": pl.List(pl.Float64),
    "flags": pl.String,
    "segment": pl.Int64,
    "root": pl.String,
}
_AT_ONCE = 10_000


def write_predictions(predictions: Iterable[Prediction], out: Path) -> int:
    """Write predictions to ``out``, whole or not at all; return how many."""
    found = iter(predictions)
    parts = [pl.DataFrame(schema=_COLUMNS)]
    read = _Reader()
    while rows := [_row(each, read) for each in islice(found, _AT_ONCE)]:
        parts.append(pl.DataFrame(rows, schema=_COLUMNS))
    table = pl.concat(parts)
    content = BytesIO()
    table.write_parquet(content, compression="zstd")
    write_durably(out.resolve(), content.getvalue())
    return table.height


class _Reader:
    """Reads the rows of a request; the last one stays, for its other rows come next."""

    def __init__(self) -> None:
        self._body: bytes | None = None
        self._rows: list[Mapping[str, object]] = []

    def row(self, prediction: Prediction) -> Mapping[str, object]:
        if prediction.body is not self._body:
            self._rows = list(rows_of(prediction.body))
            self._body = prediction.body
        return self._rows[prediction.row]


def _row(prediction: Prediction, read: _Reader) -> Mapping[str, object]:
    return {
        "prediction": prediction.id,
        "time": datetime.fromisoformat(prediction.time),
        "endpoint": prediction.endpoint,
        "version": prediction.ref,
        "model": prediction.model,
        "role": prediction.role,
        "input": json.dumps(read.row(prediction), ensure_ascii=False),
        "answer": list(prediction.answer),
        "flags": json.dumps(plain(prediction.flags), ensure_ascii=False),
        "segment": prediction.segment.number,
        "root": prediction.segment.root,
    }
