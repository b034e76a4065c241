"""What a command loads: lists and pipelines need no library of tables or of numbers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = ("lightgbm", "numpy", "pandas", "polars", "scipy", "sklearn")

FLOW = """
import sys
import mlwright as mw

@mw.step
def first(n: int) -> int:
    return n + 1

@mw.step
def second(first: int) -> float:
    return 2.0 * first

if __name__ == "__main__":
    flow = mw.pipeline(first, second)
    for _ in range(2):
        done = flow.run(n=1)
    assert done["second"] == 4.0 and all(each.cached for each in done.reports.values())
    from mlwright.cli.main import main

    sys.argv = ["mlw", "ls", "runs"]
    try:
        main()
    finally:
        print(sorted({m.partition(".")[0] for m in sys.modules} & set(HEAVY)))
"""


def test_a_kept_pipeline_and_a_list_of_runs_load_no_heavy_library(tmp_path: Path) -> None:
    (tmp_path / "mlwright.toml").write_text("")
    flow = FLOW.replace("HEAVY", repr(HEAVY))
    (tmp_path / "flow.py").write_text(flow)

    for _ in range(2):  # the first time the arithmetic of this machine is looked at, with numpy
        done = subprocess.run(
            [sys.executable, "flow.py"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    assert "pipeline" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
