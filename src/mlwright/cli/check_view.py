"""What `mlw check data` tells: how much is wrong, three examples of each, the next command."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlwright.cli.output import Output, counted, mark

if TYPE_CHECKING:
    from mlwright.data.records import Fault, Finding, Screening
    from mlwright.flows.checking import DataCheck

_MOST_FINDINGS = 40
_MOST_COLUMNS = 5
_MOST_NAMES = 8
_LONGEST = 40
_DIGITS = 12


def tell_check(output: Output, found: DataCheck, *, most: int, out: Path | None) -> None:
    """Print what was found, for a person."""
    screening = found.screening
    about = [f"{counted(screening.rows, 'row')} x {counted(screening.columns, 'column')}"]
    if found.target is not None:
        about.append(f"target {found.target}")
    output.line(f"{click.style(found.what, bold=True)}  {', '.join(about)}")
    if found.repaired:
        output.line(f"  as {counted(found.repaired, 'step')} of repair leave it")
    if screening.sealed:
        output.line(
            f"  {counted(screening.sealed, 'sealed test row')} judged by what the others show"
        )
    _tell_rows(output, screening, most=most)
    _tell_columns(output, screening)
    _tell_meanings(output, screening)
    if found.verdicts:
        output.line()
        output.heading("rules" + (f" of {found.against}" if found.against else ""))
        for verdict in found.verdicts:
            output.line(f"  {mark(verdict.outcome.value)}  {verdict.rule}  ({verdict.why})")
    if found.readings:
        output.line()
        output.heading("told while reading")
        for reading in found.readings:
            where = f"{reading.column}: " if reading.column else ""
            output.line(f"  {where}{reading.what} ({reading.count:,})")
    output.line()
    _tell_next(output, found, most=most, out=out)


def document_of(found: DataCheck, *, most: int, out: Path | None) -> dict[str, object]:
    """Return the JSON document of `mlw check data`; ``faults`` hold at most so many a finding."""
    screening = found.screening
    return {
        "what": found.what,
        "data": found.data,
        "rows": screening.rows,
        "columns": screening.columns,
        "sealed": screening.sealed,
        "target": found.target,
        "against": found.against,
        "repaired": found.repaired,
        "faulty_rows": screening.faulty,
        "checks": screening.checks,
        "findings": [
            {"check": f.check, "column": f.column, "rows": f.rows, "why": f.why}
            for f in screening.findings
        ],
        "profile": screening.profile,
        "faults": [fault for f in screening.findings for fault in f.faults[:most]],
        "rules": [
            {
                "name": verdict.name,
                "rule": verdict.rule,
                "outcome": verdict.outcome,
                "value": verdict.value,
                "why": verdict.why,
            }
            for verdict in found.verdicts
        ],
        "passed": not found.failed,
        "readings": found.readings,
        "out": None if out is None else str(out),
    }


def _tell_rows(output: Output, screening: Screening, *, most: int) -> None:
    findings = [finding for finding in screening.findings if finding.rows]
    if not findings:
        output.line("  no row has a fault that any check finds")
        return
    per = 10_000 * screening.faulty / screening.rows
    output.line(
        f"  {click.style(counted(screening.faulty, 'row'), bold=True)} with faults "
        f"({per:.3g} in 10,000); nothing was changed"
    )
    for check in dict.fromkeys(finding.check for finding in findings):
        _tell_check(output, [each for each in findings if each.check == check], most=most)


def _tell_check(output: Output, findings: list[Finding], *, most: int) -> None:
    """Print what one check found in all columns: where, how many, and the first of them."""
    cells = sum(finding.rows for finding in findings)
    rows: dict[str, int] = {}
    for each in findings:
        if each.column is not None:
            rows[each.column] = rows.get(each.column, 0) + each.rows
    columns = [f"{column} ({count:,})" for column, count in rows.items()]
    shown = ", ".join(columns[:_MOST_COLUMNS])
    more = f" and {len(columns) - _MOST_COLUMNS:,} more" if len(columns) > _MOST_COLUMNS else ""
    output.line()
    output.line(
        f"  {click.style(findings[0].check, fg='yellow', bold=True)}  "
        f"{counted(cells, 'cell' if columns else 'row')}{f' in {shown}{more}' if columns else ''}"
    )
    for fault in [fault for finding in findings for fault in finding.faults][:most]:
        column = f"{fault.column}  " if len(columns) > 1 else ""
        output.line(f"      {_row(fault)}  {column}{_value(fault)}{fault.why}")


def _tell_columns(output: Output, screening: Screening) -> None:
    findings = [finding for finding in screening.findings if not finding.rows]
    if not findings:
        return
    output.line()
    output.heading("about columns")
    for finding in findings[:_MOST_FINDINGS]:
        check = click.style(finding.check, fg="yellow")
        output.line(f"  {check}  {finding.column or 'the table'}: {finding.why}")
    if len(findings) > _MOST_FINDINGS:
        output.line(f"  and {counted(len(findings) - _MOST_FINDINGS, 'more finding')}: --json")


def _tell_meanings(output: Output, screening: Screening) -> None:
    """Print which columns mean what, a line each meaning."""
    meanings: dict[str, list[str]] = {}
    for column in screening.profile.columns if screening.profile is not None else ():
        if column.semantic is not None:
            meanings.setdefault(column.semantic.value, []).append(column.name)
    output.line()
    output.heading("what columns mean")
    for meaning, names in meanings.items():
        more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
        output.line(f"  {meaning}  {', '.join(names[:_MOST_NAMES])}{more}")


def _row(fault: Fault) -> str:
    row = fault.row or ""
    # A digest is told by its first digits where the row can be found by its number.
    if fault.place is None:
        return f"row {row}"
    digest = len(row) >= 32 and row[:32].isalnum()
    return f"row {fault.place:,} ({row[:_DIGITS] + '…' if digest else row})"


def _value(fault: Fault) -> str:
    if fault.value is None:
        return ""
    text = repr(fault.value) if isinstance(fault.value, str) else str(fault.value)
    if isinstance(fault.value, str) and text.startswith(("\"'", "'\"")):
        text = fault.value  # written with its quotes already
    return click.style(text if len(text) <= _LONGEST else text[:_LONGEST] + "…", bold=True) + "  "


def _tell_next(output: Output, found: DataCheck, *, most: int, out: Path | None) -> None:
    screening = found.screening
    what = shlex.quote(found.what)
    commands = []
    if out is not None:
        output.line(f"wrote {counted(len(screening.faults), 'fault')} to {out}")
    elif sum(finding.rows for finding in screening.findings) > most:
        commands.append(f"mlw check data {what} --out faults.csv")
    stored = found.what == found.data or "@" in found.what
    first = next((fault.row for fault in screening.faults if fault.row is not None), None)
    if stored and first is not None:
        commands.append(f"mlw why {shlex.quote(first)}")
    elif not stored:
        target = shlex.quote(found.target) if found.target else "COLUMN"
        commands.append(f"mlw run {what} --target {target}")
    for number, line in enumerate(commands):
        output.line(f"{click.style('next', dim=True) if not number else '    '}  {line}")
