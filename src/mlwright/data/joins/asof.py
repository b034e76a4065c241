"""For each row of one table, the newest row of another that was known at its moment.

A right row can be used from the moment on at which it is both true and known. In the order of
these moments the newest row so far is kept, so that one search in a sorted table finds for each
left row the newest of all that it may use, however late any of them was known. Of rows true at the
same moment the one known last is taken, and of these the last by row id.
"""

from __future__ import annotations

import polars as pl

from mlwright.data.joins.records import JoinRule
from mlwright.data.table import Table

DAY = 86_400_000_000
_SECOND = 1_000_000

PLACE = "place"
"""The place of the right row; null where there is none."""


def moments(series: pl.Series, *, end: bool = False) -> pl.Series:
    """Return dates and times as microseconds; a date is its first moment, or with ``end`` its last.

    >>> moments(pl.Series(["1970-01-02"]).str.to_date()).to_list()
    [86400000000]
    """
    if series.dtype == pl.Date():
        days = series.to_physical().cast(pl.Int64) * DAY
        return days + (DAY - 1) if end else days
    return series.to_physical().cast(pl.Int64)


def newest_known(left: Table, right: Table, rule: JoinRule) -> pl.DataFrame:
    """Return the place of each left row's right row, and what else there would have been.

    The columns are ``place``, ``stale`` (a row that may be used is there, but too old) and
    ``early`` (one is true already, but not known).
    """
    asked = _asked(left, rule)
    offered = _offered(right, left.frame[rule.time].dtype, rule)
    known = _searched(asked, _running(offered, "usable", rule), "usable", rule)
    true = _searched(asked, _running(offered, "event", rule), "event", rule)
    age = asked["moment"] - moments(right.frame[rule.event]).gather(known)
    fresh = pl.lit(value=True) if rule.within is None else pl.col("age") <= rule.within * _SECOND
    return pl.DataFrame({PLACE: known, "age": age, "true": true}).select(
        pl.when(fresh).then(PLACE).alias(PLACE),
        (pl.col(PLACE).is_not_null() & ~fresh).alias("stale"),
        (pl.col(PLACE).is_null() & pl.col("true").is_not_null()).alias("early"),
    )


def event_and_known(
    right: Table, dtype: pl.DataType, rule: JoinRule
) -> tuple[pl.Series, pl.Series]:
    """Return when each right row was true and when it was known, for rows with moments of a type.

    Beside rows with a time of day, a date of the right table is known when its day is over.
    """
    late = dtype != pl.Date()
    event = moments(right.frame[rule.event])
    source = rule.event if rule.known is None else rule.known
    known = moments(right.frame[source], end=late and rule.known is not None)
    return event, known + round(rule.known_after * _SECOND)


def _asked(left: Table, rule: JoinRule) -> pl.DataFrame:
    keys = {f"key {number}": left.frame[one] for number, (one, _) in enumerate(rule.by)}
    frame = pl.DataFrame({"number": pl.int_range(len(left.row_ids), eager=True), **keys})
    return frame.with_columns(moment=moments(left.frame[rule.time]))


def _offered(right: Table, dtype: pl.DataType, rule: JoinRule) -> pl.DataFrame:
    """Return the right rows with when they are true, known and usable, those without left out."""
    event, known = event_and_known(right, dtype, rule)
    keys = {f"key {number}": right.frame[other] for number, (_, other) in enumerate(rule.by)}
    frame = pl.DataFrame(
        {
            PLACE: pl.int_range(len(right.row_ids), eager=True),
            "id": right.row_ids,
            "event": event,
            "known": known,
            **keys,
        }
    )
    frame = frame.with_columns(usable=pl.max_horizontal("event", "known"))
    complete = frame.drop_nulls(["event", "known", *keys])
    newest = pl.struct("event", "known", "id").rank("ordinal")
    return complete.with_columns(newest.alias("rank"))


def _running(offered: pl.DataFrame, moment: str, rule: JoinRule) -> pl.DataFrame:
    """Return for each moment the newest row among those up to it, in the order of the moments."""
    keys = [f"key {number}" for number in range(len(rule.by))]
    by_rank = offered.sort("rank")["place"]
    newest = pl.col("rank").cum_max()
    in_order = offered.sort(moment, "rank").with_columns(
        (newest.over(keys) if keys else newest).alias("best")
    )
    best = by_rank.gather(in_order["best"].cast(pl.Int64) - 1)
    return in_order.select(moment, *keys).with_columns(best.alias("best"))


def _searched(asked: pl.DataFrame, running: pl.DataFrame, moment: str, rule: JoinRule) -> pl.Series:
    keys = [f"key {number}" for number in range(len(rule.by))]
    found = (
        asked.filter(pl.col("moment").is_not_null())
        .sort("moment")
        .join_asof(
            running,
            left_on="moment",
            right_on=moment,
            by=keys or None,
            strategy="backward",
            check_sortedness=False,
        )
        .select("number", "best")
    )
    places = pl.Series("best", [None], dtype=pl.Int64).new_from_index(0, asked.height)
    return places.scatter(found["number"], found["best"].cast(pl.Int64))
