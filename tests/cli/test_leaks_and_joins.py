"""A leak stops a model until someone answers for it; weather is joined as it was known."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlwright.cli.main import run


@dataclass(frozen=True)
class Mlw:
    """Runs commands in this process."""

    captured: pytest.CaptureFixture[str]

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        code = run([str(argument) for argument in arguments])
        told = self.captured.readouterr()
        return code, told.out, told.err

    def good(self, *arguments: object) -> Any:
        code, out, err = self(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def mlw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mlw:
    """Commands in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Mlw(capsys)


def flights_with_their_delay(dataset: Callable[[str], Path], out: Path) -> Path:
    """Write every sixtieth flight with how late it arrived, which nobody knows at departure."""
    told = pl.read_csv(dataset("flights_late"))
    flown = pl.read_csv(dataset("flights/flights"), null_values="NA")
    told.with_columns(arr_delay=flown["arr_delay"].drop_nulls()).gather_every(60).write_csv(out)
    return out


def test_a_leak_stops_a_model_until_someone_answers_for_it(
    mlw: Mlw, dataset: Callable[[str], Path], tmp_path: Path
) -> None:
    source = flights_with_their_delay(dataset, tmp_path / "flights.csv")
    asked = (
        "run",
        source,
        "--target",
        "late",
        "--key",
        "flight_id",
        "--budget",
        "1s",
        "--models",
        "linear",
    )

    code, out, _ = mlw(*asked, "--json")
    leaky = json.loads(out)
    refused, _, _ = mlw("promote", "late", "--to", "live", "--reason", "try")
    wrong, _, said = mlw(*asked, "--waive", "leak.targt=known")
    waived = mlw.good(*asked, "--waive", "leak.target(arr_delay)=we ask after landing")
    shown = mlw.good("show", "late")
    why = mlw.good("why", "late")
    mlw.good("promote", "late@2", "--to", "live", "--reason", "asked after landing")
    again, text, _ = mlw(*asked)
    told = mlw.good("check", "data", source, "--target", "late", "--key", "flight_id")

    assert code == 3
    failed = [each["name"] for each in leaky["checks"] if each["outcome"] == "fail"]
    assert failed == ["leak.target"]
    assert [(f["check"], f["column"]) for f in leaky["faults"]] == [("leak.target", "arr_delay")]
    assert refused == 3
    assert wrong == 2
    assert "did you mean leak.target?" in said
    assert waived["model"]["ref"] == "late@2"
    assert waived["model"]["id"] == leaky["model"]["id"]
    assert [each["reason"] for each in shown["waived"]] == ["we ask after landing"]
    (link,) = (each for each in why["lineage"] if each["relation"] == "waived in")
    assert link["id"] == shown["waived"][0]["event"]
    report = Path(waived["report"]).read_text("utf-8")
    assert "but for leak.target (waived: we ask after landing)" in report
    assert again == 3
    assert "or answer for it: --waive 'leak.target(arr_delay)=REASON'" in text
    assert "pass  leak.order, leak.group, leak.overlap, leak.folds" in text
    assert ("leak.target", "arr_delay") in {(f["check"], f["column"]) for f in told["faults"]}


def test_weather_is_joined_as_it_was_known_learned_from_and_proved(
    mlw: Mlw, dataset: Callable[[str], Path], tmp_path: Path
) -> None:
    source = tmp_path / "flights.csv"
    pl.read_csv(dataset("flights_late")).gather_every(60).write_csv(source)

    made = mlw.good(
        "data", "join", source, dataset("flights/weather"), "--by", "origin", "--time",
        "time_hour", "--known-after", "50m", "--within", "3h", "--key", "flight_id",
    )  # fmt: skip
    joined = made["data"]
    _, text, _ = mlw(
        "data", "join", made["left"], made["right"], "--by", "origin", "--time", "time_hour",
        "--known-after", "50m", "--within", "3h",
    )  # fmt: skip
    ran = mlw.good(
        "run",
        joined,
        "--target",
        "late",
        "--time",
        "time_hour",
        "--budget",
        "1s",
        "--models",
        "linear",
    )
    why = mlw.good("why", joined)
    proof = mlw.good("prove", joined)
    row = pl.read_csv(source)["flight_id"][0]
    of_row = mlw.good("why", row)

    assert joined in text
    assert "each known by its row's moment: the last 10m before" in text
    assert made["rows"] == 5_456
    assert made["verified"]["rows"] == made["matched"] > 5_000
    assert made["verified"]["closest"] >= 600.0
    assert made["verified"]["oldest"] <= 3 * 3600.0
    assert ran["data"]["id"] == joined
    dropped = {each["column"] for each in mlw.good("show", "late")["dropped"]}
    assert {"weather_row", "flight_id"} <= dropped
    assert {made["left"], made["right"]} <= {each["id"] for each in why["lineage"]}
    assert proof["verdict"] == "exact"
    assert "joined" in {step["step"] for step in proof["steps"]}
    (other,) = (each for each in of_row["lineage"] if each["relation"] == "joined with")
    assert mlw.good("why", other["id"])["facts"]["data"] == [made["right"]]
