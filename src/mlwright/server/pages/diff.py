"""Diff: two runs, models or data versions beside each other, part by part."""

from __future__ import annotations

from starlette.requests import Request

from mlwright.core.ids import short
from mlwright.govern.difference import Part, side_told
from mlwright.server.control import Control
from mlwright.server.records import Page

_MOST_ROWS, _MOST_CHARACTERS = 100, 40_000


def diff(request: Request, control: Control) -> Page:
    """Return what ``mlw diff`` says of the two that the address names."""
    ids = request.path_params["first"], request.path_params["second"]
    found = control.project.diff(*ids)
    parts = []
    for part in Part:
        rows = [each for each in found.differences if each.part is part]
        texts = found.code if part is Part.CODE else ()
        if rows or texts:
            told = [(d.what, side_told(d.first), side_told(d.second)) for d in rows[:_MOST_ROWS]]
            parts.append((part.value, told, len(rows) - len(told), texts))
    return Page(
        "diff.html",
        "diff",
        f"{short(found.first)} and {short(found.second)}",
        {
            "kind": found.kind,
            "first": found.first,
            "second": found.second,
            "differences": found.differences,
            "data": found.data,
            "behaviour": found.behaviour,
            "code": found.code,
        },
        {"parts": parts, "most": _MOST_CHARACTERS},
    )
