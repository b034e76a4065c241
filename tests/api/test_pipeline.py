"""A pipeline of one's own from Python, on a real table: kept, shown, explained and proved."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pandas as pd
import polars as pl
import pytest

import mlwright as mw
from mlwright.core.errors import MlwrightError
from mlwright.govern.records import ProofVerdict

FLOW = """
import numpy as np

import mlwright as mw

SHARE = 0.5


class Line:
    '''A model that says itself what its bytes are.'''

    def __init__(self, weights):
        self.weights = weights

    def to_bytes(self):
        return self.weights.tobytes()

    @classmethod
    def from_bytes(cls, raw):
        return cls(np.frombuffer(raw))


@mw.step
def paid(source: mw.Table) -> mw.Table:
    return source.filter(source["MonthlyCharges"] > 20)


@mw.step
def parts(paid: mw.Table) -> dict[str, mw.Table]:
    cut = int(paid.height * SHARE)
    return {"fit": paid.head(cut), "judge": paid.tail(-cut)}


@mw.step
def line(parts: dict[str, mw.Table], power: int) -> Line:
    X = parts["fit"]["tenure"].to_numpy()[:, None] ** np.arange(power + 1.0)
    return Line(np.linalg.lstsq(X, parts["fit"]["MonthlyCharges"].to_numpy(), rcond=None)[0])


@mw.step
def error(line: Line, parts: dict[str, mw.Table]) -> float:
    X = parts["judge"]["tenure"].to_numpy()[:, None] ** np.arange(float(len(line.weights)))
    return float(np.abs(X @ line.weights - parts["judge"]["MonthlyCharges"].to_numpy()).mean())


@mw.step
def best(error: dict[str, float]) -> str:
    return min(error, key=error.get)


flow = mw.pipeline(paid, parts, line.over(power=[1, 2, 3]), error, best, name="charges")
"""


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Callable[[str], ModuleType]]:
    """Return a function that writes the module ``charges`` anew and imports it."""
    sys.path.insert(0, str(tmp_path))

    def make(text: str) -> ModuleType:
        sys.modules.pop("charges", None)
        (tmp_path / "charges.py").write_text(text)
        importlib.invalidate_caches()
        return importlib.import_module("charges")

    yield make
    sys.modules.pop("charges", None)
    sys.path.remove(str(tmp_path))


def test_a_pipeline_is_kept_shown_explained_and_proved_whatever_its_file_says_now(
    load: Callable[[str], ModuleType], tmp_path: Path, dataset: Callable[[str], Path]
) -> None:
    source = str(dataset("churn"))
    flow = load(FLOW).flow

    first = flow.run(source=source, project=tmp_path)
    again = flow.run({"source": source}, project=tmp_path)

    assert first.value == again.value == min(first["error"], key=first["error"].get)
    assert set(first["error"]) == {"power=1", "power=2", "power=3"}
    assert first["error[power=2]"] == first["error"]["power=2"]
    assert not any(report.cached for report in first.reports.values())
    assert all(report.cached for report in again.reports.values())
    assert len(first["paid"]) < 7043

    edited = FLOW.replace("SHARE = 0.5", "SHARE = 0.6").replace("X @ line", "X  @  line")
    flow = load(edited).flow
    changed = flow.run(source=source, project=tmp_path)

    done = [name for name, report in changed.reports.items() if not report.cached]
    assert done[0] == "parts"
    assert "paid" not in done
    assert "SHARE changed" in changed.why("parts").what

    proof = first.prove()
    assert proof.verdict is ProofVerdict.EXACT, proof
    assert [step.step for step in proof.steps][:3] == ["data", "source", "paid"]
    text = str(first)
    assert f"{first.id} charges: finished, 10 done" in text
    assert "line[power=3]" in text
    html = first._repr_html_()
    assert html.count("<rect") == 11
    assert "error[power=1]" in html
    assert "src=" not in html
    assert "<svg" in flow._repr_html_()
    why = first.why()
    assert any(link.id.startswith("d_") for link in why.lineage)


def test_inputs_are_refused_by_name_and_type_before_anything_runs(
    load: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    flow = load(FLOW).flow

    def code(**given: object) -> tuple[str, str]:
        with pytest.raises(MlwrightError) as caught:
            flow.run(given, project=tmp_path)
        return caught.value.code, str(caught.value)

    assert code() == (
        "step-input-missing",
        "[step-input-missing] step 'paid' takes 'source', which no step gives and the run was not "
        "given",
    )
    assert code(sources="x.csv")[0] == "step-takes"
    assert "did you mean 'source'" in code(sources="x.csv")[1]
    assert code(source=3) == (
        "step-type",
        "[step-type] the input 'source' is taken as polars.DataFrame, and was given as int",
    )
    assert code(source="x.csv")[0] == "source-missing"
    project = mw.Project(tmp_path)
    assert not list(project.workspace.ledger.events(kind="run.started"))
    project.close()


def test_a_polars_frame_is_taken_as_it_is_and_another_librarys_is_read(
    load: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    frame = pl.DataFrame({"tenure": [3, 1, 2, 5] * 4, "MonthlyCharges": [30.0, 20.5, 40.0, 50] * 4})
    flow = load(FLOW).flow

    as_it_is = flow.run(source=frame, project=tmp_path)
    read = flow.run(source=pd.DataFrame(frame.to_dict(as_series=False)), project=tmp_path)

    assert as_it_is["paid"].equals(frame)
    assert (
        read["paid"].sort("tenure", "MonthlyCharges").equals(frame.sort("tenure", "MonthlyCharges"))
    )
    with pytest.raises(MlwrightError) as caught:
        as_it_is["pade"]
    assert (caught.value.code, caught.value.facts["nearest"]) == ("step-unknown", "paid")


def test_a_table_that_a_step_made_is_a_source_whose_way_back_goes_on_through_the_pipeline(
    load: Callable[[str], ModuleType], tmp_path: Path, dataset: Callable[[str], Path]
) -> None:
    source = str(dataset("churn").resolve())
    run = load(FLOW).flow.run(source=source, project=tmp_path)
    project = run.project

    added = project.add(f"{run.id[:12]}/paid")
    again = project.add(added.snapshot.id)

    assert added.source.address == f"{run.id}/paid"
    assert added.snapshot.rows == run["paid"].height
    assert again.snapshot.id == added.snapshot.id
    way = [(link.relation, link.id) for link in project.why(added.snapshot.id).lineage]
    assert ("read from", f"{run.id}/paid") in way
    assert ("made by", run.id) in way
    assert ("read from", source) in way
    for name, code in (("best", "step-no-table"), ("line[power=1]", "step-no-table")):
        with pytest.raises(MlwrightError) as caught:
            project.add(f"{run.id}/{name}")
        assert caught.value.code == code
    with pytest.raises(MlwrightError) as caught:
        project.add(f"{run.id}/pade")
    assert (caught.value.code, caught.value.facts["nearest"]) == ("step-unknown", "paid")
