"""What mending tells: proposals with their reasons, a repaired table, an undo, a quarantine."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from mlwright.cli.output import Output, counted

if TYPE_CHECKING:
    from mlwright.data.records import Screening
    from mlwright.data.repair.records import Proposal, Quarantined, Repaired
    from mlwright.flows.mending import Mending, Undone

_LONGEST = 110
_DIGITS = 12
_MOST_VALUES = 6


def tell_proposals(output: Output, found: Mending) -> None:
    """Print what would mend a table, for a person."""
    about = f" after the {counted(len(found.steps), 'step')} it has" if found.steps else ""
    output.line(f"{click.style(found.what, bold=True)}  {_faulty(found.before)}{about}")
    unsure = [each for each in found.proposals if each not in found.sure]
    _tell(output, "steps that would mend it", found.sure)
    _tell(output, "only you can tell whether these are right; they are not written", unsure)
    if not found.proposals:
        output.line("  nothing that a step could mend")
    elif found.sure:
        output.line()
        output.line(f"with these steps: {_faulty(found.after)}")


def tell_written(output: Output, found: Mending) -> None:
    """Print where steps were written, or how they would be."""
    steps = counted(len(found.sure), "step")
    if found.written:
        output.line(f"wrote {steps} to [data] repair in {found.spec}; nothing else was changed")
        output.line(f"{click.style('next', dim=True)}  mlw run")
    elif found.sure:
        what = "" if found.what == found.data else f" {shlex.quote(found.what)}"
        output.line(f"nothing was written: {steps} for {found.spec}")
        output.line(f"{click.style('next', dim=True)}  mlw check data{what} --fix --yes")


def proposals_document(found: Mending) -> dict[str, object]:
    """Return the JSON document of `mlw check data --fix`."""
    return {
        "what": found.what,
        "data": found.data,
        "target": found.target,
        "steps": found.steps,
        "proposals": found.proposals,
        "sure": [each.step for each in found.sure],
        "faulty_rows": {"before": found.before.faulty, "after": found.after.faulty},
        "written": found.written,
        "spec": found.spec,
    }


def tell_repaired(output: Output, repaired: Repaired) -> None:
    """Print a repaired table, for a person."""
    snapshot = repaired.snapshot
    output.line(
        f"{click.style(snapshot.id, bold=True)}  {counted(snapshot.rows, 'row')} x "
        f"{counted(len(snapshot.columns), 'column')}, repaired from {repaired.raw}"
    )
    fitted = counted(repaired.fitted_rows, "training row")
    output.line(f"  {counted(len(repaired.steps), 'step')}, fitted on {fitted}")
    for step, touch in zip(repaired.steps, repaired.touches, strict=True):
        what = counted(touch.cells, "cell") if step.column or touch.cells else _rows_out(touch.rows)
        output.line(f"  {what:>14}  {_cut(step.applied)}")
    output.note(
        f"next: mlw data quarantine {snapshot.id}, mlw check data {snapshot.id}, or "
        f"mlw data repair --undo {snapshot.id}"
    )


def repaired_document(repaired: Repaired) -> dict[str, object]:
    """Return the JSON document of `mlw data repair`."""
    return {
        "data": repaired.snapshot.id,
        "raw": repaired.raw,
        "rows": repaired.snapshot.rows,
        "columns": repaired.snapshot.columns,
        "fitted_rows": repaired.fitted_rows,
        "cells_changed": repaired.cells,
        "rows_taken_out": repaired.taken_out,
        "steps": [
            {
                "step": step.text,
                "applied": step.applied,
                "column": step.column,
                "rows": touch.rows,
                "cells": touch.cells,
                "reason": touch.reason,
            }
            for step, touch in zip(repaired.steps, repaired.touches, strict=True)
        ],
    }


def tell_undone(output: Output, undone: Undone) -> None:
    """Print a repair that was undone."""
    output.line(
        f"{click.style(undone.raw, bold=True)}  is what undoing {undone.repaired} gives: "
        f"{counted(undone.cells, 'cell')} and {counted(undone.rows, 'row')} put back"
    )
    output.note("to run without a step: take it out of [data] repair, then mlw run")


def tell_quarantine(output: Output, data: str, rows: Sequence[Quarantined], out: str) -> None:
    """Print rows that were taken out of training, with the step and the reason."""
    if not rows:
        output.line(f"{data}  no row was taken out of training")
    elif out:
        output.line(f"wrote {counted(len(rows), 'row')} to {out}")
    for row in () if out else rows:
        values = [f"{n}={v}" for n, v in list(row.values.items())[:_MOST_VALUES]]
        more = ", …" if len(row.values) > _MOST_VALUES else ""
        name = row.row if len(row.row) <= _DIGITS else row.row[:_DIGITS] + "…"
        output.line(f"  {click.style(name, bold=True)}  {_cut(row.reason)}")
        output.line(f"    by {_cut(row.step)}: {', '.join(values)}{more}")


def _tell(output: Output, heading: str, proposals: Sequence[Proposal]) -> None:
    if not proposals:
        return
    output.line()
    output.heading(heading)
    for each in proposals:
        output.line(f"  {_cut(each.step)}")
        output.line(
            click.style(
                f"      {each.check}, {counted(each.count, _unit(each))}, such as {each.example}; "
                f"{each.why}; confidence {each.confidence}",
                dim=True,
            )
        )


def _unit(proposal: Proposal) -> str:
    return "row" if proposal.step.startswith(("dedupe", "quarantine")) else "cell"


def _faulty(screening: Screening) -> str:
    return f"{counted(screening.faulty, 'row')} with faults"


def _rows_out(rows: int) -> str:
    return f"{counted(rows, 'row')} out"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
