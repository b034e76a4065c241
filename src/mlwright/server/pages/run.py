"""Run: what was logged in it, its steps, what it kept, and where it leads."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from mlwright.core.ids import short
from mlwright.flows.logged import document, value_text
from mlwright.flows.run_sheet import RunSheet
from mlwright.flows.tracking import run_file
from mlwright.govern.curve import curve_chart
from mlwright.govern.pipeline import STEP_COLUMNS, step_rows, steps_graph
from mlwright.run.tracking.events import COMMAND
from mlwright.run.tracking.records import KeptFile
from mlwright.server.control import Control
from mlwright.server.records import Page

_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
_TEXTS = ("text/plain", "text/csv", "application/json")
_SHOWN, _SHOWN_BYTES = 3, 60_000  # pictures that leave a page light; the others are links
_MOST_CURVES = 12


def run(request: Request, control: Control) -> Page:
    """Return the page of a run by its id, or the beginning of one."""
    found = control.project.run_sheet(request.path_params["ref"])
    logged = found.told.logged
    newest = list({each.name: each for each in logged.kept}.values())
    pictures = _light(newest)
    return Page(
        "run.html",
        "page/run",
        found.run.name or short(found.run.id),
        {
            "run": found.run,
            "status": found.run.status,
            "summary": _summary(found),
            "logged": document(found.told),
            "steps": found.shape.steps,
            "data": found.data,
            "made": found.made,
            "used": found.used,
            "error": found.error,
            "code": found.code,
            "environment": found.environment,
        },
        {
            "tracked": found.run.command == COMMAND,
            "params": {name: value_text(value) for name, value in logged.params.items()},
            "tags": logged.tags,
            "metrics": [
                (name, *map(value_text, (m.last, m.step, m.low, m.high, m.count)))
                for name, m in logged.metrics.items()
            ],
            "curves": [
                (name, curve_chart(curve, title=f"{name} by step, {curve.count:,} points"))
                for name, curve in list(found.told.curves.items())[:_MOST_CURVES]
            ],
            "more_curves": max(len(found.told.curves) - _MOST_CURVES, 0),
            "lost": found.told.lost,
            "kept": [(each, _address(found.run.id, each)) for each in newest],
            "pictures": [(each, _address(found.run.id, each)) for each in pictures],
            "notes": logged.notes,
            "columns": STEP_COLUMNS,
            "rows": list(step_rows(found.shape.steps)),
            "graph": steps_graph(found.shape) if found.shape.steps else None,
        },
    )


def kept(request: Request, control: Control) -> Response:
    """Return the bytes of something a run kept.

    What a browser could carry out as a page of ours is handed out as a file to save.
    """
    of, name = request.path_params["ref"], request.path_params["name"]
    found, content = run_file(control.project.workspace, of, name)
    headers = {"cache-control": "private, max-age=3600"}
    if found.media in _PICTURES:
        return Response(content, media_type=found.media, headers=headers)
    if found.media in _TEXTS:
        return Response(content, media_type="text/plain", headers=headers)
    last = found.name.rpartition("/")[2]
    headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(last, safe='')}"
    return Response(content, media_type="application/octet-stream", headers=headers)


def _summary(found: RunSheet) -> str:
    run = found.run
    if found.seconds is None:
        return "It was begun and has not ended: it goes on, or what it ran in was killed."
    took = f"after {found.seconds:,.1f} s"
    told = {"finished": f"It finished {took}.", "interrupted": f"It was interrupted {took}."}
    return told.get(run.status, f"It failed {took}: {found.error}.")


def _light(files: list[KeptFile]) -> list[KeptFile]:
    shown: list[KeptFile] = []
    for each in files:
        size = each.size + sum(other.size for other in shown)
        if each.media in _PICTURES and len(shown) < _SHOWN and size <= _SHOWN_BYTES:
            shown.append(each)
    return shown


def _address(run: str, each: KeptFile) -> str:
    return f"/runs/{run}/kept/{quote(each.name)}"
