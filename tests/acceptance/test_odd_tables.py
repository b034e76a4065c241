"""Odd tables and rules: refused before training, or told plainly to the end; no fault, no noise."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.acceptance.conftest import Shell
from tests.acceptance.conftest import within as mlw

__all__ = ["mlw"]

ROWS = 2_400


def table(folder: Path, *, positives: int = 800, **more: object) -> Path:
    """Write a table of two numbers and a class, with more columns by name."""
    generator = np.random.default_rng(0)
    columns = {
        "a": generator.normal(size=ROWS),
        "b": generator.normal(size=ROWS),
        **more,
        "y": np.where(np.arange(ROWS) < positives, "yes", "no"),
    }
    lines = zip(*(np.asarray(values).astype(str) for values in columns.values()), strict=True)
    path = folder / "table.csv"
    path.write_text("\n".join([",".join(columns), *map(",".join, lines)]) + "\n")
    return path


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("y\n" + "0\n1\n" * 200, "features-none"),
        ("id,c,y\n" + "".join(f"u{i},k,{i % 2}\n" for i in range(400)), "features-none"),
        ("a,y\n" + "".join(f"{i % 7},{i + 1}e200\n" for i in range(400)), "target-too-large"),
        ("a,y\n" + "".join(f"{i % 7},1.{i + 100}e308\n" for i in range(400)), "target-too-large"),
    ],
)
def test_a_table_nothing_can_be_learnt_from_is_refused_before_training(
    content: str, code: str, mlw: Shell
) -> None:
    (mlw.folder / "table.csv").write_text(content)

    answer = mlw("run", "table.csv", "--target", "y", "--budget", "1s", "--json")

    assert answer.code == 2, answer.err
    assert answer.json["error"]["code"] == code
    assert "Warning" not in answer.err
    assert mlw.good("ls", "runs")["runs"] == []


def test_a_class_of_one_row_is_judged_as_not_defined_fails_its_check_and_is_reported(
    mlw: Shell,
) -> None:
    path = table(mlw.folder, positives=1)

    answer = mlw("run", path, "--target", "y", "--budget", "1s")

    assert answer.code == 3, answer.err
    assert "auc not defined" in answer.out
    assert "it is not defined on these rows, and only a finite number can pass" in answer.out
    assert "Warning" not in answer.err + answer.out
    report = (mlw.folder / ".mlwright" / "reports" / "y@1.html").read_text()
    assert "its auc is not defined" in report
    assert "not defined on these rows</text>" in report
    assert mlw("diff", "y@1", "y@1").code == 0


def test_extreme_features_end_without_a_warning(mlw: Shell) -> None:
    generator = np.random.default_rng(1)
    path = table(
        mlw.folder,
        huge=generator.uniform(-1.7, 1.7, ROWS) * 1e308,
        tiny=generator.normal(size=ROWS) * 1e-310,
        mixed=np.where(np.arange(ROWS) % 2, 1e300, 1e-300),
    )

    answer = mlw("run", path, "--target", "y", "--budget", "1s")

    assert answer.code in (0, 3), answer.err
    assert "Warning" not in answer.err


def test_a_rule_that_makes_no_sense_is_refused_before_the_run_starts(mlw: Shell) -> None:
    path = table(mlw.folder)
    (mlw.folder / "mlwright.toml").write_text('target = "y"\n[checks]\nacu = ">= 0.7"\n')

    misspelt = mlw("run", path, "--json")
    (mlw.folder / "mlwright.toml").write_text('target = "y"\n')
    others = {
        code: mlw("run", path, "--check", rule, "--json")
        for code, rule in {"check-task": "rmse <= 3", "check-range": "auc >= 99"}.items()
    }

    assert misspelt.code == 2
    assert misspelt.json["error"]["code"] == "check-unknown-value"
    assert {code: a.json["error"]["code"] for code, a in others.items()} == {c: c for c in others}
    assert mlw.good("ls", "runs")["runs"] == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_run_asked_to_end_is_recorded_as_interrupted(sent: signal.Signals, mlw: Shell) -> None:
    path = table(mlw.folder, **{f"x{i}": np.arange(ROWS) * (i + 3) % 97 for i in range(20)})
    command = [sys.executable, "-m", "mlwright", "run", str(path), "--target", "y"]
    process = subprocess.Popen(
        [*command, "--budget", "60s"],
        cwd=mlw.folder,
        env={**os.environ, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("task"):  # the search is next
            break
    time.sleep(0.3)

    process.send_signal(sent)
    process.communicate(timeout=300)

    assert process.returncode == 130
    assert [run["status"] for run in mlw.good("ls", "runs")["runs"]] == ["interrupted"]


def test_a_diff_of_two_versions_shows_the_checks_they_did_not_both_meet(mlw: Shell) -> None:
    path = table(mlw.folder)
    common = ("run", path, "--target", "y", "--budget", "1s", "--check")
    mlw(*common, "auc >= 0.01", "--json")
    mlw(*common, "auc >= 0.99", "--json")

    told = mlw.good("diff", "y@1", "y@2")

    checks = {each["what"]: each for each in told["differences"] if each["what"][:5] == "check"}
    assert set(checks) == {"check auc >= 0.01", "check auc >= 0.99"}
    assert checks["check auc >= 0.01"]["first"].startswith("pass: ")
    assert checks["check auc >= 0.01"]["second"] is None
    assert checks["check auc >= 0.99"]["second"].startswith("fail: ")
