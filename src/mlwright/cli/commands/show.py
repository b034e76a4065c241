"""`mlw show`: one thing, whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output, number, say
from mlwright.core.encoding import plain

if TYPE_CHECKING:
    from mlwright.flows.records import Section
    from mlwright.flows.step_logs import StepLog


@click.command()
@click.argument("ref")
@click.argument("of", required=False, metavar="[OF]")
@click.option(
    "--decisions",
    is_flag=True,
    help="For a model or run: each automatic choice, why, its cost, and what changes it.",
)
@click.option("--logs", is_flag=True, help="For a run: what its steps printed.")
@common
def command(ref: str, of: str | None, decisions: bool, logs: bool, output: Output) -> None:
    """Show one thing.

    REF is a model (NAME, NAME@VERSION, m_…), a run (r_…), data (d_…), a check (c_…), a prediction
    (p_…), a label (l_…), an event (e_…), or 'settings' (also called 'spec'): every key, its value
    and where it came from. The start of an id is enough where no other id begins so.

    'contract' with a model or data version as OF prints what its columns promise, as it would
    stand in mlwright.toml.

    \b
    mlw show churned
    mlw show settings
    mlw show contract churned
    """
    if of is not None and ref != "contract":
        raise click.UsageError(f"Got unexpected extra argument ({of})")
    with open_project(output) as project:
        if ref == "contract":
            found = project.contract(of)
            if output.as_json:
                output.document("show/contract", found.document)
            else:
                say(found.toml, nl=False)
            return
        if logs:
            _tell_logs(project.logs(ref), output)
            return
        shown = project.show(ref, decisions=decisions)
    if output.as_json:
        output.document(f"show/{shown.kind}", dict(shown.document))
        return
    output.heading(f"{shown.kind} {shown.title}")
    for section in shown.sections:
        if section.heading:
            output.line()
            output.heading(section.heading)
        _tell(section, output)


def _tell_logs(logs: Sequence[StepLog], output: Output) -> None:
    if output.as_json:
        output.document("show/logs", {"logs": [plain(each) for each in logs]})
        return
    for each in logs:
        kept = " (kept from an earlier run)" if each.cached else ""
        output.heading(f"{each.step}{' (failed)' if each.failed else kept}")
        say("erased" if each.text is None else each.text, nl=not (each.text or "").endswith("\n"))
    if not logs:
        output.line("its steps printed nothing")


def _tell(section: Section, output: Output) -> None:
    if not section.rows:
        output.line("  none")
    elif section.told:
        for what, *rest in section.rows:
            output.line(f"  {click.style(_text(what), bold=True)}")
            for line in rest:
                output.line(f"    {_text(line)}")
    elif section.columns:
        output.table(section.columns, [[_text(c) for c in row] for row in section.rows])
    else:
        output.fields((str(row[0]), _text(row[1])) for row in section.rows)


def _text(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, float):
        return number(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value) or "none"
    if isinstance(value, Mapping):
        return "\n".join(f"{name}  {_text(item)}" for name, item in value.items()) or "none"
    return str(value)
