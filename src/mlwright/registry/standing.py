"""Who was live at a moment, by which move, and what that version was made of and judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mlwright.core.errors import NotFoundError, nearest
from mlwright.core.moments import written
from mlwright.ledger.ledger import Ledger
from mlwright.registry.records import ModelVersion, RoleChange
from mlwright.registry.roles import changes
from mlwright.registry.versions import find


@dataclass(frozen=True, slots=True)
class Standing:
    """An endpoint at a moment.

    ``change`` is the move in force then, ``until`` the time of the next one, None where it is in
    force still. ``checks`` are the facts of the verdicts the version was promoted on.
    """

    endpoint: str
    moment: str
    version: ModelVersion
    change: RoleChange
    until: str | None
    checks: tuple[Mapping[str, object], ...]


def standing(ledger: Ledger, endpoint: str, moment: datetime) -> Standing:
    """Return who was live at a moment, from the log alone.

    Raises
    ------
    NotFoundError
        ``endpoint-unknown``, naming the nearest; ``endpoint-idle`` when nothing was live yet.
    """
    moves = changes(ledger)
    of_endpoint = [move for move in moves if move.endpoint == endpoint]
    if not of_endpoint:
        raise _unknown(endpoint, sorted({move.endpoint for move in moves}))
    then = written(moment)
    before = [move for move in of_endpoint if move.time <= then]
    if not before or before[-1].live is None:
        first = of_endpoint[0]
        raise NotFoundError(
            "endpoint-idle",
            f"nothing was live at {endpoint!r} on {then}; the first was {first.live} from "
            f"{first.time} on",
            fix=f"mlw at {first.time} {endpoint}",
            facts={"endpoint": endpoint, "moment": then, "first": first.time},
            looked=[f"the {len(of_endpoint)} moves of {endpoint!r} in the log"],
        )
    change = before[-1]
    version = find(ledger, str(change.live))
    return Standing(
        endpoint=endpoint,
        moment=then,
        version=version,
        change=change,
        until=next((move.time for move in of_endpoint if move.time > then), None),
        checks=tuple(_verdict(check, change.time, ledger) for check in version.checks),
    )


def _verdict(check: str, until: str, ledger: Ledger) -> Mapping[str, object]:
    """Return the newest verdict there was when the version went live."""
    judged = list(ledger.events(kind="check.judged", subject=check))
    known = [event for event in judged if event.time <= until] or judged
    return {"check": check, "event": known[-1].id, **known[-1].facts}


def _unknown(endpoint: str, known: list[str]) -> NotFoundError:
    near = nearest(endpoint, known)
    return NotFoundError(
        "endpoint-unknown",
        f"nothing was ever live at {endpoint!r}" + (f"; did you mean {near!r}?" if near else ""),
        fix="mlw ls endpoints lists them",
        facts={"endpoint": endpoint, "nearest": near},
        looked=[f"the moves of the {len(known)} endpoints in the log"],
    )
