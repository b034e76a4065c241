"""A table looked through by every rule of the catalogue: what is probably wrong, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from mlwright.data.cells import Cells, TableCells, each_column
from mlwright.data.column import Places
from mlwright.data.profile import describe
from mlwright.data.records import (
    ColumnProfile,
    Contract,
    Fault,
    Finding,
    Profile,
    Scalar,
    Screening,
)
from mlwright.data.rules.catalogue import RULES
from mlwright.data.rules.rule import Marks, Rule
from mlwright.data.sheet import Sheet
from mlwright.data.table import Table


def screen(
    table: Table | Cells,
    *,
    today: date,
    target: str | None = None,
    key: str | None = None,
    sealed: pl.Series | None = None,
    contract: Contract | None = None,
    ordered: bool = False,
    most: int | None = None,
    rules: Sequence[Rule] = RULES,
    described: bool = False,
) -> Screening:
    """Look for faults in a table, a column at a time, several columns at once.

    Parameters
    ----------
    table
        Rows in memory, or the cells of a data version, which is then never held as a whole.
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
    described
        Describe the columns too, in the same look at each.
    """
    fitted = None if sealed is None else ~sealed
    cells = TableCells(table) if isinstance(table, Table) else table
    sheet = Sheet(cells, today, fitted, target, key, contract)
    known = None if fitted is None else int(fitted.sum())
    rows = None if not described else cells.height if known is None else known

    def look(series: pl.Series) -> _Look:
        return _look(sheet, series, rules, most, rows)

    looks = each_column(cells, look)
    marked = {owner: places for look in looks for owner, places in look.marked.items()}
    findings = [found for look in looks for found in look.findings]
    for rule in rules:
        if rule.find is not None:
            findings += _findings(rule, rule.find(sheet), sheet, marked, most)
    order = {rule.name: place for place, rule in enumerate(rules)}
    findings.sort(key=lambda found: order[found.finding.check])
    places = [each for each in marked.values() if len(each)]
    return Screening(
        rows=cells.height,
        columns=len(cells.schema),
        sealed=0 if known is None else cells.height - known,
        faulty=pl.Series(np.concatenate(places)).n_unique() if places else 0,
        checks=tuple(rule.name for rule in rules),
        findings=_named(findings, cells, ordered=ordered),
        profile=None if rows is None else Profile(rows, tuple(_profiles(looks))),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A finding whose rows have places and no names yet."""

    finding: Finding
    places: Places


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What rules found in one column, and where each of them or others had marked it."""

    findings: list[_Found]
    marked: dict[str | None, Places]
    profile: ColumnProfile | None


def _profiles(looks: Iterable[_Look]) -> Iterator[ColumnProfile]:
    yield from (look.profile for look in looks if look.profile is not None)


def _look(
    sheet: Sheet, series: pl.Series, rules: Sequence[Rule], most: int | None, rows: int | None
) -> _Look:
    """Ask the rules about one column, which is held no longer than that.

    ``rows`` is how many it is described for; None for not at all.
    """
    column = sheet.apart(series)
    sheet.note(column)
    look = _Look([], {}, None if rows is None else describe(column, rows))
    for rule in rules:
        if rule.each is not None:
            marks = rule.each(column)
            look.findings.extend(_findings(rule, marks, sheet, look.marked, most, column.series))
    return look


def _findings(
    rule: Rule,
    found: Iterable[Marks],
    sheet: Sheet,
    marked: dict[str | None, Places],
    most: int | None,
    series: pl.Series | None = None,
) -> Iterator[_Found]:
    """Give what one rule found that none before it had."""
    for marks in found:
        if not len(marks.places):
            value = marks.values[0] if marks.values else None
            fault = Fault(rule.name, marks.column, None, value, marks.why)
            finding = Finding(rule.name, marks.column, 0, marks.why, (fault,))
            yield _Found(finding, marks.places)
            continue
        owner = f"{rule.name} of {marks.column}" if rule.beside else marks.column
        before = marked.get(owner)
        if rule.rest and marked:
            before = np.concatenate(list(marked.values()))
        new = np.ones(len(marks.places), np.bool_)
        if before is not None:
            new = ~np.isin(marks.places, before)
        chosen = np.flatnonzero(new)
        if len(chosen):
            known = marks.places[chosen]
            own = marked.get(owner)
            marked[owner] = known if own is None else np.concatenate([own, known])
            kept = chosen[:most]
            faults = tuple(_faults(rule, marks, kept, sheet, series))
            finding = Finding(rule.name, marks.column, len(chosen), marks.why, faults)
            yield _Found(finding, marks.places[kept])


def _faults(
    rule: Rule, marks: Marks, chosen: Places, sheet: Sheet, series: pl.Series | None
) -> Iterator[Fault]:
    cells: Iterable[object] = [None] * len(chosen)
    if marks.column is not None:
        held = sheet.cells.column(marks.column) if series is None else series
        cells = held.gather(marks.places[chosen])
    for index, cell in zip(chosen, cells, strict=True):
        yield Fault(
            check=rule.name,
            column=marks.column,
            row=None,
            value=marks.values[index] if marks.values else _scalar(cell),
            why=marks.whys[index] if marks.whys else marks.why,
            meant=marks.meant[index] if marks.meant else None,
        )


def _named(found: Sequence[_Found], cells: Cells, *, ordered: bool) -> tuple[Finding, ...]:
    """Return findings with the ids of their rows, which are looked up once for all."""
    together = [each.places for each in found]
    ids = iter(cells.ids(np.concatenate(together)) if together else ())
    named = []
    for each in found:
        faults = each.finding.faults
        if len(each.places):
            faults = tuple(
                replace(fault, row=next(ids), place=int(place) + 1 if ordered else None)
                for fault, place in zip(faults, each.places, strict=True)
            )
        named.append(replace(each.finding, faults=faults))
    return tuple(named)


def _scalar(cell: object) -> Scalar | None:
    return cell.isoformat() if isinstance(cell, date) else cell  # type: ignore[return-value]
