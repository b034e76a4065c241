"""What a second version of a table costs when 1 % of its rows changed at random, beside others.

``python benchmarks/storage.py [--rows N] [--alone]``. The table has 30 columns. Ours and DVC get
the whole later table, in another order, and find out by themselves what changed; Delta and Lance
are given the changed rows and their key. All keep both versions. ``--alone`` leaves the others out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

ROWS = 1_000_000
DELIVERIES = 20  # of a quarter of the table: enough to see small fragments joined
GOAL = 0.02
LISTS = Path(__file__).resolve().parent / "keepers"
PEERS = {"dvc": "dvc_keeper.py", "delta": "delta_keeper.py", "lance": "lance_keeper.py"}


def make(folder: Path, rows: int) -> None:
    """Write the table, the later delivery in another order, and the rows that changed."""
    import numpy as np
    import polars as pl

    draw = np.random.default_rng(0)
    columns = {"id": pl.Series(np.arange(rows))}
    for place in range(9):
        columns[f"integer_{place}"] = pl.Series(draw.integers(0, 10 ** (place + 1), rows))
    for place in range(10):
        columns[f"float_{place}"] = pl.Series(draw.normal(size=rows).round(4 + place))
    for place in range(6):
        words = pl.Series([f"category {i}" for i in range(4 ** (place + 1))])
        columns[f"text_{place}"] = words.gather(draw.integers(0, len(words), rows))
    columns["name"] = pl.Series(draw.integers(0, 10**12, rows)).cast(pl.String) + " Smith, J."
    columns["flag"] = pl.Series(draw.random(rows) < 0.5)
    columns["day"] = pl.Series(draw.integers(0, 20_000, rows)).cast(pl.Date)
    columns["moment"] = pl.Series(draw.integers(0, 2 * 10**15, rows)).cast(pl.Datetime("us"))
    table = pl.DataFrame(columns)
    later = changed(table, 1)
    table.write_parquet(folder / "table.parquet")
    later.sample(fraction=1.0, shuffle=True, seed=3).write_parquet(folder / "later.parquet")
    touched = later["float_0"].ne_missing(table["float_0"])
    later.filter(touched).write_parquet(folder / "changed.parquet")


def changed(table: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return the table with two cells changed in one of a hundred rows, drawn at random."""
    import numpy as np
    import polars as pl

    touched = pl.Series(np.random.default_rng(seed).random(table.height) < 0.01)
    return table.with_columns(
        pl.when(touched).then(pl.col("float_0") + 100).otherwise("float_0").alias("float_0"),
        pl.when(touched).then(pl.col("integer_5") + 1).otherwise("integer_5").alias("integer_5"),
    )


def ours(folder: Path) -> dict[str, float]:
    """Keep both with mlwright; then deliver on, each time from the delivery before."""
    from mlwright.data.ingest import ingest
    from mlwright.data.records import Snapshot
    from mlwright.data.settings import DataSettings
    from mlwright.data.snapshot import build
    from mlwright.data.table import unordered
    from mlwright.store.local import LocalStore

    store = LocalStore(folder / "store")

    def stored() -> int:
        return sum(each.stat().st_size for each in store.folder.rglob("*") if each.is_file())

    def read(name: str, parent: Snapshot | None) -> tuple[Snapshot, float]:
        start = perf_counter()
        snapshot, _ = ingest(
            folder / name,
            DataSettings(key="id"),
            store=store,
            known=lambda _: None,
            parent=lambda _: parent,
        )
        return snapshot, perf_counter() - start

    first, fresh = read("table.parquet", None)
    before = stored()
    snapshot, seconds = read("later.parquet", first)
    added = stored() - before
    found = {"first": before, "added": added, "seconds": seconds, "fresh": fresh}
    quarter = unordered(first, store).head(first.rows // 4)
    store = LocalStore(folder / "deliveries")
    begun = snapshot = build(quarter, key="id", store=store)
    found["quarter"] = stored()
    most = 0
    for seed in range(DELIVERIES):
        table = changed(unordered(snapshot, store), seed)
        snapshot = build(table, key="id", store=store, parent=snapshot)
        most = max(most, len(snapshot.fragments))
    found["twenty"] = stored() - found["quarter"]
    found["most"] = most
    for name, each in (("read", snapshot), ("read fresh", begun)):
        start = perf_counter()
        unordered(each, store)
        found[name] = perf_counter() - start
    return found


def main() -> None:
    """Measure ours and the others, and fail when more is added than may be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--alone", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, chosen.rows)
        size = (folder / "table.parquet").stat().st_size
        print(f"{chosen.rows:,} rows x 30, Parquet {size / 1e6:,.0f} MB; 1 % of rows changed")
        print(f"{'':10}{'first MB':>10}{'added MB':>10}{'added':>9}{'seconds':>9}")
        own = ours(folder)
        _tell("mlwright", own)
        if not chosen.alone:
            from servers.environments import environment

            for peer, script in PEERS.items():
                program = environment(peer, LISTS) / "python"
                command = [str(program), str(LISTS / script), name]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                _tell(peer, json.loads(done.stdout.splitlines()[-1]))
        print(f"mlwright read the first table in {own['fresh']:.1f} s")
        print(
            f"{DELIVERIES} such deliveries of a quarter of it, one after the other, add"
            f" {own['twenty'] / own['quarter']:.1%} in at most {own['most']:.0f} fragments;"
            f" the last is read in {own['read']:.2f} s, the first in {own['read fresh']:.2f} s"
        )
        if own["added"] > GOAL * own["first"]:
            print(f"MORE THAN {GOAL:.0%} ADDED")
            sys.exit(1)


def _tell(name: str, found: dict[str, float]) -> None:
    share = found["added"] / found["first"]
    print(
        f"{name:10}{found['first'] / 1e6:10.1f}{found['added'] / 1e6:10.2f}{share:9.2%}"
        f"{found['seconds']:9.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
