"""A run killed at any moment leaves nothing half done, and the next goes on where it stopped."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from mlwright.core.seam import SystemSeam
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.verify import verify
from mlwright.store import verify as store_verify
from mlwright.store.local import LocalStore

SCRIPT = """
import os, sys, time
from pathlib import Path
from mlwright.core.seam import SystemSeam
from mlwright.ledger.ledger import Ledger
from mlwright.run.engine import Runner
from mlwright.run.environments.record import environment
from mlwright.run.pipelines.pipeline import Pipeline
from mlwright.run.steps.step import step
from mlwright.store.local import LocalStore

def work(name, value):
    for _ in range(10):
        time.sleep(0.004)
    return [name, value, "x" * 200_000]

@step
def one(n): return work("one", n)
@step
def two(one): return work("two", one[1] + 1)
@step
def three(one): return work("three", one[1] * 2)
@step
def four(two, three): return work("four", two[1] + three[1])
@step
def five(four): return work("five", four[1] * 3)
@step
def six(five, n): return work("six", five[1] + n)

folder = Path(sys.argv[1])

def attempt():
    store = LocalStore(folder / "store")
    with Ledger.open(folder / "ledger", SystemSeam(), create=True) as ledger:
        runner = Runner(store, ledger, SystemSeam(), folder=folder / "none")
        pipeline = Pipeline(one, two, three, four, five, six)
        print("made", pipeline.carry_out(runner, {"n": 5}).outputs["six"][1], flush=True)

environment()  # Read once a process; the moments are for what comes after.
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        print("started", os.getpid(), flush=True)
        attempt()
        os._exit(0)
    print("ended", os.waitpid(child, 0)[1], flush=True)
"""


def test_kill_9_at_random_moments_costs_no_more_than_the_step_it_hit(tmp_path: Path) -> None:
    script = tmp_path / "pipeline.py"
    script.write_text(SCRIPT)
    moments = random.Random(20261121)
    kills, made = 0, ""

    # One process imports everything and forks for each attempt: many attempts in little time.
    with subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        while not made and kills < 100:
            server.stdin.write("go\n")
            attempt = int(server.stdout.readline().removeprefix("started "))
            # Later each time, so that a slow machine gets there too.
            time.sleep(moments.uniform(0.0, 0.08 + kills * 0.01))
            with suppress(ProcessLookupError):  # It came to its end first.
                os.kill(attempt, signal.SIGKILL)
            said = server.stdout.readline()
            if said.startswith("made "):
                made, said = said, server.stdout.readline()
            else:
                kills += 1
            assert said.startswith("ended ")
            if kills % 4 == 0:
                _check(tmp_path)
        server.stdin.close()

    assert made == "made 53\n"
    assert kills >= 3
    _check(tmp_path)
    _check_finished_once(tmp_path)


def _check(folder: Path) -> None:
    """Every object an event names is there and whole, and the log verifies."""
    store = LocalStore(folder / "store", writable=False)
    # The first may have been killed before there was a ledger.
    with Ledger.open(folder / "ledger", SystemSeam(), create=True) as ledger:
        verify(ledger)
        assert all(store.has(digest) for digest in ledger.objects())
    assert store_verify.verify(store).corrupt == ()


def _check_finished_once(folder: Path) -> None:
    with Ledger.open(folder / "ledger", SystemSeam()) as ledger:
        facts = [event.facts for event in ledger.events(kind="step.finished")]
    for name in ("one", "two", "three", "four", "five", "six"):
        cached = [each["cached"] for each in facts if each["step"] == name]
        assert cached[0] is False
        assert all(cached[1:])
        assert len({each["key"] for each in facts if each["step"] == name}) == 1
