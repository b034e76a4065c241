"""Keep a table and its later delivery in a Delta table; runs in an environment of its own.

It is told which rows changed, by their key: the table in full would replace every file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter

import polars as pl
from deltalake import DeltaTable, write_deltalake


def stored(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def main(folder: Path) -> None:
    target = folder / "delta"
    write_deltalake(str(target), pl.read_parquet(folder / "table.parquet"))
    before = stored(target)
    start = perf_counter()
    changed = pl.read_parquet(folder / "changed.parquet")
    merge = DeltaTable(str(target)).merge(
        changed, "t.id = s.id", source_alias="s", target_alias="t"
    )
    merge.when_matched_update_all().execute()
    seconds = perf_counter() - start
    print(json.dumps({"first": before, "added": stored(target) - before, "seconds": seconds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
