"""Batch predictions: a file in, one answer for each row out, through the served plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from mlwright.core.errors import DataError, UsageError, listed
from mlwright.core.files import write_durably
from mlwright.core.records import load as load_record
from mlwright.data.guarding import guard_table
from mlwright.data.ingest import read_table
from mlwright.data.records import Breach, Kind
from mlwright.data.settings import DataSettings
from mlwright.data.sources.address import absolute
from mlwright.data.sources.frames import read as read_frame
from mlwright.flows.ingesting import reading_of
from mlwright.flows.workspace import Workspace
from mlwright.registry.records import ModelVersion
from mlwright.registry.versions import find
from mlwright.scoring.frames import repair_frame
from mlwright.scoring.native.protocol import Matrix
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import Scorer, load
from mlwright.serve.guard import broken, policy_of
from mlwright.serve.records import Flag
from mlwright.serve.settings import ServeSettings

_REFUSE = "refuse"
_CLIP = "clip"
_MOST_FLAGGED = 10


@dataclass(frozen=True, slots=True)
class Scored:
    """A scored table: the model, the number of rows, the answers and what should be told.

    ``flags`` are the cells that broke the contract, by row from 0, as an endpoint tells them.
    """

    ref: str
    rows: int
    answers: pl.DataFrame
    flags: tuple[Flag, ...]
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


@dataclass(frozen=True, slots=True)
class Guarded:
    """A model with what becomes of cells that break its contract, as at its endpoint."""

    scorer: Scorer
    policy: Mapping[str, str]

    def score(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[Flag, ...]]:
        """Return a row for each row of ``frame`` (``value``, and each class's probability), flags.

        The rows are repaired as the endpoint repairs them.

        Raises
        ------
        DataError
            ``contract-broken`` for a cell that is to be refused, naming its row.
        """
        scorer = self.scorer
        contract, inputs = scorer.package.contract, scorer.package.signature.inputs
        frame = repair_frame(frame, scorer.package.repairs)
        kept, found = guard_table(frame, contract, inputs, self.policy)
        for each in found:
            if each.action == _REFUSE:
                refusal = broken(
                    contract, each.feature, each.value, each.breach, each.row, stated=each.stated
                )
                raise refusal.of(f"row {each.row + 1:,}")
        flags = tuple(
            Flag(
                each.row,
                each.feature.name,
                each.breach,
                each.value,
                each.action == _CLIP and each.breach is Breach.OUT_OF_RANGE,
            )
            for each in found
        )
        return _answers(kept, scorer), flags


def open_guarded(workspace: Workspace, ref: str) -> tuple[ModelVersion, Guarded]:
    """Return the version behind ``ref`` and its model, guarded as the settings say."""
    version, scorer = open_model(workspace, ref)
    return version, Guarded(scorer, policy_of(workspace.settings.section(ServeSettings)))


def answered(table: Any, scorer: Scorer) -> Any:
    """Return what a model answers for rows as they are, in a table of the same kind as theirs."""
    return _alike(table, lambda frame: _answers(frame, scorer))


def _answers(frame: pl.DataFrame, scorer: Scorer) -> pl.DataFrame:
    return answers_of(scorer.predict_frame(frame), scorer)


def answers_of(answers: Matrix, scorer: Scorer) -> pl.DataFrame:
    """Return a model's outputs as a table: ``value``, and each class's probability."""
    columns: dict[str, object] = {"value": scorer.decide(answers)}
    outputs = scorer.package.signature.outputs
    if outputs != ("value",):
        columns.update({name: answers[:, place] for place, name in enumerate(outputs)})
    return pl.DataFrame(columns)


def score_any(table: Any, model: Guarded) -> Any:
    """Score a polars, pandas or pyarrow table and answer with the same kind.

    Raises
    ------
    DataError
        ``predict-table-kind`` for anything else; ``contract-broken``.
    """
    return _alike(table, lambda frame: model.score(frame)[0])


def _alike(table: Any, score: Callable[[pl.DataFrame], pl.DataFrame]) -> Any:
    home = type(table).__module__.partition(".")[0]
    if isinstance(table, pl.DataFrame):
        return score(table)
    if home == "pandas":
        answers = score(read_frame(table, DataSettings()).frame)
        columns = {name: answers[name].to_numpy() for name in answers.columns}
        return type(table)(columns, index=table.index)
    if home == "pyarrow":
        return score(pl.DataFrame(pl.from_arrow(table))).to_arrow()
    raise DataError(
        "predict-table-kind",
        f"cannot score a {type(table).__qualname__}",
        fix="give a polars, pandas or pyarrow table; for one row: polars.DataFrame([row]); for a"
        " CSV or Parquet file: mlw predict MODEL FILE",
        facts={"type": type(table).__qualname__},
    )


def predict_file(workspace: Workspace, ref: str, file: Path | str, out: Path | None) -> Scored:
    """Score every row of a file; ``out`` is written whole or not at all."""
    version, model = open_guarded(workspace, ref)
    scorer = model.scorer
    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise UsageError(
            "predict-out-format",
            f"cannot write answers as {out.suffix or 'a file without an ending'!r}: {out}",
            fix="give --out a name that ends in .csv or .parquet",
            facts={"out": str(out)},
        )
    texts = texts_of(scorer.package)
    place = absolute(str(file), Path.cwd())
    settings = reading_of(place, workspace.settings.section(DataSettings), workspace)
    frame = read_table(place, settings, texts=texts, outside=workspace.outside)
    answers, flags = model.score(frame)
    ignored = scorer.ignored(frame.columns)
    told = [f"not read by the model: {listed(ignored)}"] if ignored else []
    told += _flags_told(flags)
    scored = Scored(version.ref, answers.height, answers, flags, tuple(told))
    if out is not None:
        content = scored.csv.encode() if out.suffix == ".csv" else _parquet(answers)
        write_durably(out.resolve(), content)
    return scored


def texts_of(package: ModelPackage) -> set[str]:
    """Return the columns that a file is read for as text: inputs, or what a repair begins with."""
    before = {each.column: each.kind for each in package.repairs}
    inputs = package.signature.inputs
    return {c.name for c in inputs if before.get(c.name, c.kind) is Kind.STRING}


def _flags_told(flags: tuple[Flag, ...]) -> Iterator[str]:
    counts = Counter((flag.column, flag.breach, flag.clipped) for flag in flags)
    for (column, breach, clipped), count in counts.most_common(_MOST_FLAGGED):
        first = next(f for f in flags if (f.column, f.breach) == (column, breach))
        cells = "1 cell" if count == 1 else f"{count:,} cells"
        shown = "" if first.value is None else f" ({first.value!r})"
        done = ", clipped" if clipped else ""
        yield f"flag: {column}: {breach.value} in {cells}, first in row {first.row + 1:,}" + (
            f"{shown}{done}"
        )


def _parquet(frame: pl.DataFrame) -> bytes:
    from io import BytesIO

    buffer = BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()
