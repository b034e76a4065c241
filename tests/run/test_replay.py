"""A recorded run can be executed again elsewhere, and what differs is named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from mlwright.core.digest import digest_file
from mlwright.core.errors import NotFoundError, RefusedError
from mlwright.core.seam import ReplaySeam, SystemSeam
from mlwright.ledger.ledger import Ledger
from mlwright.run.engine import Runner
from mlwright.run.replaying.records import Replayed
from mlwright.run.replaying.replay import replay
from mlwright.run.steps.step import step
from mlwright.store.local import LocalStore
from mlwright.store.memory import MemoryStore

ELSEWHERE = {"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo"}

STEPS = """
import random
from dataclasses import dataclass
import numpy as np
import polars as pl
from mlwright.run.steps.step import step
import pricing

@dataclass(frozen=True)
class Price:
    value: float
    tags: frozenset[str]

@step
def drawn(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(50, 3))

@step
def table(drawn, words: list[str]) -> pl.DataFrame:
    return pl.DataFrame(drawn, schema=words).with_columns(pl.col(words[0]).rank().alias("rank"))

@step
def price(table, drawn) -> Price:
    weights = np.linalg.solve(drawn.T @ drawn, drawn.T @ table["rank"].to_numpy())
    return Price(pricing.rate(float(weights.sum())), frozenset(table.columns))

@step
def kept(price: Price, store) -> list[str]:
    return [store.put(str(price.value).encode()), *sorted(price.tags)]

@step
def unseeded(price: Price) -> float:
    return price.value + random.random()

@step
def after(unseeded: float, price: Price) -> float:
    return unseeded * 0 + price.value

@step
def stamped(price: Price) -> str:
    import time
    return "/".join(time.tzname)
"""
PRICING = {"pricing.py": "RATE = 2.0\ndef rate(x): return x * RATE\n"}
INPUTS = {"seed": 7, "words": ["a", "b", "c"]}


class Recorded:
    """A store and a ledger with runs to replay."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store: Any = LocalStore(folder / "store")
        self.ledger = Ledger.open(folder / "ledger", ReplaySeam(), create=True)

    def run(self, *steps: Any, **inputs: Any) -> str:
        seam = ReplaySeam(seed=self.ledger.size)
        runner = Runner(self.store, self.ledger, seam, folder=self.folder)
        run = runner.start("test", inputs)
        runner.execute(steps, resources={"store": self.store})
        runner.finish("finished")
        return run

    def replay(self, run: str, **options: Any) -> dict[str, Replayed]:
        found = replay(run, self.store, self.ledger, **{"environ": ELSEWHERE, **options})
        return {each.step: each for each in found.steps}


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Recorded]:
    made = Recorded(tmp_path / "state")
    yield made
    made.ledger.close()


def contents(folder: Path) -> dict[Path, str]:
    """Return the digest of every file, but for the memory that readers of a database share."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: digest_file(path) for path in files if not path.name.endswith("-shm")}


def test_a_replay_elsewhere_is_exact_and_writes_nothing(recorded: Recorded, write: Any) -> None:
    steps = write({"steps.py": STEPS, **PRICING})
    run = recorded.run(steps.drawn, steps.table, steps.price, steps.kept, **INPUTS)
    before = contents(recorded.folder)

    found = recorded.replay(run)

    assert list(found) == ["drawn", "table", "price", "kept"]
    assert all(each.exact and not each.error and not each.changed for each in found.values()), found
    assert contents(recorded.folder) == before


def test_a_run_that_was_all_cached_is_replayed_all_the_same(recorded: Recorded, write: Any) -> None:
    steps = write({"steps.py": STEPS, **PRICING})
    recorded.run(steps.drawn, steps.table, **INPUTS)
    run = recorded.run(steps.drawn, steps.table, **INPUTS)

    assert [each.exact for each in recorded.replay(run).values()] == [True, True]


def test_an_unseeded_step_shows_and_what_it_feeds_is_fed_the_new_value(
    recorded: Recorded, write: Any
) -> None:
    steps = write({"steps.py": STEPS, **PRICING})
    chain = (steps.drawn, steps.table, steps.price, steps.unseeded, steps.after)
    run = recorded.run(*chain, **INPUTS)

    found = recorded.replay(run)

    assert [name for name, each in found.items() if not each.exact] == ["unseeded"]
    assert found["unseeded"].error is None


def test_a_step_that_depends_on_the_time_zone_shows(recorded: Recorded, write: Any) -> None:
    steps = write({"steps.py": STEPS, **PRICING})
    run = recorded.run(steps.drawn, steps.table, steps.price, steps.stamped, **INPUTS)

    found = recorded.replay(run)

    assert [name for name, each in found.items() if not each.exact] == ["stamped"]


def test_the_code_that_ran_then_is_replayed_though_its_files_changed(
    recorded: Recorded, write: Any
) -> None:
    steps = write({"steps.py": STEPS, **PRICING})
    run = recorded.run(steps.drawn, steps.table, steps.price, **INPUTS)
    for name in ("steps.py", "pricing.py"):
        Path(steps.__file__).with_name(name).write_text("raise RuntimeError('edited')\n")

    found = recorded.replay(run)

    assert all(each.exact for each in found.values()), found


def test_a_step_that_fails_now_is_told_and_the_steps_after_it_are_not_done(
    recorded: Recorded, write: Any
) -> None:
    text = """
    import os
    from mlwright.run.steps.step import step
    @step
    def first() -> int:
        print("noise")
        if os.environ.get("FAIL"): raise ValueError("no luck")
        return 1
    @step
    def second(first: int) -> int:
        return first
    """
    steps = write({"steps.py": dedent(text)})
    run = recorded.run(steps.first, steps.second)

    assert recorded.replay(run)["second"].exact
    failed = recorded.replay(run, environ={"FAIL": "1"})
    assert failed["first"].error == "ValueError: no luck"
    assert failed["second"].error == "step first gave nothing"
    assert not failed["first"].exact


def test_a_step_that_opens_a_recorded_output_is_refused(recorded: Recorded, write: Any) -> None:
    text = """
    from mlwright.run.steps.step import step
    @step
    def first() -> int: return 1
    @step
    def sneaky(store, name: str) -> int: return int(store.get(name))
    """
    steps = write({"steps.py": dedent(text)})
    run = recorded.run(steps.first)
    output = recorded.ledger.steps_of(run)[0].output
    run = recorded.run(steps.first, steps.sneaky, name=output)

    found = recorded.replay(run)

    # first has put its output again by then: only what a step makes anew may be read.
    assert found["sneaky"].exact
    run = recorded.run(steps.sneaky, steps.first, name=output)
    assert "replay-old-output" in str(recorded.replay(run)["sneaky"].error)


def test_a_store_in_memory_is_replayed_too(recorded: Recorded, write: Any) -> None:
    recorded.store = MemoryStore()
    steps = write({"steps.py": STEPS, **PRICING})
    run = recorded.run(steps.drawn, steps.kept, **INPUTS, price=steps.Price(1.5, frozenset("a")))

    assert all(each.exact for each in recorded.replay(run).values())


def test_resources_can_be_made_by_a_function_of_the_users(recorded: Recorded, write: Any) -> None:
    text = """
    from mlwright.run.steps.step import step
    @step
    def told(listener, store) -> int:
        listener("hello")
        return 1
    def resources(store):
        return {"listener": print, "store": store}
    """
    steps = write({"steps.py": dedent(text)})
    runner = Runner(recorded.store, recorded.ledger, SystemSeam(), folder=recorded.folder)
    run = runner.start("test")
    runner.execute([steps.told], resources={"listener": print, "store": recorded.store})

    assert recorded.replay(run, resources="steps:resources")["told"].exact
    assert "listener" in str(recorded.replay(run)["told"].error)


SCRIPT = """
import sys
from dataclasses import dataclass
from pathlib import Path
from mlwright.core.seam import SystemSeam
from mlwright.ledger.ledger import Ledger
from mlwright.run.engine import Runner
from mlwright.run.replaying.replay import replay
from mlwright.run.steps.step import step
from mlwright.store.local import LocalStore

print("the script runs")
RATES = {"low": 1}
RATES["high"] = 3

@dataclass(frozen=True)
class Price:
    value: int

def helper(x):
    return x * RATES["high"]

@step
def first(n: int) -> Price:
    return Price(helper(n))

if __name__ == "__main__":
    BONUS = 10

    @step
    def second(first: Price) -> int:
        return first.value + BONUS

    folder = Path(sys.argv[1])
    store = LocalStore(folder / "store")
    with Ledger.open(folder / "ledger", SystemSeam(), create=True) as ledger:
        runner = Runner(store, ledger, SystemSeam(), folder=folder)
        run = runner.start("script", {"n": 4})
        print(runner.execute([first, second]))
        Path(__file__).write_text("raise RuntimeError('edited')")
        for each in replay(run, store, ledger).steps:
            print(each.step, each.exact, each.error, each.changed)
"""


def test_steps_of_a_script_are_replayed_without_running_the_script(tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text(SCRIPT)

    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "the script runs",
        "{'first': Price(value=12), 'second': 22}",
        "first True None ()",
        "second True None ()",
    ]


NOTEBOOK = """
import sys
cells = [
    "",
    "from mlwright.run.steps.step import step",
    "RATE = 2",
    "%magic",
    "@step\\ndef first(n: int) -> int:\\n    return n * RATE",
    "RATE = 3",
    "1 / 0",
]
namespace = globals()
namespace["In"] = KEEP
for cell in cells:
    try:
        exec(compile(cell, "cell", "exec"), namespace)
    except (SyntaxError, ZeroDivisionError):
        pass
from pathlib import Path
from mlwright.core.errors import RefusedError
from mlwright.core.seam import SystemSeam
from mlwright.ledger.ledger import Ledger
from mlwright.run.engine import Runner
from mlwright.run.replaying.replay import replay
from mlwright.store.local import LocalStore
folder = Path(sys.argv[1])
store = LocalStore(folder / "store")
with Ledger.open(folder / "ledger", SystemSeam(), create=True) as ledger:
    runner = Runner(store, ledger, SystemSeam(), folder=folder)
    run = runner.start("notebook", {"n": 4})
    print(runner.execute([first]))
    try:
        for each in replay(run, store, ledger).steps:
            print(each.step, each.exact, each.error, each.changed)
    except RefusedError as error:
        print(error.code, error.fix)
"""


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("cells", "first True None ()"),
        ("None", "replay-no-source put the step into a script or a module, then run it again"),
    ],
)
def test_steps_of_a_notebook_are_replayed_from_its_cells_or_refused(
    tmp_path: Path, kept: str, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK.replace("KEEP", kept), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout.splitlines() == ["{'first': 12}", said]


def test_a_step_defined_inside_a_function_is_refused(recorded: Recorded) -> None:
    @step
    def local() -> int:
        return 1

    run = recorded.run(local)

    with pytest.raises(RefusedError) as caught:
        recorded.replay(run)
    assert caught.value.code == "replay-local-function"


def test_an_unknown_run_is_not_found(recorded: Recorded) -> None:
    with pytest.raises(NotFoundError) as caught:
        recorded.replay("r_abc")

    assert caught.value.code == "run-unknown"
