"""A table is looked through before, beside and after a model is made of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from .conftest import Shell
from .conftest import within as mlw

__all__ = ["mlw"]


def test_a_table_is_checked_alone_then_as_data_then_against_the_model(
    mlw: Shell, dataset: Callable[[str], Path]
) -> None:
    churn = pl.read_csv(dataset("churn"), infer_schema=False)
    spoilt = churn.with_columns(
        pl.when(pl.int_range(pl.len()) == 11)
        .then(pl.lit("Fiber optik"))
        .otherwise("InternetService")
        .alias("InternetService")
    )
    spoilt.write_csv(mlw.folder / "spoilt.csv")

    alone = mlw.good("check", "data", "spoilt.csv", "--target", "Churn", "--out", "faults.csv")

    misspelt = [fault for fault in alone["faults"] if fault["check"] == "misspelling"]
    (fault,) = misspelt
    assert (fault["column"], fault["value"], fault["place"]) == (
        "InternetService",
        "Fiber optik",
        12,
    )
    assert (alone["schema"], alone["passed"], alone["sealed"]) == ("mlwright/check/data/1", True, 0)
    written = pl.read_csv(mlw.folder / "faults.csv")
    assert written.columns == ["check", "column", "row", "value", "why", "place"]
    assert written.filter(check="misspelling")["row"].to_list() == [fault["row"]]
    assert sorted(each.name for each in mlw.folder.iterdir()) == ["faults.csv", "spoilt.csv"]

    told = mlw("check", "data", "spoilt.csv", "--target", "Churn")
    assert told.code == 0
    assert "misspelling  1 cell in InternetService (1)" in told.out
    assert f"row 12 ({fault['row'][:12]}…)  'Fiber optik'  'Fiber optic' is meant?" in told.out
    assert "mlw run spoilt.csv --target Churn" in told.out

    mlw.good("run", "spoilt.csv", "--target", "Churn", "--budget", "1s", "--models", "linear")
    stored = mlw.good("check", "data", "Churn", "--limit", "5")
    again = mlw.good("check", "data", "spoilt.csv")

    found = {(f["check"], f["column"], f["row"]) for f in stored["faults"]}
    assert ("misspelling", "InternetService", fault["row"]) in found
    assert 1_000 < stored["sealed"] < 1_800
    assert (stored["what"], stored["target"]) == ("Churn@1", "Churn")
    # The same rows, so that what was sealed then is sealed for the file as well.
    assert (again["data"], again["sealed"]) == (stored["data"], stored["sealed"])
    assert "train" in mlw("why", fault["row"]).out or "test" in mlw("why", fault["row"]).out

    new = churn.head(40).with_columns(
        pl.when(pl.int_range(pl.len()) == 3)
        .then(pl.lit("1185"))
        .otherwise("MonthlyCharges")
        .alias("MonthlyCharges"),
        pl.when(pl.int_range(pl.len()) == 5)
        .then(pl.lit("Five year"))
        .otherwise("Contract")
        .alias("Contract"),
        pl.when(pl.int_range(pl.len()) == 7).then(None).otherwise("gender").alias("gender"),
    )
    new.drop("Churn").write_csv(mlw.folder / "new.csv")
    broken = mlw("check", "data", "new.csv", "--against", "Churn", "--json")
    kept = mlw("check", "data", "new.csv", "--check", "warn: MonthlyCharges <= 200")
    refused = mlw("check", "data", "new.csv", "--out", "faults.xlsx")

    contract = [f for f in broken.json["faults"] if f["check"] == "contract"]
    assert {(f["column"], f["place"], f["why"].partition(":")[0]) for f in contract} == {
        ("MonthlyCharges", 4, "out-of-range"),
        ("Contract", 6, "unseen"),
        ("gender", 8, "null"),
    }
    failed = {r["name"] for r in broken.json["rules"] if r["outcome"] == "fail"}
    assert failed == {"MonthlyCharges", "Contract", "null(gender)"}
    assert (broken.code, broken.json["against"], kept.code, refused.code) == (3, "Churn@1", 0, 2)
    assert "1 of 40 rows break it (2.5 %), such as 1185" in kept.out
    assert "faults-out-format" in refused.err
