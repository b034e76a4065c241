"""Every executor carries a step out alike: what it gives, tells, refuses, and how it is ended."""

from __future__ import annotations

import importlib
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest

from mlwright.core.errors import FaultError, MlwrightError
from mlwright.run.artefacts import pack, unpack
from mlwright.run.closure.walk import closure
from mlwright.run.code.sources import read_sources
from mlwright.run.executors.inline import Inline
from mlwright.run.executors.processes import Processes
from mlwright.run.executors.protocol import Executor, Outcome, Task
from mlwright.run.executors.sandbox import Sandbox, why_no_sandbox
from mlwright.run.steps.classes import classes_in
from mlwright.run.steps.step import Step

STEPS = """
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import mlwright as mw

RATES = {"low": 2}


@dataclass(frozen=True)
class Price:
    value: int

    def rated(self):
        return self.value * RATES["low"]


@mw.step
def priced(price, parts, ctx):
    print("priced", price.value)
    ctx.log("half way", loss=float("nan"), step=3)
    ctx.log(loss=0.5)
    return {"rated": price.rated(), "parts": parts, "seed": ctx.seed, "pid": os.getpid()}


@mw.step
def spoils(parts):
    parts.append(1)
    return parts


@mw.step
def raises(parts):
    raise KeyError("Alice")


@mw.step(retries=1)
def fails_once(parts, mark):
    if Path(mark).exists():
        return Path(mark).read_text()
    Path(mark).write_text("tried before")
    raise OSError("the first time")


@mw.step
def gives_no_value(parts):
    return object()


@mw.step(timeout="600ms")
def sleeps(mark):
    Path(mark).touch()
    time.sleep(60)


@mw.step(memory="400MB")
def hoards(parts):
    return len(bytearray(2_000_000_000))
"""


class Ear:
    """Remembers what it hears."""

    def __init__(self) -> None:
        self.text = ""
        self.points: list[tuple[str, float, int | None]] = []

    def printed(self, text: str, *, shown: bool = False) -> None:
        self.text += text

    def say(self, text: str) -> None:
        self.printed(f"{text}\n")

    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        self.points.extend((name, value, step) for name, value in values.items())

    def flush(self) -> None:
        pass


@pytest.fixture(params=["inline", "processes", "sandbox"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "sandbox" and (why := why_no_sandbox()):
        pytest.skip(why)
    kinds: dict[str, Callable[[], Executor]] = {
        "inline": Inline,
        "processes": lambda: Processes(2),
        "sandbox": lambda: Sandbox(2),
    }
    made = kinds[request.param]()
    yield made
    made.close()


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("code")
    (folder / "steps_of_executors.py").write_text(STEPS)
    sys.path.insert(0, str(folder))
    yield importlib.import_module("steps_of_executors")
    sys.path.remove(str(folder))
    del sys.modules["steps_of_executors"]


def task(step: Step[..., Any], **arguments: object) -> Task:
    found = closure(step.function, classes_in(arguments.values()))
    return Task(
        step=step.name,
        function=step.function,
        qualified=step.qualified,
        found=found,
        arguments={name: pack(value) for name, value in arguments.items()},
        resources={},
        seed=7 if step.takes_context else None,
        limits=step.limits,
        sources=lambda: read_sources(found.modules),
        hearer=Ear(),
    )


def done(executor: Executor, asked: Task) -> Outcome:
    executor.submit(asked)
    return executor.wait()


def value(outcome: Outcome) -> Any:
    assert outcome.artefact is not None, outcome.error
    return unpack(outcome.artefact.kind, outcome.artefact.raw)


def test_a_step_gives_prints_and_logs_the_same_wherever_it_is_carried_out(
    executor: Executor, steps: Any
) -> None:
    asked = task(steps.priced, price=steps.Price(21), parts=[1, 2])

    outcome = done(executor, asked)
    given = value(outcome)
    pid = given.pop("pid")

    assert given == {"rated": 42, "parts": [1, 2], "seed": 7}
    assert outcome.apart is (pid != os.getpid()) is (executor.name != "inline")
    assert isinstance(asked.hearer, Ear)
    assert asked.hearer.text == "priced 21\nhalf way\n"
    (name, first, at), second = asked.hearer.points
    assert (name, math.isnan(first), at, second) == ("loss", True, 3, ("loss", 0.5, None))


def test_what_a_step_does_to_its_arguments_and_what_it_raises_stays_its_own(
    executor: Executor, steps: Any
) -> None:
    spoiling = task(steps.spoils, parts=[0])

    assert [value(done(executor, spoiling)) for _ in range(2)] == [[0, 1], [0, 1]]

    outcome = done(executor, task(steps.raises, parts=[]))
    assert outcome.artefact is None
    assert "Alice" in str(outcome.error)
    assert isinstance(outcome.task.hearer, Ear)
    assert 'raise KeyError("Alice")' in outcome.task.hearer.text

    outcome = done(executor, task(steps.gives_no_value, parts=[]))
    assert isinstance(outcome.error, MlwrightError)
    assert outcome.error.code == "artefact-type"


def test_a_step_is_ended_that_takes_more_time_or_memory_than_it_may(
    executor: Executor, steps: Any, tmp_path: Path
) -> None:
    mark = _mark(executor, tmp_path)
    began = time.monotonic()
    late = done(executor, task(steps.sleeps, mark=mark))
    spent = time.monotonic() - began
    large = done(executor, task(steps.hoards, parts=[]))

    assert [_code(late), _code(large)] == ["step-timeout", "step-memory"]
    assert 0.6 < spent < 55, "it slept to its end"
    assert (late.apart, large.apart) == (True, True)


def test_a_cancelled_executor_ends_what_is_under_way_and_works_again(
    executor: Executor, steps: Any, tmp_path: Path
) -> None:
    if executor.name == "inline":
        pytest.skip("Ctrl-C reaches the step itself")
    mark = _mark(executor, tmp_path)
    executor.submit(task(Step(steps.sleeps.function), mark=mark))
    while executor.name == "processes" and not Path(mark).exists():
        time.sleep(0.01)
    began = time.monotonic()
    executor.cancel()

    assert time.monotonic() - began < 50
    assert value(done(executor, task(steps.spoils, parts=[]))) == [1]


def test_a_failed_attempt_is_tried_again_and_told(steps: Any, tmp_path: Path) -> None:
    for kind in (Inline, Processes):
        mark = tmp_path / kind.name
        executor = kind()

        outcome = done(executor, task(steps.fails_once, parts=[], mark=str(mark)))

        assert value(outcome) == "tried before"
        assert len(outcome.failures) == 1
        assert outcome.failures[0].code == "step-raised"
        assert isinstance(outcome.task.hearer, Ear)
        assert "attempt 1 of 2 failed" in outcome.task.hearer.text


def _mark(executor: Executor, folder: Path) -> str:
    """Return where a step may write: a sandbox has a folder for it of its own."""
    return str((Path(gettempdir()) if executor.name == "sandbox" else folder) / "mark")


def _code(outcome: Outcome) -> str:
    assert isinstance(outcome.error, FaultError), outcome.error
    return outcome.error.code
