"""`mlw data diff` and `mlw data export`, as a person and as a program."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from mlwright.cli.main import run


def test_two_versions_are_compared_and_either_is_handed_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlwright.toml").write_text('[data]\nsource = "t.csv"\nkey = "id"\n')

    def told(*words: str, code: int = 0) -> str:
        assert run(list(words)) == code
        return capsys.readouterr().out

    def added(frame: pl.DataFrame) -> str:
        frame.write_csv("t.csv")
        return str(json.loads(told("data", "add", "--json"))["data"])

    frame = pl.DataFrame({"id": range(200), "x": range(200), "code": ["07", "1"] * 100})
    old = added(frame)
    new = added(
        frame.filter(pl.col("id") > 1).with_columns(
            pl.when(pl.col("id") % 4 == 0).then(pl.col("x") + 500).otherwise("x").alias("x")
        )
    )

    text = told("diff", old, new, "--rows", "apart.csv")
    document = json.loads(told("data", "diff", old, new, "--json"))

    assert "mean 600, was 96.1" in text
    assert document["schema"] == "mlwright/diff/1"
    assert document["rows"] == {"added": 0, "removed": 2, "changed": 49}
    assert document["cells"] == {"x": 49}
    assert {s["column"]: s["real"] for s in document["shifts"]} == {"x": True, "code": None}
    apart = pl.read_csv("apart.csv", schema_overrides={"row": pl.String})
    assert apart.filter(pl.col("change") == "removed")["row"].to_list() == ["0", "1"]
    assert apart.filter(pl.col("change") == "changed").height == 49
    assert "diff-rows" in told(
        "diff", "churned@1", "churned@2", "--rows", "r.csv", "--json", code=2
    )

    document = json.loads(told("data", "export", old, "--out", "old.parquet", "--json"))
    assert document["data"] == old
    assert document["rows"] == 200
    assert pl.read_parquet("old.parquet").sort("id").equals(frame)
    assert "old.csv" in told("data", "export", old[:9], "--out", "old.csv")
    assert added(pl.read_parquet("old.parquet")) == old
