"""One thing shown whole: sections of names and values for a person, a document for a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mlwright.core.digest import Digest
from mlwright.core.encoding import plain
from mlwright.core.errors import NotFoundError
from mlwright.core.ids import Noun, noun_of, short
from mlwright.core.records import load
from mlwright.evaluate.records import Evaluation
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.workspace import Workspace
from mlwright.govern.why import resolve
from mlwright.registry.records import ModelVersion
from mlwright.registry.versions import find
from mlwright.scoring.records import ModelPackage
from mlwright.train.records import SearchResult

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with rows under it; without ``columns`` a row is a name and a value."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing, ready to be printed or sent."""

    kind: str
    title: str
    sections: tuple[Section, ...]
    document: Mapping[str, object]


def show(ref: str, workspace: Workspace, *, decisions: bool = False) -> Shown:
    """Show a model, run, data version, check or event by id or name; ``spec`` or ``settings``."""
    if ref in ("spec", "settings"):
        return _settings(ref, workspace)
    noun = noun_of(ref)
    if noun is None or noun is Noun.MODEL:
        return _model(find(workspace.ledger, ref), workspace, decisions=decisions)
    identifier = resolve(ref, workspace.ledger)
    if noun is Noun.DATA:
        return _data(identifier, workspace)
    if noun is Noun.RUN:
        return _run(identifier, workspace, decisions=decisions)
    return _event(identifier, noun, workspace)


def _settings(ref: str, workspace: Workspace) -> Shown:
    origins = workspace.settings.origins()
    rows = tuple((o.key, o.value, o.origin) for o in origins)
    return Shown(
        ref,
        str(workspace.folder),
        (Section("", ("key", "value", "from"), rows),),
        {ref: {o.key: {"value": plain(o.value), "from": o.origin} for o in origins}},
    )


def _model(version: ModelVersion, workspace: Workspace, *, decisions: bool) -> Shown:
    package = load(ModelPackage, workspace.store.get(version.package))
    evaluation = load(Evaluation, workspace.store.get(version.evaluation))
    roles = [r.role for r in workspace.ledger.roles(version.name) if r.ref == version.ref]
    verdicts = [
        next(iter(workspace.ledger.events(subject=c, newest_first=True, limit=1))).facts
        for c in version.checks
    ]
    sections = [
        Section(
            "",
            (),
            (
                ("model", version.model),
                ("predicts", f"{package.task.target} ({package.task.kind.value})"),
                ("roles", roles or "none"),
                ("run", version.run),
                ("data", version.data),
                ("chosen", f"{package.configuration.name} ({package.configuration.algorithm})"),
                ("artefact", version.artefact),
                ("answers on probe", version.probe_answers),
                ("registered", f"{version.time} by {version.actor}"),
                ("fit", f"{evaluation.fit.verdict.value}: {evaluation.fit.why}"),
            ),
        ),
        Section(
            f"metrics ({evaluation.method}, {evaluation.rows:,} rows)",
            ("metric", "value", "low", "high", *evaluation.baselines),
            tuple(
                (
                    name,
                    m.value,
                    m.low,
                    m.high,
                    *(b[name].value for b in evaluation.baselines.values()),
                )
                for name, m in evaluation.metrics.items()
            ),
        ),
        Section(
            "checks",
            ("outcome", "rule", "why"),
            tuple((v["outcome"], v["rule"], v["why"]) for v in verdicts),
        ),
    ]
    if decisions:
        sections.append(_decisions(version.run, workspace))
    document: dict[str, object] = {
        "version": plain(version),
        "ref": version.ref,
        "roles": roles,
        "task": plain(package.task),
        "inputs": plain(package.signature.inputs),
        "evaluation": plain(evaluation),
        "checks": [dict(v) for v in verdicts],
    }
    if decisions:
        document["decisions"] = [list(row) for row in sections[-1].rows]
    return Shown("model", version.ref, tuple(sections), document)


def _decisions(run: str, workspace: Workspace) -> Section:
    search = step_output(run, "search", SearchResult, workspace)
    return Section(
        "decisions",
        ("what", "why", "override"),
        tuple((d.what, d.why, d.override) for d in search.decisions),
    )


def step_output(run: str, step: str, kind: type[R], workspace: Workspace) -> R:
    """Return the record a step of a run gave.

    Raises
    ------
    NotFoundError
        ``step-unknown`` when the run finished no such step.
    """
    for event in workspace.ledger.events(kind="step.finished", subject=run):
        if event.facts["step"] == step:
            return load(kind, workspace.store.get(Digest(str(event.facts["output"]))))
    raise NotFoundError(
        "step-unknown",
        f"run {short(run)} has no finished step {step!r}",
        fix=f"mlw show {short(run)}",
        facts={"run": run, "step": step},
        looked=[f"the step events of {short(run)}"],
    )


def _data(identifier: str, workspace: Workspace) -> Shown:
    snapshot = snapshot_of(identifier, workspace)
    ingested = list(workspace.ledger.events(kind="data.ingested", subject=identifier))
    sections = (
        Section(
            "",
            (),
            (
                ("digest", snapshot.digest),
                ("rows", snapshot.rows),
                ("key", snapshot.key or "none: a row is named by its content"),
                ("fragments", len(snapshot.fragments)),
            ),
        ),
        Section(
            "columns", ("name", "kind"), tuple((c.name, c.kind.value) for c in snapshot.columns)
        ),
        Section(
            "readings",
            ("column", "what", "count"),
            tuple((r.column, r.what, r.count) for r in snapshot.readings),
        ),
        Section(
            "sources",
            ("address", "format", "bytes", "read"),
            tuple(
                (e.facts["address"], e.facts["format"], e.facts["size"], e.time) for e in ingested
            ),
        ),
    )
    document = {"data": plain(snapshot), "sources": [dict(e.facts) for e in ingested]}
    return Shown("data", identifier, sections, document)


def _run(identifier: str, workspace: Workspace, *, decisions: bool) -> Shown:
    events = list(workspace.ledger.events(subject=identifier))
    steps = [e.facts for e in events if e.kind == "step.finished"]
    started, ended = events[0], events[-1]
    sections = [
        Section(
            "",
            (),
            (
                ("started", f"{started.time} by {started.actor}"),
                ("command", started.facts.get("command")),
                ("last event", f"{ended.kind} at {ended.time}"),
                *((name, started.facts.get(name)) for name in ("code", "environment")),
            ),
        ),
        Section(
            "steps",
            ("step", "seconds", "kept", "output"),
            tuple((s["step"], s["seconds"], s["cached"], s["output"]) for s in steps),
        ),
    ]
    document: dict[str, object] = {
        "run": identifier,
        "events": [{"kind": e.kind, "time": e.time, "facts": dict(e.facts)} for e in events],
    }
    if decisions:
        sections.append(_decisions(identifier, workspace))
        document["decisions"] = [list(row) for row in sections[-1].rows]
    return Shown("run", identifier, tuple(sections), document)


def _event(identifier: str, noun: Noun, workspace: Workspace) -> Shown:
    ledger = workspace.ledger
    event = (
        ledger.event(int(identifier.partition("_")[2]))
        if noun is Noun.EVENT
        else next(iter(ledger.events(subject=identifier, newest_first=True, limit=1)))
    )
    rows: Sequence[tuple[object, ...]] = (
        ("kind", event.kind),
        ("subject", event.subject),
        ("time", event.time),
        ("actor", event.actor),
        *event.facts.items(),
        ("leaf", f"sha256:{event.leaf.hex()}"),
    )
    document = {
        "event": event.id,
        "kind": event.kind,
        "subject": event.subject,
        "time": event.time,
        "actor": event.actor,
        "facts": dict(event.facts),
        "leaf": f"sha256:{event.leaf.hex()}",
    }
    return Shown(
        "check" if noun is Noun.CHECK else "event",
        identifier,
        (Section("", (), tuple(rows)),),
        document,
    )
