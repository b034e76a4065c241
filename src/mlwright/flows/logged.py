"""What was logged in a run, for a person and for a program."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from mlwright.core.encoding import plain
from mlwright.core.errors import BrokenError, NotFoundError
from mlwright.flows.records import Section
from mlwright.flows.workspace import Workspace
from mlwright.govern.curve import Curve, blocks, thinned
from mlwright.ledger.metrics import write_number
from mlwright.run.tracking.reading import logged, points
from mlwright.run.tracking.records import Logged

MOST = 60
"""Metrics whose curves are read: more take longer than somebody waits, and are listed without."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was logged, and the curves of metrics with more than one point.

    ``lost`` tells why curves are not there that should be.
    """

    logged: Logged
    curves: Mapping[str, Curve]
    lost: str | None


def logged_with_curves(run: str, workspace: Workspace) -> Told:
    """Return what was logged in a run, and its curves."""
    found = logged(workspace.ledger, run)
    wanted = [name for name, each in found.metrics.items() if each.count > 1][:MOST]
    if not wanted:
        return Told(found, {}, None)
    try:
        series = points(workspace.ledger, workspace.store, run, wanted)
    except (BrokenError, NotFoundError) as error:
        return Told(found, {}, str(error))
    return Told(found, {n: thinned(s.steps, s.values) for n, s in series.items()}, None)


def sections(told: Told) -> tuple[Section, ...]:
    """Return what was logged as sections of names and values."""
    found = told.logged
    shown = []
    if found.params:
        rows = tuple((name, value_text(value)) for name, value in found.params.items())
        shown.append(Section("parameters", (), rows))
    if found.tags:
        shown.append(Section("tags", (), tuple(found.tags.items())))
    if found.metrics:
        shown.append(
            Section(
                "metrics",
                ("metric", "last", "step", "lowest", "highest", "points", "by step"),
                tuple(
                    (
                        name,
                        *(value_text(each) for each in (m.last, m.step, m.low, m.high, m.count)),
                        blocks(told.curves[name]) if name in told.curves else "",
                    )
                    for name, m in found.metrics.items()
                ),
            )
        )
    if told.lost is not None:
        shown.append(Section("curves that cannot be read", (), (("why", told.lost),)))
    if found.kept:
        shown.append(
            Section(
                "kept",
                ("name", "what", "bytes", "step", "object"),
                tuple(
                    (k.name, k.media, f"{k.size:,}", "" if k.step is None else k.step, k.object)
                    for k in found.kept
                ),
            )
        )
    if found.notes:
        rows = tuple((note.text, f"{note.time} by {note.actor}") for note in found.notes)
        shown.append(Section("notes", (), rows, told=True))
    return tuple(shown)


def document(told: Told) -> dict[str, object]:
    """Return what was logged for a program; NaN and infinities are texts."""
    found = told.logged
    return {
        "params": {name: _exact(value) for name, value in found.params.items()},
        "tags": dict(found.tags),
        "metrics": {
            name: {
                "last": write_number(m.last),
                "step": m.step,
                "min": None if m.low is None else write_number(m.low),
                "max": None if m.high is None else write_number(m.high),
                "count": m.count,
            }
            for name, m in found.metrics.items()
        },
        "notes": plain(found.notes),
        "kept": plain(found.kept),
    }


def value_text(value: object) -> str:
    """Return a value as people read it, whatever kind it is.

    >>> value_text(0.25), value_text(float("nan")), value_text(1200), value_text(None)
    ('0.25', 'nan', '1,200', 'none')
    """
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def _exact(value: object) -> object:
    odd = isinstance(value, float) and not math.isfinite(value)
    return str(value) if odd else value
