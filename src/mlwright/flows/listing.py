"""Lists: the newest things of one noun, as rows of plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from mlwright.core.ids import Noun
from mlwright.ledger.ledger import Ledger
from mlwright.registry.records import RoleName
from mlwright.registry.versions import versions
from mlwright.run.records import ENDINGS

Row = Mapping[str, object]


def listing(noun: str, ledger: Ledger, limit: int) -> Sequence[Row]:
    """Return at most ``limit`` rows of a noun, newest first."""
    return _LISTS[noun](ledger, limit)


def _models(ledger: Ledger, limit: int) -> Sequence[Row]:
    roles = {(row.endpoint, row.ref): row.role for row in ledger.roles()}
    return [
        {
            "ref": v.ref,
            "role": roles.get((v.name, v.ref)),
            "checks": "failed" if v.failed else "passed",
            "model": v.model,
            "run": v.run,
            "data": v.data,
            "registered": v.time,
        }
        for v in versions(ledger)[: -limit - 1 : -1]
    ]


def _runs(ledger: Ledger, limit: int) -> Sequence[Row]:
    rows = []
    made = {v.run: v.ref for v in versions(ledger)}
    for identifier in ledger.ids(Noun.RUN, limit=limit):
        events = list(ledger.events(subject=identifier))
        ended = [e.kind for e in events if e.kind in ENDINGS]
        rows.append(
            {
                "run": identifier,
                "status": ended[-1].removeprefix("run.") if ended else "open",
                "steps": sum(e.kind == "step.finished" for e in events),
                "made": made.get(identifier),
                "started": events[0].time,
                "by": events[0].actor,
            }
        )
    return rows


def _data(ledger: Ledger, limit: int) -> Sequence[Row]:
    rows = []
    for identifier in ledger.ids(Noun.DATA, limit=limit):
        event = next(iter(ledger.events(kind="data.ingested", subject=identifier)))
        rows.append(
            {
                "data": identifier,
                "rows": event.facts["rows"],
                "columns": event.facts["columns"],
                "source": event.facts["address"],
                "ingested": event.time,
            }
        )
    return rows


def _checks(ledger: Ledger, limit: int) -> Sequence[Row]:
    return [
        {
            "check": e.subject,
            "outcome": e.facts["outcome"],
            "rule": e.facts["rule"],
            "value": e.facts["value"],
            "model": e.facts["model"],
        }
        for e in ledger.events(kind="check.judged", newest_first=True, limit=limit)
    ]


def _events(ledger: Ledger, limit: int) -> Sequence[Row]:
    return [
        {"event": e.id, "time": e.time, "actor": e.actor, "kind": e.kind, "subject": e.subject}
        for e in ledger.events(newest_first=True, limit=limit)
    ]


def _endpoints(ledger: Ledger, limit: int) -> Sequence[Row]:
    found: dict[str, dict[str, object]] = {}
    for row in ledger.roles():
        empty: dict[str, object] = {"endpoint": row.endpoint, **{r.value: None for r in RoleName}}
        found.setdefault(row.endpoint, empty)[row.role] = row.ref
    return list(islice(found.values(), limit))


def _steps(ledger: Ledger, limit: int) -> Sequence[Row]:
    return [
        {
            "step": e.facts["step"],
            "kept": "kept" if e.facts["cached"] else "done",
            "seconds": e.facts["seconds"],
            "run": e.subject,
            "output": str(e.facts["output"])[:19],
        }
        for e in ledger.events(kind="step.finished", newest_first=True, limit=limit)
    ]


_LISTS: Mapping[str, Callable[[Ledger, int], Sequence[Row]]] = {
    "models": _models,
    "runs": _runs,
    "data": _data,
    "checks": _checks,
    "events": _events,
    "endpoints": _endpoints,
    "steps": _steps,
}
