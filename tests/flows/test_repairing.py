"""A spec with steps of repair: one table for training, endpoint and predict, and the way back."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.flows.test_investigating import POLICY, Quiet, ask

from mlwright.api.project import Project
from mlwright.cli.main import run
from mlwright.core.errors import MlwrightError
from mlwright.data.table import read
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.mending import write_steps
from mlwright.flows.predict import open_guarded
from mlwright.flows.promoting import roles_file
from mlwright.flows.repairing import repair_of
from mlwright.registry.records import ModelVersion
from mlwright.serve.answering import answer
from mlwright.serve.roles import Endpoints
from mlwright.train.progress import Silent

ROWS = 2_400
STEPS = (
    "trim plan",
    "map plan: PRO -> pro, '?' -> null",
    "parse size as integer",
    "clip age to [18, 90]",
    "fill income with median",
    "dedupe",
    "quarantine where age in [18, 18]",
)


def write_table(path: Path) -> None:
    draw = random.Random(5)
    rows = []
    for number in range(ROWS):
        age, size = draw.randrange(10, 110), draw.randrange(1_000, 9_000)
        plan = draw.choice(["basic", "pro", " pro", "PRO", "?", "free"])
        income = None if number % 9 == 0 else draw.randrange(20_000, 90_000)
        left = draw.random() < (0.8 if plan.strip().lower() == "pro" else 0.2)
        rows.append({"plan": plan, "age": age, "size": f"{size:,}" if number % 2 else str(size),
                     "income": income, "left": left})  # fmt: skip
    rows += rows[:20]
    pl.DataFrame(rows).write_csv(path)


def spec_of(steps: tuple[str, ...]) -> str:
    listed = "\n".join(f"  {json.dumps(each)}," for each in steps)
    return (
        f'target = "left"\n[project]\nname = "left"\n[data]\nsource = "t.csv"\n'
        f'repair = [\n{listed}\n]\n[search]\nbudget = "1s"\nmodels = ["linear"]\n'
    )


Made = tuple[Path, Project, ModelVersion]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("repaired")
    write_table(folder / "t.csv")
    (folder / "mlwright.toml").write_text(spec_of(STEPS))
    with Project.open(folder, create=True) as project:
        version = project.build(listener=Quiet(), progress=Silent()).version
        project.promote(version.ref, reason="a test")
        yield folder, project, version


def test_a_run_learns_from_the_repaired_version_and_every_id_leads_back(made: Made) -> None:
    _, project, version = made
    repaired = repair_of(version.data, project.workspace)

    assert repaired.raw != version.data
    frame = read(repaired.snapshot, project.workspace.store).frame
    assert frame["plan"].drop_nulls().unique().sort().to_list() == ["basic", "free", "pro"]
    assert frame["size"].dtype == pl.Int64
    assert (frame["age"].min(), frame["age"].max()) == (18, 90)
    assert frame["income"].null_count() == 0
    told = {link.relation: link for link in project.why(version.data).lineage}
    assert told["repaired as"].facts["raw"] == repaired.raw
    assert "read from" in told
    of_model = [link.relation for link in project.why(version.ref).lineage]
    assert of_model.count("repaired as") == 1
    assert of_model.count("repair step") == len(STEPS)
    forward = [link.id for link in project.why(repaired.raw).lineage]
    assert version.data in forward
    assert {row["data"] for row in project.listing("data", 9)} == {version.data, repaired.raw}
    assert project.undo_repair(version.data).raw == repaired.raw


def test_a_row_is_followed_through_its_repair(made: Made) -> None:
    _, project, version = made
    repaired = repair_of(version.data, project.workspace)
    table = read(snapshot_of(repaired.raw, project.workspace), project.workspace.store)
    spaced = table.row_ids.filter((table.frame["plan"] == " pro") & (table.frame["age"] > 90))[0]
    data, gone = project.quarantine(most=500)

    links = project.why(spaced).lineage

    mended = [link for link in links if link.relation == "repaired by"]
    assert mended[0].facts["column"] == "plan"
    assert {link.facts["column"] for link in mended} <= {"plan", "size", "age", "income"}
    assert {link.id for link in links if link.relation == "in the data"} == {repaired.raw, data}
    assert {each.step for each in gone} == {STEPS[5], STEPS[6]}
    assert len(gone) == repaired.taken_out
    out = [link for link in project.why(gone[0].row).lineage if link.relation == "repaired by"]
    assert "taken out of training" in out[-1].what


def test_no_sealed_row_is_taken_out(made: Made) -> None:
    folder, project, version = made
    repaired = repair_of(version.data, project.workspace)
    assert repaired.split is not None
    out = folder / "rows.csv"

    project.write_rows(version.ref, out)

    parts = pl.read_csv(out)["part"].value_counts()
    assert dict(parts.iter_rows())["test"] == repaired.split.counts["test"]
    assert parts["count"].sum() == repaired.snapshot.rows


SENT: list[dict[str, Any]] = [
    {"plan": " PRO ", "age": 400, "size": "1,234", "income": None},
    {"plan": " pro", "age": 4, "size": "1234", "income": 30_000},
    {"plan": "?", "age": 50, "size": 1234, "income": 30_000.0},
    {"plan": None, "age": None, "size": "n/a", "income": None},
    {"plan": "new", "age": 33, "size": "12", "income": 1},
]


def test_training_endpoint_and_predict_see_the_same_repair(made: Made) -> None:
    _, project, version = made
    workspace = project.workspace
    found = Endpoints(roles_file(workspace), workspace.store, policy=POLICY, tell=print)
    found.refresh()
    model = found.live["left"]

    together = json.loads(answer(model, json.dumps(SENT).encode()).write(None))
    alone = [json.loads(answer(model, json.dumps(row).encode()).write(None)) for row in SENT]
    columns = {name: [row[name] for row in SENT[:2]] for name in SENT[0]}
    by_column = json.loads(answer(model, json.dumps(columns).encode()).write(None))
    _, guarded = open_guarded(workspace, version.ref)
    guarded = replace(guarded, policy=POLICY)
    file = pl.DataFrame([{**row, "size": str(row["size"])} for row in SENT], strict=False)
    table, _ = guarded.score(file)

    first = [each["probability"]["true"] for each in alone]
    assert [each["probability"]["true"] for each in together["predictions"]] == first
    assert [each["probability"]["true"] for each in by_column["predictions"]] == first[:2]
    assert table["probability:true"].to_list() == first
    flagged = [{flag["column"] for flag in each["flags"]} for each in alone]
    assert flagged[0] == set()
    assert "plan" in flagged[4]


def test_the_record_keeps_what_was_sent_and_why_shows_it_repaired(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, project, _ = made
    (prediction,), _ = ask(project, "left", [SENT[0]])

    passport: Any = project.why(prediction)

    assert passport.sent == SENT[0]
    assert passport.used["plan"] == "pro"
    assert (passport.used["age"], passport.used["size"]) == (90, 1234)
    assert passport.used["income"] is not None
    assert project.prove(prediction).verdict.value == "exact"
    assert run(["why", prediction, "--project", str(folder)]) == 0
    told = capsys.readouterr().out
    assert "repaired to 'pro'" in told
    assert "repaired to 1234" in told


def test_the_proof_makes_the_repair_again(made: Made) -> None:
    _, project, version = made

    of_data = project.prove(version.data)
    of_model = project.prove(version.ref)

    assert [step.step for step in of_data.steps] == ["data", "repair"]
    assert of_data.verdict.value == of_model.verdict.value == "exact"
    assert "repaired" in {step.step for step in of_model.steps}


def test_running_again_keeps_everything_and_without_a_step_makes_another(made: Made) -> None:
    folder, project, version = made
    repaired = repair_of(version.data, project.workspace)

    again = project.build(listener=Quiet(), progress=Silent())
    (folder / "mlwright.toml").write_text(spec_of(STEPS[:-1]))
    with Project.open(folder) as changed:
        fewer = changed.repair()

    assert "repaired" in again.cached
    assert again.version.data == version.data
    assert fewer.raw == repaired.raw
    assert fewer.snapshot.id != repaired.snapshot.id
    assert fewer.steps == repaired.steps[:-1]


def test_fix_tells_asks_and_writes_and_then_finds_less(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path
    write_table(folder / "t.csv")
    spec = '# mine\ntarget = "left"  # left us\n[data]\nsource = "t.csv"\n'
    (folder / "mlwright.toml").write_text(spec)
    at = ["--project", str(folder)]

    def told(*arguments: str) -> dict[str, Any]:
        assert run([*arguments, "--json", *at]) == 0
        return dict(json.loads(capsys.readouterr().out))

    dry = told("check", "data", "--fix", "--dry-run", "--yes")
    asked_nobody = told("check", "data", "--fix")
    assert (folder / "mlwright.toml").read_text() == spec
    written = told("check", "data", "--fix", "--yes")
    after = told("check", "data", "--fix", "--yes")

    assert [each["written"] for each in (dry, asked_nobody, written, after)] == [
        False, False, True, False
    ]  # fmt: skip
    assert dry["sure"] == written["sure"] != []
    assert "trim plan" in written["sure"]
    assert after["sure"] == []
    assert after["faulty_rows"]["before"] == written["faulty_rows"]["after"]
    assert after["faulty_rows"]["before"] < written["faulty_rows"]["before"]
    text = (folder / "mlwright.toml").read_text()
    assert text.startswith(spec)
    checked = told("check", "data")
    assert (checked["repaired"], checked["faulty_rows"]) == (
        len(written["sure"]), written["faulty_rows"]["after"]
    )  # fmt: skip
    made = told("data", "repair")
    assert told("data", "repair", "--undo", made["data"])["undone"]["raw"] == made["raw"]
    rows = told("data", "quarantine", made["data"], "--out", str(folder / "q.csv"))["rows"]
    assert len(rows) == made["rows_taken_out"] > 0
    assert pl.read_csv(folder / "q.csv").height == len(rows)
    for arguments, code in (
        (["data", "repair", made["data"]], "repair-twice"),
        (["data", "repair", "t.csv"], "repair-what"),
        (["data", "repair", "--undo", made["raw"]], "repair-unknown"),
        (["check", "data", "--fix", "--limit", "3"], "fix-alone"),
    ):
        assert run([*arguments, "--json", *at]) in (2, 4)
        assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_steps_that_cannot_be_are_told_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_table(tmp_path / "t.csv")
    at = ["--project", str(tmp_path), "--json"]

    for steps, code in (
        (("trm plan",), "repair-syntax"),
        (("trim plam",), "column-unknown"),
        (("drop column left",), "column-unknown"),
        (("clip plan to [0, 1]",), "repair-kind"),
        ((), "repair-none"),
    ):
        (tmp_path / "mlwright.toml").write_text(spec_of(steps))
        command = ["run"] if steps else ["data", "repair"]
        assert run([*command, *at]) == 2
        assert json.loads(capsys.readouterr().out.splitlines()[-1])["error"]["code"] == code
    with Project.open(tmp_path) as project:
        (tmp_path / "mlwright.toml").write_text('data = {source = "t.csv"}\n')
        with pytest.raises(MlwrightError, match="cannot be added to"):
            write_steps(project.workspace, ["trim plan"])
