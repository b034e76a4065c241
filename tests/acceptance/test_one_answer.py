"""One row has one answer, to the last bit, however it is asked; the client as its users use it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from tests.acceptance.conftest import Within
from tests.acceptance.four import MODELS, ROWS, Four, four, made_once, sent_rows
from tests.acceptance.serving import Server, serving

import mlwright as mw
from mlwright.api.project import Project
from mlwright.core.errors import DataError, NotFoundError
from mlwright.flows.recording import find_prediction
from mlwright.govern.records import Passport

__all__ = ["four", "made_once"]

Told = tuple[object, tuple[str, ...]]
"""A value, and the bits of every output."""


@pytest.fixture(scope="module")
def server(four: Four) -> Iterator[Server]:
    with serving(four.folder, "serve", "--port", 0, "--no-ui", "--workers", 1) as running:
        yield running


def _told(value: object, probability: Mapping[str, float]) -> Told:
    numbers = probability.values() if probability else (value,)
    return value, tuple(float(str(number)).hex() for number in numbers)


def _over_http(server: Server, name: str, body: object) -> list[Told]:
    with closing(server.connect()) as connection:
        headers = {"content-type": "application/json"}
        connection.request("POST", f"/{name}/predict", json.dumps(body), headers)
        answer = json.loads(connection.getresponse().read())
    each = answer.get("predictions", [answer])
    return [_told(one["value"], one.get("probability", {})) for one in each]


def _from_file(folder: Path, name: str, rows: Sequence[Mapping[str, Any]]) -> list[Told]:
    """Write the rows as a CSV file and read what `mlw predict` makes of it."""
    with (folder / f"{name}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        for row in rows:
            truths = {True: "true", False: "false"}
            writer.writerow({n: truths[v] if isinstance(v, bool) else v for n, v in row.items()})
    Within(folder).good("predict", name, f"{name}.csv", "--out", f"{name}.parquet.csv")
    answers = pl.read_csv(folder / f"{name}.parquet.csv", infer_schema_length=None)
    return _of_frame(answers)


def _of_frame(answers: pl.DataFrame) -> list[Told]:
    return [_told(row.pop("value"), row) for row in answers.to_dicts()]


def _frame(rows: Sequence[Mapping[str, Any]], like: pl.DataFrame) -> pl.DataFrame:
    """Return rows as a table whose days are days."""
    series = [pl.Series(n, [row[n] for row in rows], strict=False) for n in rows[0]]
    days = [name for name, kind in like.schema.items() if kind == pl.Date]
    return pl.DataFrame(series).with_columns(pl.col(days).str.slice(0, 10).str.to_date())


def _as_python(row: Mapping[str, Any], like: pl.DataFrame) -> dict[str, Any]:
    """Return a row as a Python program has it: with days, and NaN for a missing number."""
    found = dict(row)
    for name, kind in like.schema.items():
        if kind == pl.Date and row[name] is not None:
            found[name] = date.fromisoformat(row[name][:10])
        if kind == pl.Float64 and row[name] is None:
            found[name] = float("nan")
    return found


@pytest.mark.parametrize("name", MODELS)
def test_a_file_http_the_client_and_python_give_the_same_bits(
    name: str, four: Four, server: Server
) -> None:
    seen = four.unseen(name)
    rows = sent_rows(seen)

    each = [_over_http(server, name, row)[0] for row in rows]
    by_rows = _over_http(server, name, rows)
    by_columns = _over_http(server, name, {n: [row[n] for row in rows] for n in rows[0]})
    from_file = _from_file(four.folder, name, rows)
    with Project.open(four.folder) as project:
        model = mw.Model(project, project.find(f"{name}@1"))
        from_python = _of_frame(model.predict(_frame(rows, seen)))
    with mw.Client(server.address) as client:
        one = [client.predict(name, _as_python(row, seen)) for row in rows]
        many = client.predict_rows(name, [_as_python(row, seen) for row in rows])
        frame = client.predict_rows(name, _frame(rows, seen).to_dict())

    assert len(each) == len(rows) == 50
    assert len({bits for _, bits in each}) > 25
    for other in (by_rows, by_columns, from_file, from_python):
        assert other == each
    for answers in (one, many, frame):
        assert [_told(answer.value, answer.probability) for answer in answers] == each
        assert len({answer.id for answer in answers}) == 50
        assert [[f["column"] for f in a.flags] for a in answers] == [
            [f["column"] for f in a.flags] for a in one
        ]
    assert any(answer.flags for answer in one)


def test_the_client_asks_labels_and_is_refused_by_code(four: Four, server: Server) -> None:
    seen = four.unseen("churn")
    row = sent_rows(seen)[4]
    with mw.Client(server.address) as client:
        answer = client.predict("churn", row)
        assert answer.id is not None
        by_id = client.label(answer.id, "Yes")
        by_row = client.label_row("churn", "7590-VHVEG", "No")
        refused = {
            "column-missing": lambda: client.predict("churn", {"tenure": 1}),
            "value-kind": lambda: client.predict("churn", {**row, "tenure": "long"}),
            "request-number": lambda: client.predict("churn", {**row, "tenure": 2**70}),
            "request-name": lambda: client.predict("churn", {**row, "a\u202eb": 1}),
            "request-ragged": lambda: client.predict_rows("churn", {"a": [1], "b": [1, 2]}),
            "request-empty": lambda: client.predict_rows("churn", []),
            "endpoint-unknown": lambda: client.predict("chrun", row),
            "label-form": lambda: client.label("p_1", "Yes"),
            "value-not-sendable": lambda: client.predict("churn", {**row, "tenure": 1j}),
        }
        raised = {}
        for code, ask in refused.items():
            with pytest.raises((DataError, NotFoundError)) as caught:
                ask()
            raised[code] = caught.value
        again = client.predict("churn", row)

    assert {code: error.code for code, error in raised.items()} == {c: c for c in refused}
    assert all(error.fix for error in raised.values())
    assert "'churn'" in raised["endpoint-unknown"].message
    assert (again.value, again.probability) == (answer.value, answer.probability)
    listed = Within(four.folder).good("ls", "labels")["labels"]
    assert [(row["label"], row["value"]) for row in listed[:2]] == [(by_row, "No"), (by_id, "Yes")]
    assert (listed[0]["key"], listed[1]["about"]) == ("7590-VHVEG", answer.id)
    with Project.open(four.folder) as project:
        assert find_prediction(answer.id, project.workspace).ref == answer.model == "churn@1"
        passport = project.why(answer.id)
        assert isinstance(passport, Passport)
        assert [label.id for label in passport.labels] == [by_id]
        assert project.why(by_row).kind == "label"


def test_a_model_in_python_shows_its_card_and_tells_of_a_row_what_it_did_with_it(
    four: Four,
) -> None:
    with mw.Project(four.folder) as project:
        model = mw.Model(project, project.find("diamonds"))
        frame = pl.read_parquet(four.table("diamonds"))
        project.write_rows("diamonds@1", four.folder / "ids.csv")
        row, part = pl.read_csv(four.folder / "ids.csv").row(0)[:2]

        card = model._repr_html_()
        found = model.why(row=row)
        with pytest.raises(NotFoundError, match="row-unknown"):
            model.why(row="no such row")

    assert card.startswith("<section><h3>diamonds@1</h3>")
    assert "it predicts “price” from" in card
    assert "<svg" in card
    assert "http://" not in card.replace("http://www.w3.org/", "")
    assert "pass: gain: gain.low &gt; 0: the lower end of gain is" in card
    assert frame.height == ROWS
    (use,) = [link for link in found.lineage if link.kind == "model"]
    assert (use.facts["ref"], use.facts["part"]) == ("diamonds@1", part)
    with pytest.raises(NotFoundError, match="project-unknown"):
        mw.Project(four.folder / "no project")


def test_a_pandas_table_is_answered_by_one_with_its_own_index(four: Four) -> None:
    unseen = four.unseen("adult").head(5)
    given = pd.DataFrame(unseen.to_dict(as_series=False), index=list("vwxyz"))

    with closing(mw.Project.open(four.folder)) as project:
        model = mw.Model(project, project.find("adult"))
        answered, expected = model.predict(given), model.predict(unseen)

    assert type(answered) is pd.DataFrame
    assert list(answered.index) == list("vwxyz")
    assert answered.to_dict("list") == expected.to_dict(as_series=False)
