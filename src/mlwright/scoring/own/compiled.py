"""A plan behind steps of the user's own: what they make joins what was sent, then the plan goes on.

A row, rows, columns and a table go through the same process and the same functions of the user's,
each cast strictly first, so that all of them give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlwright.data.records import Column
from mlwright.scoring.cast import cast_value, missing_columns
from mlwright.scoring.own.apart import StepsApart
from mlwright.scoring.plan import Plan
from mlwright.scoring.records import OwnFeatures, Signature

if TYPE_CHECKING:
    import polars as pl

    from mlwright.scoring.native.protocol import Matrix

Row = Mapping[str, object]
Cells = Sequence[object]


def behind(plan: Plan, own: OwnFeatures, apart: StepsApart, signature: Signature) -> Plan:
    """Return a plan that takes what a table holds, and lets the steps make what they make of it."""
    fuller = with_made(own, apart, signature)

    def row(record: Row) -> tuple[float, ...]:
        return plan.row(fuller([record])[0])

    def rows(records: Sequence[Row]) -> Matrix:
        return plan.rows(fuller(records))

    def more(cells: Mapping[str, Cells], height: int) -> Mapping[str, Cells]:
        if not height:
            return {**cells, **{column.name: [] for column in own.makes}}
        given = {c.name: [cast_value(each, c) for each in cells[c.name]] for c in own.reads}
        return {**cells, **apart.columns(given, height)}

    def columns(cells: Mapping[str, Cells], height: int) -> Matrix:
        return plan.columns(more(cells, height), height)

    def prepare(cells: Mapping[str, Cells], height: int) -> Matrix:
        return plan.prepare(more(cells, height), height)

    def table(frame: pl.DataFrame) -> Matrix:
        return plan.table(fuller_table(own, apart, frame))

    return Plan(row, rows, columns, table, prepare, plan.answer)


def with_made(
    own: OwnFeatures, apart: StepsApart, signature: Signature
) -> Callable[[Sequence[Row]], list[dict[str, Any]]]:
    """Return the function that gives rows what the steps make of them."""

    def fuller(records: Sequence[Row]) -> list[dict[str, Any]]:
        if not records:
            return []
        try:
            given = {c.name: [cast_value(r[c.name], c) for r in records] for c in own.reads}
        except KeyError:
            short = next(r for r in records if any(c.name not in r for c in signature.inputs))
            raise missing_columns(short, signature.inputs) from None
        made = apart.columns(given, len(records))
        names = list(made)
        cells = zip(*made.values(), strict=True)
        return [
            {**record, **dict(zip(names, some, strict=True))}
            for record, some in zip(records, cells, strict=True)
        ]

    return fuller


def fuller_table(own: OwnFeatures, apart: StepsApart, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table, cast to the signature, with what the steps make of its rows."""
    from mlwright.scoring.frames import frame_of

    if frame.height:
        return frame.with_columns(apart.table(frame))
    return frame.with_columns(frame_of((), [Column(each.name, each.kind) for each in own.makes]))
