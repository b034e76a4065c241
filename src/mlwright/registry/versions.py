"""Versions of named models: register one, find one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from mlwright.checks.records import Outcome, Verdict
from mlwright.core.digest import Digest
from mlwright.core.encoding import digest_of
from mlwright.core.errors import NotFoundError, UsageError, nearest
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import Event, NewEvent
from mlwright.registry.records import ModelVersion, RoleName
from mlwright.scoring.records import ModelPackage

_NAME = re.compile(r"[\w][\w.\-]{0,79}")
RESERVED = frozenset(
    {"v2", "api", "why", "prove", "labels", "invocations", "metrics", "healthz", "readyz"}
)


def valid_name(name: str) -> str:
    """Return ``name`` when it can name a model and its endpoint.

    Raises
    ------
    UsageError
        ``model-name`` for characters a URL cannot carry plainly, or a reserved name.
    """
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise UsageError(
            "model-name",
            f"{name!r} cannot name a model",
            fix="use letters, digits, '_', '-' and '.', at most 80, starting with a letter or "
            f"digit, and none of {', '.join(sorted(RESERVED))}: --name NAME",
            facts={"name": name},
        )
    return name


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
    judged = digest_of([(v.rule, v.outcome) for v in verdicts], tag="mlwright/judgement/1")
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


def find(ledger: Ledger, ref: str, *, prefer_live: bool = False) -> ModelVersion:
    """Return the version behind ``name``, ``name@number`` or a model id.

    A bare name is its newest version, or with ``prefer_live`` the one that answers now.

    Raises
    ------
    NotFoundError
        ``model-unknown``, naming the nearest known name.
    """
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
        looked=[f"the {len(everything)} registered versions", "their model ids"],
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
