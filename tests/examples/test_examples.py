"""Each example as its reader does it: run, changed, its environment gone, the old model proved.

Some are only fitted here, and what they keep is asked; ``make deep`` tells the story of each.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.acceptance.conftest import Shell

from mlwright.data.table import Table
from mlwright.run.environments.installers import find_uv
from mlwright.train.algorithms.foreign import tried_with
from mlwright.train.fit import answers, fit
from mlwright.train.records import Module, OwnModel, Plan
from mlwright.train.space import draws
from mlwright.train.target import target_values
from mlwright.train.task import infer_task

ROOT = Path(__file__).resolve().parents[2]
ROWS = 2_600
"""Enough for a sealed part, and few enough for tests."""
OTHER_NUMPY = "numpy==2.4.4"
"""Another than the lock's, so that what is installed here is not what a model was trained with."""


@dataclass(frozen=True)
class Example:
    """An example: its folder, its data set, its module and an edit of it that matters.

    ``makes`` is the script that makes its table of the data set, ``needs`` what it asks for beside
    mlwright.
    """

    folder: str
    data: str
    module: str
    edit: tuple[str, str]
    makes: str | None = None
    needs: tuple[str, ...] = ()


EXAMPLES = (
    Example("scikit_learn", "churn", "forest.py", ("n_estimators=40", "n_estimators=4")),
    Example("xgboost", "bikeshare", "counts.py", ("num_boost_round=200", "num_boost_round=20")),
    Example(
        "statsmodels",
        "diamonds",
        "logprice.py",
        ("np.log(train.y)", "train.y / 1e4"),
        None,
        ("statsmodels",),
    ),
    Example(
        "pytorch",
        "satimage",
        "network.py",
        ("ROWS_A_STEP = 15,", "ROWS_A_STEP = 1,"),
        None,
        ("safetensors", "torch"),
    ),
    Example(
        "recommender",
        "flights/flights",
        "factors.py",
        ("PENALTY, STEEPNESS = 10, 1.0", "PENALTY, STEEPNESS = 10, 9.0"),
        "pairs.py",
        ("safetensors",),
    ),
    Example(
        "forecast", "flights/flights", "seasons.py", ("share = 2 /", "share = 1 /"), "hours.py"
    ),
)


FITTED = EXAMPLES[1:4]
"""Those whose whole story takes longest."""
TOLD = (EXAMPLES[0], *EXAMPLES[4:])


def _folder(example: Example) -> str:
    return example.folder


@pytest.fixture
def made(
    request: pytest.FixtureRequest, tmp_path: Path, dataset: Callable[[str], Path]
) -> tuple[Shell, dict[str, Any]]:
    """An example that was run; what its file says matters by now, and is something else."""
    example: Example = request.param
    mlw, table = _laid_out(example, tmp_path, dataset)
    run = mlw.good("run", table, "--budget", "1s")
    _edit(example, mlw.folder, run)
    return mlw, run


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment of what mlwright requires, with another numpy than the one here."""
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    _uv("venv", "--python", sys.executable, folder)
    _install(folder, "-r", ROOT / "requirements" / "run.lock")
    _install(folder, "--no-deps", "-e", ROOT, OTHER_NUMPY)
    return folder


@pytest.mark.parametrize("example", FITTED, ids=_folder)
def test_an_example_is_fitted_alike_twice_and_what_it_keeps_answers_better_than_a_guess(
    example: Example, tmp_path: Path, dataset: Callable[[str], Path]
) -> None:
    mlw, source = _laid_out(example, tmp_path, dataset)
    spec = tomllib.loads((mlw.folder / "mlwright.toml").read_text())
    own = _own(mlw.folder / example.module, spec)
    frame = pl.read_csv(source).sample(600, seed=1).drop(spec.get("features", {}).get("drop", ()))
    table = Table(frame, pl.Series([f"r{place}" for place in range(frame.height)]))
    task = infer_task(frame, spec["target"], None, None)
    space = {f"{own.name}.{name}": v for name, v in spec.get("space", {}).get(own.name, {}).items()}
    configuration = tried_with(own, draws(space, own.name, 1, 7)[0])
    plan = Plan((configuration,), 600, 3, 0, 0, 1, 7, 1.0, "any", {}, own=(own,))

    fitted = fit(table, configuration, task, plan, ())
    found = answers(fitted, frame)

    assert fit(table, configuration, task, plan, ()).content == fitted.content
    truth = target_values(frame, task)
    if task.classes:
        guessed = np.bincount(truth.astype(int)).max() / len(truth)
        assert (found.argmax(axis=1) == truth).mean() > guessed + 0.2
    else:
        off = np.abs(found[:, 0] - truth)
        assert off.mean() < np.abs(truth - np.median(truth)).mean() / 2


@pytest.mark.parametrize("made", TOLD[:1], indirect=True, ids=_folder)
def test_an_example_runs_and_is_registered_with_the_text_of_its_module(
    made: tuple[Shell, dict[str, Any]],
) -> None:
    mlw, run = made

    mlw.good("export", "code", run["model"]["ref"], "then")

    (module,) = [each.name for each in mlw.folder.glob("*.py")]
    then, now = (mlw.folder / place / module for place in ("then", "."))
    assert then.read_text() != now.read_text()


@pytest.mark.parametrize("made", TOLD[1:], indirect=True, ids=_folder)
def test_the_fit_of_an_example_is_proved_from_the_text_that_was_recorded(
    made: tuple[Shell, dict[str, Any]],
) -> None:
    mlw, run = made

    assert mlw.good("prove", f"{run['run']['id']}/model")["verdict"] == "exact"


@pytest.mark.deep
@pytest.mark.parametrize("made", EXAMPLES, indirect=True, ids=_folder)
def test_an_example_is_proved_whole_from_the_text_that_was_recorded(
    made: tuple[Shell, dict[str, Any]],
) -> None:
    mlw, run = made

    proof = mlw.good("prove", run["model"]["ref"])

    assert (proof["verdict"], proof["subject"]) == ("exact", run["model"]["id"])


@pytest.mark.deep
@pytest.mark.parametrize("example", EXAMPLES, ids=_folder)
def test_an_example_is_proved_when_the_environment_it_was_trained_in_is_gone(
    example: Example, tmp_path: Path, dataset: Callable[[str], Path], elsewhere: Path
) -> None:
    mlw, table = _laid_out(example, tmp_path, dataset)
    if example.needs:
        needed = [f"{name}=={version(name)}" for name in example.needs]
        _install(elsewhere, *needed, OTHER_NUMPY)
    there = Shell(mlw.folder, str(elsewhere / "bin" / "python"))
    run = there.good("run", table, "--budget", "1s", "--keep-wheels")
    _edit(example, mlw.folder, run)
    gone = elsewhere.rename(elsewhere.with_name("gone"))

    try:
        proof = mlw.good("prove", run["model"]["ref"])
    finally:
        gone.rename(elsewhere)  # the next example is trained in it

    assert (proof["verdict"], proof["subject"]) == ("exact", run["model"]["id"])
    assert "environment, built again" in proof["why"]
    assert OTHER_NUMPY.replace("==", " ") in proof["why"]


def _own(module: Path, spec: dict[str, Any]) -> OwnModel:
    """Return the model an example's file declares, without executing it here."""
    text = module.read_text()
    (name,) = spec["search"]["models"]
    blueprint = json.dumps({"fit": name}, separators=(",", ":"))
    recipe = "tree" if 'recipe="tree"' in text else "linear"
    modules = (Module(module.stem, package=False, text=text),)
    return OwnModel(name, blueprint, recipe, False, "sha256:0", (), modules, {})


def _laid_out(example: Example, folder: Path, dataset: Callable[[str], Path]) -> tuple[Shell, Path]:
    """Return a copy of an example's folder, and its table."""
    if example.folder == "pytorch" and find_spec("torch") is None:
        pytest.skip("there is no CPU build of PyTorch here")
    folder = folder / example.folder
    shutil.copytree(
        ROOT / "examples" / example.folder, folder, ignore=shutil.ignore_patterns("[._]*")
    )
    return Shell(folder), _table(example, folder, dataset(example.data))


def _edit(example: Example, folder: Path, run: dict[str, Any]) -> None:
    """Change a line that matters of the module that was run, and commit nothing."""
    module = folder / example.module
    text = module.read_text()
    assert text.count(example.edit[0]) == 1
    assert run["model"]["chosen"].startswith(f"{module.stem}:fit")
    module.write_text(text.replace(*example.edit))


def _install(venv: Path, *packages: object) -> None:
    _uv("pip", "install", "--python", venv / "bin" / "python", *packages)


def _uv(*arguments: object) -> None:
    uv = find_uv(os.environ)
    assert uv is not None
    environ = {"UV_FIND_LINKS": os.environ.get("PIP_FIND_LINKS", ""), **os.environ}
    subprocess.run([uv, *map(str, arguments)], env=environ, check=True, capture_output=True)


def _table(example: Example, folder: Path, whole: Path) -> Path:
    """Return a small table of the example's, made by its own script where it has one."""
    table = folder / "table.csv"
    if example.makes is not None:
        script = [sys.executable, str(folder / example.makes), str(whole), str(table)]
        subprocess.run(script, cwd=folder, check=True, capture_output=True)
        whole = table.rename(folder / "whole.csv")
    with whole.open() as lines:
        table.write_text("".join(islice(lines, ROWS + 1)))
    return table
