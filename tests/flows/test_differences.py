"""Two runs side by side: their code line by line, what they were asked, and where they ran."""

from __future__ import annotations

import importlib
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from mlwright.api.project import Project
from mlwright.api.track import track
from mlwright.cli.diff_view import document_of, tell_differences
from mlwright.cli.output import Output
from mlwright.core.encoding import plain
from mlwright.core.records import dump, load
from mlwright.core.seam import ReplaySeam
from mlwright.core.settings import resolve
from mlwright.flows.differences import Differences, diff
from mlwright.flows.workspace import Workspace
from mlwright.govern.difference import Part
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent
from mlwright.run.engine import Runner
from mlwright.run.records import Environment
from mlwright.run.steps.step import step
from mlwright.store.memory import MemoryStore
from mlwright.train.records import Plan

CODE = """
from mlwright.run.steps.step import step

RATE = 2

@step
def priced(amounts: list, rate: float) -> list:
    return [amount * rate * RATE for amount in amounts]
"""


@step
def rows_of(plan: Plan) -> int:
    return plan.rows


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, ModuleType]]:
    path = tmp_path / "shop_of_differences.py"
    path.write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield path, importlib.import_module(path.stem)
    del sys.modules[path.stem]


def workspace(folder: Path) -> Workspace:
    settings = resolve({}, flags={}, environ={}, document={}, document_name=None)
    seam = ReplaySeam()
    return Workspace(folder, MemoryStore(), Ledger.in_memory(seam), settings, seam)


def done(shop: tuple[Path, ModuleType], work: Workspace, **config: object) -> str:
    runner = Runner(work.store, work.ledger, work.seam, folder=shop[0].parent)
    inputs = {"amounts": [1, 2, 3], "plan": {"rows": 3, "tries": [{"name": "a", "depth": 1}]}}
    run = runner.start("shop", {**inputs, **config.pop("inputs", {})}, config)  # type: ignore[dict-item]
    runner.execute([shop[1].priced])
    runner.finish("finished")
    return run


def said(found: Differences, part: Part) -> dict[str, tuple[object, object]]:
    return {d.what: (d.first, d.second) for d in found.differences if d.part is part}


def test_two_runs_differ_in_code_parameters_and_steps_and_each_is_told_once(
    shop: tuple[Path, ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    path, module = shop
    work = workspace(path.parent)
    tries = [{"name": "b", "depth": 2}, {"name": "a", "depth": 4}]
    first = done(shop, work, rate=1.5)
    path.write_text(CODE.replace("RATE = 2", "RATE = 25  # dearer"))
    importlib.reload(module)
    second = done(shop, work, rate=1.5, note="x", inputs={"plan": {"rows": 3, "tries": tries}})

    found = diff(first, second, work)
    tell_differences(Output(as_json=False, quiet=False, verbose=False, folder=None), found)
    document = json.loads(json.dumps(plain(document_of(found))))

    assert [(text.name, text.added, text.removed) for text in found.code] == [(path.name, 1, 1)]
    assert "-RATE = 2\n+RATE = 25  # dearer" in found.code[0].diff
    assert said(found, Part.PARAMETERS) == {
        "note": (None, "x"),
        "input plan.tries.a.depth": (1, 4),
        "input plan.tries.b": (None, {"name": "b", "depth": 2}),
    }
    assert said(found, Part.STEPS).keys() == {"step priced"}
    reached = said(found, Part.CODE)["code that steps reach"]
    assert reached == (None, "shop_of_differences:RATE changed")
    assert said(found, Part.ENVIRONMENT) == {}
    assert document["differences"][0].keys() == {"what", "first", "second", "part"}
    assert document["code"][0]["diff"] == found.code[0].diff
    told = capsys.readouterr().out
    assert "+RATE = 25" in told
    assert told.index("\ncode\n") < told.index("\nparameters\n") < told.index("\nsteps\n")


def test_a_run_differs_from_itself_in_nothing(
    shop: tuple[Path, ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    work = workspace(shop[0].parent)
    run = done(shop, work, rate=1.5)

    found = diff(run, run, work)
    tell_differences(Output(as_json=False, quiet=False, verbose=False, folder=None), found)

    assert (found.differences, found.code) == ((), ())
    assert "no difference" in capsys.readouterr().out


def test_what_a_probe_timed_is_no_difference_and_the_plan_it_made_is(tmp_path: Path) -> None:
    work = workspace(tmp_path)
    plan = Plan(
        configurations=(),
        rows=1_000,
        folds=3,
        outer_folds=0,
        repeats=1,
        threads=1,
        seed=0,
        budget_seconds=1.0,
        machine="",
        measured={"seconds_foreseen": 0.5},
    )
    runs = []
    for made in (plan, replace(plan, measured={"seconds_foreseen": 0.7}), replace(plan, folds=5)):
        runner = Runner(work.store, work.ledger, work.seam, folder=tmp_path)
        runs.append(runner.start("run", {"plan": made}, {}))
        runner.execute([rows_of])
        runner.finish("finished")

    assert diff(runs[0], runs[1], work).differences == ()
    assert said(diff(runs[1], runs[2], work), Part.PARAMETERS) == {"input plan.folds": (3, 5)}


def test_another_library_kernel_and_thread_count_are_named(
    shop: tuple[Path, ModuleType],
) -> None:
    work = workspace(shop[0].parent)
    run = done(shop, work, rate=1.5)
    facts = next(iter(work.ledger.events(kind="run.started"))).facts
    here = load(Environment, work.store.get(str(facts["environment"])))  # type: ignore[arg-type]
    numpy = replace(here.distributions["numpy"], version="1.0")
    polars = replace(here.distributions["polars"], files=here.digest)
    there = replace(
        here,
        blas=("openblas OldCore",),
        threads={**here.threads, "blas": 64},
        distributions={**here.distributions, "numpy": numpy, "polars": polars},
    )
    other = f"r_{'a' * 26}"
    started = {**facts, "environment": work.store.put(dump(there))}
    work.ledger.append([NewEvent("run.started", other, started)])

    found = said(diff(run, other, work), Part.ENVIRONMENT)

    assert found["blas"] == (", ".join(here.blas), "openblas OldCore")
    assert found["threads blas"] == (here.threads["blas"], 64)
    assert found["numpy"] == (here.distributions["numpy"].version, "1.0")
    version = here.distributions["polars"].version
    assert found["polars"] == (version, f"{version}, other files")
    assert len(found) == 4


def test_what_was_logged_differs_by_parameter_tag_and_metric(tmp_path: Path) -> None:
    runs = []
    for depth in (3, 5):
        with track("try", params={"depth": depth, "rate": math.nan}, project=tmp_path) as tracked:
            for step in range(depth):
                tracked.log(loss=1 / (step + depth), bias=math.nan, step=step)
        runs.append(tracked.id)

    with Project.open(tmp_path) as project:
        found = project.diff(*runs)
        same = project.diff(runs[0], runs[0])

    assert said(found, Part.PARAMETERS) == {"params.depth": (3, 5)}
    loss = said(found, Part.METRICS)["metrics.loss"]
    assert [each.last for each in loss] == [1 / 5, 1 / 9]  # type: ignore[attr-defined]
    assert same.differences == ()
