"""From a table to a model that can be proved, on four real tables."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tests.acceptance.conftest import Shell
from tests.acceptance.conftest import within as mlw

__all__ = ["mlw"]

TABLES = [
    # name, target, the metric chosen by default, what it has to reach, within which budget
    ("churn", "Churn", "auc", 0.80, "1s"),
    pytest.param("adult", "income", "auc", 0.90, "5s", marks=pytest.mark.deep),
    pytest.param("diamonds", "price", "rmse", 900.0, "5s", marks=pytest.mark.deep),
    pytest.param("digits", "target", "log_loss", 0.30, "5s", marks=pytest.mark.deep),
]


@pytest.mark.parametrize(("name", "target", "metric", "reached", "budget"), TABLES)
def test_a_real_table_becomes_a_model_that_is_proved_exact_without_its_object(
    name: str,
    target: str,
    metric: str,
    reached: float,
    budget: str,
    mlw: Shell,
    dataset: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    made = mlw.good("run", dataset(name), "--target", target, "--budget", budget)

    assert made["schema"] == "mlwright/run/1"
    assert made["metric"] == metric
    value = made["metrics"][metric]["value"]
    assert value >= reached if metric == "auc" else value <= reached
    assert made["metrics"][metric]["low"] <= value <= made["metrics"][metric]["high"]
    assert made["fit"]["verdict"] in ("good", "underfit", "overfit", "too little data to tell")
    assert made["model"]["ref"].endswith("@1")
    assert {check["outcome"] for check in made["checks"]} <= {"pass", "not applicable"}
    assert Path(made["report"]).read_text("utf-8").startswith("<!doctype html>")

    copy = Shell(tmp_path / "copy")
    shutil.copytree(mlw.folder, copy.folder)
    package = mlw.good("show", made["model"]["ref"])["version"]["package"]
    hexadecimal = package.removeprefix("sha256:")
    objects = copy.folder / ".mlwright" / "store" / "objects"
    (objects / hexadecimal[:2] / hexadecimal[2:]).unlink()
    proof = copy.good("prove", made["model"]["id"], PYTHONHASHSEED="77", TZ="Asia/Kathmandu")

    assert proof["verdict"] == "exact"
    assert {step["verdict"] for step in proof["steps"]} == {"exact"}
    assert "model" in {step["step"] for step in proof["steps"]}


def test_rows_in_another_order_are_the_same_data_and_the_same_model(
    mlw: Shell, dataset: Callable[[str], Path], tmp_path: Path
) -> None:
    header, *rows = dataset("churn").read_text("utf-8").splitlines()
    random.Random(1).shuffle(rows)
    shuffled = tmp_path / "shuffled.csv"
    shuffled.write_text("\n".join([header, *rows]) + "\n", "utf-8")

    first = mlw.good("run", dataset("churn"), "--target", "Churn", "--budget", "1s")
    second = mlw.good("run", shuffled, "--target", "Churn", "--budget", "1s")

    assert second["data"]["id"] == first["data"]["id"]
    assert second["model"] == first["model"]
    assert second["run"]["id"] != first["run"]["id"]
    assert "search" in second["run"]["kept"]


def test_targets_of_test_rows_decide_nothing_about_the_model(
    mlw: Shell, dataset: Callable[[str], Path], tmp_path: Path
) -> None:
    keyed = pl.read_csv(dataset("churn"), infer_schema=False).with_row_index("customer")
    original, altered = tmp_path / "original.csv", tmp_path / "altered.csv"
    keyed.write_csv(original)
    first = mlw.good("run", original, "--target", "Churn", "--key", "customer", "--budget", "1s")
    rows = tmp_path / "rows.csv"
    mlw.good("why", first["model"]["ref"], "--rows", rows)
    tested = pl.read_csv(rows, infer_schema=False).filter(pl.col("part") == "test")["row_id"]
    other = pl.when(pl.col("Churn") == "Yes").then(pl.lit("No")).otherwise(pl.lit("Yes"))
    keyed.with_columns(
        pl.when(pl.col("customer").cast(pl.String).is_in(tested.implode()))
        .then(other)
        .otherwise(pl.col("Churn"))
        .alias("Churn")
    ).write_csv(altered)

    answer = mlw(
        "run", altered, "--target", "Churn", "--key", "customer", "--budget", "1s",
        "--plan", first["run"]["id"], "--json",
    )  # fmt: skip
    second = answer.json

    assert answer.code == 3, "a model that is wrong about every test row fails its check"
    assert second["data"]["id"] != first["data"]["id"]
    assert second["model"]["artefact"] == first["model"]["artefact"]
    assert second["metrics"]["auc"]["value"] < 0.5 < first["metrics"]["auc"]["value"]
