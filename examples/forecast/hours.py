"""Departures of each hour and airport, as a table in the order of time."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

import mlwright as mw


@mw.step
def hours(flights: mw.Table) -> mw.Table:
    """Count the departures that were scheduled for each hour; an hour without one counts none."""
    day = pl.date("year", "month", "day")
    local = (day.cast(pl.Datetime("us")) + pl.duration(hours="hour")).alias("hour_of_departure")
    counted = flights.select("origin", local).group_by("origin", "hour_of_departure").len("flights")
    every = (
        counted.select("hour_of_departure")
        .unique()
        .join(counted.select("origin").unique(), how="cross")
    )
    keys = ["origin", "hour_of_departure"]
    table = every.join(counted, on=keys, how="left").with_columns(pl.col("flights").fill_null(0))
    return table.sort("hour_of_departure", "origin")


if __name__ == "__main__":
    source, out = map(Path, sys.argv[1:3])
    made = mw.pipeline(hours).run(flights=pl.read_csv(source, null_values="NA"))
    made["hours"].write_csv(out)
