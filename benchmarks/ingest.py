"""Ingest 1M rows x 30 columns from CSV and Parquet, beside a plain Parquet decode of the table."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter

ROWS = 1_000_000
ROUNDS = 3
# A process of its own for each measurement: peak memory is a process's, and nothing stays warm.
TASKS = ("decode parquet", "ingest parquet", "ingest csv", "read snapshot", "profile", "split")


def make(folder: Path) -> None:
    """Write the same table as CSV and Parquet: 20 columns of numbers, 8 of text, 2 of times."""
    import numpy as np
    import polars as pl

    draw = np.random.default_rng(0)
    columns: dict[str, pl.Series] = {"id": pl.Series(np.arange(ROWS))}
    for place in range(9):
        columns[f"integer_{place}"] = pl.Series(draw.integers(0, 10 ** (place + 1), ROWS))
    for place in range(10):
        values = pl.Series(draw.normal(size=ROWS).round(4 + place))
        columns[f"float_{place}"] = values.set(pl.Series(draw.random(ROWS) < place / 50), None)
    for place in range(6):
        words = pl.Series([f"category {i}" for i in range(4 ** (place + 1))])
        columns[f"text_{place}"] = words.gather(draw.integers(0, len(words), ROWS))
    columns["name"] = pl.Series(draw.integers(0, 10**12, ROWS)).cast(pl.String) + " Smith, J."
    columns["flag"] = pl.Series(draw.random(ROWS) < 0.5)
    columns["day"] = pl.Series(draw.integers(0, 20_000, ROWS)).cast(pl.Date)
    columns["moment"] = pl.Series(draw.integers(0, 2 * 10**15, ROWS)).cast(pl.Datetime("us"))
    frame = pl.DataFrame(columns)
    frame.write_csv(folder / "table.csv")
    frame.write_parquet(folder / "table.parquet")


def measure(task: str, folder: Path) -> dict[str, float | str]:
    """Do one task in this process; return its seconds and the process's peak memory."""
    import polars as pl

    from mlwright.core.records import dump, load
    from mlwright.data.ingest import ingest
    from mlwright.data.profile import profile
    from mlwright.data.records import Snapshot, Split
    from mlwright.data.settings import DataSettings
    from mlwright.data.split import parts
    from mlwright.data.table import read
    from mlwright.store.local import LocalStore

    before = getrusage(RUSAGE_SELF).ru_maxrss
    manifest = folder / "manifest.json"
    store = LocalStore(folder / "store" / task.replace(" ", "-"))
    told = ""
    if task in ("read snapshot", "profile", "split"):
        store = LocalStore(folder / "store" / "ingest-parquet")
        snapshot = load(Snapshot, manifest.read_bytes())
        table = None if task == "read snapshot" else read(snapshot, store)
    start = perf_counter()
    if task == "decode parquet":
        pl.read_parquet(folder / "table.parquet")
    elif task == "read snapshot":
        read(snapshot, store)
    elif task == "profile":
        assert table is not None
        profile(table)
    elif task == "split":
        assert table is not None
        parts(table, Split("hash", 0, None, None, None, None, {}, ""))
    else:
        path = folder / f"table.{task.split()[1]}"
        snapshot, _ = ingest(path, DataSettings(), store=store, known=lambda _: None)
        manifest.write_bytes(dump(snapshot))
        told = snapshot.id
    seconds = perf_counter() - start
    peak = getrusage(RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "peak": peak / 1024, "grown": (peak - before) / 1024, "id": told}


def stored(folder: Path) -> int:
    """Return the bytes of all objects in a store's folder."""
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def main() -> None:
    """Make the table, measure every task, the rounds interleaved, and print the best of each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, __file__, "make", name], check=True)
        best: dict[str, dict[str, float | str]] = {}
        for _ in range(ROUNDS):
            for task in TASKS:
                command = [sys.executable, __file__, task, name]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                found = json.loads(done.stdout)
                if task not in best or found["seconds"] < best[task]["seconds"]:
                    best[task] = found
        sizes = {each: (folder / f"table.{each}").stat().st_size for each in ("csv", "parquet")}
        floor = float(best["decode parquet"]["seconds"])
        print(f"{ROWS:,} rows x 30; CSV {sizes['csv'] / 1e6:.0f} MB, ", end="")
        print(f"Parquet {sizes['parquet'] / 1e6:.0f} MB, ", end="")
        print(f"snapshot {stored(folder / 'store' / 'ingest-parquet') / 1e6:.0f} MB")
        print(f"{'':16}{'seconds':>9}{'of decode':>11}{'peak MB':>9}{'rows/s':>12}")
        for task, found in best.items():
            seconds = float(found["seconds"])
            print(
                f"{task:16}{seconds:9.2f}{seconds / floor:10.1f}x{found['peak']:9.0f}"
                f"{ROWS / seconds:12,.0f}"
            )
        same = best["ingest csv"]["id"] == best["ingest parquet"]["id"]
        print("the same data id from both files" if same else "DIFFERENT IDS")
        if not same:
            sys.exit(1)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
