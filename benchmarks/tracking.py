"""Tracking beside MLflow's SQLite store, in one run: points, searches over many runs, and disk."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from servers.environments import environment

POINTS, RUNS, METRICS, PARAMS = 20_000, 10_000, 10, 5
ROUNDS, SEARCHES, TURN = 5, 7, 0.5
APPS = Path(__file__).parent / "trackers"


@dataclass(frozen=True)
class Tracker:
    """A tracker in a process of its own, asked line by line."""

    name: str
    folder: Path
    process: subprocess.Popen[str]

    def ask(self, *what: object) -> float:
        """Return the seconds that something took there."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.name} ended while it was asked for {what}")
        return float(json.loads(answer))

    def disk(self) -> int:
        """Return the bytes its files take on the disk."""
        files = (each for each in self.folder.rglob("*") if each.is_file())
        return sum(each.stat().st_blocks * 512 for each in files)


@contextmanager
def tracker(name: str, python: Path, app: Path, folder: Path) -> Iterator[Tracker]:
    """Start a tracker, and end it."""
    process = subprocess.Popen(
        [python, app, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Tracker(name, folder, process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=60)


def best(
    trackers: tuple[Tracker, Tracker], rounds: int, *what: object, turn: float = 0.0
) -> tuple[float, float]:
    """Return the median seconds of both, asked in turn, each for ``turn`` seconds or once."""
    taken: dict[str, list[float]] = {each.name: [] for each in trackers}
    for _ in range(rounds):
        for each in trackers:
            began = perf_counter()
            taken[each.name].append(each.ask(*what))
            while perf_counter() - began < turn:
                taken[each.name].append(each.ask(*what))
    ours, theirs = (median(taken[each.name]) for each in trackers)
    return ours, theirs


def main() -> None:
    """Measure both in turn and print medians, ratios and what was promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--points", type=int, default=POINTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--searches", type=int, default=SEARCHES)
    given = parser.parse_args()
    python = environment("mlflow") / "python"
    with (
        TemporaryDirectory() as folder,
        tracker("mlwright", Path(sys.executable), APPS / "ours.py", Path(folder) / "a") as ours,
        tracker("MLflow", python, APPS / "mlflow_tracker.py", Path(folder) / "b") as theirs,
    ):
        both = (ours, theirs)
        for each in both:
            each.ask("ready")  # what a tracker keeps once, of the code around it, is no run's
        before = [each.disk() for each in both]
        for each in both:
            each.ask("fill", given.runs, METRICS, PARAMS)
        filled = [each.disk() - start for each, start in zip(both, before, strict=True)]
        points = best(both, given.rounds, "log", given.points)
        logged = [
            each.disk() - start - full
            for each, start, full in zip(both, before, filled, strict=True)
        ]
        rates = [given.points / seconds for seconds in points]
        print(f"{'':34}{'mlwright':>12}{'MLflow':>12}{'ratio':>9}  promised")
        _row("durable points/s, 1,000 a batch", rates, rates[0] / rates[1], ">= 100,000, >= 8x")
        for name, what, promised in (
            ("page of 100 runs, ms", "page", "<= 3 ms, >= 20x"),
            ("top 100 by a metric, ms", "top", "<= 3 ms, >= 20x"),
            ("top 100 where two hold, ms", "where", ""),
        ):
            for each in both:
                each.ask(what)  # not counted: files and programs are read for the first time
            taken = best(both, given.searches, what, turn=TURN)
            _row(name, [1000 * each for each in taken], taken[1] / taken[0], promised)
        _row(f"disk, {given.runs:,} runs, MB", _mb(filled), filled[0] / filled[1], "<= 0.4")
        total = given.points * given.rounds
        _row(f"disk, {total:,} points, MB", _mb(logged), logged[0] / logged[1], "<= 0.4")


def _mb(sizes: list[int]) -> list[float]:
    return [size / 1e6 for size in sizes]


def _row(name: str, values: list[float], ratio: float, promised: str) -> None:
    ours, theirs = (f"{value:,.2f}" if value < 1000 else f"{value:,.0f}" for value in values)
    print(f"{name:34}{ours:>12}{theirs:>12}{ratio:>9.2f}  {promised}")


if __name__ == "__main__":
    main()
