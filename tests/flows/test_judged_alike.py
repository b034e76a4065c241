"""The same bad value is judged alike in a file and at the endpoint, whatever its contract says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlwright.core.digest import digest_bytes
from mlwright.core.errors import DataError
from mlwright.data.contract import agree, infer
from mlwright.data.ingest import read_table
from mlwright.data.profile import profile
from mlwright.data.records import Breach, Kind, Terms
from mlwright.data.rules.promises import breaches
from mlwright.data.settings import DataSettings
from mlwright.data.table import Table
from mlwright.flows.predict import Guarded
from mlwright.scoring.package import package
from mlwright.scoring.scorer import Scorer, load
from mlwright.serve.answering import answer
from mlwright.serve.guard import compile_columns_guard, compile_guard, policy_of
from mlwright.serve.roles import LoadedModel
from mlwright.serve.settings import ServeSettings
from mlwright.store.memory import MemoryStore
from mlwright.train.fit import fit
from mlwright.train.portfolio import LINEAR
from mlwright.train.records import Plan
from mlwright.train.task import infer_task

GOOD: dict[str, Any] = {
    "age": 40, "pay": 1.5, "plan": "pro", "size": 2, "rate": 0.5, "born": "2000-01-01",
    "member": True, "free": "x",
}  # fmt: skip
STATED = (("size", "in {1, 2, 3}"), ("rate", "> 0"), ("free", "any"), ("null(free)", "<= 100%"))
NULL, RANGE, UNSEEN = Breach.NULL, Breach.OUT_OF_RANGE, Breach.UNSEEN
BREACHES: list[tuple[str, Any, Breach | None]] = [
    *((column, None, NULL) for column in GOOD if column != "free"),
    ("free", None, None),
    ("age", 17, RANGE),
    ("age", 18, None),
    ("age", 90, None),
    ("age", 91, RANGE),
    ("age", -(2**63), RANGE),
    ("age", 2**63 - 1, RANGE),
    ("pay", 9.500000000000002, RANGE),
    ("pay", 9.5, None),
    ("pay", 1e308, RANGE),
    ("pay", -5e-324, RANGE),
    ("pay", -0.0, RANGE),
    ("pay", 10**18, RANGE),
    ("rate", 0.0, RANGE),
    ("rate", 5e-324, None),
    ("rate", 1e300, None),
    ("size", 4, UNSEEN),
    ("size", 3.0, None),
    ("size", -2, UNSEEN),
    ("plan", "gold", UNSEEN),
    ("plan", "Pro", UNSEEN),
    ("plan", "pro ", UNSEEN),
    ("plan", "ünï €", None),
    ("plan", "u\u0308n\u00ef €", UNSEEN),
    ("plan", "計画\U0001f600", UNSEEN),
    ("plan", "null", UNSEEN),
    ("plan", "1", UNSEEN),
    ("plan", "x" * 300, UNSEEN),
    ("free", "y" * 300, None),
    ("free", "1e5", None),
]


@dataclass(frozen=True)
class Model:
    """One model, asked as its endpoint asks it and as a file is scored."""

    scorer: Scorer

    def over_http(self, body: object, policy: Mapping[str, str]) -> list[dict[str, Any]]:
        package = self.scorer.package
        inputs = package.signature.inputs
        loaded = LoadedModel(
            "e",
            "e@1",
            package.id,
            digest_bytes(b""),
            self.scorer,
            compile_guard(package.contract, inputs, policy),
            compile_columns_guard(package.contract, inputs),
        )
        told = json.loads(answer(loaded, json.dumps(body).encode()).write(None))
        told.pop("model")
        return list(told.get("predictions", [told]))

    def of_file(self, path: Path, policy: Mapping[str, str]) -> list[dict[str, Any]]:
        inputs = self.scorer.package.signature.inputs
        texts = [each.name for each in inputs if each.kind is Kind.STRING]
        frame = read_table(path, DataSettings(), texts=texts)
        answers, flags = Guarded(self.scorer, policy).score(frame)
        told = [
            {"value": row.pop("value"), "probability": row, "flags": []}
            for row in answers.rename(lambda name: name.removeprefix("probability:")).to_dicts()
        ]
        for flag in flags:
            told[flag.row]["flags"].append(
                {
                    "column": flag.column,
                    "breach": flag.breach.value,
                    "value": flag.value,
                    "clipped": flag.clipped,
                }
            )
        return told


def _rows(count: int) -> pl.DataFrame:
    rows = range(count)
    return pl.DataFrame(
        {
            "age": [18 + row % 73 for row in rows],
            "pay": [0.5 + 9.0 * (row % 37) / 36 for row in rows],
            "plan": [("free", "pro", "ünï €")[row % 3] for row in rows],
            "size": [1 + row % 2 for row in rows],
            "rate": [0.25 * (1 + row % 5) for row in rows],
            "born": [date(1990, 1, 1) + timedelta(days=37 * row) for row in rows],
            "member": [row % 4 < 2 for row in rows],
            "free": [f"text {row % 7}" for row in rows],
            "y": [(row * 7) % 11 % 2 for row in rows],
        }
    )


def _model(stated: tuple[tuple[str, str], ...]) -> Model:
    frame, store = _rows(300), MemoryStore()
    table = Table(frame, pl.Series([f"r{place}" for place in range(frame.height)]))
    contract = agree(infer(profile(table), "y"), Terms(stated, None))
    task = infer_task(frame, "y", None, None)
    fitted = fit(table, LINEAR, task, Plan((), 0, 0, 0, 0, 1, 7, 1.0, "test", {}), ())
    return Model(load(package(fitted, contract, table, store), store))


@pytest.fixture(scope="module")
def model() -> Model:
    return _model(STATED)


def _written(rows: list[dict[str, Any]], path: Path) -> Path:
    """Write rows as a file: Parquet keeps every value, CSV has only texts."""
    kinds: dict[str, Any] = {
        "age": pl.Int64, "pay": pl.Float64, "size": pl.Float64, "rate": pl.Float64,
        "member": pl.Boolean,
    }  # fmt: skip
    columns = {n: [row[n] for row in rows] for n in rows[0]}
    frame = pl.DataFrame(
        [
            pl.Series(n, cells, dtype=kinds.get(n, pl.String), strict=False)
            for n, cells in columns.items()
        ]
    ).with_columns(pl.col("born").str.to_date())
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    else:
        frame.write_csv(path)
    return path


FLAGS = policy_of(ServeSettings())


def test_every_breach_is_named_alike_by_row_by_rows_by_columns_and_by_file(
    model: Model, tmp_path: Path
) -> None:
    rows = [{**GOOD, column: value} for column, value, _ in BREACHES]

    each = [model.over_http(row, FLAGS)[0] for row in rows]
    together = model.over_http(rows, FLAGS)
    by_columns = model.over_http({n: [row[n] for row in rows] for n in GOOD}, FLAGS)
    parquet = model.of_file(_written(rows, tmp_path / "rows.parquet"), FLAGS)
    csv = model.of_file(_written(rows, tmp_path / "rows.csv"), FLAGS)

    found = [[(f["column"], f["breach"], f["value"]) for f in told["flags"]] for told in each]
    assert found == [
        [] if breach is None else [(column, breach.value, value)]
        for column, value, breach in BREACHES
    ]
    for other in (together, by_columns, parquet, csv):
        assert other == each


def test_screening_names_the_same_cells(model: Model, tmp_path: Path) -> None:
    rows = [{**GOOD, column: value} for column, value, _ in BREACHES]
    frame = read_table(
        _written(rows, tmp_path / "rows.csv"), DataSettings(), texts=["plan", "free"]
    )

    found = {
        (place, feature.name, breach)
        for feature in model.scorer.package.contract.features
        for breach, mask in breaches(feature, frame[feature.name]).items()
        for place in mask.arg_true()
    }

    assert found == {
        (place, column, breach)
        for place, (column, _, breach) in enumerate(BREACHES)
        if breach is not None
    }


def test_an_empty_text_is_a_text_and_not_an_empty_cell(model: Model, tmp_path: Path) -> None:
    row = {**GOOD, "plan": ""}
    bare = tmp_path / "bare.csv"
    bare.write_text(f"{','.join(GOOD)}\n{','.join(str(row[n]) for n in GOOD)}\n")

    (sent,) = model.over_http(row, FLAGS)
    (parquet,) = model.of_file(_written([row], tmp_path / "rows.parquet"), FLAGS)
    (quoted,) = model.of_file(_written([row], tmp_path / "rows.csv"), FLAGS)
    (unquoted,) = model.of_file(bare, FLAGS)
    (empty,) = model.over_http({**GOOD, "plan": None}, FLAGS)

    assert sent == parquet == quoted
    assert [f["breach"] for f in sent["flags"]] == ["unseen"]
    assert unquoted == empty
    assert [f["breach"] for f in empty["flags"]] == ["null"]


def test_nan_is_an_empty_cell_of_a_file_and_no_number_of_a_request(
    model: Model, tmp_path: Path
) -> None:
    rows = [{**GOOD, "pay": float("nan")}, GOOD]

    (parquet, _) = model.of_file(_written(rows, tmp_path / "rows.parquet"), FLAGS)
    (csv, _) = model.of_file(_written(rows, tmp_path / "rows.csv"), FLAGS)
    (empty,) = model.over_http({**GOOD, "pay": None}, FLAGS)
    with pytest.raises(DataError) as over_http:
        model.over_http(rows, FLAGS)

    assert parquet == csv == empty
    assert [f["breach"] for f in empty["flags"]] == ["null"]
    assert over_http.value.code == "request-number"


@pytest.mark.parametrize(
    ("column", "value", "into"), [("age", 2**63 - 1, 90), ("age", -1, 18), ("pay", 1e308, 9.5)]
)
def test_a_clipped_cell_gives_the_answer_of_the_end_it_is_clipped_to(
    column: str, value: float, into: float, model: Model, tmp_path: Path
) -> None:
    policy = policy_of(ServeSettings(out_of_range="clip"))
    row = {**GOOD, column: value}

    (sent,) = model.over_http(row, policy)
    (file,) = model.of_file(_written([row, GOOD], tmp_path / "rows.csv"), policy)[:1]
    (end,) = model.over_http({**GOOD, column: into}, policy)

    assert file == sent
    assert (sent["value"], sent["probability"]) == (end["value"], end["probability"])
    assert [(f["value"], f["clipped"]) for f in sent["flags"]] == [(value, True)]


@pytest.mark.parametrize(
    ("column", "value"), [("plan", "gold"), ("pay", None), ("age", 17), ("size", 9)]
)
def test_a_refused_cell_is_refused_in_the_same_words_and_names_its_row(
    column: str, value: Any, model: Model, tmp_path: Path
) -> None:
    policy = policy_of(ServeSettings(unseen="refuse", out_of_range="refuse", null="refuse"))
    rows = [GOOD, {**GOOD, column: value}, {**GOOD, "plan": "other"}]
    asked: list[Callable[[], object]] = [
        lambda: model.over_http(rows, policy),
        lambda: model.over_http({n: [row[n] for row in rows] for n in GOOD}, policy),
        lambda: model.of_file(_written(rows, tmp_path / "rows.csv"), policy),
        lambda: model.of_file(_written(rows, tmp_path / "rows.parquet"), policy),
    ]
    told = []
    for ask in asked:
        with pytest.raises(DataError) as refused:
            ask()
        told.append((refused.value.code, refused.value.facts["row"], refused.value.message))

    assert {(code, row) for code, row, _ in told} == {("contract-broken", 1)}
    assert len({message.replace(".0", "") for _, _, message in told}) == 1
    assert told[0][2].startswith("row 2: ")


def test_what_a_line_says_of_a_breach_goes_before_the_policy_of_serving(tmp_path: Path) -> None:
    model = _model(
        (
            ("age", "clip: in [18, 90]"),
            ("plan", "refuse: in {free, pro}"),
            ("null(pay)", "<= 5%"),
            ("free", "any"),
        )
    )
    aged, other = {**GOOD, "age": 200, "pay": None}, {**GOOD, "plan": "gold"}
    policy = policy_of(ServeSettings(null="refuse"))

    (sent,) = model.over_http(aged, policy)
    (file,) = model.of_file(_written([aged], tmp_path / "rows.parquet"), policy)
    with pytest.raises(DataError) as over_http:
        model.over_http(other, policy)
    with pytest.raises(DataError) as of_file:
        model.of_file(_written([other], tmp_path / "rows.parquet"), policy)

    assert sent == file
    assert [(f["column"], f["clipped"]) for f in sent["flags"]] == [("age", True)]
    assert over_http.value.message in of_file.value.message
    assert "write flag: before the line of 'plan'" in over_http.value.fix
