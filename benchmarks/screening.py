"""Screen 1M rows x 30 columns with every rule, beside a plain Parquet decode of the table."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter
from types import ModuleType

ROUNDS = 2
# A process of its own for each measurement: peak memory is a process's, and nothing stays warm.
TASKS = ("decode parquet", "profile", "screen", "rules")


def ingesting() -> ModuleType:
    """Return the benchmark beside this one, which makes the table."""
    spec = importlib.util.spec_from_file_location("ingest", Path(__file__).parent / "ingest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure(task: str, folder: Path) -> dict[str, object]:
    """Do one task in this process; return its seconds and the process's peak memory."""
    from datetime import date

    import polars as pl

    from mlwright.data.profile import profile
    from mlwright.data.rules.catalogue import RULES
    from mlwright.data.screen import screen
    from mlwright.data.sheet import Sheet
    from mlwright.data.table import Table

    path = folder / "table.parquet"
    before = getrusage(RUSAGE_SELF).ru_maxrss
    rules: dict[str, float] = {}
    start = perf_counter()
    frame = pl.read_parquet(path)
    decoded = perf_counter()
    if task != "decode parquet":
        ids = pl.select(pl.int_range(frame.height).cast(pl.String)).to_series()
        table = Table(frame, ids)
        before = getrusage(RUSAGE_SELF).ru_maxrss
        start = perf_counter()
        if task == "profile":
            profile(table)
        elif task == "screen":
            screen(table, today=date(2026, 1, 1), target="flag", most=1000)
        else:
            sheet = Sheet(frame, ids, date(2026, 1, 1), target="flag")
            for rule in RULES:
                began = perf_counter()
                list(rule.find(sheet))
                rules[rule.name] = perf_counter() - began
    seconds = (decoded if task == "decode parquet" else perf_counter()) - start
    peak = getrusage(RUSAGE_SELF).ru_maxrss
    return {
        "seconds": seconds,
        "peak": peak / 1024,
        "grown": (peak - before) / 1024,
        "rules": rules,
    }


def main() -> None:
    """Make the table, measure every task, the rounds interleaved, and print the best of each."""
    ingest = ingesting()
    with tempfile.TemporaryDirectory() as name:
        subprocess.run([sys.executable, __file__, "make", name], check=True)
        best: dict[str, dict[str, float]] = {}
        rules: dict[str, float] = {}
        for _ in range(ROUNDS):
            for task in TASKS:
                command = [sys.executable, __file__, task, name]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                found = json.loads(done.stdout)
                slowest = found.pop("rules")
                if task not in best or found["seconds"] < best[task]["seconds"]:
                    best[task] = found
                    rules = slowest or rules
    floor = best["decode parquet"]["seconds"]
    print(f"{ingest.ROWS:,} rows x 30, in memory but for the first")
    print(f"{'':16}{'seconds':>9}{'of decode':>11}{'peak MB':>9}{'grown MB':>10}")
    for task in TASKS[:-1]:
        found = best[task]
        print(
            f"{task:16}{found['seconds']:9.2f}{found['seconds'] / floor:10.1f}x"
            f"{found['peak']:9.0f}{found['grown']:10.0f}"
        )
    print("rules, the first to need something shared paying for it:")
    for rule, seconds in sorted(rules.items(), key=lambda pair: -pair[1])[:8]:
        print(f"  {rule:20}{seconds:9.2f}{seconds / floor:10.1f}x")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif sys.argv[1] == "make":
        ingesting().make(Path(sys.argv[2]))
    else:
        print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
