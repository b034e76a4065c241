"""A model looked into further: kept, judged by its rules, and told wherever it is shown."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from mlwright.api.project import Project
from mlwright.checks.records import Outcome
from mlwright.core.errors import UsageError
from mlwright.evaluate.records import Slices
from mlwright.train.progress import Silent

Find = Callable[[str], Path]


class Heard:
    """A listener that remembers which steps it heard of, and whether they were kept."""

    def __init__(self) -> None:
        self.kept: dict[str, bool] = {}

    def finished(self, stage: str, value: object, seconds: float, *, cached: bool) -> None:
        self.kept[stage] = cached


def asked(dataset: Find, folder: Path) -> dict[str, object]:
    """Return settings for the smallest build of a table that has a sealed part."""
    table = folder / "churn.csv"
    with dataset("churn").open() as lines:
        table.write_text("".join(islice(lines, 2_601)))
    return {
        "data.source": str(table),
        "target": "Churn",
        "search.models": ("linear",),
        "search.budget": "1s",
    }


def test_what_is_found_of_a_model_is_kept_judged_and_told(dataset: Find, tmp_path: Path) -> None:
    flags = asked(dataset, tmp_path)
    with Project.open(tmp_path, create=True, flags=flags) as project:
        first = Heard()
        built = project.build(
            listener=first, progress=Silent(), rules=["worst_slice.low <= 0.9", "warn: auc >= 0.99"]
        )
        ref = built.version.ref
    without = {**flags, "features.drop": ("Contract",)}
    with Project.open(tmp_path, flags=without) as project:
        other = project.build(listener=Heard(), progress=Silent())
    with Project.open(tmp_path) as project:  # the target is named nowhere now
        again = Heard()
        options = {"listener": again, "progress": Silent(), "only": ["slices"]}
        found = project.evaluate(ref, rules=["worst_slice <= 0.01"], **options)  # type: ignore[arg-type]
        shown = project.show(ref)
        between = project.diff(ref, other.version.ref).behaviour
        html = project.report_html(project.find(ref))
        with pytest.raises(UsageError, match="finding-unknown"):
            project.evaluate(ref, rules=[], **{**options, "only": ["slcies"]})  # type: ignore[arg-type]

    slices = built.findings["slices"]
    assert isinstance(slices, Slices)
    assert ("Contract", "Month-to-month") in slices.slices[0].where
    assert first.kept["slices"] is False
    assert again.kept == {"slices": True}
    assert found.findings == {"slices": slices}
    outcomes = {verdict.rule: verdict.outcome for verdict in found.verdicts}
    assert outcomes["worst_slice <= 0.01"] is Outcome.FAIL
    assert outcomes["worst_slice.low <= 0.9"] is Outcome.PASS
    assert outcomes["warn: auc >= 0.99"] is Outcome.WARN
    assert "gain: gain.low > 0" in outcomes
    assert found.failed
    assert {"slices", "conformal"} <= set(shown.document["findings"])  # type: ignore[call-overload]
    assert "Contract = Month-to-month" in html
    assert between is not None
    assert between.rows == other.evaluation.rows
    assert between.changed.value > 0


@pytest.mark.deep
def test_what_mistakes_cost_is_answered_told_and_proved(dataset: Find, tmp_path: Path) -> None:
    flags = {**asked(dataset, tmp_path), "costs.Yes as No": "5"}
    names = ["slices", "conformal", "cost", "learning", "stability"]
    with Project.open(tmp_path, create=True, flags=flags) as project:
        built = project.build(listener=Heard(), progress=Silent())
        found = project.evaluate(
            built.version.ref, listener=Heard(), progress=Silent(), rules=[], only=names
        )
        proofs = [project.prove(each) for each in (built.version.model, found.run)]
        answers = project.predict_file(built.version.ref, str(flags["data.source"]), None).answers

    assert [proof.verdict.value for proof in proofs] == ["exact", "exact"]
    assert set(found.findings) == set(names)
    called = answers["value"] == "Yes"
    assert (called == (answers["probability:Yes"] > 1 / 6)).all()
