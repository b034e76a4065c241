"""What would mend a table, told from what screening found in it: steps, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from mlwright.data.column import ALWAYS_MISSING, Column
from mlwright.data.records import Fault, Finding, Kind, Scalar, Screening
from mlwright.data.repair.carry import repair_frame
from mlwright.data.repair.grammar import parse, render
from mlwright.data.repair.kinds import NUMBERS, as_scalar
from mlwright.data.repair.records import Proposal, RepairRule
from mlwright.data.repair.step import Step, Value
from mlwright.data.rules.misspellings import distance
from mlwright.data.rules.rule import counted, shown
from mlwright.data.screen import screen
from mlwright.data.table import Table

HIGH, MEDIUM, LOW = "high", "medium", "low"
WRITTEN = (HIGH, MEDIUM)
"""How sure a proposal has to be to be written into the spec; others are shown."""

ROUNDS = 4
"""How often a mended table is looked through again: one fault may hide another."""

_MOST_PAIRS = 200
_MOST_ROWS = 100
_DIGITS = 15
_READABLE = ("format", "impossible-date", "missing-spelling", "spaces", "sign-slip", "unit-slip",
             "outlier")  # fmt: skip
_FREQUENT = 20


@dataclass(frozen=True, slots=True, eq=False)
class Mended:
    """What was proposed for a table, and what screening found before and after those steps."""

    proposals: tuple[Proposal, ...]
    before: Screening
    after: Screening

    @property
    def written(self) -> tuple[Proposal, ...]:
        """The proposals that are sure enough to be written into the spec."""
        return tuple(each for each in self.proposals if each.confidence in WRITTEN)


def mend(
    table: Table,
    *,
    today: date,
    target: str | None,
    key: str | None,
    sealed: pl.Series | None,
    kept: Collection[str],
) -> Mended:
    """Return the steps that would mend a table, in the order they are to be carried out.

    The table is mended by them, looked through again, and so on: behind spaces another spelling
    may hide, behind stray text a slip of the sign.

    Parameters
    ----------
    sealed
        Marks rows that nothing is learnt from and that no step takes out.
    kept
        Columns that no step may change.
    """

    def look(mended: Table, hidden: pl.Series | None) -> Screening:
        return screen(mended, today=today, target=target, key=key, sealed=hidden)

    before = found = look(table, sealed)
    proposals: list[Proposal] = []
    rule = RepairRule((), dict.fromkeys(kept, "kept"))
    now, hidden = table, sealed
    for _ in range(ROUNDS):
        taken = {each.step for each in proposals}
        new = [
            each
            for each in _proposals(now, found, hidden, today=today, target=target, kept=kept)
            if each.step not in taken
        ]
        proposals += new
        steps = tuple(each.step for each in new if each.confidence in WRITTEN)
        if not steps:
            break
        now, hidden = repair_frame(now, replace(rule, steps=steps), hidden)
        found = look(now, hidden)
    return Mended(tuple(proposals), before, found)


def _proposals(
    table: Table,
    found: Screening,
    sealed: pl.Series | None,
    *,
    today: date,
    target: str | None,
    kept: Collection[str],
) -> Iterator[Proposal]:
    flagged = {fault.row for fault in found.faults if fault.row is not None}
    places = table.row_ids.is_in(pl.Series(list(flagged), dtype=pl.String).implode()).arg_true()
    rows = dict(zip(table.row_ids.gather(places), places.to_list(), strict=True))
    looked = _Looked(table, None if sealed is None else ~sealed, today, rows, target)
    by_column: dict[str, list[Finding]] = {}
    for finding in found.findings:
        if finding.column is not None:
            by_column.setdefault(finding.column, []).append(finding)
    for name in table.frame.columns:
        if name in by_column and name not in kept:
            yield from _of_column(looked, name, by_column[name])
    yield from _of_rows(found)


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    """A table that was looked through, and where its faulty rows lie."""

    table: Table
    fitted: pl.Series | None
    today: date
    places: Mapping[str, int]
    target: str | None

    def column(self, name: str) -> Column:
        """Return a column taken apart as its rules saw it."""
        return Column(self.table.frame[name], self.fitted, self.today)

    def cell(self, fault: Fault) -> Value:
        """Return the cell a fault is about, as it stands."""
        assert fault.column is not None, "asked of faults in a column"
        assert fault.row is not None, "asked of faults in a row"
        found: Value = self.table.frame[fault.column][self.places[fault.row]]
        return found


def _of_column(looked: _Looked, name: str, findings: Sequence[Finding]) -> Iterator[Proposal]:
    column = looked.column(name)
    if column.kind is Kind.STRING and name != looked.target:
        read = _read(column, findings)
        if read is not None:
            yield read
            return
    for finding in findings:
        propose = _BY_CHECK.get(finding.check)
        if propose is not None and (name != looked.target or column.kind is Kind.STRING):
            yield from propose(looked, column, finding)


def _read(column: Column, findings: Sequence[Finding]) -> Proposal | None:
    """Return the step that reads a column of text which is numbers or days but for strays."""
    told = [finding for finding in findings if finding.check in _READABLE and finding.rows]
    if not told:
        return None
    numbers = column.numbers
    days = None if numbers is not None else column.days
    if numbers is not None:
        texts = column.series.filter(numbers.is_not_null()).str.strip_chars()
        kind = Kind.FLOAT if texts.str.contains(r"[.eE]").any() else Kind.INTEGER
        step = Step("parse", column.name, kind=kind)
        strays = column.series.filter(numbers.is_null() & column.series.is_not_null())
        what = "number"
    elif days is not None:
        formats = () if days[0] == "YYYY-MM-DD" else (days[0],)
        step = Step("parse", column.name, kind=Kind.DATE, formats=formats)
        strays = column.series.filter(days[1].is_null() & column.series.is_not_null())
        what = "day"
    else:
        return None
    example = shown(strays[0]) if len(strays) else shown(told[0].faults[0].value)
    return Proposal(
        step=render(step),
        check=told[0].check,
        column=column.name,
        count=len(strays),
        example=f"{example} -> missing" if len(strays) else example,
        why=f"nearly all others are {what}s; {counted(len(strays), 'cell')} that cannot be read "
        f"as a {what} become missing",
        confidence=HIGH,
    )


def _trim(looked: _Looked, column: Column, finding: Finding) -> Iterator[Proposal]:  # noqa: ARG001
    spaced = column.series.str.contains(r"^\s|\s$").fill_null(value=False)
    first = column.series.filter(spaced)[0]
    yield Proposal(
        step=render(Step("trim", column.name)),
        check=finding.check,
        column=column.name,
        count=int(spaced.sum()),
        example=f"{shown(first)} -> {shown(first.strip())}",
        why=finding.why,
        confidence=HIGH,
    )


_Mend = Callable[[Value, Fault], tuple[Scalar | None, str] | None]
"""Takes a cell and what was told of it; gives what should stand there, and how sure that is."""


def _mapped(
    looked: _Looked, column: Column, finding: Finding, mend_cell: _Mend
) -> Iterator[Proposal]:
    """Propose one step for each confidence, of all values that are to be replaced."""
    pairs: dict[str, dict[Scalar, Scalar | None]] = {}
    cells: dict[str, int] = {}
    for fault in finding.faults:
        if fault.row is None:
            continue
        cell = looked.cell(fault)
        made = mend_cell(cell, fault)
        old = as_scalar(cell)
        if made is None or old is None:
            continue
        new, confidence = made
        pairs.setdefault(confidence, {})[old] = new
        cells[confidence] = cells.get(confidence, 0) + 1
    for confidence, values in pairs.items():
        yield _map(column.name, finding, values, cells[confidence], confidence)


def _map(
    column: str,
    finding: Finding,
    values: Mapping[Scalar, Scalar | None],
    count: int,
    confidence: str,
) -> Proposal:
    old, new = next(iter(values.items()))
    return Proposal(
        step=render(Step("map", column, pairs=tuple(values.items()))),
        check=finding.check,
        column=column,
        count=count,
        example=f"{shown(old)} -> {'missing' if new is None else shown(new)}",
        why=finding.why,
        confidence=confidence if len(values) <= _MOST_PAIRS else LOW,
    )


def _missing(looked: _Looked, column: Column, finding: Finding) -> Iterator[Proposal]:
    def mend_cell(cell: Value, fault: Fault) -> tuple[None, str]:  # noqa: ARG001
        bare = str(cell).strip().lower()
        return None, HIGH if not bare or bare in ALWAYS_MISSING else MEDIUM

    yield from _mapped(looked, column, finding, mend_cell)


def _meant(confidence: str) -> Callable[[_Looked, Column, Finding], Iterator[Proposal]]:
    def propose(looked: _Looked, column: Column, finding: Finding) -> Iterator[Proposal]:
        def mend_cell(cell: Value, fault: Fault) -> tuple[Scalar, str] | None:  # noqa: ARG001
            return None if fault.meant is None else (fault.meant, confidence)

        yield from _mapped(looked, column, finding, mend_cell)

    return propose


def _number(looked: _Looked, column: Column, finding: Finding) -> Iterator[Proposal]:
    """Propose numbers that are meant, in the digits and the kind of their column."""
    if column.kind not in NUMBERS:
        return

    def mend_cell(cell: Value, fault: Fault) -> tuple[Scalar, str] | None:  # noqa: ARG001
        if not isinstance(fault.meant, int | float):
            return None
        meant = float(f"{fault.meant:.{_DIGITS}g}")
        if column.kind is Kind.FLOAT:
            return meant, MEDIUM
        return (int(meant), MEDIUM) if meant.is_integer() else None

    yield from _mapped(looked, column, finding, mend_cell)


def _damaged(looked: _Looked, column: Column, finding: Finding) -> Iterator[Proposal]:
    known: list[str] | None = None

    def mend_cell(cell: Value, fault: Fault) -> tuple[Scalar | None, str] | None:
        nonlocal known
        if fault.meant is not None:
            return fault.meant, HIGH
        if known is None:
            words = column.words.present()
            known = words.filter(pl.col("fitted") >= _FREQUENT)["text"].to_list()
        text = str(cell)
        near = [k for k in known if len(k) == len(text) and distance(text, k, 1) <= 1]
        return (near[0], MEDIUM) if len(near) == 1 else (None, LOW)

    yield from _mapped(looked, column, finding, mend_cell)


def _day(looked: _Looked, column: Column, finding: Finding) -> Iterator[Proposal]:
    if column.kind not in (Kind.DATE, Kind.DATETIME):
        return

    def mend_cell(cell: Value, fault: Fault) -> tuple[None, str]:  # noqa: ARG001
        return None, MEDIUM

    yield from _mapped(looked, column, finding, mend_cell)


def _sentinel(looked: _Looked, column: Column, finding: Finding) -> Iterator[Proposal]:  # noqa: ARG001
    value = finding.faults[0].value
    if isinstance(value, int | float):
        written = int(value) if column.kind is Kind.INTEGER else float(value)
        count = int((column.series == value).sum())
        yield _map(column.name, finding, {written: None}, count, LOW)


def _outlier(looked: _Looked, column: Column, finding: Finding) -> Iterator[Proposal]:  # noqa: ARG001
    """Propose bounds: those of what lies inside the limits."""
    if column.kind not in NUMBERS or column.limits is None or not finding.rows:
        return
    learnt = column.learnt
    inside = learnt[(learnt >= column.limits.low) & (learnt <= column.limits.high)]
    low, high = float(inside[0]), float(inside[-1])
    bounds = (int(low), int(high)) if column.kind is Kind.INTEGER else (low, high)
    yield Proposal(
        step=render(Step("clip", column.name, low=bounds[0], high=bounds[1])),
        check=finding.check,
        column=column.name,
        count=finding.rows,
        example=f"{shown(finding.faults[0].value)} -> a bound",
        why=finding.why,
        confidence=LOW,
    )


_BY_CHECK: Mapping[str, Callable[[_Looked, Column, Finding], Iterator[Proposal]]] = {
    "spaces": _trim,
    "missing-spelling": _missing,
    "encoding": _damaged,
    "variant": _meant(HIGH),
    "misspelling": _meant(MEDIUM),
    "sign-slip": _number,
    "unit-slip": _number,
    "impossible-date": _day,
    "sentinel": _sentinel,
    "outlier": _outlier,
}


def _of_rows(found: Screening) -> Iterator[Proposal]:
    repeats = [finding for finding in found.findings if finding.check == "duplicate"]
    by_chance = any(not finding.rows for finding in repeats)
    for finding in repeats:
        # Where some repeats are no fault, those that are one are named.
        if finding.rows:
            yield _out(finding, None if by_chance else Step("dedupe"))
    for finding in found.findings:
        if finding.check == "contradiction" and finding.rows:
            yield _out(finding, None)


def _out(finding: Finding, step: Step | None) -> Proposal:
    rows = tuple(fault.row for fault in finding.faults if fault.row is not None)
    named = Step("quarantine", rows=rows)
    return Proposal(
        step=render(step or named),
        check=finding.check,
        column=finding.column,
        count=finding.rows,
        example=f"row {rows[0]}",
        why=finding.why,
        confidence=MEDIUM if step or len(rows) <= _MOST_ROWS else LOW,
    )


def without(proposals: Sequence[Proposal], steps: Collection[str]) -> tuple[Proposal, ...]:
    """Return the proposals that are not among steps there are already."""
    there = {render(parse(step)) for step in steps}
    return tuple(each for each in proposals if each.step not in there)
