"""How runs are listed: what was asked for, and what they differ in, beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from mlwright.cli.listing_view import cell, tell_listing
from mlwright.cli.options import open_project
from mlwright.cli.output import Output

_NAME = 32


def list_runs(output: Output, *, where: str | None, sort: str | None, limit: int) -> None:
    """Print the runs that meet a condition, in an order, else newest first."""
    from mlwright.flows.tracking import asked_of, columns_of, not_there

    with open_project(output) as project:
        rows = project.runs(where=where, sort=sort, limit=limit)
        asked = asked_of(where, sort)
        lacking = () if rows else not_there(project.workspace.ledger, asked)
    if output.as_json:
        tell_listing(output, "ls", "runs", rows)
        return
    if not rows and (where or sort):
        output.note("; ".join(lacking) or "no run is like that; mlw ls runs lists the newest")
        return
    columns = {of: columns_of(of, asked, rows) for of in ("metrics", "params")}
    tell_listing(output, "ls", "runs", [_shown(row, columns) for row in rows])


def _shown(row: Mapping[str, object], columns: Mapping[str, Sequence[str]]) -> Mapping[str, object]:
    shown: dict[str, object] = {"run": row["run"], "name": _cut(str(row["name"]))}
    shown |= {name: row[name] for name in ("status", "made")}
    for of, names in columns.items():
        held = cast("Mapping[str, object]", row[of])
        for name in names:
            shown[name] = _cut(_value(held[name])) if name in held else None
    return {**shown, "started": str(row["started"])[:19], "by": row["by"]}


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.5g}"
    return "none" if value is None else cell(value)


def _cut(text: str) -> str:
    return text if len(text) <= _NAME else text[: _NAME - 1] + "…"
