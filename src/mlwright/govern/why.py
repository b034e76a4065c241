"""Explain any id: what it is, and the way back to rows, code, environment and people."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import cast

from mlwright.core.digest import Digest
from mlwright.core.errors import NotFoundError, nearest
from mlwright.core.ids import Noun, noun_of, require_id_form, short
from mlwright.core.records import load
from mlwright.data.joins.records import Joined
from mlwright.data.records import Split
from mlwright.data.repair.records import Repaired
from mlwright.govern.records import Link, Why
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import Event
from mlwright.registry.records import ModelVersion
from mlwright.registry.roles import changes
from mlwright.registry.versions import ambiguous, find, versions
from mlwright.run.history import step_named
from mlwright.run.recorded import ENDINGS, StepRecord
from mlwright.run.records import KeyTerms
from mlwright.run.why import why_step
from mlwright.store.protocol import Store

_REPAIRED = "data.repaired"
_JOINED = "data.joined"

RECORDED = (Noun.PREDICTION, Noun.LABEL)
"""What the log knows the ids of at most; what they are stands in the records of serving."""


def why(ref: str, ledger: Ledger, store: Store) -> Why:
    """Explain a model (id, name or ``name@version``), run, data version, check, event or step.

    A step is named alone, in the last run that has one, or as ``r_…/STEP``.

    Raises
    ------
    NotFoundError
        ``id-unknown`` or ``name-unknown``, naming the nearest and every place looked.
    UsageError
        ``id-ambiguous`` when a prefix fits several ids, ``id-form`` when it can be of none.
    """
    if "/" in ref and (step := step_named(ref, ledger)) is not None:
        return _step(step, ledger, store)
    require_id_form(ref)
    noun = noun_of(ref)
    if noun is not None:
        identifier = resolve(ref, ledger)
        explain: Mapping[Noun, Callable[[str, Ledger, Store], Why]] = {
            Noun.MODEL: _model_by_id,
            Noun.RUN: _run,
            Noun.DATA: _data,
            Noun.CHECK: _check,
            Noun.EVENT: _event,
        }
        return explain[noun](identifier, ledger, store)
    if any(version.name == ref.partition("@")[0] for version in versions(ledger)):
        return _model(find(ledger, ref), ledger, store)
    if (step := step_named(ref, ledger)) is not None:
        return _step(step, ledger, store)
    raise _unknown_name(ref, ledger)


def resolve(prefix: str, ledger: Ledger) -> str:
    """Return the one id that starts with ``prefix``."""
    if noun_of(prefix) is Noun.EVENT:
        return ledger.event(_sequence(prefix, ledger)).id
    found = ledger.resolve(prefix)
    if len(found) == 1:
        return found[0]
    if found:
        raise ambiguous(prefix, found)
    raise NotFoundError(
        "id-unknown",
        f"no id starts with {prefix!r}",
        fix="mlw ls models, mlw ls runs or mlw ls data lists what there is",
        facts={"id": prefix},
        looked=[f"the {ledger.size:,} events of this project's ledger"],
    )


def _sequence(event_id: str, ledger: Ledger) -> int:
    number = event_id.partition("_")[2]
    if number.isdigit() and int(number) < ledger.size:
        return int(number)
    raise NotFoundError(
        "id-unknown",
        f"there is no event {event_id!r}",
        fix="mlw ls events lists the newest",
        facts={"id": event_id, "events": ledger.size},
        looked=[f"the {ledger.size:,} events of this project's ledger"],
    )


def _unknown_name(ref: str, ledger: Ledger) -> NotFoundError:
    names = sorted({v.name for v in versions(ledger)} | {v.ref for v in versions(ledger)})
    near = nearest(ref, names)
    return NotFoundError(
        "name-unknown",
        f"{ref!r} is no id, no model and no step" + (f"; did you mean {near!r}?" if near else ""),
        fix=f"mlw why {near}" if near else "mlw ls models, mlw ls steps",
        facts={"ref": ref, "nearest": near},
        looked=[f"{len(names)} model names and versions", "the names of the steps that ran"],
    )


def _model_by_id(identifier: str, ledger: Ledger, store: Store) -> Why:
    return _model(find(ledger, identifier), ledger, store)


def _model(version: ModelVersion, ledger: Ledger, store: Store) -> Why:
    names = [v.ref for v in versions(ledger) if v.model == version.model]
    promotions = [c for c in changes(ledger, version.name) if c.live == version.ref]
    registered = Link(
        "registered as",
        "event",
        version.event,
        f"{version.ref} by {version.actor} at {version.time}",
        {},
    )
    judged = tuple(
        link
        for check in version.checks
        for link in (
            _verdict_link(check, ledger),
            *_waiver_links(check, version.model, ledger),
        )
    )
    promoted = tuple(
        Link("made live in", "event", c.event, f"by {c.actor} at {c.time}: {c.reason}", {})
        for c in promotions
    )
    return Why(
        kind="model",
        id=version.model,
        what=f"{version.ref}, made by run {short(version.run)} from data {short(version.data)}",
        facts={
            "versions": names,
            "artefact": version.artefact,
            "answers on the probe rows": version.probe_answers,
        },
        lineage=(registered, *judged, *promoted, *_way_back(version.run, ledger, store)),
    )


def _run(identifier: str, ledger: Ledger, store: Store) -> Why:
    events = list(ledger.events(subject=identifier))
    started = events[0]
    ended = [e for e in events if e.kind in ENDINGS]
    status = ended[-1].kind.removeprefix("run.") if ended else "open (killed, or running)"
    made = tuple(
        Link("made", "model", v.model, f"{v.ref} at {v.time}", {})
        for v in versions(ledger)
        if v.run == identifier
    )
    return Why(
        kind="run",
        id=identifier,
        what=f"{started.facts.get('command', '')}: {status}",
        facts={"started": started.time, "by": started.actor},
        lineage=(*made, *_way_back(identifier, ledger, store)),
    )


def _way_back(
    run: str, ledger: Ledger, store: Store, seen: frozenset[str] = frozenset()
) -> tuple[Link, ...]:
    """Return run, steps, plan, code, environment and data, in the order of the way back."""
    events = list(ledger.events(subject=run))
    started = events[0]
    facts = started.facts
    links = [
        Link("made by", "run", run, f"started by {started.actor} at {started.time}", {}),
        *(_step_link(event) for event in events if event.kind == "step.finished"),
        *_plan_links(events, ledger),
        _code_link(facts, store),
        _environment_link(facts, store),
    ]
    for data in ledger.uses(run):
        if data.startswith("d_") and not _is_repaired(data, ledger):
            links.extend(_row_links(events, data, store))
            links.extend(_repair_links(run, ledger, store))
            links.extend(_data_links(data, ledger))
            for maker in _makers(data, ledger):
                if maker not in {run, *seen}:
                    links.extend(_way_back(maker, ledger, store, seen | {run}))
    return tuple(links)


def _makers(data: str, ledger: Ledger) -> list[str]:
    """Return the runs of which a step made the table that was read."""
    events = ledger.events(kind="data.ingested", subject=data)
    made = (str(e.facts["address"]) for e in events if e.facts["format"] == "step")
    return list(dict.fromkeys(address.partition("/")[0] for address in made))


def _row_links(events: list[Event], data: str, store: Store) -> list[Link]:
    """Return how many rows had which part; the ids themselves are computed from the split."""
    made = [e for e in events if e.kind == "step.finished" and e.facts["step"] == "split"]
    if not made:
        return []
    split = load(Split, store.get(Digest(str(made[0].facts["output"]))))
    counts = ", ".join(f"{count:,} {part}" for part, count in split.counts.items() if count)
    return [
        Link(
            "from the rows",
            "rows",
            data,
            f"{counts} ({split.why}); --rows FILE writes every id",
            {"counts": dict(split.counts), "method": split.method},
        )
    ]


def _step_link(event: Event) -> Link:
    facts = event.facts
    cached = bool(facts["cached"])
    made_by = str(facts["made_by"])
    return Link(
        "step",
        "step",
        str(facts["step"]),
        f"kept from run {short(made_by)}" if cached else f"done in {facts['seconds']:.1f} s",
        {"function": facts["function"], "output": facts["output"], "key": facts["key"]},
    )


def _plan_links(events: list[Event], ledger: Ledger) -> list[Link]:
    inputs = cast("Mapping[str, str]", events[0].facts.get("inputs", {}))
    wanted = inputs.get("plan")
    made = [e for e in ledger.events(kind="plan.made") if e.facts["plan"] == wanted]
    if not made:
        return []
    what = f"made at {made[0].time} on {made[0].facts['machine']}"
    return [Link("carried out the plan", "plan", str(wanted), what, {"event": made[0].id})]


def _read_json(store: Store, digest: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", json.loads(store.get(Digest(str(digest)))))


def _code_link(facts: Mapping[str, object], store: Store) -> Link:
    code = _read_json(store, facts["code"])
    commit = code.get("commit")
    dirty = code.get("changed") or ()
    what = f"git commit {commit}" if commit else "not under git: the files themselves are kept"
    if dirty:
        what += f", with {len(cast('list[object]', dirty))} uncommitted files kept"
    return Link("with the code", "code", str(facts["code"]), what, {})


def _environment_link(facts: Mapping[str, object], store: Store) -> Link:
    found = _read_json(store, facts["environment"])
    what = f"Python {found.get('python')} on {found.get('cpu')}"
    distributions = cast("Mapping[str, object]", found.get("distributions", {}))
    return Link(
        "in the environment",
        "environment",
        str(facts["environment"]),
        what,
        {"distributions": len(distributions)},
    )


def _repair_links(run: str, ledger: Ledger, store: Store) -> list[Link]:
    """Return what a run made of the table before it learned from it."""
    made = [e for e in ledger.events(kind=_REPAIRED) if e.facts["run"] == run]
    kept = [e for e in ledger.events(subject=run) if e.kind == "step.finished"]
    if not made and any(event.facts["step"] == "repaired" for event in kept):
        learnt = {v.data for v in versions(ledger) if v.run == run}
        made = [e for data in learnt for e in ledger.events(kind=_REPAIRED, subject=data)][-1:]
    return [link for event in made for link in _repaired_links(event, store)]


def _is_repaired(data: str, ledger: Ledger) -> bool:
    """Whether a data version is known as the repaired one of another alone."""
    kinds = {event.kind for event in ledger.events(subject=data)}
    return _REPAIRED in kinds and "data.ingested" not in kinds


def _repaired_links(event: Event, store: Store) -> list[Link]:
    """Return a repaired version and its steps, with what each touched."""
    repaired = load(Repaired, store.get(Digest(str(event.facts["record"]))))
    what = (
        f"{repaired.snapshot.rows:,} rows, made from {short(repaired.raw)} by {event.actor} at "
        f"{event.time}: {len(repaired.steps)} steps changed {repaired.cells:,} cells and took "
        f"{repaired.taken_out:,} rows out of training"
    )
    facts = {"raw": repaired.raw, "event": event.id}
    links = [Link("repaired as", "data", repaired.snapshot.id, what, facts)]
    for step, touch in zip(repaired.steps, repaired.touches, strict=True):
        done = f"{touch.cells:,} cells" if step.column or touch.cells else f"{touch.rows:,} rows"
        links.append(
            Link(
                "repair step",
                "repair",
                step.text,
                done + (f", as: {step.applied}" if step.applied != step.text else ""),
                {"rows": touch.rows, "cells": touch.cells, "before": touch.before},
            )
        )
    return links


def _data_links(data: str, ledger: Ledger) -> list[Link]:
    ingested = list(ledger.events(kind="data.ingested", subject=data))
    links = []
    for event in ingested[:1]:
        facts = event.facts
        links.append(
            Link(
                "from the data",
                "data",
                data,
                f"{facts['rows']:,} rows x {facts['columns']} columns,"
                f" ingested by {event.actor} at {event.time}",
                {"digest": facts["digest"], "row ids": facts["row_ids"]},
            )
        )
    links.extend(
        Link(
            "read from",
            "source",
            str(event.facts["address"]),
            f"{_read_as(event.facts)}, read at {event.time}",
            {"content": event.facts["content"], "event": event.id},
        )
        for event in ingested
    )
    links.extend(
        Link(
            "added to",
            "data",
            str(event.facts["appended_to"]),
            f"the rows of {event.facts['address']} joined those of this version",
            {"event": event.id},
        )
        for event in ingested
        if "appended_to" in event.facts
    )
    return links


def _read_as(facts: Mapping[str, object]) -> str:
    """Return what a source was: its format, how many files and bytes, and the query put to it."""
    said = [str(facts["format"])]
    if "files" in facts:
        said.append(f"{facts['files']:,} files")
    if facts["size"] is not None:
        said.append(f"{facts['size']:,} bytes")
    if "query" in facts:
        said.append(f"the answer to {' '.join(str(facts['query']).split())!r}")
    return ", ".join(said)


def _data(identifier: str, ledger: Ledger, store: Store) -> Why:
    links = _data_links(identifier, ledger)
    for event in ledger.events(kind=_REPAIRED, subject=identifier):
        links += _repaired_links(event, store)
        raw = str(event.facts["raw"])
        links += _data_links(raw, ledger) if raw != identifier else []
    for event in list(ledger.events(kind=_JOINED, subject=identifier))[-1:]:
        links += _join_links(event, ledger, store)
    for maker in _makers(identifier, ledger):
        links += _way_back(maker, ledger, store)
    others = [e for e in ledger.events(kind=_REPAIRED) if e.facts["raw"] == identifier]
    links += [_made_link(e) for e in others if e.subject != identifier]
    runs = [run for run in ledger.used_by(identifier) if run.startswith("r_")]
    runs += [v.run for v in versions(ledger) if v.data == identifier]
    used = tuple(
        Link("used by", "run", run, _run_words(run, ledger), {}) for run in dict.fromkeys(runs)
    )
    what = links[0].what if links else "known by its id alone"
    return Why("data", identifier, what, {}, (*links, *used))


def _join_links(event: Event, ledger: Ledger, store: Store) -> list[Link]:
    """Return what a joined version was made of, by which rule, and what its verification found."""
    joined = load(Joined, store.get(Digest(str(event.facts["record"]))))
    rule, proved = joined.rule, joined.verified
    keys = ", ".join(one if one == other else f"{one} = {other}" for one, other in rule.by)
    known = f"by {rule.known!r}" if rule.known is not None else f"when {rule.event!r} says it was"
    later = f" true and {rule.known_after:g} s later" if rule.known is None else ""
    what = (
        f"{event.facts['rows']:,} rows x {event.facts['columns']} columns, joined by {event.actor}"
        f" at {event.time}: {joined.matched:,} rows got values by {keys}, known {known}{later}"
    )
    found = (
        f"{proved.rows:,} rows held against the rows they name: none had a value before it was "
        "known"
    )
    links = [
        Link("from the data", "data", event.subject, what, {"digest": event.facts["digest"]}),
        Link("verified in", "event", event.id, found, {"cells": proved.cells}),
        Link("made by", "run", str(event.facts["run"]), "mlw data join", {}),
    ]
    for side in (joined.left, joined.right):
        links += _data_links(side, ledger)
        for before in list(ledger.events(kind=_JOINED, subject=side))[-1:]:
            links += _join_links(before, ledger, store)
    return links


def _made_link(event: Event) -> Link:
    facts = event.facts
    what = (
        f"{facts['rows']:,} rows, by {event.actor} at {event.time}; "
        f"{facts['cells_changed']:,} cells changed, {facts['rows_taken_out']:,} rows taken out"
    )
    return Link("repaired as", "data", event.subject, what, {"event": event.id})


def _run_words(run: str, ledger: Ledger) -> str:
    made = [v.ref for v in versions(ledger) if v.run == run]
    return f"made {', '.join(made)}" if made else "made no model"


def _verdict_link(check: str, ledger: Ledger) -> Link:
    facts = next(iter(ledger.events(subject=check, newest_first=True, limit=1))).facts
    return Link(
        "judged by", "check", check, f"{facts['rule']}: {facts['outcome']}. {facts['why']}", {}
    )


def _waiver_links(check: str, model: str, ledger: Ledger) -> tuple[Link, ...]:
    """Return who answered for a check that failed, and why; the first time it was said."""
    waived = ledger.events(kind="check.waived", subject=model)
    found = [event for event in waived if event.facts["check"] == check][:1]
    return tuple(
        Link(
            "waived in",
            "event",
            event.id,
            f"{event.facts['name']} by {event.actor} at {event.time}: {event.facts['reason']}",
            {"columns": event.facts["columns"]},
        )
        for event in found
    )


def _check(identifier: str, ledger: Ledger, store: Store) -> Why:
    event = next(iter(ledger.events(subject=identifier, newest_first=True, limit=1)))
    facts = event.facts
    model = str(facts["model"])
    subject = find(ledger, model)
    return Why(
        kind="check",
        id=identifier,
        what=f"{facts['rule']}: {facts['outcome']}. {facts['why']}",
        facts={"value": facts["value"], "low": facts["low"], "high": facts["high"]},
        lineage=(
            Link("recorded in", "event", event.id, f"by {event.actor} at {event.time}", {}),
            *_waiver_links(identifier, model, ledger),
            Link("judges", "model", model, subject.ref, {}),
            *_way_back(subject.run, ledger, store),
        ),
    )


def _event(identifier: str, ledger: Ledger, store: Store) -> Why:
    event = ledger.event(_sequence(identifier, ledger))
    about: tuple[Link, ...] = ()
    if noun_of(event.subject) not in (None, Noun.EVENT, *RECORDED):
        explained = why(event.subject, ledger, store)
        about = (
            Link("about", explained.kind, explained.id, explained.what, {}),
            *explained.lineage,
        )
    return Why(
        kind="event",
        id=identifier,
        what=f"{event.kind} by {event.actor} at {event.time}",
        facts=dict(event.facts),
        lineage=(
            Link(
                "proved by",
                "log",
                f"sha256:{event.leaf.hex()}",
                f"entry {event.sequence} of {ledger.size:,}; mlw prove audit verifies the log",
                {},
            ),
            *about,
        ),
    )


def _step(step: StepRecord, ledger: Ledger, store: Store) -> Why:
    """Explain a step: why it was done or kept, what fed it, and what proofs of it found."""
    found = why_step(ledger, store, step.step, run=step.run)
    terms = load(KeyTerms, store.get(step.terms))
    fed = {
        name: f"step {step.edges[name]}" if name in step.edges else _given(name, terms)
        for name in step.inputs
    }
    facts = {
        "function": step.function,
        "done": f"kept from {short(step.made_by)}" if step.cached else f"in {step.seconds:.2f} s",
        "fed": fed,
        "not kept because": terms.unseen,
        "proved": _step_proof(step, ledger),
        "key": step.key,
        "output": step.output,
        "changes": found.changes,
    }
    links = tuple(
        Link("fed by", "step", f"{step.run}/{each}", f"as {name!r}", {})
        for name, each in step.edges.items()
    )
    way_back = _way_back(step.run, ledger, store)
    return Why("step", step.step, found.why, facts, (*links, *way_back))


def _given(name: str, terms: KeyTerms) -> str:
    return "the run's settings" if name in terms.config else "the run's inputs"


def _step_proof(step: StepRecord, ledger: Ledger) -> str | None:
    """Return what the newest proof that did this step again found."""
    for event in ledger.events(kind="proof.made", newest_first=True):
        steps = cast("list[Mapping[str, object]]", event.facts["steps"])
        of_it = [e for e in steps if (e["step"], e["recorded"]) == (step.step, step.content)]
        if of_it:
            why = f": {of_it[0]['why']}" if of_it[0]["why"] else ""
            return f"{of_it[0]['verdict']} in {event.id} at {event.time}{why}"
    return None
