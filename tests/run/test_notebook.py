"""A pipeline defined in a notebook's cells: kept, shown as a graph, proved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

STEPS = """
import mlwright as mw

RATE = 2

@mw.step
def doubled(number: int) -> int:
    return RATE * number

@mw.step
def told(doubled: dict[str, int]) -> list[str]:
    return [f"{name}: {value}" for name, value in doubled.items()]

flow = mw.pipeline(doubled.over(number=[1, 2]), told, name="cells")
"""


def executed(folder: Path, *cells: str) -> list[Any]:
    """Execute cells in a fresh kernel and return each one's outputs."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}})
    client.execute()
    return [each.outputs for each in notebook.cells]


def test_cells_make_a_pipeline_that_is_kept_shown_and_proved(tmp_path: Path) -> None:
    first = executed(
        tmp_path,
        STEPS,
        "flow",
        "run = flow.run()\nrun",
        "print(all(each.cached for each in flow.run().reports.values()))",
        # A later cell changes what a step uses: the earlier run is proved all the same.
        "RATE = 3\nprint(flow.run().value)",
        "print(run.prove().verdict.value)",
    )

    assert "<svg" in first[1][0]["data"]["text/html"]
    shown = first[2][0]["data"]["text/html"]
    assert shown.count("<rect") == 3
    assert "3 done" in shown
    assert first[3][-1]["text"].strip() == "True"
    assert "['number=1: 3', 'number=2: 6']" in first[4][-1]["text"]
    assert first[5][-1]["text"].strip() == "exact"
