"""Each example as its reader does it: run, changed without a commit, and the old model proved."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Shell

ROOT = Path(__file__).resolve().parents[2]
ROWS = 2_600
"""Enough for a sealed part, and few enough for tests."""


@dataclass(frozen=True)
class Example:
    """An example: its folder, its data set, its module and an edit of it that matters.

    ``makes`` is the script that makes its table of the data set.
    """

    folder: str
    data: str
    module: str
    edit: tuple[str, str]
    makes: str | None = None


EXAMPLES = (
    Example("scikit_learn", "churn", "forest.py", ("n_estimators=40", "n_estimators=4")),
    Example("xgboost", "bikeshare", "counts.py", ("num_boost_round=200", "num_boost_round=20")),
    Example("statsmodels", "diamonds", "logprice.py", ("np.log(train.y)", "train.y / 1e4")),
    Example("pytorch", "satimage", "network.py", ("ROWS_A_STEP = 15,", "ROWS_A_STEP = 1,")),
    Example(
        "recommender",
        "flights/flights",
        "factors.py",
        ("PENALTY, STEEPNESS = 10, 1.0", "PENALTY, STEEPNESS = 10, 9.0"),
        "pairs.py",
    ),
    Example(
        "forecast", "flights/flights", "seasons.py", ("share = 2 /", "share = 1 /"), "hours.py"
    ),
)


def _folder(example: Example) -> str:
    return example.folder


@pytest.fixture
def made(
    request: pytest.FixtureRequest, tmp_path: Path, dataset: Callable[[str], Path]
) -> tuple[Shell, dict[str, Any]]:
    """An example that was run; what its file says matters by now, and is something else."""
    example: Example = request.param
    if example.folder == "pytorch" and find_spec("torch") is None:
        pytest.skip("there is no CPU build of PyTorch here")
    folder = tmp_path / example.folder
    shutil.copytree(
        ROOT / "examples" / example.folder, folder, ignore=shutil.ignore_patterns("[._]*")
    )
    mlw = Shell(folder)
    table = _table(example, folder, dataset(example.data))
    module = folder / example.module
    text = module.read_text()
    assert text.count(example.edit[0]) == 1

    run = mlw.good("run", table, "--budget", "1s")
    assert run["model"]["chosen"].startswith(f"{module.stem}:fit")
    module.write_text(text.replace(*example.edit))
    return mlw, run


@pytest.mark.parametrize("made", EXAMPLES[:3], indirect=True, ids=_folder)
def test_an_example_runs_and_is_registered_with_the_text_of_its_module(
    made: tuple[Shell, dict[str, Any]],
) -> None:
    mlw, run = made

    mlw.good("export", "code", run["model"]["ref"], "then")

    (module,) = [each.name for each in mlw.folder.glob("*.py")]
    then, now = (mlw.folder / place / module for place in ("then", "."))
    assert then.read_text() != now.read_text()


@pytest.mark.parametrize("made", EXAMPLES[3:], indirect=True, ids=_folder)
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
