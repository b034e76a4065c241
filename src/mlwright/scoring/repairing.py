"""The repairs a model keeps, made on a row before its contract and its features.

A row gets the cells a table gets (:func:`mlwright.scoring.frames.repair_frame`). A cell is first
cast strictly to the kind its column had before the repair; one that cannot be is left as it is,
for the scorer to refuse. A column that a step reads out of text may be sent as what it becomes:
then what comes before that step is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlwright.core.errors import BrokenError, DataError
from mlwright.data.records import Column, Kind
from mlwright.data.repair.catalogue import CELL_VERBS
from mlwright.data.repair.grammar import parse
from mlwright.data.repair.records import GRAMMAR, CellRepair
from mlwright.data.repair.step import Step, Value
from mlwright.scoring.cast import cast_value

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A kind that cells of a column may be sent as, and the steps they then go through."""

    kind: Kind
    steps: tuple[tuple[Step, Kind], ...]


def needed(repairs: Iterable[CellRepair], inputs: Iterable[Column]) -> tuple[CellRepair, ...]:
    """Return the repairs of columns that a model reads."""
    names = {column.name for column in inputs}
    return tuple(each for each in repairs if each.column in names)


def compile_repair(repairs: Sequence[CellRepair]) -> Callable[[Row], Row]:
    """Return the function that repairs a row; one that needs none is returned as it is.

    Raises
    ------
    BrokenError
        ``repair-newer`` where the steps were written for a newer grammar than this one.
    """
    chains = [(each.column, compile_column(each)) for each in repairs]

    def repaired(row: Row) -> Row:
        changed: dict[str, Any] = {}
        for name, chain in chains:
            if name in row:
                sent = row[name]
                found = chain(sent)
                if found is not sent:
                    changed[name] = found
        return {**row, **changed} if changed else row

    return repaired


def compile_column(repair: CellRepair) -> Callable[[Any], Any]:
    """Return the function that repairs one cell; what needs nothing is returned as it was sent."""
    entries = [
        (
            Column(repair.column, entry.kind),
            [CELL_VERBS[step.verb].cell(step, kind) for step, kind in entry.steps],
        )
        for entry in entries_of(repair)
    ]

    def chain(sent: Any) -> Any:
        for column, cells in entries:
            try:
                value = cast_value(sent, column)
            except DataError:
                continue
            found: Value = value
            for cell in cells:
                found = cell(found)
            # What no step changed goes on as it was sent.
            return sent if _same(found, value) else found
        return sent

    return chain


def _same(found: Value, value: Value) -> bool:
    if found is value:
        return True
    if type(found) is not type(value) or found != value:
        return False
    return not (isinstance(found, float) and found == 0.0 and repr(found) != repr(value))


def entries_of(repair: CellRepair) -> list[Entry]:
    """Return the kinds a column's cells may come in, that of the raw table first."""
    if repair.grammar > GRAMMAR:
        raise BrokenError(
            "repair-newer",
            f"the model repairs {repair.column!r} by steps of version {repair.grammar} of the "
            f"grammar; this mlwright knows version {GRAMMAR}",
            fix="use the version of mlwright that made the model",
            facts={"column": repair.column, "grammar": repair.grammar},
        )
    kind = repair.kind
    chain: list[tuple[Step, Kind]] = []
    for text in repair.steps:
        step = parse(text)
        chain.append((step, kind))
        kind = CELL_VERBS[step.verb].becomes(step, kind)
    entries = [Entry(repair.kind, tuple(chain))]
    for place, (step, before) in enumerate(chain):
        after = CELL_VERBS[step.verb].becomes(step, before)
        if step.verb == "parse" and after is not before:
            entries.append(Entry(after, tuple(chain[place + 1 :])))
    return entries
