"""One project, looked at from every side: each command on the same two versions of a model."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import deltalake
import polars as pl
import pytest
from tests.acceptance.conftest import Shell, Within

from mlwright.api.project import Project
from mlwright.core.errors import MlwrightError


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, dataset: Callable[[str], Path]
) -> tuple[Shell, Any, Any]:
    """A project with two versions of a model of one table, the second with a stricter check."""
    mlw = Within(tmp_path_factory.mktemp("project"))
    build = ("run", dataset("churn"), "--target", "Churn", "--name", "churn", "--budget", "1s")
    first = mlw.good(*build)
    second = mlw.good(*build, "--drop", "tenure", "--check", "auc >= 0.7")
    return mlw, first, second


def test_every_id_resolves_and_every_way_back_ends_in_data_and_events(
    project: tuple[Shell, Any, Any],
) -> None:
    mlw, first, _ = project
    event = mlw.good("ls", "events")["events"][0]["event"]
    ids = [
        first["model"]["id"], first["model"]["ref"], first["run"]["id"],
        first["data"]["id"], first["checks"][0]["id"], event, first["model"]["id"][:9],
    ]  # fmt: skip

    for ref in ids:
        why = mlw.good("why", ref)

        assert why["kind"] in ("model", "run", "data", "check", "event")
        kinds = {link["kind"] for link in why["lineage"]}
        assert "source" in kinds, ref
        assert why["kind"] == "data" or kinds & {"event", "run", "log"}, ref


def test_a_model_leads_back_to_file_rows_code_environment_plan_and_promoter(
    project: tuple[Shell, Any, Any], dataset: Callable[[str], Path]
) -> None:
    mlw, first, _ = project
    mlw.good("promote", first["model"]["ref"], "--to", "live", "--reason", "the first")

    why = mlw.good("why", first["model"]["ref"])

    found = {(link["relation"], link["kind"]) for link in why["lineage"]}
    for kind in ("run", "step", "plan", "code", "environment", "rows", "data", "source"):
        assert any(kind == k for _, k in found), kind
    assert ("made live in", "event") in found
    (source,) = (link for link in why["lineage"] if link["kind"] == "source")
    assert source["id"] == str(dataset("churn"))


def test_the_rows_behind_a_model_can_be_listed_by_id_and_part(
    project: tuple[Shell, Any, Any], tmp_path: Path
) -> None:
    mlw, first, _ = project
    rows = tmp_path / "rows.csv"

    mlw.good("why", first["model"]["ref"], "--rows", rows)

    with rows.open() as file:
        listed = list(csv.DictReader(file))
    assert len(listed) == first["data"]["rows"]
    assert len({row["row_id"] for row in listed}) == len(listed)
    assert {row["part"] for row in listed} == {"train", "validation", "test"}


def test_predictions_come_one_a_row_in_order_with_every_class(
    project: tuple[Shell, Any, Any], dataset: Callable[[str], Path], tmp_path: Path
) -> None:
    mlw, first, _ = project
    out, some = tmp_path / "out.csv", tmp_path / "some.csv"
    lines = dataset("churn").read_text("utf-8").splitlines()
    some.write_text("\n".join([lines[0], *reversed(lines[1:31])]) + "\n")

    mlw.good("predict", first["model"]["ref"], dataset("churn"), "--out", out)
    told = mlw("predict", first["model"]["ref"], some)
    document = mlw.good("predict", first["model"]["ref"], some)

    whole = pl.read_csv(out)
    assert whole.columns == ["value", "probability:No", "probability:Yes"]
    assert whole.height == first["data"]["rows"]
    assert set(whole["value"]) == {"No", "Yes"}
    assert told.out.splitlines()[1:] == list(reversed(out.read_text().splitlines()[1:31]))
    assert document["answers"] == whole.head(30).reverse().to_dicts()


def test_one_row_with_digits_for_a_text_and_nothing_for_a_number_is_answered(
    project: tuple[Shell, Any, Any], tmp_path: Path, dataset: Callable[[str], Path]
) -> None:
    mlw, first, _ = project
    header, row, *_ = dataset("churn").read_text("utf-8").splitlines()
    odd = row.replace("Female", "1").replace(",29.85,29.85,", ",,29.85,")
    (tmp_path / "one.csv").write_text(f"{header}\n{odd}\n")

    answer = mlw("predict", first["model"]["ref"], tmp_path / "one.csv")

    assert answer.code == 0, answer.err
    assert len(answer.out.splitlines()) == 2


def test_a_file_without_a_column_of_the_model_is_refused_with_the_nearest(
    project: tuple[Shell, Any, Any], tmp_path: Path, dataset: Callable[[str], Path]
) -> None:
    mlw, first, _ = project
    text = dataset("churn").read_text("utf-8").replace("tenure", "tenur", 1)
    (tmp_path / "bad.csv").write_text(text)

    answer = mlw(
        "predict", first["model"]["ref"], tmp_path / "bad.csv", "--out", tmp_path / "o.csv",
        "--json",
    )  # fmt: skip

    assert answer.code == 2
    assert answer.json["error"]["code"] == "column-missing"
    assert "tenur" in answer.json["error"]["message"]
    assert not (tmp_path / "o.csv").exists()


def test_two_versions_differ_in_what_was_asked_and_in_the_metrics(
    project: tuple[Shell, Any, Any],
) -> None:
    mlw, first, second = project

    models = mlw.good("diff", first["model"]["ref"], second["model"]["ref"])
    runs = mlw.good("diff", first["run"]["id"], second["run"]["id"])
    same = mlw.good("diff", first["model"]["ref"], first["model"]["ref"])

    assert {"model", "artefact"} <= {d["what"] for d in models["differences"]}
    asked = {d["what"] for d in runs["differences"] if d["part"] == "parameters"}
    assert any(what.startswith("input rule.left_out.") for what in asked)
    assert same["differences"] == []


def test_every_automatic_decision_has_a_reason_and_a_way_to_change_it(
    project: tuple[Shell, Any, Any],
) -> None:
    mlw, _, second = project

    shown = mlw.good("show", "churn", "--decisions")
    run = mlw.good("show", second["run"]["id"], "--decisions")
    text = mlw("show", second["run"]["id"], "--decisions").out

    told = {each["what"]: each for each in shown["decisions"]}
    assert run["decisions"] == shown["decisions"]
    assert all(each["why"] and each["override"] for each in shown["decisions"])
    for wanted in (
        "'TotalCharges': ' ' read as missing", "rows named by their content", "the split:",
        "the task: binary", "'Yes' is the positive class", "the metric: auc", "chosen by",
        "1 thread to train with", "the configuration", "no feature: 'customerID'",
        "the check gain.low > 0",
    ):  # fmt: skip
        assert any(what.startswith(wanted) for what in told), wanted
        assert wanted in text
    assert not any("tenure" in what for what in told), "left out on request is no decision of ours"


def test_the_newest_version_shows_its_checks_and_a_data_version_what_it_holds(
    project: tuple[Shell, Any, Any],
) -> None:
    mlw, first, second = project

    shown = mlw.good("show", "churn")
    text = mlw("show", "churn").out
    made = {column for each in shown["features"] for column in each["columns"]}
    assert made == {column["name"] for column in shown["inputs"]}
    assert "of the columns" in text
    data = mlw.good("show", first["data"]["id"])
    described = mlw("show", first["data"]["id"]).out

    assert shown["ref"] == second["model"]["ref"] == "churn@2"
    own = [check for check in shown["checks"] if not check["name"].startswith("leak.")]
    assert [check["outcome"] for check in own] == ["pass", "pass"]
    assert [check["id"] for check in shown["checks"]] == [c["id"] for c in second["checks"]]
    assert all(check["id"][:12] in text for check in shown["checks"])
    assert {"column": "tenure", "why": "left out on request"} in shown["dropped"]
    assert [each["made"] for each in data["used_by"]] == [["churn@2"], ["churn@1"]]
    assert "'Month-to-month'" in described
    assert second["run"]["id"][:12] in described


def test_a_step_tells_which_term_of_its_key_changed(project: tuple[Shell, Any, Any]) -> None:
    mlw, _, _ = project

    why = mlw.good("why", "search")
    text = mlw("why", "search").out

    assert why["kind"] == "step"
    assert {"term", "name", "before", "after"} == set(why["facts"]["changes"][0])
    assert "what changed since the run before" in text
    assert "Change(" not in text
    assert "rule" in why["what"]
    assert {change["name"] for change in why["facts"]["changes"]} >= {"rule"}


def test_a_rollback_takes_back_a_promotion_and_says_so_in_the_log(
    project: tuple[Shell, Any, Any],
) -> None:
    mlw, first, second = project
    mlw.good("promote", first["model"]["ref"], "--to", "live", "--reason", "first")
    mlw.good("promote", second["model"]["ref"], "--to", "live", "--reason", "second")

    change = mlw.good("rollback", "churn", "--reason", "worse")["change"]

    assert change["live"] == first["model"]["ref"]
    assert mlw.good("ls", "endpoints")["endpoints"][0]["live"] == first["model"]["ref"]
    events = mlw.good("ls", "events", "--limit", "2")["events"]
    assert {event["kind"] for event in events} == {"role.changed"}


def test_a_failed_check_registers_the_model_exits_3_and_bars_its_promotion(within: Shell) -> None:
    mlw = within
    rows = "".join(f"{i},{i * 7 % 11},{i % 3 == 0}\n" for i in range(300))
    (mlw.folder / "table.csv").write_text(f"a,b,c\n{rows}")

    answer = mlw("run", "table.csv", "--target", "c", "--budget", "1s",
                 "--check", "auc >= 0.9999", "--json")  # fmt: skip
    ref = answer.json["model"]["ref"]
    promoted = mlw("promote", ref, "--to", "live", "--reason", "anyway", "--json")

    assert answer.code == 3
    assert answer.json["passed"] is False
    assert promoted.code == 3
    assert promoted.json["error"]["code"] == "promote-check-failed"


def test_an_auditor_verifies_the_log_with_nothing_of_ours(
    project: tuple[Shell, Any, Any], tmp_path: Path
) -> None:
    mlw, _, _ = project
    for what in ("checkpoint", "key", "verifier"):
        assert mlw("audit", what, "--out", tmp_path / what).code == 0
    (ledger,) = (mlw.folder / ".mlwright" / "ledger").glob("*.db")

    done = subprocess.run(
        [sys.executable, "-I", "verifier", ledger, (tmp_path / "key").read_text().strip(),
         "checkpoint"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr + done.stdout
    proof = mlw.good("prove", "audit", "--checkpoint", tmp_path / "checkpoint")
    assert proof["verdict"] == "exact"


def test_data_is_proved_by_reading_every_row_again(project: tuple[Shell, Any, Any]) -> None:
    mlw, first, _ = project

    proof = mlw.good("prove", first["data"]["id"])

    assert proof["verdict"] == "exact"
    assert proof["steps"][0]["recorded"] == first["data"]["digest"]


def test_a_step_a_report_and_an_export_are_proved_by_their_names_and_files(
    project: tuple[Shell, Any, Any], tmp_path: Path
) -> None:
    mlw, first, _ = project
    run, table = first["run"]["id"], tmp_path / "churn.csv"
    with Project.open(mlw.folder) as opened:
        version = opened.find(first["model"]["ref"])
        report = opened.write_report(version, tmp_path / "churn.html")
        opened.promote(first["model"]["ref"], reason="newer than the report")
        opened.export_data(first["data"]["id"], table)
        opened.export_data(first["data"]["id"], tmp_path / "delta")
        written = [f"{run}/task", *map(str, (report, table, tmp_path / "delta"))]

        proofs = [opened.prove(each) for each in written]
        table.write_text(table.read_text().replace("Female", "Male", 1))
        forged = opened.prove(str(table))
        deltalake.DeltaTable(str(tmp_path / "delta")).delete("gender = 'Male'")
        less = opened.prove(str(tmp_path / "delta"))
        with pytest.raises(MlwrightError) as unknown:
            opened.prove(__file__)
        why = opened.why(f"{run}/task")
        with pytest.raises(MlwrightError) as misspelt:
            opened.why(f"{run}/taks")

    told = [(each.kind, each.verdict.value) for each in proofs]
    assert told == [(kind, "exact") for kind in ("step", "report", "export", "export")]
    verdicts = {each.step: each.verdict.value for each in forged.steps}
    assert verdicts == {"file": "different", "export": "exact"}
    assert {each.step: each.verdict.value for each in less.steps} == verdicts
    assert unknown.value.code == "file-unrecorded"
    assert str(why.facts["proved"]).startswith("exact in e_")
    assert why.facts["fed"] == {"snapshot": "the run's inputs", "split": "step split"} | {
        "goal": "the run's inputs"
    }
    assert misspelt.value.facts["nearest"] == "task"


def test_a_new_environment_variable_for_arithmetic_does_not_change_what_is_proved(
    project: tuple[Shell, Any, Any],
) -> None:
    mlw, first, _ = project

    proof = mlw.good("prove", first["run"]["id"], OMP_NUM_THREADS="1", PYTHONHASHSEED="5")

    assert proof["verdict"] == "exact"


def test_python_gives_the_same_answers_as_the_command_line(
    project: tuple[Shell, Any, Any], dataset: Callable[[str], Path], tmp_path: Path
) -> None:
    mlw, first, _ = project
    out = tmp_path / "out.csv"
    mlw.good("predict", first["model"]["ref"], dataset("churn"), "--out", out)
    script = (
        "import sys, polars as pl, mlwright as mw\n"
        "run = mw.run(sys.argv[1], target='Churn', name='churn', budget='1s', project='.')\n"
        "frame = pl.read_csv(sys.argv[1], null_values=' ')\n"
        "run.model.predict(frame).write_csv(sys.argv[2])\n"
        "print(run.model.ref)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, dataset("churn"), tmp_path / "python.csv"],
        cwd=mlw.folder, capture_output=True, text=True,
    )  # fmt: skip

    assert done.stdout.strip() == first["model"]["ref"], done.stderr
    assert (tmp_path / "python.csv").read_text() == out.read_text()
