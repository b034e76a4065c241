"""Everything known of one run, for its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mlwright.core.ids import Noun, noun_of
from mlwright.flows.costs import used_in_words
from mlwright.flows.logged import Told, logged_with_curves
from mlwright.flows.tracking import found_run
from mlwright.flows.workspace import Workspace
from mlwright.ledger.questions import RunRow
from mlwright.registry.versions import versions
from mlwright.run.recorded import RunShape
from mlwright.run.standing import run_shape


@dataclass(frozen=True, slots=True)
class RunSheet:
    """A run: how it stands, what was logged, its steps, what it was made from and what it made.

    ``error`` is the code and type of what ended it, ``seconds`` how long it took, None while it
    is open.
    """

    run: RunRow
    told: Told
    shape: RunShape
    data: tuple[str, ...]
    made: tuple[str, ...]
    used: str | None
    error: str | None
    seconds: float | None
    code: str
    environment: str


def run_sheet(ref: str, workspace: Workspace) -> RunSheet:
    """Return everything known of a run.

    Raises
    ------
    NotFoundError
        ``run-unknown``
    """
    run = found_run(workspace.ledger, ref)
    events = list(workspace.ledger.events(subject=run.id))
    started = events[0].facts
    failed = next((e.facts for e in events if "error" in e.facts), None)
    return RunSheet(
        run=run,
        told=logged_with_curves(run.id, workspace),
        shape=run_shape(run.id, workspace.ledger, workspace.store),
        data=tuple(d for d in workspace.ledger.uses(run.id) if noun_of(d) is Noun.DATA),
        made=tuple(v.ref for v in versions(workspace.ledger) if v.run == run.id),
        used=used_in_words(events) or None,
        error=None if failed is None else f"{failed.get('code')}: {failed.get('error')}",
        seconds=_seconds(run),
        code=str(started.get("code", "")),
        environment=str(started.get("environment", "")),
    )


def _seconds(run: RunRow) -> float | None:
    if not run.ended:
        return None
    began, ended = (datetime.fromisoformat(time) for time in (run.started, run.ended))
    return (ended - began).total_seconds()
