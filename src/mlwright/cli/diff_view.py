"""What `mlw diff` tells of two tables: rows, columns, cells, and how values moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from mlwright.cli.output import Output, counted, interval, number
from mlwright.govern.difference import Part, side_told
from mlwright.govern.findings.slices import in_words

if TYPE_CHECKING:
    from mlwright.data.records import Diff, Shift
    from mlwright.evaluate.records import Behaviour, Interval
    from mlwright.flows.code_differences import TextDifference
    from mlwright.flows.differences import Differences

_MOST = 12
_MOST_ROWS, _MOST_LINES = 24, 120


def tell_differences(output: Output, found: Differences) -> None:
    """Print what differs, for a person."""
    output.heading(f"{found.kind}: {found.first} and {found.second}")
    if not found.differences and not found.code:
        output.line("  no difference")
        return
    _tell_parts(output, found)
    if found.data is not None:
        _tell_cells(output, found.data)
        _tell_shifts(output, found.data)
    if found.behaviour is not None:
        _tell_behaviour(output, found.behaviour)


def document_of(found: Differences) -> dict[str, object]:
    """Return the JSON document of `mlw diff`."""
    document: dict[str, object] = {
        "kind": found.kind,
        "first": found.first,
        "second": found.second,
        "differences": found.differences,
    }
    if (data := found.data) is not None:
        document["rows"] = {
            "added": data.added,
            "removed": data.removed,
            "changed": data.changed,
        }
        document["columns"] = {
            "added": data.columns_added,
            "removed": data.columns_removed,
            "kinds": data.kinds,
        }
        document["cells"] = data.cells
        document["shifts"] = data.shifts
    if found.behaviour is not None:
        document["behaviour"] = found.behaviour
    if found.kind != "data":
        document["code"] = found.code
    return document


def _tell_parts(output: Output, found: Differences) -> None:
    """Tell each part that differs under its name, and after the code its texts."""
    parts = dict.fromkeys(each.part for each in found.differences)
    if found.code:
        parts.setdefault(Part.CODE)
    for part in sorted(parts, key=list(Part).index):
        rows = [each for each in found.differences if each.part is part]
        if found.kind != "data":
            output.line()
            output.heading(part.value)
        if rows:
            shown = rows if output.verbose else rows[:_MOST_ROWS]
            output.table(
                ("what", "first", "second"),
                ((d.what, side_told(d.first), side_told(d.second)) for d in shown),
            )
            _tell_more(output, len(rows) - len(shown), "difference")
        if part is Part.CODE:
            _tell_texts(output, found.code)


def _tell_texts(output: Output, texts: Sequence[TextDifference]) -> None:
    left = _MOST_LINES
    for place, text in enumerate(texts):
        if left <= 0 and not output.verbose:
            _tell_more(output, len(texts) - place, "text")
            return
        output.line()
        output.line(f"  {text.name}: {counted(text.added, 'line')} came, {text.removed:,} went")
        lines = text.diff.splitlines()
        shown = lines if output.verbose else lines[:left]
        for line in shown:
            output.line(f"    {_coloured(line)}")
        left -= len(shown)
        _tell_more(output, len(lines) - len(shown), "line")


def _tell_more(output: Output, count: int, what: str) -> None:
    if count > 0:
        output.line(f"  and {counted(count, what)} more: -v and --json tell all")


def _coloured(line: str) -> str:
    colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
    return click.style(line, fg=colour) if colour else line


def _tell_cells(output: Output, data: Diff) -> None:
    if not data.cells:
        return
    most = sorted(data.cells.items(), key=lambda pair: -pair[1])
    output.line()
    output.heading("cells that differ in changed rows")
    output.table(("column", "cells"), ((name, f"{count:,}") for name, count in most[:_MOST]))
    if len(most) > _MOST:
        output.line(f"  and {counted(len(most) - _MOST, 'column')} more: --json lists all")


def _tell_shifts(output: Output, data: Diff) -> None:
    moved = sorted((s for s in data.shifts if s.real), key=lambda s: -(s.effect or 0.0))
    still = [s for s in data.shifts if s.real is False]
    unknown = [s for s in data.shifts if s.real is None]
    if moved:
        output.line()
        output.heading("columns whose values moved")
    for shift in moved[:_MOST]:
        output.line(f"  {shift.column}  {_measured(shift)}")
        for words in shift.words:
            output.line(f"    {words}")
    if len(moved) > _MOST:
        output.line(f"  and {counted(len(moved) - _MOST, 'column')} more: --json lists all")
    if still or unknown:
        output.line()
    if still:
        names = "other column" if moved else "column"
        output.line(
            f"  {counted(len(still), names)} with other values moved no more than luck does"
        )
    if unknown:
        output.line(f"  {counted(len(unknown), 'column')} with too few other values to tell")


def _tell_behaviour(output: Output, found: Behaviour) -> None:
    """Tell how two models answer the same rows."""
    output.line()
    output.heading(f"the same {counted(found.rows, 'row')}, which neither saw")
    gain = found.gain
    output.line(
        f"  the second is better by {interval(gain.value, gain.low, gain.high)} of {found.metric},"
        f" paired: {_who(gain)}"
    )
    share = found.changed
    became = "became right, {} became wrong" if found.decides else "came nearer, {} further off"
    output.line(
        f"  {share.value:.1%} (95 %: {share.low:.1%} to {share.high:.1%}) of the answers change:"
        f" {found.righted:,} {became.format(f'{found.wronged:,}')}; they move by"
        f" {number(found.moved)} on average"
    )
    output.table(
        ("metric", "first", "second"),
        (
            (
                name,
                interval(one.value, one.low, one.high),
                interval(other.value, other.low, other.high),
            )
            for name, one in found.first.items()
            if (other := found.second.get(name)) is not None
        ),
    )
    if found.where:
        output.line()
        output.heading("where they change more than elsewhere")
        output.table(
            ("slice", "rows", "moved", "elsewhere", "more by"),
            (
                (
                    in_words(each.where),
                    f"{each.rows:,}",
                    number(each.moved),
                    number(each.elsewhere),
                    interval(each.excess.value, each.excess.low, each.excess.high),
                )
                for each in found.where
            ),
        )
    if found.most:
        output.line()
        output.heading("the rows that change most")
        output.table(
            ("row", "truth", "first", "second"),
            ((each.row, each.truth, each.first, each.second) for each in found.most),
        )


def _who(gain: Interval) -> str:
    if gain.low > 0:
        return "the second is the better one"
    return "the first is the better one" if gain.high < 0 else "they cannot be told apart"


def _measured(shift: Shift) -> str:
    effect = f"{shift.statistic} {number(shift.effect or 0.0)}"
    chance = f"p {shift.chance:.2g}" if shift.chance else "p under 1e-300"
    sides = f"{shift.came:,} that came against {_against(shift)}"
    return f"{effect}, {chance} ({sides})"


def _against(shift: Shift) -> str:
    return f"{shift.gone:,} that went" if shift.gone else str(shift.against)
