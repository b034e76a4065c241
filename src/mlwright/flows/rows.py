"""What became of a row: found in every data version, placed in every model's split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mlwright.core.errors import NotFoundError
from mlwright.core.ids import Noun
from mlwright.core.records import load
from mlwright.data.places import find_row, parts_of, rows_at
from mlwright.data.records import Snapshot, Split
from mlwright.data.split import ASIDE, PARTS
from mlwright.data.table import Table, unordered
from mlwright.features.numbers import missing_in
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.join_links import links_of_joins
from mlwright.flows.labelling.explaining import links_of_row
from mlwright.flows.outputs import step_output
from mlwright.flows.repairing import links_of_repairs
from mlwright.flows.workspace import Workspace
from mlwright.govern.records import Why
from mlwright.govern.row import Holding, Use, explain_row
from mlwright.registry.records import ModelVersion
from mlwright.registry.versions import versions
from mlwright.scoring.records import ModelPackage
from mlwright.serve.lookup import count
from mlwright.serve.records import Unread
from mlwright.train.settings import WITHOUT_TARGET


def why_row(row: str, workspace: Workspace, *, of: ModelVersion | None = None) -> Why:
    """Explain a row forward, by its key or the digits of its content; ``of`` one model alone.

    Raises
    ------
    NotFoundError
        ``row-unknown`` when no data version holds it.
    """
    data = dict.fromkeys([of.data] if of else workspace.ledger.ids(Noun.DATA, newest_first=False))
    known = [v for v in versions(workspace.ledger) if of is None or v.ref == of.ref]
    models = [version.model for version in known]
    unread: list[Unread] = []
    answered = count(workspace.records, models, unread.append)
    holdings = tuple(_holdings(row, data, known, answered, workspace))
    if not holdings:
        raise NotFoundError(
            "row-unknown",
            f"no data version holds a row {row!r}",
            fix="a row is known by its key, or by the first 32 digits of its digest: "
            "mlw why MODEL --rows FILE writes every id",
            facts={"row": row},
            looked=[f"the rows of {len(data)} data versions"],
        )
    found = explain_row(row, holdings, workspace.ledger, workspace.store, unread)
    beside = links_of_joins(row, [each.data for each in holdings], workspace)
    mended = links_of_repairs(row, workspace)
    return replace(found, lineage=(*links_of_row(row, workspace), *beside, *mended, *found.lineage))


def _holdings(
    row: str,
    data: Mapping[str, None],
    known: Sequence[ModelVersion],
    answered: Mapping[str, int],
    workspace: Workspace,
) -> Iterator[Holding]:
    for identifier in data:
        snapshot = snapshot_of(identifier, workspace)
        found = find_row(row, snapshot, workspace.store)
        if found is None:
            continue
        place, by = found
        everything = unordered(snapshot, workspace.store)
        alone = rows_at([place], everything, snapshot, workspace.store)
        uses = tuple(
            _use(version, alone, snapshot, answered.get(version.model, 0), workspace)
            for version in known
            if version.data == identifier
        )
        yield Holding(identifier, by, uses)


def _use(
    version: ModelVersion, row: Table, snapshot: Snapshot, answered: int, workspace: Workspace
) -> Use:
    package = load(ModelPackage, workspace.store.get(version.package))
    target = package.task.target if package.task.kind.value not in WITHOUT_TARGET else None
    if target is not None and missing_in(row.frame[target]).any():
        return Use(version, None, "it has no value of the target", answered)
    split = step_output(version.run, "split", Split, workspace)
    (number,) = parts_of(row, split, snapshot, workspace.store)
    if number == ASIDE:
        return Use(version, None, "set aside: its group lies in a later window", answered)
    part = PARTS[number].value
    return Use(version, part, f"its {part} part", answered)
