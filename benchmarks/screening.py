"""Profile and screen a table of 30 columns from its fragments, beside a plain Parquet decode.

``python benchmarks/screening.py [--rows N] [--alone]``. Each task has a process of its own: peak
memory is a process's, and nothing stays warm. The rounds are interleaved and the fastest counts;
the ratio of processor time is printed beside that of time, because a machine is rarely alone.
pandera, Great Expectations and ydata-profiling look at the same rows, held in memory and decoded
before they begin, in virtual environments of their own; ``--alone`` leaves them out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time

ROWS = 1_000_000
ROUNDS = 3
TASKS = ("decode", "profile", "screen", "screen and profile")
GOALS = {"profile": "at most 3, under 400 MB", "screen": "at most 2"}
PEERS = {
    "pandera": "pandera_rules.py",
    "great-expectations": "expectations.py",
    "ydata-profiling": "ydata.py",
}
"""Peers, and the script that runs each in its environment."""

Found = dict[str, float]


def make(folder: Path, rows: int) -> None:
    """Write the fragments of a data version: 20 columns of numbers, 8 of text, 2 of times."""
    import numpy as np
    import polars as pl

    from mlwright.core.digest import digest_bytes
    from mlwright.core.records import dump
    from mlwright.data.digests import FRAGMENT_ROWS, columns_of, row_digests
    from mlwright.data.fragments import parquet
    from mlwright.data.records import Fragment, Snapshot
    from mlwright.store.local import LocalStore

    store = LocalStore(folder / "store")
    draw = np.random.default_rng(0)
    fragments = []
    for start in range(0, rows, FRAGMENT_ROWS):
        count = min(FRAGMENT_ROWS, rows - start)
        columns = {"id": pl.Series(np.arange(start, start + count))}
        for place in range(9):
            columns[f"integer_{place}"] = pl.Series(draw.integers(0, 10 ** (place + 1), count))
        for place in range(10):
            values = pl.Series(draw.normal(size=count).round(4 + place))
            absent = pl.Series(draw.random(count) < place / 50)
            columns[f"float_{place}"] = values.set(absent, None)
        for place in range(6):
            words = pl.Series([f"category {i}" for i in range(4 ** (place + 1))])
            columns[f"text_{place}"] = words.gather(draw.integers(0, len(words), count))
        numbers = pl.Series(draw.integers(0, 10**12, count)).cast(pl.String)
        columns["name"] = numbers + " Smith, J."
        columns["flag"] = pl.Series(draw.random(count) < 0.5)
        columns["day"] = pl.Series(draw.integers(0, 20_000, count)).cast(pl.Date)
        moments = pl.Series(draw.integers(0, 2 * 10**15, count))
        columns["moment"] = moments.cast(pl.Datetime("us"))
        frame = pl.DataFrame(columns)
        raw = row_digests(frame)
        fragments.append(Fragment(count, store.put(parquet(frame)), store.put(raw)))
    schema = columns_of(frame)
    name = digest_bytes(b"a table of the benchmark, which nobody asks for its id")
    snapshot = Snapshot("d_benchmark", name, schema, rows, None, tuple(fragments), ())
    (folder / "manifest.json").write_bytes(dump(snapshot))


def measure(task: str, folder: Path) -> Found:
    """Do one task in this process; return its seconds and the process's peak memory."""
    import polars as pl

    from mlwright.core.records import load
    from mlwright.data.cells import SnapshotCells
    from mlwright.data.profile import profile
    from mlwright.data.records import Snapshot
    from mlwright.data.screen import screen
    from mlwright.store.local import LocalStore

    store = LocalStore(folder / "store")
    snapshot = load(Snapshot, (folder / "manifest.json").read_bytes())
    files = [store.held(fragment.table) for fragment in snapshot.fragments]
    if task == "write":
        pl.read_parquet(files).write_parquet(folder / "table.parquet")
    cells, today = SnapshotCells(snapshot, store), date(2026, 1, 1)
    start, busy = perf_counter(), process_time()
    if task == "decode":
        pl.read_parquet(files)
    elif task == "profile":
        profile(cells)
    elif task.startswith("screen"):
        screen(cells, today=today, target="flag", most=1000, described=task != "screen")
    seconds, busy = perf_counter() - start, process_time() - busy
    return {
        "seconds": seconds,
        "busy": busy,
        "peak": getrusage(RUSAGE_SELF).ru_maxrss / 1024,
        "bytes": float(sum(file.stat().st_size for file in files)),
    }


def run(command: list[str]) -> Found:
    """Return what a process measured of itself."""
    quiet = {**os.environ, "TQDM_DISABLE": "1"}
    # As a user's interpreter does: modules are compiled once, not in each process that is timed.
    quiet.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=quiet)
    found: Found = json.loads(done.stdout.splitlines()[-1])
    return found


def best(task: str, found: Found, known: dict[str, Found]) -> None:
    """Keep the fastest round, and the most memory of all."""
    before = known.get(task, found)
    fastest = min(found, before, key=lambda each: each["seconds"])
    least = min(found["busy"], before["busy"])
    known[task] = {**fastest, "busy": least, "peak": max(found["peak"], before["peak"])}


def main(rows: int, *, alone: bool) -> None:
    """Make the table, measure every task, the rounds interleaved, and print the best of each."""
    with tempfile.TemporaryDirectory() as name:
        here = [sys.executable, __file__]
        subprocess.run([*here, "make", name, str(rows)], check=True)
        known: dict[str, Found] = {}
        for _ in range(ROUNDS):
            for task in TASKS:
                best(task, run([*here, task, name]), known)
        size = known["decode"]["bytes"]
        if not alone:
            for peer, found in peers(Path(name)).items():
                best(peer, found, known)
    floor = known["decode"]
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{rows:,} rows x 30 columns, {size / 1e6:,.0f} MB in fragments; load {load}")
    print(
        f"{'':20}{'seconds':>9}{'of decode':>11}{'processor':>11}{'of decode':>11}"
        f"{'peak MB':>9}{'rows/s':>12}  goal"
    )
    for task, found in known.items():
        print(
            f"{task:20}{found['seconds']:9.2f}{found['seconds'] / floor['seconds']:10.1f}x"
            f"{found['busy']:11.2f}{found['busy'] / floor['busy']:10.1f}x"
            f"{found['peak']:9,.0f}{rows / found['seconds']:12,.0f}  {GOALS.get(task, '')}"
        )


def peers(folder: Path) -> dict[str, Found]:
    """Return what the others need for the same rows; one that does not install is told."""
    from screeners import __file__ as package
    from servers.environments import environment

    lists = Path(package).parent
    run([sys.executable, __file__, "write", str(folder)])
    found = {}
    for name, script in PEERS.items():
        try:
            programs = environment(name, lists)
            found[name] = run(
                [str(programs / "python"), str(lists / script), str(folder / "table.parquet")]
            )
        except subprocess.CalledProcessError as error:
            print(f"{name} was not measured: {error}", file=sys.stderr)
    return found


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "make":
        make(Path(sys.argv[2]), int(sys.argv[3]))
    elif len(sys.argv) > 1 and sys.argv[1] in (*TASKS, "write"):
        print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
    else:
        parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
        parser.add_argument("--rows", type=int, default=ROWS)
        parser.add_argument("--alone", action="store_true")
        asked = parser.parse_args()
        main(asked.rows, alone=asked.alone)
