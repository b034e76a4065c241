"""How a list looks: the newest things of one noun, as a table or one document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlwright.cli.output import Output
from mlwright.core.ids import short

_STARTS = {
    "endpoints": 'mlw promote NAME@VERSION --to live --reason "…"',
    "data": "mlw data add FILE",
    "predictions": "mlw serve",
    "labels": "POST /labels to mlw serve, by a prediction's id",
}
"""What makes the first of a noun, where it is not a run."""


def tell_listing(
    output: Output, schema: str, noun: str, listing: Sequence[Mapping[str, object]]
) -> None:
    """Print the rows of a noun, or what makes the first of them."""
    if output.as_json:
        output.document(schema, {"noun": noun, noun: [dict(row) for row in listing]})
    elif not listing:
        start = _STARTS.get(noun, "mlw run FILE --target COLUMN")
        output.note(f"no {noun} yet; start with: {start}")
    else:
        columns = list(listing[0])
        output.table(columns, ([cell(row[name]) for name in columns] for row in listing))


def cell(value: object) -> str:
    """Return a value as a table for people shows it."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(map(cell, value)) or "-"
    text = str(value)
    return short(text) if len(text) > 20 and text[1:2] == "_" else text
