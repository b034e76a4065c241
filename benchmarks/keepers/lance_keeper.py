"""Keep a table and its later delivery in a Lance dataset; runs in an environment of its own.

It is told which rows changed, by their key: the table in full would be written in full.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter

import lance
import polars as pl


def stored(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def main(folder: Path) -> None:
    target = folder / "lance"
    lance.write_dataset(pl.read_parquet(folder / "table.parquet").to_arrow(), target)
    before = stored(target)
    start = perf_counter()
    changed = pl.read_parquet(folder / "changed.parquet").to_arrow()
    merge = lance.dataset(target).merge_insert("id")
    merge.when_matched_update_all().execute(changed)
    seconds = perf_counter() - start
    print(json.dumps({"first": before, "added": stored(target) - before, "seconds": seconds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
