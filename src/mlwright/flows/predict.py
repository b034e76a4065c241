"""Batch predictions: a file in, one answer for each row out, through the served plan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from mlwright.core.errors import DataError, UsageError, listed
from mlwright.core.files import write_durably
from mlwright.core.records import load as load_record
from mlwright.data.ingest import read_table
from mlwright.data.records import Kind
from mlwright.data.settings import DataSettings
from mlwright.flows.workspace import Workspace
from mlwright.registry.records import ModelVersion
from mlwright.registry.versions import find
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import Scorer, load


@dataclass(frozen=True, slots=True)
class Scored:
    """A scored table: the model, the number of rows, the answers and what should be told."""

    ref: str
    rows: int
    answers: pl.DataFrame
    told: tuple[str, ...]

    @property
    def csv(self) -> str:
        """The answers as CSV text, floats in the shortest form that reads back to the same bits."""
        return self.answers.write_csv()


def open_model(workspace: Workspace, ref: str) -> tuple[ModelVersion, Scorer]:
    """Return the version behind ``ref`` (live first for a bare name) and its scorer."""
    version = find(workspace.ledger, ref, prefer_live=True)
    package = load_record(ModelPackage, workspace.store.get(version.package))
    return version, load(package, workspace.store)


def score(frame: pl.DataFrame, scorer: Scorer) -> pl.DataFrame:
    """Return one row for each row of ``frame``: ``value``, and each class's probability."""
    answers = scorer.predict_frame(frame)
    columns: dict[str, object] = {"value": scorer.decide(answers)}
    outputs = scorer.package.signature.outputs
    if outputs != ("value",):
        columns.update({name: answers[:, place] for place, name in enumerate(outputs)})
    return pl.DataFrame(columns)


def score_any(table: Any, scorer: Scorer) -> Any:
    """Score a polars, pandas or pyarrow table and answer with the same kind.

    Raises
    ------
    DataError
        ``predict-table-kind`` for anything else.
    """
    home = type(table).__module__.partition(".")[0]
    if isinstance(table, pl.DataFrame):
        return score(table, scorer)
    if home == "pandas":
        return score(pl.from_pandas(table), scorer).to_pandas()
    if home == "pyarrow":
        return score(pl.DataFrame(pl.from_arrow(table)), scorer).to_arrow()
    raise DataError(
        "predict-table-kind",
        f"cannot score a {type(table).__qualname__}",
        fix="give a polars, pandas or pyarrow table; for one row: polars.DataFrame([row]); for a"
        " CSV or Parquet file: mlw predict MODEL FILE",
        facts={"type": type(table).__qualname__},
    )


def predict_file(workspace: Workspace, ref: str, file: Path, out: Path | None) -> Scored:
    """Score every row of a file; ``out`` is written whole or not at all."""
    version, scorer = open_model(workspace, ref)
    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise UsageError(
            "predict-out-format",
            f"cannot write answers as {out.suffix or 'a file without an ending'!r}: {out}",
            fix="give --out a name that ends in .csv or .parquet",
            facts={"out": str(out)},
        )
    texts = {c.name for c in scorer.package.signature.inputs if c.kind is Kind.STRING}
    frame = read_table(file, workspace.settings.section(DataSettings), texts=texts)
    answers = score(frame, scorer)
    ignored = scorer.ignored(frame.columns)
    told = (f"not read by the model: {listed(ignored)}",) if ignored else ()
    scored = Scored(version.ref, answers.height, answers, told)
    if out is not None:
        content = scored.csv.encode() if out.suffix == ".csv" else _parquet(answers)
        write_durably(out.resolve(), content)
    return scored


def _parquet(frame: pl.DataFrame) -> bytes:
    from io import BytesIO

    buffer = BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()
