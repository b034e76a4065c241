"""Roles of an endpoint: promote a version, roll back to the one before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from mlwright.core.errors import GateError, NotFoundError, UsageError
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import Event, NewEvent
from mlwright.registry.records import ModelVersion, RoleChange, RoleName
from mlwright.registry.versions import find


def promote(ledger: Ledger, version: ModelVersion, *, reason: str) -> RoleChange:
    """Make a version live; the one that was live becomes previous.

    Where it is live already nothing is recorded, and the move that made it live is returned.

    Raises
    ------
    GateError
        ``promote-not-judged`` when the version has no verdict at all, ``promote-check-failed``
        when one of its checks failed.
    UsageError
        ``reason-empty``.
    BrokenError
        ``log-broken`` when the end of the log is no longer what was written.
    """
    _require_reason(reason)
    ledger.require_sound()

    def decide(log: Ledger) -> Sequence[NewEvent]:
        stack = promoted(log, version)
        if stack == _stack(log, version.name):
            return ()
        return _moves("promote", version.name, log, stack, reason)

    return _carry_out(ledger, version.name, decide)


def promoted(ledger: Ledger, version: ModelVersion) -> Sequence[str]:
    """Return the versions that were live, oldest first, as they would be after a promotion.

    Raises
    ------
    GateError
        As :func:`promote`.
    """
    if not version.checks:
        raise GateError(
            "promote-not-judged",
            f"{version.ref} has no verdict of any check",
            fix="run it again: mlw run judges every model it registers",
            facts={"ref": version.ref},
        )
    if version.failed:
        of = "its only check" if len(version.checks) == 1 else f"{len(version.checks)} checks"
        raise GateError(
            "promote-check-failed",
            f"{version.ref} failed "
            + (of if len(version.checks) == 1 else f"{len(version.failed)} of its {of}"),
            fix=f"mlw show {version.ref} tells which; mlw why {version.failed[0]} tells why",
            facts={"ref": version.ref, "failed": list(version.failed)},
        )
    stack = _stack(ledger, version.name)
    return stack if stack and stack[-1] == version.ref else [*stack, version.ref]


def rollback(ledger: Ledger, endpoint: str, *, reason: str) -> RoleChange:
    """Make the version live that was live before the present one.

    Raises
    ------
    NotFoundError
        ``rollback-nothing`` when there is no earlier one.
    UsageError
        ``reason-empty``.
    BrokenError
        ``log-broken`` when the end of the log is no longer what was written.
    """
    _require_reason(reason)
    ledger.require_sound()

    def decide(log: Ledger) -> Sequence[NewEvent]:
        return _moves("rollback", endpoint, log, rolled_back(log, endpoint), reason)

    return _carry_out(ledger, endpoint, decide)


def rolled_back(ledger: Ledger, endpoint: str) -> Sequence[str]:
    """Return the versions that were live, oldest first, as they would be after a rollback.

    Raises
    ------
    NotFoundError
        As :func:`rollback`.
    """
    stack = _stack(ledger, endpoint)
    if len(stack) < 2:
        live = stack[-1] if stack else "nothing"
        raise NotFoundError(
            "rollback-nothing",
            f"{endpoint!r} has no earlier live version to go back to (live: {live})",
            fix="mlw ls models, then mlw promote NAME@VERSION --to live",
            facts={"endpoint": endpoint, "live": live},
            looked=[f"the role events of endpoint {endpoint!r}"],
        )
    return stack[:-1]


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise UsageError(
            "reason-empty",
            "the reason is empty, and it is all that later tells why this was done",
            fix='say it in a few words: --reason "…"',
            facts={"reason": reason},
        )


def changes(ledger: Ledger, endpoint: str | None = None) -> tuple[RoleChange, ...]:
    """Return every move of live and previous, oldest first."""
    return tuple(
        _change(event)
        for event in ledger.events(kind="role.changed")
        if event.facts["role"] == RoleName.LIVE.value
        and endpoint in (None, event.facts["endpoint"])
    )


def _stack(ledger: Ledger, endpoint: str) -> list[str]:
    """Return the versions that were live, the present one last: a rollback takes one off."""
    stack: list[str] = []
    for event in ledger.events(kind="role.changed"):
        facts = event.facts
        if facts["endpoint"] != endpoint or facts["role"] != RoleName.LIVE.value:
            continue
        if facts["move"] == "rollback":
            stack.pop()
        else:
            stack.append(str(facts["ref"]))
    return stack


def _moves(
    move: str, endpoint: str, ledger: Ledger, stack: Sequence[str], reason: str
) -> tuple[NewEvent, ...]:
    live, previous = stack[-1], stack[-2] if len(stack) > 1 else None
    model = find(ledger, live).model
    common = {"endpoint": endpoint, "move": move, "reason": reason}
    return (
        NewEvent(
            "role.changed",
            model,
            {**common, "role": RoleName.LIVE.value, "ref": live, "previous": previous},
        ),
        NewEvent(
            "role.changed",
            find(ledger, previous).model if previous else model,
            {**common, "role": RoleName.PREVIOUS.value, "ref": previous},
        ),
    )


def _carry_out(
    ledger: Ledger, endpoint: str, decide: Callable[[Ledger], Sequence[NewEvent]]
) -> RoleChange:
    moved = bool(ledger.append_checked(decide))
    if moved:
        ledger.checkpoint()
    return replace(changes(ledger, endpoint)[-1], moved=moved)


def _change(event: Event) -> RoleChange:
    facts = event.facts
    return RoleChange(
        endpoint=str(facts["endpoint"]),
        live=None if facts["ref"] is None else str(facts["ref"]),
        previous=None if facts["previous"] is None else str(facts["previous"]),
        reason=str(facts["reason"]),
        time=event.time,
        actor=event.actor,
        event=event.id,
    )
