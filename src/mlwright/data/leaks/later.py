"""Columns that hold what is later than the row's own time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from mlwright.data.joins.records import JoinRule
from mlwright.data.leaks.records import TIME, Leak
from mlwright.data.records import Fault
from mlwright.data.rules.rule import share, where
from mlwright.data.table import Table

OFTEN = 0.01
"""The share of a column's values later than their rows from which on the column is later, and not
single cells a slip."""

_SHOWN = 5


def joined_later(table: Table, time: str, rule: JoinRule, names: Sequence[str]) -> Iterator[Leak]:
    """Yield the columns a join brought in as of another moment that lies after the row's time."""
    joined = [name for name in names if name.startswith(f"{rule.name}_")]
    if rule.time == time or not any(True for _ in later(table, time, [rule.time])):
        return
    for name in joined:
        yield Leak(
            TIME,
            name,
            0,
            f"{name!r} was joined as of {rule.time!r}, which is later than {time!r}",
            f"--drop {name}, or join as of {time!r}",
        )


def later(table: Table, time: str, names: Sequence[str]) -> Iterator[Leak]:
    """Yield the columns of dates and moments that lie after the row's time.

    A date is later where its day is; what is on the same day may have been before.
    """
    moment = table.frame[time]
    for name in names:
        series = table.frame[name]
        if series.dtype not in (pl.Date(), pl.Datetime("us")):
            continue
        days = pl.Date() in (series.dtype, moment.dtype)
        one, other = (each.cast(pl.Date) if days else each for each in (series, moment))
        after = one > other
        known = len(series) - series.null_count()
        places = where(after)
        if not known or len(places) <= OFTEN * known:
            continue
        rows = places[:_SHOWN]
        faults = tuple(
            Fault(TIME, name, row, cell.isoformat(), f"{time!r} is {at.isoformat()}")
            for row, cell, at in zip(
                table.row_ids.gather(rows), series.gather(rows), moment.gather(rows), strict=True
            )
        )
        yield Leak(
            TIME,
            name,
            len(places),
            f"{name!r} is later than {time!r} in {share(len(places) / known)} of its values, such "
            f"as {faults[0].value} in a row of {moment[int(rows[0])].isoformat()}",
            f"--drop {name}, unless it is a plan known beforehand",
            faults,
        )
