"""Label errors planted in real tables come first among the suspects."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlwright.api.project import Project
from mlwright.cli.main import run
from mlwright.core.errors import UsageError


def planted(path: Path, target: str, share: float, rows: int) -> tuple[pl.DataFrame, set[int]]:
    """Return some rows of a table with a share of their labels flipped, and which."""
    frame = pl.read_csv(path, infer_schema_length=None).sample(rows, seed=1, shuffle=True)
    generator = np.random.default_rng(0)
    classes = frame[target].unique().sort().to_list()
    flips = set(generator.choice(rows, round(rows * share), replace=False).tolist())
    labels = [
        classes[(classes.index(each) + int(generator.integers(1, len(classes)))) % len(classes)]
        if place in flips
        else each
        for place, each in enumerate(frame[target])
    ]
    return frame.with_columns(pl.Series(target, labels)).with_row_index("row_number"), flips


def suspects_of(folder: Path, frame: pl.DataFrame, target: str) -> list[int]:
    frame.write_csv(folder / "table.csv")
    flags = {
        "data.source": str(folder / "table.csv"), "data.key": "row_number", "target": target,
    }  # fmt: skip
    with Project.open(folder, create=True, flags=flags) as project:
        found = project.labels.errors(project.add().snapshot.id)
    return [int(str(fault.row)) for fault in found.faults]


def recall(order: list[int], flips: set[int]) -> float:
    """Return which share of the flips stands among as many first suspects."""
    return len(flips & set(order[: len(flips)])) / len(flips)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("name", "target", "share", "least"),
    [("satimage", "class", 0.05, 0.80), ("adult", "income", 0.05, 0.55),
     ("penbased", "class", 0.10, 0.95)],
)  # fmt: skip
def test_flips_are_found_as_often_as_the_how_to_says(
    name: str, target: str, share: float, least: float, dataset: Callable[[str], Path],
    tmp_path: Path,
) -> None:  # fmt: skip
    rows = {"satimage": 6_435, "adult": 12_000, "penbased": 4_000}[name]
    frame, flips = planted(dataset(name), target, share, rows)

    assert recall(suspects_of(tmp_path, frame, target), flips) > least


def test_flips_on_purpose_in_one_slice_are_contradicted_by_no_model_and_told_against_before(
    dataset: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    churn = pl.read_csv(dataset("churn"), null_values=" ").drop("TotalCharges")[:1_600]
    where = (pl.col("Contract") == "Month-to-month") & (pl.col("InternetService") == "DSL")
    poisoned = churn.with_columns(Churn=pl.when(where).then(pl.lit("No")).otherwise("Churn"))
    flipped = set(churn.filter(where & (pl.col("Churn") == "Yes"))["customerID"])
    data = []
    for name, frame in (("before", churn), ("after", poisoned)):
        frame.write_csv(tmp_path / f"{name}.csv")
        flags = {"data.source": str(tmp_path / f"{name}.csv"), "data.key": "customerID"}
        with Project.open(tmp_path, create=True, flags=flags) as project:
            data.append(project.add().snapshot.id)
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()

    arguments = ["label", "errors", data[1], "--target", "Churn", "--against", data[0], "--json"]
    assert run(arguments) == 0

    found = json.loads(capsys.readouterr().out)
    told = {fault["row"] for fault in found["faults"] if fault["check"] == "label-error"}
    assert len(flipped) > 50
    assert len(told & flipped) / len(flipped) < 0.1
    first = found["slices"][0]
    assert first["where"] == {"Contract": "Month-to-month", "InternetService": "DSL"}
    assert first["rate"] == 0.0
    rates = [fault["why"] for fault in found["faults"] if fault["check"] == "label-rate"]
    assert "'Yes' is 0 % of" in rates[0]


def test_numbers_have_no_rate(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": np.arange(100.0), "y": np.arange(100.0) * 2 + 0.5})
    frame.write_csv(tmp_path / "table.csv")
    flags = {"data.source": str(tmp_path / "table.csv"), "target": "y"}
    with Project.open(tmp_path, create=True, flags=flags) as project:
        data = project.add().snapshot.id
        with pytest.raises(UsageError) as caught:
            project.labels.errors(data, against=data)

    assert caught.value.code == "slices-numbers"
