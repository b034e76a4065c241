"""A row and the rows of other tables whose values it got."""

from __future__ import annotations

from collections.abc import Sequence

from mlwright.core.ids import short
from mlwright.data.places import find_row, rows_at
from mlwright.data.table import unordered
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.joining import joins_of
from mlwright.flows.workspace import Workspace
from mlwright.govern.records import Link


def links_of_joins(row: str, data: Sequence[str], workspace: Workspace) -> tuple[Link, ...]:
    """Return the rows that a row was joined with, in the data versions that a join made."""
    links = []
    for identifier in data:
        for made in joins_of(identifier, workspace)[-1:]:
            joined, rule = made.joined, made.joined.rule
            snapshot = snapshot_of(identifier, workspace)
            found = find_row(row, snapshot, workspace.store)
            if found is None:
                continue
            everything = unordered(snapshot, workspace.store)
            alone = rows_at([found[0]], everything, snapshot, workspace.store).frame
            other = alone[rule.row][0]
            where = f"in {short(identifier)}"
            if other is None:
                what = f"{where}: no row of {short(joined.right)} was known then"
                links.append(Link("joined with", "data", joined.right, what, {"row": None}))
                continue
            what = f"{where}: a row of {short(joined.right)}, as known at {alone[rule.time][0]}"
            links.append(Link("joined with", "row", str(other), what, {"data": joined.right}))
            own = f"in {short(identifier)}: the row before anything was joined to it"
            links.append(Link("made of", "data", joined.left, own, {}))
    return tuple(links)
