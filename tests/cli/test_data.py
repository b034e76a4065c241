"""`mlw data`: a table read without training, and the list of versions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mlwright.cli.main import run
from mlwright.core.errors import ExitCode

Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Told:
    """Run a command in an empty folder and return its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def tell(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return tell


def test_a_table_is_added_once_whatever_the_order_of_its_rows(told: Told, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,x\n1,a\n2,?\n")
    (tmp_path / "b.csv").write_text("id,x\n2,?\n1,a\n")

    code, out, err = told("data", "add", "a.csv", "--key", "id", "--json")
    again = json.loads(told("data", "add", "b.csv", "--key", "id", "--json")[1])
    listed = json.loads(told("data", "ls", "--json")[1])

    first = json.loads(out)
    assert (code, first["new"], again["new"]) == (ExitCode.DONE, True, False)
    assert "made a project" in err
    assert first["data"] == again["data"]
    assert [row["data"] for row in listed["data"]] == [first["data"]]
    assert listed["data"] == json.loads(told("ls", "data", "--json")[1])["data"]
    assert listed["data"][0]["models"] == []


def test_an_empty_list_of_data_says_how_to_begin(told: Told) -> None:
    told("init")

    assert "mlw data add FILE" in told("data", "ls")[2]


def test_a_version_that_no_run_described_is_described_when_shown(
    told: Told, tmp_path: Path
) -> None:
    rows = [f"{i},user{i}@example.org,{'N/A' if i % 9 else i}" for i in range(200)]
    (tmp_path / "people.csv").write_text("\n".join(["id,contact,score", *rows]))

    added = json.loads(told("data", "add", "people.csv", "--key", "id", "--json")[1])
    shown = json.loads(told("show", added["data"], "--json")[1])
    text = told("show", added["data"])[1]

    columns = {column["name"]: column for column in shown["profile"]["columns"]}
    meanings = [columns[name]["semantic"] for name in ("id", "contact", "score")]
    assert meanings == ["id", "e-mail", "number"]
    assert shown["profile"]["rows"] == sum(columns["id"]["bars"]) == 200
    assert "e-mail" in text
