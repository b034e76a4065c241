"""The proof of a join: every joined row looked up again by its id and held against the rule."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from mlwright.core.errors import BrokenError
from mlwright.data.joins.asof import event_and_known, moments
from mlwright.data.joins.records import JoinRule, Verified
from mlwright.data.table import Table

_SECOND = 1_000_000


def verify(result: Table, right: Table, rule: JoinRule, taken: Sequence[str]) -> Verified:
    """Hold each joined row against the right row whose id it names.

    It must be there, have the same keys and values, be true and known at the row's moment, and be
    no older than allowed; ``taken`` are the right table's columns it got. Nothing of how the join
    was made is used, only what it gave.

    Raises
    ------
    BrokenError
        ``join-broken``, with the first row that breaks the rule.
    """
    named = result.frame[rule.row]
    rows = named.is_not_null()
    frame = result.frame.filter(rows)
    ids = result.row_ids.filter(rows)
    places = pl.DataFrame({"id": named.filter(rows)}).join(
        pl.DataFrame({"id": right.row_ids, "place": pl.int_range(len(right.row_ids), eager=True)}),
        on="id",
        how="left",
        maintain_order="left",
    )["place"]
    _require(places.is_not_null(), ids, "names a row that the other table does not have")
    found = right.frame[places]
    for one, other in rule.by:
        _require(frame[one].eq_missing(found[other]), ids, f"has another {one!r} than its row")
    for name in taken:
        same = frame[rule.called(name)].eq_missing(found[name])
        _require(same, ids, f"has another {name!r} than its row")
    event, known = event_and_known(right, result.frame[rule.time].dtype, rule)
    moment = moments(frame[rule.time])
    event, known = event.gather(places), known.gather(places)
    _require(event <= moment, ids, "has values that were not true yet")
    _require(known <= moment, ids, "has values that were not known yet")
    age = moment - event
    if rule.within is not None:
        _require(age <= rule.within * _SECOND, ids, "has values that are too old")
    without = result.frame.filter(~rows)
    for name in taken:
        _require(
            without[rule.called(name)].is_null(),
            result.row_ids.filter(~rows),
            "has values of no row",
        )
    ahead = moment - pl.select(pl.max_horizontal(event, known)).to_series()
    closest = ahead.arg_min()
    return Verified(
        rows=len(ids),
        cells=len(ids) * len(taken),
        closest=None if closest is None else ahead[closest] / _SECOND,
        closest_row=None if closest is None else ids[closest],
        oldest=None if closest is None else float(str(age.max())) / _SECOND,
    )


def _require(kept: pl.Series, ids: pl.Series, what: str) -> None:
    broken = ~kept.fill_null(value=False)
    if broken.any():
        row = ids.filter(broken)[0]
        raise BrokenError(
            "join-broken",
            f"the row {row} {what}",
            fix="this is a fault of ours: the joined table was not kept; please report it",
            facts={"row": row, "rows": int(broken.sum())},
        )
