"""Lists: the newest things of one noun, as rows of plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from mlwright.core.errors import NotFoundError
from mlwright.core.ids import Noun, noun_of, short
from mlwright.flows.data_events import data_event
from mlwright.flows.tracking import search_runs
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.questions import RunRow
from mlwright.registry.records import RoleName
from mlwright.registry.versions import versions
from mlwright.serve.records import Unread

Row = Mapping[str, object]

_TOGETHER = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, newest first, and the cursor of the next page; None on the last.

    ``unread`` names the damaged segments of records whose rows are missing.
    """

    rows: Sequence[Row]
    next: str | None
    unread: Sequence[Unread] = ()


def listing(noun: str, ledger: Ledger, limit: int) -> Sequence[Row]:
    """Return at most ``limit`` rows of a noun, newest first."""
    return list(islice(_LISTS[noun].rows(ledger, None), limit))


def page(noun: str, ledger: Ledger, *, limit: int, cursor: str | None) -> Page:
    """Return one page of a noun's list; what is recorded meanwhile shifts nothing on later pages.

    Parameters
    ----------
    cursor
        The ``next`` of the page before: what names its last row.

    Raises
    ------
    NotFoundError
        ``cursor-unknown`` when it names no row of this list.
    """
    listed = _LISTS[noun]
    found = list(islice(listed.rows(ledger, cursor), limit + 1))
    if len(found) <= limit:
        return Page(found, None)
    return Page(found[:limit], str(found[limit - 1][listed.key]))


def _following(names: Sequence[str], cursor: str | None, noun: str) -> Sequence[str]:
    """Return the names after the cursor's."""
    if cursor is None:
        return names
    if cursor not in names:
        raise cursor_unknown(noun, cursor)
    return names[names.index(cursor) + 1 :]


def cursor_unknown(noun: str, cursor: str) -> NotFoundError:
    """Return the error for a cursor that names no row."""
    return NotFoundError(
        "cursor-unknown",
        f"the cursor {cursor[:60]!r} names no row of {noun}",
        fix="take the cursor from the page before, or leave it out for the first page",
        facts={"noun": noun, "cursor": cursor[:60]},
    )


def _models(ledger: Ledger, cursor: str | None) -> Iterator[Row]:
    roles = {(row.endpoint, row.ref): row.role for row in ledger.roles()}
    newest = {v.ref: v for v in reversed(versions(ledger))}
    for ref in _following(list(newest), cursor, "models"):
        v = newest[ref]
        yield {
            "ref": v.ref,
            "role": roles.get((v.name, v.ref)),
            "checks": "failed" if v.failed else "passed",
            "model": v.model,
            "run": v.run,
            "data": v.data,
            "registered": v.time,
        }


def runs_page(
    ledger: Ledger,
    *,
    limit: int,
    cursor: str | None = None,
    where: str | None = None,
    sort: str | None = None,
) -> Page:
    """Return a page of the runs that meet a condition, in an order, else newest first.

    Raises
    ------
    UsageError
        ``where-syntax``
    NotFoundError
        ``cursor-unknown``
    """
    found = search_runs(ledger, where=where, sort=sort, limit=limit + 1, after=cursor)
    if found is None:
        raise cursor_unknown("runs", str(cursor))
    made = {v.run: v.ref for v in versions(ledger)}
    rows = [_run_row(run, made.get(run.id)) for run in found[:limit]]
    return Page(rows, found[limit - 1].id if len(found) > limit else None)


def _run_row(run: RunRow, made: str | None) -> Row:
    return {
        "run": run.id,
        "name": run.name or run.command,
        "status": run.status,
        "steps": run.steps,
        "made": made,
        "metrics": run.metrics,
        "params": run.params,
        "tags": run.tags,
        "started": run.started,
        "ended": run.ended or None,
        "by": run.actor,
    }


def _runs(ledger: Ledger, cursor: str | None) -> Iterator[Row]:
    after = cursor
    while True:
        found = runs_page(ledger, limit=_TOGETHER, cursor=after)
        yield from found.rows
        if found.next is None:
            return
        after = found.next


def _data(ledger: Ledger, cursor: str | None) -> Iterator[Row]:
    made: dict[str, list[str]] = {}
    for v in versions(ledger):
        made.setdefault(v.data, []).append(v.ref)
    for identifier in _following(ledger.ids(Noun.DATA), cursor, "data"):
        event = data_event(identifier, ledger)
        raw = event.facts.get("raw")
        yield {
            "data": identifier,
            "rows": event.facts["rows"],
            "columns": event.facts["columns"],
            "source": event.facts["address"] if raw is None else f"repaired from {short(str(raw))}",
            "ingested": event.time,
            "models": made.get(identifier, []),
        }


def _checks(ledger: Ledger, cursor: str | None) -> Iterator[Row]:
    for identifier in _following(ledger.ids(Noun.CHECK), cursor, "checks"):
        (event,) = ledger.events(
            kind="check.judged", subject=identifier, newest_first=True, limit=1
        )
        yield {
            "check": identifier,
            "outcome": event.facts["outcome"],
            "rule": event.facts["rule"],
            "value": event.facts["value"],
            "model": event.facts["model"],
        }


def _events(ledger: Ledger, cursor: str | None) -> Iterator[Row]:
    before = ledger.size if cursor is None else _place(cursor, ledger)
    for sequence in range(before - 1, -1, -1):
        e = ledger.event(sequence)
        yield {
            "event": e.id,
            "time": e.time,
            "actor": e.actor,
            "kind": e.kind,
            "subject": e.subject,
        }


def _place(cursor: str, ledger: Ledger) -> int:
    _following(ledger.resolve(cursor) if noun_of(cursor) is Noun.EVENT else (), cursor, "events")
    return int(cursor.partition("_")[2])


def _endpoints(ledger: Ledger, cursor: str | None) -> Iterator[Row]:
    found: dict[str, dict[str, object]] = {}
    for row in ledger.roles():
        empty: dict[str, object] = {"endpoint": row.endpoint, **{r.value: None for r in RoleName}}
        found.setdefault(row.endpoint, empty)[row.role] = row.ref
    return (found[name] for name in _following(list(found), cursor, "endpoints"))


def _steps(ledger: Ledger, cursor: str | None) -> Iterator[Row]:
    _following([], cursor, "steps")
    for e in ledger.events(kind="step.finished", newest_first=True):
        yield {
            "step": e.facts["step"],
            "kept": "kept" if e.facts["cached"] else "done",
            "seconds": e.facts["seconds"],
            "run": e.subject,
            "output": str(e.facts["output"])[:19],
        }


@dataclass(frozen=True, slots=True)
class _List:
    """How a noun's rows are found, those after a cursor on, and which column is the cursor."""

    key: str
    rows: Callable[[Ledger, str | None], Iterator[Row]]


_LISTS: Mapping[str, _List] = {
    "models": _List("ref", _models),
    "runs": _List("run", _runs),
    "data": _List("data", _data),
    "checks": _List("check", _checks),
    "events": _List("event", _events),
    "endpoints": _List("endpoint", _endpoints),
    "steps": _List("output", _steps),
}
