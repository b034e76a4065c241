"""Tables of 1M and 10M rows x 30 columns: seconds and peak memory of what is done with versions."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

SIZES = (1_000_000, 10_000_000)
LIMIT = 2 << 10  # MiB
_STEP = 500_000
# A process of its own for each: peak memory is a process's. Later tasks use what earlier ones made.
TASKS = (
    "ingest parquet",
    "ingest with 1 % changed",
    "read a column",
    "diff",
    "prove",
    "export parquet",
    "export csv",
    "ingest csv",
)


def make(folder: Path, rows: int) -> None:
    """Write a table as CSV and Parquet, and a later delivery with every hundredth row changed."""
    import polars as pl

    parts = folder / "parts"
    parts.mkdir()
    with (folder / "table.csv").open("wb") as file:
        for number, frame in enumerate(_pieces(rows)):
            frame.write_csv(file, include_header=number == 0)
            frame.write_parquet(parts / f"{number:04}.parquet")
    whole = pl.scan_parquet(parts)
    whole.sink_parquet(folder / "table.parquet")
    # Every column but the key may change; which rows, a hash decides.
    touched = (pl.col("id").hash(7) % 100) == 0
    later = whole.with_columns(
        pl.when(touched).then(pl.col("integer_3") + 1).otherwise("integer_3").alias("integer_3"),
        pl.when(touched).then(pl.col("float_2") * 1.5).otherwise("float_2").alias("float_2"),
    )
    later.sink_parquet(folder / "later.parquet")
    for path in parts.iterdir():
        path.unlink()


def _pieces(rows: int) -> Iterator[pl.DataFrame]:
    import numpy as np
    import polars as pl

    for start in range(0, rows, _STEP):
        count = min(_STEP, rows - start)
        draw = np.random.default_rng(start)
        columns: dict[str, pl.Series] = {"id": pl.Series(np.arange(start, start + count))}
        for place in range(9):
            columns[f"integer_{place}"] = pl.Series(draw.integers(0, 10 ** (place + 1), count))
        for place in range(10):
            values = pl.Series(draw.normal(size=count).round(4 + place))
            columns[f"float_{place}"] = values.set(pl.Series(draw.random(count) < place / 50), None)
        for place in range(6):
            words = pl.Series([f"category {i}" for i in range(4 ** (place + 1))])
            columns[f"text_{place}"] = words.gather(draw.integers(0, len(words), count))
        columns["name"] = pl.Series(draw.integers(0, 10**12, count)).cast(pl.String) + " Smith, J."
        columns["flag"] = pl.Series(draw.random(count) < 0.5)
        columns["day"] = pl.Series(draw.integers(0, 20_000, count)).cast(pl.Date)
        columns["moment"] = pl.Series(draw.integers(0, 2 * 10**15, count)).cast(pl.Datetime("us"))
        yield pl.DataFrame(columns)


def measure(task: str, folder: Path) -> dict[str, object]:
    """Do one task in this process; return its seconds, the process's peak and what it found."""
    from mlwright.core.records import dump, load
    from mlwright.data.diff import compare, rows_apart
    from mlwright.data.export import export
    from mlwright.data.ingest import ingest
    from mlwright.data.records import Snapshot
    from mlwright.data.reread import reread
    from mlwright.data.settings import DataSettings
    from mlwright.data.table import read
    from mlwright.store.local import LocalStore

    def kept(name: str) -> Snapshot:
        return load(Snapshot, (folder / name).read_bytes())

    store = LocalStore(folder / ("store-csv" if task == "ingest csv" else "store"))
    told = ""
    before = _stored(folder)
    start = perf_counter()
    if task.startswith("ingest"):
        file = {"parquet": "table.parquet", "csv": "table.csv"}.get(task[7:], "later.parquet")
        parent = kept("first.json") if file == "later.parquet" else None
        snapshot, _ = ingest(
            folder / file,
            DataSettings(key="id"),
            store=store,
            known=lambda _: None,
            parent=lambda _: parent,
        )
        (folder / ("second.json" if parent else "first.json")).write_bytes(dump(snapshot))
        told = snapshot.id
        if parent is not None:
            told = f"{(_stored(folder) - before) / before:.2%} of storage added"
    elif task == "read a column":
        told = f"{read(kept('second.json'), store, columns=['float_3']).frame.height:,} rows"
    elif task == "diff":
        a, b = kept("first.json"), kept("second.json")
        found = compare(a, b, rows_apart(a, b, store), store)
        told = f"{found.changed:,} rows changed, {sum(found.cells.values()):,} cells"
    elif task == "prove":
        snapshot = kept("second.json")
        told = "exact" if reread(snapshot, store)[0] == snapshot.id else "DIFFERENT"
    else:
        out = folder / f"out.{task.split()[1]}"
        told = f"{export(kept('second.json'), store, out).rows:,} rows"
        out.unlink()
    seconds = perf_counter() - start
    used = getrusage(RUSAGE_SELF)
    work = used.ru_utime + used.ru_stime
    return {"seconds": seconds, "work": work, "peak": used.ru_maxrss / 1024, "told": told}


def _stored(folder: Path) -> int:
    return sum(each.stat().st_size for each in (folder / "store").rglob("*") if each.is_file())


def main(sizes: tuple[int, ...], tasks: tuple[str, ...]) -> None:
    """Do every task at every size; fail when one takes more memory than it may."""
    high = False
    work: dict[str, float] = {}
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name:
            command = [sys.executable, __file__, "make", name, str(rows)]
            subprocess.run(command, check=True)
            size = (
                (Path(name) / "table.csv").stat().st_size,
                (Path(name) / "table.parquet").stat().st_size,
            )
            print(f"{rows:,} rows x 30, CSV {size[0] / 1e6:,.0f} MB", end="")
            print(f", Parquet {size[1] / 1e6:,.0f} MB")
            print(f"{'':26}{'seconds':>9}{'of CPU':>8}{'peak MiB':>10}{'growth':>8}", flush=True)
            for task in tasks:
                command = [sys.executable, __file__, task, name]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                found = json.loads(done.stdout)
                grown = f"{found['work'] / work[task]:.1f}x" if task in work else ""
                work[task] = found["work"]
                high |= found["peak"] > LIMIT
                print(
                    f"{task:26}{found['seconds']:9.1f}{found['work']:8.1f}{found['peak']:10,.0f}{grown:>8}"
                    f"  {found['told']}",
                    flush=True,
                )
    if high:
        print(f"MORE THAN {LIMIT:,} MiB")
        sys.exit(1)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main(SIZES, TASKS)
    elif sys.argv[1] == "make":
        make(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1].isdecimal():
        main((int(sys.argv[1]),), TASKS)
    else:
        print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
