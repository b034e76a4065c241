"""What a step costs beside its own work: three trivial steps, first and cached, and closures."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from mlwright.core.seam import SystemSeam
from mlwright.ledger.ledger import Ledger
from mlwright.run.closure.walk import closure
from mlwright.run.engine import Runner
from mlwright.run.environments.record import environment
from mlwright.run.pipelines.pipeline import Pipeline
from mlwright.run.steps.step import step
from mlwright.store.local import LocalStore

RATES = {"low": 1.0, "high": 2.0}
ROUNDS = 200


class Kind(Enum):
    """A kind of price."""

    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Price:
    """A price and its kind."""

    value: float
    kind: Kind = Kind.LOW

    def rated(self) -> float:
        """Return the price at its rate."""
        return self.value * RATES[self.kind.value]


@functools.lru_cache
def rate(kind: str) -> float:
    """Return a rate."""
    return RATES[kind]


def helper(x: float) -> float:
    """Call another helper."""
    return rate("high") * x


@step
def first(n: int) -> int:
    """Add one."""
    return n + 1


@step
def second(first: int) -> float:
    """Call a helper."""
    return helper(first)


@step
def third(second: float) -> float:
    """Call a method of a record."""
    return Price(second, Kind.HIGH).rated()


def run(folder: Path, number: int) -> float:
    """Carry the pipeline out in a store and a ledger on disk; return the seconds it took."""
    store = LocalStore(folder / "store")
    with Ledger.open(folder / "ledger", SystemSeam(), create=True) as ledger:
        began = perf_counter()
        runner = Runner(store, ledger, SystemSeam(), folder=folder / "code")
        Pipeline(first, second, third).carry_out(runner, {"n": number})
        return perf_counter() - began


def process(folder: Path) -> float:
    """Return the seconds a whole Python process takes for the pipeline, imports and all."""
    began = perf_counter()
    subprocess.run([sys.executable, __file__, str(folder)], check=True)
    return perf_counter() - began


def microseconds(function: Callable[..., object]) -> float:
    """Return the median time of a warm closure."""
    times = []
    for _ in range(ROUNDS):
        began = perf_counter()
        closure(function)
        times.append(perf_counter() - began)
    return median(times) * 1e6


def main() -> None:
    """Print the table."""
    began = perf_counter()
    environment()
    print(f"environment, once a process        {(perf_counter() - began) * 1e3:8.1f} ms")
    with TemporaryDirectory() as place:
        folder = Path(place)
        run(folder, -1)
        firsts = [run(folder, n) for n in range(20)]
        cached = [run(folder, n) for n in range(20)]
        print(f"three trivial steps, first         {median(firsts) * 1e3:8.1f} ms")
        print(f"three trivial steps, cached        {median(cached) * 1e3:8.1f} ms")
        print(f"a process of them, first           {process(folder / 'p') * 1e3:8.1f} ms")
        print(f"a process of them, cached          {process(folder / 'p') * 1e3:8.1f} ms")
    for each in (first, second, third):
        parts = len(closure(each.function).parts)
        spent = microseconds(each.function)
        print(f"closure of {each.name:<8} {parts:3} parts     {spent:8.0f} µs")


if __name__ == "__main__":
    if sys.argv[1:]:
        run(Path(sys.argv[1]), 1)
    else:
        main()
