"""What `mlw data join` tells: the version made, who got values, and what was proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mlwright.cli.output import Output, counted
from mlwright.core.ids import short
from mlwright.core.quantities import Quantity, format_quantity

if TYPE_CHECKING:
    from mlwright.flows.joining import JoinMade


def tell_join(output: Output, made: JoinMade, out: str | None) -> None:
    """Print a join that was made, for a person."""
    joined = made.joined
    snapshot, rule, proved = joined.snapshot, joined.rule, joined.verified
    output.line(
        f"{click.style(snapshot.id, bold=True)}  {counted(snapshot.rows, 'row')} x"
        f" {counted(len(snapshot.columns), 'column')}, joined by run {short(made.run)}"
    )
    none = snapshot.rows - joined.matched
    output.line(
        f"  {counted(joined.matched, 'row')} got values of {short(joined.right)}, {none:,} none:"
        f" {joined.stale:,} only older ones than {_time(rule.within)}, {joined.early:,} only ones"
        " not known yet"
    )
    known = f"by {rule.known!r}" if rule.known is not None else "when it was true"
    later = f", {_time(rule.known_after)} later" if rule.known_after else ""
    output.line(f"  a value of {rule.name} counts as known {known}{later}")
    if proved.closest is not None:
        output.line(
            f"  proved: {counted(proved.cells, 'value')} in {counted(proved.rows, 'row')} looked up"
            f" again, each known by its row's moment: the last {_ago(proved.closest)}, the oldest"
            f" {_ago(proved.oldest)}"
        )
    if out is not None:
        output.line(f"  wrote {out}")
    output.note(f"next: mlw run {short(snapshot.id)} --target COLUMN, or mlw why {snapshot.id}")


def document_of(made: JoinMade, out: str | None) -> dict[str, object]:
    """Return the JSON document of `mlw data join`."""
    joined = made.joined
    return {
        "data": joined.snapshot.id,
        "digest": joined.snapshot.digest,
        "rows": joined.snapshot.rows,
        "columns": joined.snapshot.columns,
        "run": made.run,
        "left": joined.left,
        "right": joined.right,
        "rule": joined.rule,
        "matched": joined.matched,
        "stale": joined.stale,
        "early": joined.early,
        "verified": joined.verified,
        "out": out,
    }


def _ago(seconds: float | None) -> str:
    return f"{_time(seconds)} before" if seconds else "at that moment"


def _time(seconds: float | None) -> str:
    return "any age" if seconds is None else format_quantity(seconds, Quantity.DURATION)
