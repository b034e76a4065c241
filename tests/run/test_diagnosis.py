"""A step that differs is executed once more, watched, and the cause is found by trying."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.run.test_replay import Recorded

from mlwright.govern.prove import judge_steps
from mlwright.govern.records import ProofVerdict, ProvedStep
from mlwright.run.history import run_record
from mlwright.run.replaying.replay import replay
from mlwright.store.local import LocalStore

STEPS = """
import os, random, socket, time
from datetime import datetime
from pathlib import Path
import numpy as np
from mlwright.run.steps.step import step

STARTED = time.time()

@step
def clock(x: int) -> str:
    now = datetime.now()
    return f"{x} {now.isoformat()}"

@step
def unseeded(x: int) -> float:
    rng = np.random.default_rng()
    return float(rng.normal()) + x

@step
def timed(x: int) -> float:
    began = time.perf_counter()
    rng = np.random.default_rng()
    drawn = float(rng.normal()) + x
    print("took", time.perf_counter() - began)
    return drawn

@step
def outside(path: str) -> str:
    return Path(path).read_text()

@step
def fetched(port: int) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as asked:
        return asked.recv(99).decode()

@step
def ordered(words: list[str]) -> list[str]:
    return list(set(words))

@step
def variable(x: int) -> str:
    return os.environ.get("MLWRIGHT_TEST_RATE", "none")

@step
def started(x: int) -> float:
    return STARTED

@step
def after(unseeded: float) -> float:
    return unseeded * 2

@step
def gone(lost: str) -> int:
    return 1000 + len(Path(lost).read_bytes())

@step
def fine(x: int) -> float:
    print(time.time())
    return random.Random(x).random() + float(np.random.default_rng(x).normal())
"""


@pytest.fixture
def port() -> Iterator[int]:
    """Serve another number to each who connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        numbers = count()

        def answer() -> None:
            while True:
                try:
                    asked, _ = server.accept()
                except OSError:
                    return
                with asked:
                    asked.sendall(str(next(numbers)).encode())

        threading.Thread(target=answer, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proved(
    tmp_path: Path, write: Any, port: int, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, ProvedStep]]:
    """Run the steps, change what lies outside their inputs, and prove them."""
    steps = write({"steps.py": STEPS})
    recorded = Recorded(tmp_path / "state")
    rates, lost = tmp_path / "rates.csv", tmp_path / "lost.csv"
    rates.write_text("1")
    lost.write_text("1")
    monkeypatch.setenv("MLWRIGHT_TEST_RATE", "7")
    names = [line.split("(")[0][4:] for line in STEPS.splitlines() if line.startswith("def ")]
    run = recorded.run(
        *(getattr(steps, name) for name in names),
        x=1,
        path=str(rates),
        lost=str(lost),
        port=port,
        words=[f"word {number}" for number in range(20)],
    )
    rates.write_text("2")
    lost.unlink()
    monkeypatch.setenv("MLWRIGHT_TEST_RATE", "8")
    top = LocalStore(tmp_path / "top")

    found = replay(run, recorded.store, recorded.ledger, top=top, diagnose=True)

    judged = judge_steps(run_record(recorded.ledger, run), found, recorded.store, top)
    yield {each.step: each for each in judged}
    recorded.ledger.close()


def test_each_cause_is_named_with_the_line_that_is_at_fault(proved: dict[str, ProvedStep]) -> None:
    lines = STEPS.splitlines()

    def place(text: str) -> str:
        return f"steps.py:{next(i for i, line in enumerate(lines, 1) if text in line)}"

    assert proved["fine"].why == ""
    causes = {name: each.cause for name, each in proved.items()}
    assert causes == {
        "clock": "clock",
        "unseeded": "randomness",
        "timed": "randomness",
        "outside": "file",
        "fetched": "network",
        "ordered": "hash",
        "variable": "variable",
        "started": "clock",
        "after": "input",
        "gone": "file",
        "fine": None,
    }
    told = {name: each.why for name, each in proved.items()}
    assert f"{place('datetime.now()')} reads the clock (datetime.now) and gets" in told["clock"]
    assert f"{place('default_rng()')} draws random numbers nobody seeded" in told["unseeded"]
    assert "reads the clock" not in told["timed"]
    assert f"{place('read_text')} reads rates.csv, which is none of the inputs" in told["outside"]
    assert "changed since the run" in told["outside"]
    assert f"{place('create_connection')} asks 127.0.0.1 over the network" in told["fetched"]
    assert f"({place('set(words)')}); sort what comes from a set" in told["ordered"]
    assert f"{place('environ')} reads the environment variable MLWRIGHT_TEST" in told["variable"]
    assert told["started"].endswith(
        f"steps:STARTED is another: {place('STARTED =')} reads the clock (time.time) while its "
        "module is imported; give the time as an input"
    )
    assert told["after"].endswith("it was fed what unseeded gave now")
    assert told["gone"].startswith("FileNotFoundError")
    assert place("read_bytes") in told["gone"]
    assert proved["fine"].verdict is ProofVerdict.EXACT
    different = {name for name, e in proved.items() if e.verdict is ProofVerdict.DIFFERENT}
    assert different == proved.keys() - {"fine"}
    # A clock that moved by less than the tolerance is no rounding.
    assert proved["started"].apart is not None
    assert all(each.path is None for step in proved.values() for each in step.seen)


DYING = """
import os, sys
from mlwright.run.steps.step import step

@step
def dying(x: int) -> str:
    if sys.getprofile() is not None:
        os._exit(3)
    return os.environ.get("MLWRIGHT_TEST_RATE", "none")
"""


def test_a_step_that_ends_the_process_watching_it_keeps_its_verdict(
    tmp_path: Path, write: Any
) -> None:
    steps = write({"steps.py": DYING})
    recorded = Recorded(tmp_path / "state")
    run = recorded.run(steps.dying, x=1)

    found = replay(
        run,
        recorded.store,
        recorded.ledger,
        environ={"MLWRIGHT_TEST_RATE": "7"},
        diagnose=True,
    )

    assert [(each.exact, each.error) for each in found.steps] == [(False, None)]
    assert found.diagnoses == ()
    recorded.ledger.close()
