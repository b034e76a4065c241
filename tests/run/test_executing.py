"""Runs over executors: several steps at once, what they tell, and how they are ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from mlwright.core.errors import UsageError
from mlwright.core.seam import SystemSeam
from mlwright.ledger.ledger import Ledger
from mlwright.run.engine import Runner, StepReport
from mlwright.run.executors.processes import Processes, cores
from mlwright.run.executors.terminal import Terminal
from mlwright.run.history import run_record
from mlwright.run.recorded import RunRecord
from mlwright.run.replaying.replay import replay
from mlwright.run.steps.step import step
from mlwright.run.telling import Telling
from mlwright.run.tracking.reading import points
from mlwright.store.local import LocalStore


class Bench:
    """A store, a ledger, and runs over them."""

    def __init__(self, folder: Path) -> None:
        self.store = LocalStore(folder / "store")
        self.ledger = Ledger.open(folder / "ledger", SystemSeam(), create=True)
        self.folder = folder
        self.reports: list[StepReport] = []
        self.shown = StringIO()
        self.id = ""

    def run(self, *steps: Any, executor: Any = None, **inputs: Any) -> dict[str, Any]:
        self.reports.clear()
        runner = Runner(
            self.store,
            self.ledger,
            SystemSeam(),
            folder=self.folder / "code",
            executor=executor,
            on_step=self.reports.append,
            live=Terminal(self.shown),
        )
        self.id = runner.start("test", inputs)
        return runner.execute(steps)

    def record(self) -> RunRecord:
        return run_record(self.ledger, self.id)

    def executed(self) -> list[str]:
        return [report.step for report in self.reports if not report.cached]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.ledger.close()


TOGETHER = """
import os, time
from pathlib import Path
import mlwright as mw

def meets(folder, mine, other):
    # Each waits for the other: alone neither would come to its end.
    (Path(folder) / mine).touch()
    until = time.monotonic() + 120
    while not (Path(folder) / other).exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    print(mine, "met", other)
    return os.environ["OMP_NUM_THREADS"]

@mw.step(pure=True)
def left(folder, ctx):
    ctx.log(loss=0.25, step=1)
    return meets(folder, "left", "right")

@mw.step(pure=True)
def right(folder): return meets(folder, "right", "left")

@mw.step
def both(left, right): return [left, right]

@mw.step
def fails(left): raise ValueError("Alice")

@mw.step
def slow(right):
    time.sleep(0.3)
    return 1

@mw.step
def never(fails): return fails
"""


def test_steps_that_need_not_wait_for_each_other_run_together_each_with_its_share(
    bench: Bench, write: Any, tmp_path: Path
) -> None:
    steps = write({"steps.py": TOGETHER})
    executor = Processes(2)

    made = bench.run(steps.left, steps.right, steps.both, executor=executor, folder=str(tmp_path))
    share = str(max(1, cores() // 2))
    assert made["both"] == [share, share]
    record = bench.record()
    assert {each.executor for each in record.steps} == {"processes"}
    told = {each.step: each.log and bench.store.get(each.log) for each in record.steps}
    assert told == {"left": b"left met right\n", "right": b"right met left\n", "both": None}
    assert "left | left met right\n" in bench.shown.getvalue()
    assert "left | loss 0.25 at 1\n" in bench.shown.getvalue()
    assert f'"OMP_NUM_THREADS":"{share}"'.encode() in bench.store.get(record.environment)

    # Kept, in another run and by another executor, with what was printed and logged.
    bench.run(steps.left, steps.right, steps.both, folder=str(tmp_path))
    assert bench.executed() == []
    assert {each.log for each in bench.record().steps} == {each.log for each in record.steps}
    assert points(bench.ledger, bench.store, bench.id) == points(
        bench.ledger, bench.store, record.id
    )
    assert points(bench.ledger, bench.store, bench.id)["left/loss"].values == [0.25]


def test_when_a_step_fails_those_under_way_are_kept_and_no_other_is_begun(
    bench: Bench, write: Any, tmp_path: Path
) -> None:
    steps = write({"steps.py": TOGETHER})
    asked = (steps.left, steps.right, steps.fails, steps.slow, steps.never)

    with pytest.raises(UsageError, match="Alice") as caught:
        bench.run(*asked, executor=Processes(2), folder=str(tmp_path))

    assert caught.value.code == "step-raised"
    assert sorted(bench.executed()) == ["left", "right", "slow"]
    event = next(iter(bench.ledger.events(newest_first=True)))
    assert (event.kind, event.facts["code"]) == ("run.failed", "step-raised")
    assert event.facts["error"] == "builtins.ValueError"
    assert event.facts["step"] == "fails"
    assert b"Alice" not in event.body
    assert b'raise ValueError("Alice")' in bench.store.get(event.objects[0])


SEEDED = """
import mlwright as mw
@mw.step
def seeded(ctx, seed=1): return ctx.seed + seed
@mw.step
def drawn(ctx): return ctx.seed
"""


def test_the_seed_a_context_tells_is_in_the_key_and_given_again_in_a_replay(
    bench: Bench, write: Any
) -> None:
    steps = write({"steps.py": SEEDED})

    assert bench.run(steps.drawn) == {"drawn": 0}
    assert bench.run(steps.drawn, seed=7) == {"drawn": 7}
    assert bench.executed() == ["drawn"]
    assert bench.run(steps.seeded, steps.drawn, seed=7) == {"seeded": 14, "drawn": 7}
    assert bench.executed() == ["seeded"]

    again = replay(bench.id, bench.store, bench.ledger)
    assert [each.exact for each in again.steps] == [True, True]

    with pytest.raises(UsageError) as caught:
        bench.run(steps.drawn, seed="x")
    assert caught.value.code == "run-seed"


def test_a_log_keeps_its_start_and_its_end_and_counts_what_lies_between() -> None:
    telling = Telling("fit", lambda: pytest.fail("no number was logged"), kept=20)
    for number in range(1000):
        telling.printed(f"{number:04}\n")

    text = telling.text()

    assert text == b"0000\n0001\n\n... 4,980 bytes left out ...\n0998\n0999\n"
    assert not telling.logged


def test_limits_that_are_none_are_refused_before_anything_runs() -> None:
    wrong: list[dict[str, Any]] = [
        {"retries": -1},
        {"retries": True},
        {"timeout": "soon"},
        {"timeout": 0},
        {"memory": "1kB"},
        {"memory": "10m"},
        {"inputs": "rates.csv"},
    ]
    for options in wrong:
        with pytest.raises(UsageError) as caught:
            step(**options)(lambda: 1)
        assert caught.value.code == "step-option"


SCRIPT = """
import os, sys, time
from pathlib import Path
import mlwright as mw

HERE = Path(__file__).parent

def note(name):
    with open(HERE / "done", "a") as file:
        file.write(f"{name}\\n")
    if (HERE / f"hold {name}").exists():
        child = os.fork()  # of the step's own: it has to go with it
        if child:
            (HERE / "held").write_text(f"{os.getpid()} {child}")
        time.sleep(100)

@mw.step(pure=True)
def one(n): note("one"); return n + 1
@mw.step(pure=True)
def two(one): note("two"); return one * 2
@mw.step(pure=True)
def three(two): note("three"); return two * 3
@mw.step(pure=True)
def four(three): note("four"); return three + 1
@mw.step(pure=True)
def five(four): note("five"); return four + 1
@mw.step(pure=True)
def six(five): note("six"); return five * 2

if __name__ == "__main__":
    run = mw.pipeline(one, two, three, four, five, six).run(n=1, executor=sys.argv[1])
    print("made", run["six"])
"""

SIX = ("one", "two", "three", "four", "five", "six")


@pytest.mark.parametrize(
    ("executor", "ended"),
    [
        ("processes", {"two": signal.SIGKILL, "five": signal.SIGINT}),
        pytest.param(
            "processes", dict.fromkeys(SIX, signal.SIGKILL), marks=pytest.mark.deep, id="each"
        ),
    ],
)
def test_a_killed_or_interrupted_pipeline_ends_its_processes_and_goes_on_where_it_stopped(
    tmp_path: Path, executor: str, ended: dict[str, signal.Signals]
) -> None:
    script = tmp_path / "six.py"
    script.write_text(SCRIPT)
    (tmp_path / "mlwright.toml").write_text("")

    for name, number in ended.items():
        (tmp_path / f"hold {name}").touch()
        at_work = _start(script, executor)
        held = [int(each) for each in _awaited(tmp_path / "held").split()]
        at_work.send_signal(number)
        at_work.wait(120)
        assert _all_gone(held)
        (tmp_path / f"hold {name}").unlink()
        (tmp_path / "held").unlink()
    last = _start(script, executor)

    assert last.wait(300) == 0
    assert (tmp_path / "said").read_text().endswith("made 28\n")
    executed = (tmp_path / "done").read_text().split()
    assert executed == [each for name in SIX for each in [name] * (1 + (name in ended))]
    with Ledger.open(tmp_path / ".mlwright" / "ledger", SystemSeam()) as ledger:
        runs = [event.subject for event in ledger.events(kind="run.started")]
        statuses = [run_record(ledger, run).status for run in runs]
    how = {signal.SIGKILL: "open", signal.SIGINT: "interrupted"}
    assert statuses == [*(how[number] for number in ended.values()), "finished"]


def _start(script: Path, executor: str) -> subprocess.Popen[str]:
    with (script.parent / "said").open("w") as said:
        return subprocess.Popen(
            [sys.executable, str(script), executor],
            cwd=script.parent,
            stdout=said,
            stderr=said,
            text=True,
        )


def _awaited(path: Path) -> str:
    until = time.monotonic() + 60
    while not (path.exists() and len(path.read_text().split()) == 2):
        assert time.monotonic() < until, (path.parent / "said").read_text()
        time.sleep(0.01)
    return path.read_text()


def _all_gone(pids: list[int]) -> bool:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if not any(_runs(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def _runs(pid: int) -> bool:
    with suppress(OSError):
        os.kill(pid, 0)
        # One that has ended and that nobody waits for is gone too.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
