"""Which plane flew where, as a table of pairs: what was done, and as much that was not.

Nobody says of a plane where it would not go. What it did is evidence, the more the oftener; what it
did not do is weak evidence of the contrary.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

import mlwright as mw

PLANES = 250


@mw.step
def flown(flights: mw.Table) -> mw.Table:
    """Count the flights of the planes that flew most, by destination."""
    known = flights.filter(pl.col("tailnum") != "NA")
    counts = known["tailnum"].value_counts().sort("count", "tailnum", descending=[True, False])
    busy = counts["tailnum"].head(PLANES).to_list()
    kept = known.filter(pl.col("tailnum").is_in(busy))
    return kept.group_by("tailnum", "dest").len("flights").sort("tailnum", "dest")


@mw.step
def pairs(flown: mw.Table) -> mw.Table:
    """Return every pair of plane and destination, whether it was flown and how sure that is."""
    planes, places = flown.select("tailnum").unique(), flown.select("dest").unique()
    every = planes.join(places, how="cross").join(flown, on=["tailnum", "dest"], how="left")
    return every.select(
        pl.concat_str("tailnum", "dest", separator=" to ").alias("pair"),
        plane="tailnum",
        destination="dest",
        flew=pl.when(pl.col("flights").is_null()).then(pl.lit("no")).otherwise(pl.lit("yes")),
        confidence=(1 + pl.col("flights").fill_null(0)).log1p(),
    ).sort("pair")


if __name__ == "__main__":
    source, out = map(Path, sys.argv[1:3])
    made = mw.pipeline(flown, pairs).run(flights=pl.read_csv(source, columns=["tailnum", "dest"]))
    made["pairs"].write_csv(out)
