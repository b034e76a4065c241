"""Checks of one's own judge a model or a table as steps of its run, and gate it as rules do."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest

import mlwright as mw
from mlwright.api.project import Project
from mlwright.checks.own import Verdict, is_own, judged
from mlwright.checks.records import Outcome
from mlwright.checks.records import Verdict as Judged
from mlwright.core.errors import GateError, UsageError
from mlwright.flows.evaluating import Evaluated
from mlwright.flows.own_checks import check, require_verdict
from mlwright.govern.records import ProofVerdict
from mlwright.train.progress import Silent

CHECKS = """
import mlwright as mw

LEAST = 0.2


def recall(told, table):
    left = table["Churn"] == "Yes"
    return float((told.filter(left) == "Yes").mean())


@mw.check
def found(model: mw.Model, table: mw.Table) -> mw.Verdict:
    value = recall(model.predict(table)["value"], table)
    return mw.Verdict(value >= LEAST, value=value, why=f"{value:.2f} of those who left are found")


@mw.check
def unseen(answers: mw.Table, table: mw.Table) -> mw.Verdict:
    assert answers.height == table.height
    return mw.Verdict(recall(answers["value"], table) > 0.2, value=recall(answers["value"], table))


@mw.check
def enough(table: mw.Table) -> mw.Verdict:
    return mw.Verdict(table.height >= 10_000, value=table.height, warns=True)


def plain(model):
    return True
"""


class Unheard:
    """A listener that is told, and does nothing."""

    def finished(self, stage: str, value: object, seconds: float, *, cached: bool) -> None:
        pass


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], ModuleType]]:
    """Return a function that writes the module ``leavingchecks`` anew and imports it."""
    folder = tmp_path_factory.mktemp("checks")
    sys.path.insert(0, str(folder))

    def make(text: str) -> ModuleType:
        sys.modules.pop("leavingchecks", None)
        (folder / "leavingchecks.py").write_text(text)
        importlib.invalidate_caches()
        return importlib.import_module("leavingchecks")

    yield make
    sys.modules.pop("leavingchecks", None)
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("leaving")


def _run(project: Path, dataset: Callable[[str], Path], *checks: object) -> mw.Run:
    table = pl.read_csv(dataset("churn"), columns=["tenure", "MonthlyCharges", "Contract", "Churn"])
    return mw.run(
        table,
        "Churn",
        project=project,
        checks=checks,
        budget="1s",
        models=["linear"],
        name="leaving",
    )


def test_a_check_judges_is_recorded_and_gates_and_its_code_decides_if_it_is_kept(
    load: Callable[[str], ModuleType], project: Path, dataset: Callable[[str], Path]
) -> None:
    checks = load(CHECKS)
    first = _run(project, dataset, "auc >= 0.6", checks.found, checks.unseen, checks.enough)

    told = {verdict.name: verdict for verdict in first.build.verdicts}
    ledger = first.project.workspace.ledger
    (event,) = ledger.events(kind="check.judged", subject=told["found"].id)
    assert told["found"].outcome is Outcome.PASS
    assert told["found"].rule == "leavingchecks:found"
    assert told["found"].subject == first.model.id
    assert told["found"].why.endswith("of those who left are found")
    assert told["unseen"].outcome is Outcome.PASS
    assert (told["enough"].outcome, told["enough"].value) == (Outcome.WARN, 7043)
    assert told["enough"].subject == first.build.snapshot.id
    assert event.facts["outcome"] == "pass"
    assert first.project.why("check.found").what == "it had not run before"

    checks = load(CHECKS.replace("LEAST = 0.2", "LEAST = 1.1"))
    again = _run(project, dataset, checks.found, "leavingchecks:enough")

    assert again.model.id == first.model.id
    assert again.model.ref == "leaving@2"
    assert "check.found" not in again.build.cached
    assert "check.enough" in again.build.cached
    assert "LEAST changed" in again.project.why("check.found").what
    with pytest.raises(GateError):
        again.model.promote(reason="it is new")


def test_a_model_is_held_against_checks_again_and_so_is_a_table_without_one(
    load: Callable[[str], ModuleType], project: Path, dataset: Callable[[str], Path]
) -> None:
    load(CHECKS)
    _run(project, dataset, "leavingchecks:found")
    rules = {
        "checks.enough": "leavingchecks:enough",
        "checks.found": "leavingchecks:found",
        "checks.tenure": "<= 70",
        "checks.gap": "<= 0.5",  # of a model, though a column is called so here
    }
    table = project / "table.csv"
    pl.read_csv(dataset("churn")).head(500).with_columns(gap=pl.lit(1)).write_csv(table)

    with Project.open(project, flags=rules) as opened:
        asked = _asked(opened, "leavingchecks:unseen", only=["slices"])
        proof = opened.prove(asked.run)
        told = opened.check_data(str(table))
        with pytest.raises(UsageError) as caught:
            opened.check_data(str(table), rules=["leavingchecks:found"])

    assert _own(asked.verdicts) == {"leavingchecks:unseen": "pass"}
    assert proof.verdict is ProofVerdict.EXACT
    assert {each.rule: each.outcome.value for each in told.verdicts} == {
        "tenure <= 70": "fail",
        "leavingchecks:enough": "warn",
    }
    assert caught.value.code == "own-check-model"


@pytest.mark.deep
def test_the_checks_of_the_spec_judge_models_of_its_target_again(
    load: Callable[[str], ModuleType], project: Path, dataset: Callable[[str], Path]
) -> None:
    load(CHECKS)
    _run(project, dataset, "leavingchecks:found")
    load(CHECKS.replace("LEAST = 0.2", "LEAST = 1.1"))
    rules = {"checks.enough": "leavingchecks:enough", "checks.found": "leavingchecks:found"}

    with Project.open(project, flags={**rules, "target": "Churn"}) as opened:
        whole = _asked(opened)
    with Project.open(project, flags={**rules, "target": "tenure"}) as opened:
        others = _asked(opened)

    assert _own(whole.verdicts) == {"leavingchecks:found": "fail", "leavingchecks:enough": "warn"}
    assert _own(others.verdicts) == {}


def _asked(project: Project, *rules: str, only: Sequence[str] = ()) -> Evaluated:
    return project.evaluate(
        "leaving", rules=rules, only=only, listener=Unheard(), progress=Silent()
    )


def _own(verdicts: Iterable[Judged]) -> dict[str, str]:
    return {each.rule: each.outcome.value for each in verdicts if "leavingchecks" in each.rule}


@pytest.mark.deep
def test_a_verdict_is_made_again_from_the_recorded_code(
    load: Callable[[str], ModuleType], project: Path, dataset: Callable[[str], Path]
) -> None:
    run = _run(project, dataset, load(CHECKS).found)
    load(CHECKS.replace("LEAST = 0.2", "LEAST = 1.1"))

    proof = run.model.prove()

    assert proof.verdict is ProofVerdict.EXACT
    assert "check.found" in [step.step for step in proof.steps]


def test_what_is_no_check_is_refused_by_name(
    load: Callable[[str], ModuleType], project: Path, dataset: Callable[[str], Path]
) -> None:
    checks = load(CHECKS)

    def code(*given: object) -> str:
        with pytest.raises(UsageError) as caught:
            _run(project, dataset, *given)
        return caught.value.code

    assert code("leavingchecks:fond") == "own-check-missing"
    assert code("leavingchecks:plain") == "own-check-form"
    assert code(checks.plain) == "own-check-form"
    assert code(checks.found, "os.path:found") == "own-check-missing"
    with pytest.raises(UsageError) as caught:
        check(lambda modle: modle)
    assert (caught.value.code, caught.value.facts["nearest"]) == ("own-check-form", "model")
    with pytest.raises(UsageError) as caught:
        check(lambda model, ctx: (model, ctx))
    assert (caught.value.code, caught.value.facts["parameter"]) == ("own-check-form", "ctx")


def test_an_answer_that_is_no_verdict_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        require_verdict(True, "found")
    assert caught.value.code == "own-check-answer"
    assert require_verdict(Verdict(True), "found") == Verdict(True)


def test_a_verdict_is_bound_to_what_was_said_of_what() -> None:
    ids = {
        judged(told, rule="m:f", name="f", subject=subject).id
        for told in (Verdict(True), Verdict(False), Verdict(True, 0.5), Verdict(True, why="so"))
        for subject in ("m_a", "m_b")
    }

    assert len(ids) == 8
    assert Verdict(np.bool_(True), np.float32(0.5)) == Verdict(True, 0.5)  # type: ignore[arg-type]
    undefined = judged(Verdict(False, float("nan")), rule="m:f", name="f", subject="m_a")
    assert (undefined.value, undefined.outcome) == (None, Outcome.FAIL)
    assert is_own("vip: mychecks:vip_recall")
    assert not is_own("auc >= 0.7")
    assert not is_own("vip: auc")
