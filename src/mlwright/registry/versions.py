"""Versions of named models: register one, find one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from mlwright.checks.records import Outcome, Verdict
from mlwright.core.digest import Digest
from mlwright.core.encoding import digest_of
from mlwright.core.errors import NotFoundError, UsageError, nearest
from mlwright.core.ids import looks_like_id, require_id_form
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import Event, NewEvent
from mlwright.registry.records import ModelVersion, RoleName
from mlwright.scoring.records import ModelPackage

_NAME = re.compile(r"[\w][\w.\-]{0,79}")
_ENDPOINTS = "api healthz invocations labels metrics prove readyz v2 why"
_WORDS = "alarms audit canary latest live log newest none previous settings shadow spec"
_COMMANDS = (
    "at audit bundle check data demo diff doctor eval export init label ls monitor predict promote"
    " prove report rollback run serve show ui user watch why"
)
_LISTS = "approvals checks data endpoints events labels models predictions runs steps"
_STEPS = (
    "baselines contract evaluation leaks model profile repaired search snapshot split task unseen"
)
_FINDINGS = (
    "boundary conformal cost directions explanation extraction "
    "fairness label_gaps learning membership remedies robustness slices stability steadiness"
)

RESERVED = frozenset(" ".join((_ENDPOINTS, _WORDS, _COMMANDS, _LISTS, _STEPS, _FINDINGS)).split())
"""Words that mean something else where a model's name may stand: in an address, a command or
after `mlw why`. No name may be one of them, in capitals neither."""


def valid_name(name: str) -> str:
    """Return ``name`` when it can name a model and its endpoint.

    Raises
    ------
    UsageError
        ``model-name`` for characters a URL cannot carry plainly, for what begins like an id, and
        for a reserved word; it names the nearest name that is allowed.
    """
    if _is_allowed(name):
        return name
    if not _NAME.fullmatch(name):
        why = (
            "a name has letters, digits, '_', '-' and '.', at most 80, and starts with a letter,"
            " digit or '_'"
        )
    elif looks_like_id(name):
        why = f"what begins with {name[:2]!r} is an id"
    else:
        why = f"{name.casefold()!r} is a word of mlwright: a command, step, role or address"
    near = allowed_name(name)
    raise UsageError(
        "model-name",
        f"{name!r} cannot name a model: {why}",
        fix=f"choose another, such as {near!r}: --name {near}, or name under [project]",
        facts={"name": name, "nearest": near},
    )


def allowed_name(text: str) -> str:
    """Return ``text`` as a name: itself where it is allowed, else the nearest one that is.

    >>> [allowed_name(text) for text in ("churned", "is late?", "m_abc", "run")]
    ['churned', 'is-late', 'm-abc', 'run-model']
    """
    name = "".join(c if c.isalnum() or c in "_-." else "-" for c in text)
    name = name.strip("-.")[:80].rstrip("-.")
    if looks_like_id(name):
        name = f"{name[0]}-{name[2:]}".strip("-")
    if name.casefold() in RESERVED:
        name = f"{name}-model"
    return name if _is_allowed(name) else "my-model"


def _is_allowed(name: str) -> bool:
    known = name.casefold() in RESERVED or looks_like_id(name)
    return _NAME.fullmatch(name) is not None and not known


def register(
    ledger: Ledger,
    *,
    name: str,
    package: ModelPackage,
    package_object: Digest,
    evaluation_object: Digest,
    run: str,
    data: str,
    verdicts: Sequence[Verdict],
) -> ModelVersion:
    """Record a version of ``name``; the same model with the same judgement keeps its number.

    The next number is decided inside the write transaction, so two processes never share one.
    """
    checks = tuple(verdict.id for verdict in verdicts)
    failed = tuple(v.id for v in verdicts if v.outcome is Outcome.FAIL)
    # The rules and their outcomes, not the ids: a latency measured again never gives the same
    # number, and must not make a new version of the same model.
    judged = digest_of([_said(verdict) for verdict in verdicts], tag="mlwright/judgement/1")
    kept: list[ModelVersion] = []

    def decide(log: Ledger) -> Sequence[NewEvent]:
        existing = versions(log, name)
        kept[:] = [
            v
            for v in existing
            if (v.model, v.evaluation, v.judged) == (package.id, evaluation_object, judged)
        ]
        if kept:
            return ()
        facts: Mapping[str, object] = {
            "name": valid_name(name),
            "version": max((v.number for v in existing), default=0) + 1,
            "run": run,
            "data": data,
            "package": package_object,
            "artefact": package.artefact,
            "probe_answers": package.probe_answers,
            "evaluation": evaluation_object,
            "checks": list(checks),
            "failed": list(failed),
            "judged": judged,
        }
        return (
            NewEvent(
                "model.registered",
                package.id,
                facts,
                uses=(run, data, *checks),
                objects=(package_object, evaluation_object, package.predictor, package.probe),
            ),
        )

    events = ledger.append_checked(decide)
    return kept[-1] if kept else _version(events[0])


def versions(ledger: Ledger, name: str | None = None) -> tuple[ModelVersion, ...]:
    """Return the registered versions, of one name or of all, oldest first."""
    return tuple(_version(ledger.event(row.sequence)) for row in ledger.versions(name))


def _said(verdict: Verdict) -> tuple[object, ...]:
    said = (verdict.rule, verdict.outcome)
    return said if verdict.waiver is None else (*said, verdict.waiver)


def find(ledger: Ledger, ref: str, *, prefer_live: bool = False) -> ModelVersion:
    """Return the version behind ``name``, ``name@number`` or a model id.

    A bare name is its newest version, or with ``prefer_live`` the one that answers now.

    Raises
    ------
    NotFoundError
        ``model-unknown``, naming the nearest known name.
    UsageError
        ``id-form`` or ``id-ambiguous`` for what begins like an id and names no single one.
    """
    require_id_form(ref)
    everything = versions(ledger)
    name, at, number = ref.partition("@")
    of_name = [v for v in everything if v.name == name]
    if at:
        found = [v for v in of_name if str(v.number) == number]
    elif of_name:
        live = {row.ref for row in ledger.roles(name) if row.role == RoleName.LIVE.value}
        found = [v for v in of_name if v.ref in live] if prefer_live and live else of_name
    else:
        ids = ledger.resolve(ref) if ref.startswith("m_") else ()
        if len(ids) > 1:
            raise ambiguous(ref, ids)
        found = [v for v in everything if len(ids) == 1 and v.model == ids[0]]
    if found:
        return found[-1]
    known = sorted({v.name for v in everything} | {v.ref for v in everything})
    near = nearest(ref, known)
    raise NotFoundError(
        "model-unknown",
        f"no model {ref!r}" + (f"; did you mean {near!r}?" if near else ""),
        fix=f"mlw show {near}" if near else "mlw ls models",
        facts={"ref": ref, "nearest": near},
        looked=[f"the names and ids of all registered versions ({len(everything):,})"],
    )


def require_name(ledger: Ledger, name: str) -> None:
    """Refuse an endpoint's name that no model has.

    Raises
    ------
    NotFoundError
        ``endpoint-unknown``, naming the nearest.
    """
    known = sorted({version.name for version in versions(ledger)})
    if name in known:
        return
    near = nearest(name, known)
    raise NotFoundError(
        "endpoint-unknown",
        f"no model is named {name!r}" + (f"; did you mean {near!r}?" if near else ""),
        fix=f"use {near}" if near else "mlw ls models",
        facts={"endpoint": name, "nearest": near},
        looked=[f"the names of {len(known)} models"],
    )


def ambiguous(prefix: str, ids: Sequence[str]) -> UsageError:
    """Return the error for the start of several ids."""
    return UsageError(
        "id-ambiguous",
        f"{prefix!r} is the start of {len(ids)} ids",
        fix="give more of it: " + ", ".join(ids[:5]) + (", …" if len(ids) > 5 else ""),
        facts={"prefix": prefix, "candidates": list(ids[:20])},
    )


def _version(event: Event) -> ModelVersion:
    facts = event.facts
    return ModelVersion(
        name=str(facts["name"]),
        number=cast("int", facts["version"]),
        model=event.subject,
        run=str(facts["run"]),
        data=str(facts["data"]),
        package=Digest(str(facts["package"])),
        artefact=Digest(str(facts["artefact"])),
        probe_answers=Digest(str(facts["probe_answers"])),
        evaluation=Digest(str(facts["evaluation"])),
        checks=tuple(cast("list[str]", facts["checks"])),
        failed=tuple(cast("list[str]", facts["failed"])),
        judged=Digest(str(facts["judged"])),
        time=event.time,
        actor=event.actor,
        event=event.id,
    )
