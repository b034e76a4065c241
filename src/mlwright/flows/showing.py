"""One thing shown whole: sections of names and values for a person, a document for a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from typing import TYPE_CHECKING, cast

from mlwright.core.encoding import plain
from mlwright.core.errors import NotFoundError, listed
from mlwright.core.ids import Noun, noun_of, short
from mlwright.core.quantities import Quantity, format_quantity
from mlwright.core.records import load
from mlwright.core.settings import Settings
from mlwright.data.cells import SnapshotCells, sealed_rows
from mlwright.data.profile import profile as describe
from mlwright.data.records import ColumnProfile, Kind, Profile, Snapshot
from mlwright.data.repair.records import Repaired
from mlwright.evaluate.conformal import held
from mlwright.evaluate.costs import in_words as costs_in_words
from mlwright.evaluate.records import Conformal, Evaluation
from mlwright.features.lineage import Origin, lineage
from mlwright.features.records import Preparation
from mlwright.flows import logged
from mlwright.flows.contracting import contract_version
from mlwright.flows.costs import cost_of, used_in_words
from mlwright.flows.data_events import data_event
from mlwright.flows.decisions import decisions as decisions_of
from mlwright.flows.decisions import spec_of
from mlwright.flows.findings.conformal import FINDING as CONFORMAL
from mlwright.flows.findings.kept import findings_of, words
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.labelling.explaining import logged_label, why_answer
from mlwright.flows.leak_gates import WAIVED
from mlwright.flows.outputs import step_output
from mlwright.flows.passport import key_of, read_again
from mlwright.flows.recording import find_label, find_prediction, labels_of
from mlwright.flows.records import Section
from mlwright.flows.repairing import repairs_of
from mlwright.flows.slowness import slow_words
from mlwright.flows.splitting import splits_of
from mlwright.flows.surroundings import surroundings_in_words
from mlwright.flows.workspace import Workspace
from mlwright.govern import cost as costs
from mlwright.govern import pareto
from mlwright.govern.findings.conformal import in_words as held_in_words
from mlwright.govern.pipeline import STEP_COLUMNS, step_rows
from mlwright.govern.told import Told, cell_text
from mlwright.govern.why import resolve
from mlwright.ledger.records import Event
from mlwright.registry.records import ModelVersion
from mlwright.registry.versions import find, versions
from mlwright.run.recorded import ENDINGS
from mlwright.run.standing import run_shape
from mlwright.run.tracking.events import COMMAND
from mlwright.scoring.records import ModelPackage
from mlwright.serve.records import Unread
from mlwright.train.records import SearchResult

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_VALUES = 3
_MOST_CELLS = 60_000_000
_CHECK = ("rule", "outcome", "why", "value", "low", "high", "model", "run")
"""What is told first of a check."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing, ready to be printed or sent."""

    kind: str
    title: str
    sections: tuple[Section, ...]
    document: Mapping[str, object]


def show(ref: str, workspace: Workspace, *, decisions: bool = False) -> Shown:
    """Show anything that has an id or a name; ``spec`` and ``settings`` too."""
    if ref in ("spec", "settings"):
        return _settings(ref, workspace)
    noun = noun_of(ref)
    if noun is None or noun is Noun.MODEL:
        return _model(find(workspace.ledger, ref), workspace, decisions=decisions)
    if noun is Noun.PREDICTION:
        return _prediction(ref, workspace)
    if noun is Noun.LABEL:
        return _label(ref, workspace)
    identifier = resolve(ref, workspace.ledger)
    if noun is Noun.DATA:
        return _data(identifier, workspace)
    if noun is Noun.RUN:
        return _run(identifier, workspace, decisions=decisions)
    return _event(identifier, noun, workspace)


def _settings(ref: str, workspace: Workspace) -> Shown:
    origins = workspace.settings.origins()
    quantities = dict(_quantities(workspace.settings))
    rows = tuple((o.key, _with_unit(o.value, quantities.get(o.key)), o.origin) for o in origins)
    document = {o.key: {"value": plain(o.value), "from": o.origin} for o in origins}
    for key, quantity in quantities.items():
        if quantity in _BASE_UNITS and isinstance(document[key]["value"], int | float):
            document[key]["unit"] = _BASE_UNITS[quantity]
    return Shown(
        ref,
        str(workspace.folder),
        (Section("", ("key", "value", "from"), rows),),
        {ref: document},
    )


_BASE_UNITS = {Quantity.DURATION: "s", Quantity.SIZE: "B"}


def _quantities(settings: Settings) -> Iterator[tuple[str, Quantity]]:
    for name, section in settings.sections.items():
        for each in fields(cast("DataclassInstance", section)):
            if "quantity" in each.metadata:
                key = f"{name}.{each.name}" if name else each.name
                yield key, each.metadata["quantity"]


def _with_unit(value: object, quantity: Quantity | None) -> object:
    """Return a setting as it would be written in the spec."""
    if value is None:
        return "not set"
    if quantity is None or not isinstance(value, int | float):
        return value or "none" if isinstance(value, tuple) else value
    return format_quantity(float(value), quantity)


def _model(version: ModelVersion, workspace: Workspace, *, decisions: bool) -> Shown:
    package = load(ModelPackage, workspace.store.get(version.package))
    evaluation = load(Evaluation, workspace.store.get(version.evaluation))
    findings = findings_of(version, workspace)
    cost = cost_of(version, package, workspace)
    priced = pareto.told(step_output(version.run, "search", SearchResult, workspace))
    words_of = [*words(findings), costs.told(cost), *([] if priced is None else [priced])]
    roles = [r.role for r in workspace.ledger.roles(version.name) if r.ref == version.ref]
    verdicts = [{"id": c, **_newest(c, workspace).facts} for c in version.checks]
    sections = [
        Section(
            "",
            (),
            (
                ("model", version.model),
                ("predicts", f"{package.task.target} ({package.task.kind.value})"),
                *(
                    [("decides", costs_in_words(package.task.costs, package.task.classes))]
                    if package.task.costs
                    else []
                ),
                ("roles", roles or "none"),
                ("run", version.run),
                ("data", version.data),
                ("chosen", f"{package.configuration.name} ({package.configuration.algorithm})"),
                *((("slow", slow),) if (slow := slow_words(package, workspace.store)) else ()),
                ("contract", _contract(version, package, workspace)),
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
            f"features ({len(package.preparation.outputs):,})",
            ("features", "of the columns", "how"),
            tuple(_origins(package.preparation)),
        ),
        *(section for each in words_of for section in _finding(each)),
        Section(
            "checks",
            ("outcome", "rule", "why", "check"),
            tuple((v["outcome"], v["rule"], v["why"], short(str(v["id"]))) for v in verdicts),
        ),
    ]
    waived = [
        event
        for event in workspace.ledger.events(kind=WAIVED, subject=version.model)
        if event.facts["check"] in version.checks
    ]
    if waived:
        columns = ("check", "reason", "by", "time", "event")
        told = tuple((e.facts["name"], e.facts["reason"], e.actor, e.time, e.id) for e in waived)
        sections.append(Section("waived", columns, told))
    document: dict[str, object] = {
        "version": plain(version),
        "ref": version.ref,
        "roles": roles,
        "task": plain(package.task),
        "inputs": plain(package.signature.inputs),
        "features": plain(lineage(package.preparation)),
        "dropped": [{"column": c, "why": reason} for c, reason in package.preparation.dropped],
        "evaluation": plain(evaluation),
        "findings": plain(findings),
        "cost": plain(cost),
        "checks": verdicts,
        "waived": [{**e.facts, "by": e.actor, "time": e.time, "event": e.id} for e in waived],
    }
    if decisions:
        _add_decisions(version.run, workspace, sections, document)
    return Shown("model", version.ref, tuple(sections), document)


def _origins(preparation: Preparation) -> Iterator[tuple[object, ...]]:
    """Give the features made of one column together by how they are, all others one by one."""
    alike: dict[str, list[Origin]] = {}
    for origin in lineage(preparation):
        if len(origin.columns) == 1:
            alike.setdefault(origin.how, []).append(origin)
        else:
            yield listed(origin.features, 1), listed(origin.columns, 2), origin.how
    for how, origins in alike.items():
        count = sum(len(origin.features) for origin in origins)
        yield f"{count:,}", listed([origin.columns[0] for origin in origins], 6), how


def _finding(told: Told) -> Iterator[Section]:
    yield Section(told.title, (), ((told.summary, *told.notes),), told=True)
    for table in told.figures:
        if table.rows:
            rows = tuple(tuple(map(cell_text, row)) for row in table.rows)
            yield Section(table.heading, table.columns, rows)


def _contract(version: ModelVersion, package: ModelPackage, workspace: Workspace) -> str:
    made = contract_version(version.name, package.contract, workspace)
    told = f"mlw show contract {version.ref}"
    if made is None:
        return told
    lines = f", {len(made.stated)} lines stated" if made.stated else ""
    return f"version {made.number}{lines}: {told}"


def _add_decisions(
    run: str, workspace: Workspace, sections: list[Section], document: dict[str, object]
) -> None:
    found = decisions_of(run, workspace)
    rows = tuple(
        (
            d.what,
            d.why,
            *(() if d.cost is None else (f"what it cost: {d.cost}",)),
            f"to change it: {d.override}",
        )
        for d in found
    )
    sections.append(Section(f"{len(found)} automatic decisions", (), rows, told=True))
    document["decisions"] = plain(found)


def _data(identifier: str, workspace: Workspace) -> Shown:
    snapshot = snapshot_of(identifier, workspace)
    came = data_event(identifier, workspace.ledger)
    ingested = list(workspace.ledger.events(kind="data.ingested", subject=identifier))
    repairs = repairs_of(identifier, workspace)
    runs = [r for r in workspace.ledger.used_by(identifier) if noun_of(r) is Noun.RUN]
    runs += [v.run for v in versions(workspace.ledger) if v.data == identifier]
    runs = list(dict.fromkeys(reversed(runs)))
    made = {run: [v.ref for v in versions(workspace.ledger) if v.run == run] for run in runs}
    runs = [run for run in runs if _learnt_from(run, workspace) in (None, identifier)]
    described = _described(runs, workspace) or _described_now(snapshot, workspace)
    sections = (
        Section(
            "",
            (),
            (
                ("rows", snapshot.rows),
                ("columns", len(snapshot.columns)),
                ("key", snapshot.key or "none: a row is named by its content"),
                ("read" if ingested else "made", f"{came.time} by {came.actor}"),
                ("from", came.facts.get("address") or came.facts.get("raw")),
                ("digest", snapshot.digest),
                ("fragments", len(snapshot.fragments)),
            ),
        ),
        _columns(snapshot, described),
        Section(
            "read with care",
            ("column", "what", "cells"),
            tuple((r.column, r.what, r.count) for r in snapshot.readings),
        ),
        *(map(_repair, repairs)),
        Section(
            "sources",
            ("address", "format", "bytes", "read"),
            tuple(
                (
                    e.facts["address"],
                    e.facts["format"],
                    "none" if e.facts["size"] is None else e.facts["size"],
                    e.time,
                )
                for e in ingested
            ),
        ),
        Section(
            "used by",
            ("run", "made"),
            tuple((short(run), refs or "no model") for run, refs in made.items()),
        ),
    )
    document = {
        "data": plain(snapshot),
        "sources": [dict(e.facts) for e in ingested],
        "repairs": plain(repairs),
        "profile": plain(described),
        "used_by": [{"run": run, "made": refs} for run, refs in made.items()],
    }
    return Shown("data", identifier, sections, document)


def _repair(repaired: Repaired) -> Section:
    return Section(
        f"repaired from {short(repaired.raw)}",
        ("step", "rows", "cells"),
        tuple(
            (step.applied, touch.rows, touch.cells)
            for step, touch in zip(repaired.steps, repaired.touches, strict=True)
        ),
    )


def _learnt_from(run: str, workspace: Workspace) -> str | None:
    """Return the repaired version that a run learned from; None where it repaired nothing."""
    try:
        return step_output(run, "snapshot", Snapshot, workspace).id
    except NotFoundError:
        return None


def _described(runs: Sequence[str], workspace: Workspace) -> Profile | None:
    """Return the profile the newest run made; None when none came so far."""
    for run in runs:
        try:
            return step_output(run, "profile", Profile, workspace)
        except NotFoundError:
            continue
    return None


def _described_now(snapshot: Snapshot, workspace: Workspace) -> Profile | None:
    """Describe rows that no run described, where that takes no more than moments."""
    if snapshot.rows * len(snapshot.columns) > _MOST_CELLS:
        return None
    cells = SnapshotCells(snapshot, workspace.store)
    _, splits = splits_of(workspace, snapshot.id)
    hidden = sealed_rows(cells, splits)
    return describe(cells, None if hidden is None else ~hidden)


def _columns(snapshot: Snapshot, profile: Profile | None) -> Section:
    if profile is None:
        rows = tuple((c.name, c.kind.value) for c in snapshot.columns)
        return Section("columns", ("name", "kind"), rows)
    by_name = {column.name: column for column in profile.columns}
    return Section(
        "columns"
        if profile.rows == snapshot.rows
        else f"columns (from the {profile.rows:,} rows outside the sealed test part)",
        ("name", "kind", "means", "missing", "distinct", "values"),
        tuple(
            (c.name, c.kind.value, _meaning(p), p.nulls, p.distinct, _values(p))
            for c in snapshot.columns
            if (p := by_name.get(c.name)) is not None
        ),
    )


def _meaning(column: ColumnProfile) -> str:
    return "" if column.semantic is None else column.semantic.value


def _values(column: ColumnProfile) -> str:
    if column.top:
        names = (repr(v) if column.kind is Kind.STRING else v for v, _ in column.top)
        counted = (f"{name} {count:,}" for name, (_, count) in zip(names, column.top, strict=True))
        return ", ".join(islice(counted, _VALUES)) + (", …" if column.distinct > _VALUES else "")
    if column.low is not None:
        return f"{column.low} to {column.high}"
    return "all different" if column.distinct == column.rows - column.nulls else ""


def _run(identifier: str, workspace: Workspace, *, decisions: bool) -> Shown:
    events = list(workspace.ledger.events(subject=identifier))
    steps = [e.facts for e in events if e.kind == "step.finished"]
    started, ended = events[0], next((e for e in reversed(events) if e.kind in ENDINGS), None)
    status = "open: it was killed, or is running"
    if ended is not None:
        status = f"{ended.kind.removeprefix('run.')} at {ended.time}"
    kept = sum(bool(s["cached"]) for s in steps)
    seconds = sum(cast("float", s["seconds"]) for s in steps)
    made = [v for v in versions(workspace.ledger) if v.run == identifier]
    data = [d for d in workspace.ledger.uses(identifier) if noun_of(d) is Noun.DATA]
    spec = spec_of(started.facts, workspace.store) if "spec" in started.facts else {}
    asked = {key: spec.get(key) for key in ("target", "data.source")}
    told = logged.logged_with_curves(identifier, workspace)
    work = f"{len(steps)} steps, {kept} of them kept from before, {seconds:.1f} s"
    tracked = started.facts.get("command") == COMMAND
    shape = None if tracked else run_shape(identifier, workspace.ledger, workspace.store)
    sections = [
        Section(
            "",
            (),
            (
                *((("name", name),) if (name := started.facts.get("name")) else ()),
                ("status", status),
                ("started", f"{started.time} by {started.actor}"),
                ("command", started.facts.get("command") or "none"),
                *((key.rpartition(".")[2], value) for key, value in asked.items() if value),
                ("data", data or "none"),
                ("made", [f"{v.ref} ({v.model})" for v in made] or "no model"),
                *(() if tracked else (("work", work),)),
                ("used", used_in_words(events) or "not measured"),
                *surroundings_in_words(identifier, events, workspace.store),
            ),
        ),
        *logged.sections(told),
    ]
    if shape is not None:
        sections.append(Section("steps", STEP_COLUMNS, tuple(step_rows(shape.steps))))
    if ended is not None and (wrong := ended.facts.get("error")):
        sections.insert(1, Section("why it failed", (), (("error", wrong),)))
    document: dict[str, object] = {
        "run": identifier,
        "data": data,
        "made": [v.ref for v in made],
        **logged.document(told),
        "steps": plain(() if shape is None else shape.steps),
        "events": [{"kind": e.kind, "time": e.time, "facts": dict(e.facts)} for e in events],
    }
    if decisions:
        _add_decisions(identifier, workspace, sections, document)
    return Shown("run", identifier, tuple(sections), document)


def _newest(identifier: str, workspace: Workspace) -> Event:
    return next(iter(workspace.ledger.events(subject=identifier, newest_first=True, limit=1)))


def _prediction(ref: str, workspace: Workspace) -> Shown:
    found = find_prediction(ref, workspace)
    again = read_again(found, workspace)
    outputs = again.package.signature.outputs
    flags = [f"{flag.column} {flag.breach.value}" for flag in found.flags]
    unread: list[Unread] = []
    labels = labels_of(found, workspace, unread.append, key_of(found, workspace))
    value = again.scorer.decide_row(found.answer)
    calibrated = findings_of(find(workspace.ledger, found.ref), workspace).get(CONFORMAL.name)
    inside = held(calibrated, found.answer) if isinstance(calibrated, Conformal) else ()
    sure = ""
    if isinstance(calibrated, Conformal) and inside:
        sure = held_in_words(calibrated.level, inside, classes=bool(calibrated.classes))
    sections = (
        Section(
            "",
            (),
            (
                ("value", value),
                *((n, v) for n, v in zip(outputs, found.answer, strict=True) if n != "value"),
                *((("surely", sure),) if sure else ()),
                ("answered", f"{found.time} by {found.ref} ({short(found.model)})"),
                ("endpoint", f"{found.endpoint}, role {found.role}"),
                ("flags", flags or "none"),
                ("truth", [label.value for label in labels] or "not told yet"),
                *(("not read", f"segment {each.segment}: {each.message}") for each in unread),
            ),
        ),
        Section("row", (), tuple((name, repr(cell)) for name, cell in again.sent.items())),
    )
    document = {
        "prediction": found.id,
        "time": found.time,
        "endpoint": found.endpoint,
        "model": found.model,
        "ref": found.ref,
        "value": value,
        "answer": dict(zip(outputs, found.answer, strict=True)),
        "held": list(inside),
        "flags": plain(found.flags),
        "row": dict(again.sent),
        "labels": plain(labels),
        **({"unread": plain(unread)} if unread else {}),
    }
    return Shown("prediction", found.id, sections, document)


def _label(ref: str, workspace: Workspace) -> Shown:
    answered = logged_label(ref, workspace)
    if answered is not None:
        told = why_answer(answered, workspace)
        facts = tuple((name, value) for name, value in told.facts.items() if value is not None)
        sections = (Section("", (), (("said", told.what), *facts)),)
        return Shown("label", answered, sections, {"label": answered, **told.facts})
    found = find_label(ref, workspace)
    about = found.prediction or f"the row {found.key!r} of {found.endpoint}"
    rows = (("value", found.value), ("about", about), ("told", found.time))
    return Shown("label", found.id, (Section("", (), rows),), {"label": plain(found)})


def _event(identifier: str, noun: Noun, workspace: Workspace) -> Shown:
    ledger = workspace.ledger
    event = (
        ledger.event(int(identifier.partition("_")[2]))
        if noun is Noun.EVENT
        else _newest(identifier, workspace)
    )
    first = _CHECK if noun is Noun.CHECK else ()
    facts = {name: event.facts[name] for name in (*first, *event.facts) if name in event.facts}
    rows: Sequence[tuple[object, ...]] = (
        *((name, value) for name, value in facts.items() if name in first),
        ("event", event.id),
        ("kind", event.kind),
        ("subject", event.subject),
        ("time", event.time),
        ("actor", event.actor),
        *((name, value) for name, value in facts.items() if name not in first),
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
