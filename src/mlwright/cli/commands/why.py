"""`mlw why`: explain any id, back to the rows and the people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from mlwright.cli.options import common, open_project
from mlwright.cli.output import Output, number
from mlwright.core.ids import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlwright.govern.records import Link, Why
    from mlwright.run.recorded import Change


@click.command()
@click.argument("ref")
@click.option(
    "--rows",
    "rows_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the id and the part of every row behind a model or run to this CSV file.",
)
@common
def command(ref: str, rows_file: Path | None, output: Output) -> None:
    """Explain REF, back to the rows and the people.

    REF is a model (NAME, NAME@VERSION, m_…), a run (r_…), data (d_…), a check (c_…), an event
    (e_…), a prediction (p_…), a label (l_…), a step by its name (`mlw ls steps` lists them) or as
    r_…/STEP, or a row of the data by its id: then it tells which models learned from it. The
    start of an id is enough where no other id begins so.

    \b
    mlw why churned@1
    mlw why p_aaaaaeaaac  # the answer, its reasons and everything behind it
    mlw why 7590-VHVEG    # what became of this row
    mlw why search        # which part of the step's key changed since the run before
    """
    from mlwright.cli.passport_view import tell_passport
    from mlwright.govern.records import Passport

    with open_project(output) as project:
        why = project.why(ref)
        if rows_file is not None:
            count = project.write_rows(ref, rows_file)
            output.note(f"wrote {count:,} row ids to {rows_file}")
        if output.as_json:
            output.document(
                "why",
                {
                    "kind": why.kind,
                    "id": why.id,
                    "what": why.what,
                    "facts": why.facts,
                    "lineage": why.lineage,
                },
            )
            return
    output.heading(f"{why.kind} {why.id}")
    output.line(f"  {why.what}")
    if isinstance(why, Passport):
        tell_passport(why, output)
    else:
        _tell_facts(why, output)
    output.line()
    output.heading("the way back")
    for link in why.lineage:
        _tell_link(link, output)


def _tell_facts(why: Why, output: Output) -> None:
    changes = cast("Sequence[Change]", why.facts.get("changes", ()))
    output.fields(
        (name, _text(value)) for name, value in why.facts.items() if name != "changes" and value
    )
    if changes:
        output.line()
        output.heading("what changed since the run before")
        output.table(
            ("what", "name", "before", "now"),
            ((c.term, c.name, _cut(c.before), _cut(c.after)) for c in changes),
        )


def _cut(value: object) -> str:
    """Return a value of a step's key, a digest only as far as it tells it from another."""
    if value is None:
        return "absent"
    text = _text(value)
    return text[7:19] if text.startswith("sha256:") else text


def _tell_link(link: Link, output: Output) -> None:
    """Tell one place on the way back; the digests behind it only with ``-v``."""
    identity = short(link.id) if link.id[1:2] == "_" else link.id.replace("sha256:", "")
    if link.id.startswith("sha256:") and not output.verbose:
        identity = identity[:12]
    output.line(
        f"  {click.style(link.relation, dim=True)} {click.style(identity, bold=True)}  {link.what}"
    )
    if output.verbose:
        known = {name: value for name, value in link.facts.items() if value not in (None, "")}
        output.fields((f"  {name}", _text(value)) for name, value in known.items())


def _text(value: object) -> str:
    if isinstance(value, float):
        return number(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(item)}" for name, item in value.items())
    return str(value)
