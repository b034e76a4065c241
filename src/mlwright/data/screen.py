"""A table looked through by every rule of the catalogue: what is probably wrong, and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import polars as pl

from mlwright.data.records import Contract, Fault, Finding, Scalar, Screening
from mlwright.data.rules.catalogue import RULES
from mlwright.data.rules.rule import Marks, Rule
from mlwright.data.sheet import Places, Sheet
from mlwright.data.table import Table


def screen(
    table: Table,
    *,
    today: date,
    target: str | None = None,
    key: str | None = None,
    sealed: pl.Series | None = None,
    contract: Contract | None = None,
    ordered: bool = False,
    most: int | None = None,
    rules: Sequence[Rule] = RULES,
) -> Screening:
    """Look for faults in a table.

    Parameters
    ----------
    today
        The day the table was read: what it says of later days it cannot know.
    target
        The column to predict; its rules are left out without it.
    key
        The column that names rows, which need not do so without fault.
    sealed
        Marks the rows of the sealed test part. Nothing is learnt from them and their targets are
        not looked at; they are judged by what the other rows show.
    contract
        What a model was promised; cells that break it are told.
    ordered
        The rows stand as in the file they were read from, so that their numbers mean something.
    most
        How many faults of each finding are kept; counts are always of all.
    """
    fitted = None if sealed is None else ~sealed
    sheet = Sheet(table.frame, table.row_ids, today, fitted, target, key, contract)
    marked: dict[str | None, Places] = {}
    findings = []
    for rule in rules:
        for marks in rule.find(sheet):
            finding = _finding(sheet, rule, marks, marked, ordered=ordered, most=most)
            if finding is not None:
                findings.append(finding)
    places = [each for each in marked.values() if len(each)]
    return Screening(
        rows=table.frame.height,
        columns=table.frame.width,
        sealed=0 if sealed is None else int(sealed.sum()),
        faulty=len(np.unique(np.concatenate(places))) if places else 0,
        checks=tuple(rule.name for rule in rules),
        findings=tuple(findings),
    )


def _finding(
    sheet: Sheet,
    rule: Rule,
    marks: Marks,
    marked: dict[str | None, Places],
    *,
    ordered: bool,
    most: int | None,
) -> Finding | None:
    if not len(marks.places):
        fault = Fault(rule.name, marks.column, None, None, marks.why)
        return Finding(rule.name, marks.column, 0, marks.why, (fault,))
    owner = f"{rule.name} of {marks.column}" if rule.beside else marks.column
    before = marked.get(owner, np.empty(0, np.int64))
    chosen = np.flatnonzero(~np.isin(marks.places, before))
    if not len(chosen):
        return None
    marked[owner] = np.union1d(before, marks.places)
    faults = tuple(_faults(sheet, rule, marks, chosen[:most], ordered=ordered))
    return Finding(rule.name, marks.column, len(chosen), marks.why, faults)


def _faults(
    sheet: Sheet, rule: Rule, marks: Marks, chosen: Places, *, ordered: bool
) -> Iterator[Fault]:
    places = marks.places[chosen]
    ids = sheet.row_ids.gather(places)
    cells = (
        [None] * len(places) if marks.column is None else sheet.frame[marks.column].gather(places)
    )
    for number, (index, row, cell) in enumerate(zip(chosen, ids, cells, strict=True)):
        yield Fault(
            check=rule.name,
            column=marks.column,
            row=row,
            value=marks.values[index] if marks.values else _scalar(cell),
            why=marks.whys[index] if marks.whys else marks.why,
            place=int(places[number]) + 1 if ordered else None,
        )


def _scalar(cell: object) -> Scalar | None:
    return cell.isoformat() if isinstance(cell, date) else cell  # type: ignore[return-value]
