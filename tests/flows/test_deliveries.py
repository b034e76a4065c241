"""A table delivered again: little is written, and everything that reads it reads the new rows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlwright.api.project import Project
from mlwright.cli.main import run
from mlwright.flows.ingesting import snapshot_of

ROWS = 20_000
TABLE = pl.DataFrame(
    {
        "id": np.arange(ROWS),
        "amount": np.random.default_rng(1).normal(size=ROWS),
        "plan": np.random.default_rng(2).choice(["basic", "pro"], ROWS),
    }
)
LATER = TABLE.filter(pl.col("id") != 7).with_columns(
    pl.when(pl.col("id") % 100 == 3).then(pl.col("amount") + 9).otherwise("amount").alias("amount")
)


def add(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["data", "add", "--project", str(folder), "--json"]) == 0
    return str(json.loads(capsys.readouterr().out)["data"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mlwright.toml").write_text('[data]\nsource = "table.parquet"\nkey = "id"\n')
    TABLE.write_parquet(tmp_path / "table.parquet")
    return tmp_path


def stored(folder: Path) -> int:
    return sum(each.stat().st_size for each in (folder / ".mlwright").rglob("objects/*/*"))


def test_a_second_delivery_shares_rows_and_is_read_proved_and_explained_as_its_own(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = add(folder, capsys)
    before = stored(folder)
    LATER.write_parquet(folder / "table.parquet")
    second = add(folder, capsys)

    assert stored(folder) - before < 0.03 * before
    with Project.open(folder) as project:
        old, new = (snapshot_of(each, project.workspace) for each in (first, second))
        assert new.fragments[0].table == old.fragments[0].table
        assert new.fragments[0].deleted is not None
        assert project.prove(first).verdict.value == "exact"
        assert project.prove(second).verdict.value == "exact"
        assert project.prove("audit").verdict.value == "exact"
        assert {finding.well for finding in project.examine()} == {True}
        assert first in str(project.why("7"))
        assert second not in str(project.why("7"))
        assert second in str(project.why("3"))
        assert second in str(project.why(second))


def test_a_delivery_killed_while_it_is_written_leaves_what_was_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = add(folder, capsys)
    names = {each.name for each in (folder / ".mlwright").rglob("objects/*/*")}
    LATER.write_parquet(folder / "table.parquet")
    command = [sys.executable, "-m", "mlwright", "data", "add", "--project", str(folder)]

    writer = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while writer.poll() is None and time.monotonic() < deadline:
        if {each.name for each in (folder / ".mlwright").rglob("objects/*/*")} - names:
            os.kill(writer.pid, signal.SIGKILL)
            break
        time.sleep(0.001)
    writer.wait()

    with Project.open(folder) as project:
        assert project.prove(first).verdict.value == "exact"
        assert {finding.well for finding in project.examine()} == {True}
    second = add(folder, capsys)
    with Project.open(folder) as project:
        assert project.prove(second).verdict.value == "exact"
        assert snapshot_of(second, project.workspace).rows == ROWS - 1
