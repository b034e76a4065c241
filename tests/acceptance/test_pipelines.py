"""A pipeline on the command line: carried out, shown, failed and taken up again, proved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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


def test_a_pipeline_goes_on_from_the_step_that_failed_and_is_proved(
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
    assert mlw.good("prove", done["run"])["verdict"] == "exact"
    missing = mlw("run", "flow.py:flown", "--json")
    assert (missing.code, missing.json["error"]["facts"]["nearest"]) == (4, "flow")
    assert mlw("run", "flow.py", "--target", "Churn").code == 2
