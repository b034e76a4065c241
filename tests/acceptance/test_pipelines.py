"""A pipeline on the command line: carried out, shown, failed and taken up again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from tests.acceptance.conftest import Shell

FLOW = """
import numpy as np

import mlwright as mw
from shares import SHARE


@mw.step
def paid(source: mw.Table) -> mw.Table:
    return source.filter(source["MonthlyCharges"] > 20)


@mw.step
def cut(paid: mw.Table) -> mw.Table:
    return paid.head(int(paid.height * SHARE))


@mw.step
def line(cut: mw.Table, power: int) -> np.ndarray:
    X = cut["tenure"].to_numpy()[:, None] ** np.arange(power + 1.0)
    return np.linalg.lstsq(X, cut["MonthlyCharges"].to_numpy(), rcond=None)[0]


@mw.step
def told(line: dict[str, np.ndarray]) -> list[str]:
    return sorted(line)[:WRONG]


flow = mw.pipeline(paid, cut, line.over(power=[1, 2]), told, name="charges")
"""


def test_a_pipeline_goes_on_from_the_step_that_failed(
    tmp_path: Path, dataset: Callable[[str], Path]
) -> None:
    mlw = Shell(tmp_path)
    (tmp_path / "shares.py").write_text("SHARE = 0.5\n")
    (tmp_path / "flow.py").write_text(FLOW)
    give = ("--give", f"source={dataset('churn')}")

    failed = mlw("run", "flow.py", *give)

    assert (failed.code, failed.out.split()[-3:-2]) == (2, ["line[power=2]"])
    assert "[step-raised] NameError: name 'WRONG' is not defined" in failed.err
    assert "step 'told' (flow:told)" in failed.err
    open_run = str(mlw.good("ls", "runs")["runs"][0]["run"])
    shown = mlw("show", open_run).out
    assert "failed" in shown
    assert "line[power=1], line[power=2]" in shown

    (tmp_path / "flow.py").write_text(FLOW.replace("WRONG", "1"))
    done = mlw.good("run", "flow.py:flow", *give)

    assert [each["step"] for each in done["steps"] if not each["kept"]] == ["told"]
    missing = mlw("run", "flow.py:flown", "--json")
    assert (missing.code, missing.json["error"]["facts"]["nearest"]) == (4, "flow")
    assert mlw("run", "flow.py", "--target", "Churn").code == 2


SIX = """
import time

import mlwright as mw


def work(name, value):
    print(f"begin {name}", flush=True)
    time.sleep(1.0)
    return value


@mw.step
def one(n: int) -> int: return work("one", n)
@mw.step
def two(one: int) -> int: return work("two", one + 1)
@mw.step
def three(two: int) -> int: return work("three", two * 2)
@mw.step
def four(three: int, one: int) -> int: return work("four", three + one)
@mw.step
def five(four: int) -> int: return work("five", four * 3)
@mw.step
def six(five: int, n: int) -> int: return work("six", five + n)


flow = mw.pipeline(one, two, three, four, five, six)
"""


@pytest.mark.deep
@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_killed_in_each_of_six_steps_only_the_open_step_is_done_again(
    tmp_path: Path, executor: str
) -> None:
    mlw = Shell(tmp_path)
    (tmp_path / "flow.py").write_text(SIX)
    (tmp_path / "mlwright.toml").write_text(f'[run]\nexecutor = "{executor}"\n')
    names = ["one", "two", "three", "four", "five", "six"]

    begun = [_killed_in(name, tmp_path) for name in names]
    done = mlw.good("run", "flow.py", "--give", "n=5")

    assert begun == [["one"], *([before, name] for before, name in pairwise(names))]
    assert [each["step"] for each in done["steps"] if not each["kept"]] == ["six"]
    runs = mlw.good("ls", "runs")["runs"]
    assert [run["status"] for run in runs] == ["finished", *["open"] * 6]
    assert "three  open" in mlw("show", runs[-3]["run"]).out
    assert mlw.good("prove", done["run"])["verdict"] == "exact"


def _killed_in(name: str, folder: Path) -> list[str]:
    """Run the pipeline, kill it with all of its processes once a step began; return what began."""
    begun: list[str] = []
    command = [sys.executable, "-m", "mlwright", "run", "flow.py", "--give", "n=5"]
    with subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "begin " in line:
                begun.append(line.split()[-1])
            if begun[-1:] == [name]:
                os.killpg(process.pid, signal.SIGKILL)
                break
    return begun
