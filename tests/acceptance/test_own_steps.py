"""Feature steps of the user's own, from their file to the endpoint: refused, killed, and proved."""

from __future__ import annotations

import json
import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.acceptance.conftest import Shell, Within
from tests.acceptance.serving import Server, ask, serving

STEPS = """
import polars as pl

import mlwright as mw

POWER = 2.0


@mw.step
def add_rush(table: mw.Table) -> mw.Table:
    if (table["hr"] > 99).any():
        raise ValueError("no day has that many hours")
    from_noon = (pl.col("hr") - 12).abs() / 12.0
    return table.with_columns(
        rush=pl.col("hr").is_in([8, 17, 18]) & (pl.col("workingday") == 1),
        warmth=pl.col("temp") * (1.0 - from_noon**POWER),
    ).drop("atemp")


@mw.step
def add_rank(table: mw.Table) -> mw.Table:
    return table.with_columns(rank=pl.col("temp").rank())
"""
SPEC = """
target = "bikers"
[data]
source = "hours.csv"
[features]
steps = ["mysteps:add_rush"]
drop = ["casual", "registered"]
[project]
name = "bikes"
[search]
budget = "1s"
models = ["linear"]
[serve]
workers = 1
port = 0
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, dataset: Callable[[str], Path]) -> Shell:
    """A project whose live model reads what steps of its own make."""
    mlw = Shell(tmp_path_factory.mktemp("steps"))
    (mlw.folder / "mysteps.py").write_text(STEPS)
    (mlw.folder / "mlwright.toml").write_text(SPEC)
    head, *hours = dataset("bikeshare").read_text().splitlines(keepends=True)
    (mlw.folder / "hours.csv").write_text("".join([head, *hours[::4]]))
    mlw.good("run")
    Within(mlw.folder).good("promote", "bikes@1", "--to", "live", "--reason", "first")
    return mlw


def test_a_step_that_looks_at_other_rows_is_refused_by_name(built: Shell) -> None:
    looking = built("run", "--steps", "mysteps:add_rank", "--json")

    error = looking.json["error"]
    assert (looking.code, error["code"]) == (2, "own-step-other-rows")
    assert error["facts"]["step"] == "mysteps:add_rank"
    assert error["facts"]["column"] == "rank"


def test_own_steps_are_served_killed_explained_and_proved_whatever_their_file_says_now(
    built: Shell,
) -> None:
    shown = Within(built.folder)("show", "bikes@1").out
    assert "mysteps:add_rush, feature steps of your own" in shown
    assert "'rush'" in shown

    with serving(built.folder, "serve", "--no-ui") as server:
        assert "feature steps of your own" in server.said["models"][0]["slow"]
        row = json.loads(shlex.split(str(server.said["example"]))[-1])
        connection = server.connect()
        status, version, identifier = ask(connection, "bikes", row)
        assert (status, version) == (200, "bikes@1")

        # A row that the step raises on is told by its place; the others are not answered either.
        rows = [row, {**row, "hr": 100}]
        connection.request(
            "POST",
            "/bikes/predict",
            json.dumps(rows),
            {"Content-Type": "application/json"},
        )
        answer = connection.getresponse()
        problem = json.loads(answer.read())
        assert (answer.status, problem["code"]) == (422, "own-step-refused")
        assert problem["detail"].startswith("row 2: mysteps:add_rush raised ValueError")

        # Killed, it is started again; nobody is told of it.
        (process,) = _processes(server)
        os.kill(process, signal.SIGKILL)
        status, _, again = ask(connection, "bikes", row)
        assert (status, bool(again)) == (200, True)
        connection.close()
        assert server.end() == 0

    (built.folder / "mysteps.py").write_text(STEPS.replace("POWER = 2.0", "POWER = 3.0"))
    proof = built.good("prove", identifier)
    assert proof["verdict"] == "exact", proof
    why = built("why", identifier).out
    assert "workingday" in why


@pytest.mark.deep
def test_the_whole_model_is_made_again_from_the_steps_that_were_recorded(built: Shell) -> None:
    (built.folder / "mysteps.py").write_text(STEPS.replace("POWER = 2.0", "POWER = 3.0"))

    proof = built.good("prove", "bikes@1")

    assert proof["verdict"] == "exact", proof


def _processes(server: Server) -> list[int]:
    """The processes apart of the server's workers."""
    return [
        int(child)
        for worker in server.workers()
        for task in Path(f"/proc/{worker}/task").iterdir()
        for child in (task / "children").read_text().split()
        if b"mlwright.scoring.own.child" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
