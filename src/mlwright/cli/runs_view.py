"""How runs are listed: what was asked for, and what they differ in, beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from mlwright.cli.listing_view import cell, tell_listing
from mlwright.cli.options import open_project
from mlwright.cli.output import Output

if TYPE_CHECKING:
    from mlwright.ledger.records import Field

_MOST = 5  # columns of metrics, and of parameters, that fit on a line
_NAME = 32


def list_runs(output: Output, *, where: str | None, sort: str | None, limit: int) -> None:
    """Print the runs that meet a condition, in an order, else newest first."""
    from mlwright.flows.tracking import asked_of, not_there

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
    tell_listing(output, "ls", "runs", [_shown(row, asked, rows) for row in rows])


def columns_of(
    of: str, asked: Sequence[Field], rows: Sequence[Mapping[str, object]], most: int = _MOST
) -> list[str]:
    """Return the names of metrics or parameters worth a column.

    First what was asked for; then what most runs have and, of parameters, differ in.
    """
    names = [field.name for field in asked if f"{field.of}s" == of]
    held = [cast("Mapping[str, object]", row[of]) for row in rows]
    counts: dict[str, int] = {}
    for each in held:
        for name in each:
            counts[name] = counts.get(name, 0) + 1
    common = sorted(counts, key=lambda name: -counts[name])
    for name in common:
        same = len({repr(each.get(name)) for each in held}) == 1
        if name not in names and not (of == "params" and same and len(held) > 1):
            names.append(name)
    return names[:most]


def _shown(
    row: Mapping[str, object], asked: Sequence[Field], rows: Sequence[Mapping[str, object]]
) -> Mapping[str, object]:
    shown: dict[str, object] = {"run": row["run"], "name": _cut(str(row["name"]))}
    shown |= {name: row[name] for name in ("status", "made")}
    for of in ("metrics", "params"):
        held = cast("Mapping[str, object]", row[of])
        for name in columns_of(of, asked, rows):
            shown[name] = _cut(_value(held[name])) if name in held else None
    return {**shown, "started": str(row["started"])[:19], "by": row["by"]}


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.5g}"
    return "none" if value is None else cell(value)


def _cut(text: str) -> str:
    return text if len(text) <= _NAME else text[: _NAME - 1] + "…"
