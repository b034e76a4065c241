"""A run knows what it was done with: told apart from what is installed, and written out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlwright.api.project import Project
from mlwright.core.digest import digest_bytes
from mlwright.core.errors import MlwrightError
from mlwright.core.records import dump, load
from mlwright.flows.environments import (
    differences,
    interpreter_of,
    keep_environment,
    ours_changed,
    told,
    used_by,
)
from mlwright.ledger.records import NewEvent
from mlwright.run.code.trees import shelf_in
from mlwright.run.engine import Runner
from mlwright.run.environments.lock import locked
from mlwright.run.environments.records import RunWheels, Wheels
from mlwright.run.environments.wheels import KEPT
from mlwright.run.history import run_record
from mlwright.run.recorded import RunRecord
from mlwright.run.records import CodeState, Environment
from mlwright.run.steps.step import step


@step
def doubled(value: int) -> int:
    return value * 2


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path, create=True, environ=os.environ, start=tmp_path) as opened:
        yield opened


def run_in(project: Project) -> RunRecord:
    workspace = project.workspace
    runner = Runner(workspace.store, workspace.ledger, workspace.seam, folder=project.folder)
    run = runner.start("test", {"value": 2})
    runner.execute([doubled])
    runner.finish("finished")
    return run_record(workspace.ledger, run)


def test_a_run_where_the_same_is_installed_is_done_again_here(project: Project) -> None:
    run = run_in(project)

    with interpreter_of(run, project.workspace) as where:
        assert (where.python, where.differs, where.why, told(where)) == (None, (), "", "")
    assert {"numpy", "polars"} <= used_by(run, project.workspace)
    assert keep_environment(run.id, project.workspace) is None


def test_what_is_installed_otherwise_is_named_and_why_nothing_was_built(project: Project) -> None:
    run = run_in(project)
    workspace = project.workspace
    recorded = load(Environment, workspace.store.get(run.environment))
    numpy = replace(
        recorded.distributions["numpy"], version="1.0", files=digest_bytes(b""), record=None
    )
    other = replace(recorded, distributions={**recorded.distributions, "numpy": numpy})
    changed = replace(run, environment=workspace.store.put(dump(other)))

    with interpreter_of(changed, workspace) as where:
        words = told(where)

    assert where.python is None
    assert where.differs == (f"numpy 1.0 became {locked()['numpy'].version}",)
    assert "could not be built again: [environment-incomplete] no wheel was kept of" in words
    assert "numpy 1.0" in words


def test_what_was_kept_with_a_run_belongs_to_it_and_ours_is_told_apart_by_its_files(
    project: Project,
) -> None:
    run = run_in(project)
    workspace = project.workspace
    ledger = workspace.ledger
    assert not ours_changed(run, workspace)
    none = Wheels({}, {}, {"left-over": "its installer kept no list of files"})
    names = ("left-over", "mlwright", "pytest")
    listed = workspace.store.put(dump(RunWheels(names, none)))
    ledger.append([NewEvent(KEPT, run.id, {"wheels": listed, "count": 0}, objects=(listed,))])

    used = used_by(run, workspace)

    assert {"pytest", "numpy"} <= used
    assert not {"left-over", "mlwright"} & used
    assert not ours_changed(run, workspace)
    shelf = shelf_in(workspace.store)
    tree, _ = shelf.keep([("roots/0/src/mlwright/__init__.py", b"__version__ = '0.0.1'\n")])
    assert tree is not None
    listed = workspace.store.put(dump(RunWheels(names, replace(none, trees={"mlwright": tree}))))
    named = (listed, *shelf.close())
    ledger.append([NewEvent(KEPT, run.id, {"wheels": listed, "count": 1}, objects=named)])
    assert ours_changed(run, workspace)


def test_a_package_is_told_by_its_files_and_only_where_it_is_needed(project: Project) -> None:
    recorded = load(Environment, project.workspace.store.get(run_in(project).environment))
    here = dict(locked())
    edited = replace(here["numpy"], files=digest_bytes(b"x"), record=digest_bytes(b"y"))
    by_another = replace(here["polars"], record=digest_bytes(b"another installer's list"))
    without = {name: each for name, each in here.items() if name != "click"}

    found = differences(
        replace(recorded, python="3.11.0"),
        {"numpy", "polars", "click"},
        {**without, "numpy": edited, "polars": by_another},
    )
    elsewhere = differences(recorded, {"polars"}, {**here, "numpy": edited})

    assert found[0].startswith("cpython 3.11.0 became cpython ")
    assert [line.partition(" ")[0] for line in found[1:]] == ["click", "numpy"]
    assert found[1].endswith("is gone")
    assert found[2].endswith("has other files")
    assert elsewhere == ()


def test_the_code_of_a_run_is_written_out_as_it_stood(project: Project, tmp_path: Path) -> None:
    (project.folder / "steps.py").write_text("RATE = 1\r\n")
    (project.folder / "deploy.sh").write_text("KEY=AKIA" + "ABCDEFGHIJKLMNOP\n")
    run = run_in(project)
    (project.folder / "steps.py").write_text("RATE = 2\n")

    done = project.export_code(run.id, tmp_path / "then")
    with pytest.raises(MlwrightError) as again:
        project.export_code(run.id, tmp_path / "then")

    assert (tmp_path / "then" / "steps.py").read_bytes() == b"RATE = 1\r\n"
    assert (done.run, done.files) == (run.id, 1)
    assert done.state.skipped == ("deploy.sh: it holds what looks like an AWS key (line 1)",)
    assert again.value.code == "folder-not-empty"
    shown = {str(row[0]): str(row[1]) for row in project.show(run.id).sections[0].rows}
    assert shown["code"].startswith("no commit (the folder is not under git); 1 file kept (mlw ")
    assert shown["code"].endswith("; 1 left out")
    assert " packages" in shown["environment"]
    assert run.code in project.workspace.ledger.objects()
    state = load(CodeState, project.workspace.store.get(run.code))
    assert state.tree in project.workspace.ledger.objects()


def test_where_no_code_was_kept_the_commit_is_named(project: Project, tmp_path: Path) -> None:
    with pytest.raises(MlwrightError) as caught:
        project.export_code(run_in(project).id, tmp_path / "then")

    assert caught.value.code == "code-not-kept"
    assert not (tmp_path / "then").exists()


@pytest.mark.deep
def test_a_model_is_exact_in_its_own_environment_after_that_was_deleted(tmp_path: Path) -> None:
    """A virtual environment with an older numpy trains; it is deleted, and the model is proved."""
    from mlwright.run.environments.installers import find_uv

    uv = find_uv(os.environ)
    assert uv is not None
    root = Path(__file__).parents[2]
    venv = tmp_path / "venv"

    def call(*command: str | Path, cwd: Path = tmp_path) -> str:
        done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    call(uv, "venv", venv)
    python = venv / "bin" / "python"
    fill = (uv, "pip", "install", "--python", python)
    call(*fill, "-r", root / "requirements" / "run.lock")
    call(*fill, "uv", "hatchling", "editables")
    call(*fill, "--no-build-isolation", "--no-deps", "-e", root)
    call(*fill, "numpy==2.4.4")
    data = root / ".cache" / "data" / "churn.csv"
    (tmp_path / "project").mkdir()
    asked = ("run", data, "--target", "Churn", "--budget", "2s", "--keep-wheels", "-v")
    call(python, "-m", "mlwright", *asked, cwd=tmp_path / "project")
    (venv).rename(tmp_path / "deleted")

    proof: Any = json.loads(
        call(sys.executable, "-m", "mlwright", "prove", "Churn", "--json", cwd=tmp_path / "project")
    )

    assert proof["verdict"] == "exact"
    assert "built again: here numpy 2.4.4 became" in proof["why"]
