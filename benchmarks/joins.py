"""Join every flight with its weather as it was known, beside polars' own as-of join.

``python benchmarks/joins.py``. Both search the same two tables in memory, flights (336,776 rows)
and weather (26,115), by airport and hour and no older than two hours, and give the same rows; ours
also knows when a value was known, takes ties by a rule and says why a row got nothing. The rounds
are interleaved and the fastest counts. Then the whole of ``mlw data join``: the columns taken, the
proof by ids, and the version that is kept.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter, process_time

import polars as pl

from mlwright.data.ingest import read_table
from mlwright.data.joins.asof import newest_known
from mlwright.data.joins.join import join
from mlwright.data.joins.records import JoinRule
from mlwright.data.joins.verify import verify
from mlwright.data.settings import DataSettings
from mlwright.data.snapshot import build
from mlwright.data.table import Table, read
from mlwright.store.memory import MemoryStore

DATA = Path(__file__).resolve().parent.parent / ".cache" / "data" / "flights"
ROUNDS = 5
RULE = JoinRule("w", (("origin", "origin"),), "time_hour", "time_hour", None, 0.0, 7200.0, ())
Seconds = tuple[float, float]


def searched(left: Table, right: Table) -> pl.Series:
    """Return the weather row of each flight, by our search."""
    return newest_known(left, right, RULE)["place"]


def peer(left: Table, right: Table) -> pl.Series:
    """Return the same by polars' join, in the order of the flights."""
    news = right.frame.select("origin", "time_hour").with_row_index("place")
    asked = left.frame.select("origin", "time_hour").with_row_index("number")
    found = asked.sort("time_hour").join_asof(
        news.sort("time_hour"), on="time_hour", by="origin", tolerance="2h", check_sortedness=False
    )
    return found.sort("number")["place"].cast(pl.Int64)


def timed(work: object, *given: object) -> Seconds:
    """Return the wall and processor seconds of one call."""
    began, worked = perf_counter(), process_time()
    work(*given)  # type: ignore[operator]
    return perf_counter() - began, process_time() - worked


def main() -> None:
    """Print a line for each work, with its ratio to polars' join."""
    store = MemoryStore()
    one, other = (
        build(read_table(DATA / f"{name}.csv", DataSettings()), key=None, store=store)
        for name in ("flights", "weather")
    )
    left, right = read(one, store), read(other, store)
    same = left.frame["time_hour"].eq(right.frame["time_hour"].gather(searched(left, right)))
    theirs = left.frame["time_hour"].eq(right.frame["time_hour"].gather(peer(left, right)))
    assert same.equals(theirs), "the two joins differ"
    made = join(one, other, RULE, store)
    result = read(made.snapshot, store)
    taken = [n for n in right.frame.columns if n not in ("origin", "time_hour")]
    works = {
        "polars join_asof": (peer, left, right),
        "ours: search": (searched, left, right),
        "ours: proof by row ids": (verify, result, right, RULE, taken),
        "ours: whole, version kept": (join, one, other, RULE, store),
    }
    fastest: dict[str, Seconds] = {}
    for _ in range(ROUNDS):
        for name, (work, *given) in works.items():
            fastest[name] = min(fastest.get(name, (9e9, 9e9)), timed(work, *given))
    base = fastest["polars join_asof"]
    print(f"{one.rows:,} flights, {other.rows:,} hours of weather; {made.matched:,} rows joined\n")
    print("| work | seconds | ratio | processor seconds | ratio |\n|---|---|---|---|---|")
    for name, (wall, work_) in fastest.items():
        print(
            f"| {name} | {wall:.3f} | {wall / base[0]:.1f} | {work_:.3f} | {work_ / base[1]:.1f} |"
        )


if __name__ == "__main__":
    main()
