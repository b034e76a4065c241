"""Who said what of which row, when and under which guideline: labels by people, explained."""

from __future__ import annotations

from collections.abc import Sequence

from mlwright.core.digest import Digest
from mlwright.core.ids import short
from mlwright.data.labels.records import Queue, SettledLabel
from mlwright.flows.labelling.applying import FORMAT, labelled_set
from mlwright.flows.labelling.records import Given, QueueStanding
from mlwright.flows.labelling.standing import (
    ADJUDICATED,
    ANSWERED,
    QUEUED,
    given_of,
    queue_of,
    queued_event,
    said,
    standing,
)
from mlwright.flows.workspace import Workspace
from mlwright.govern.records import Link, Why
from mlwright.govern.why import why
from mlwright.ledger.records import Event


def logged_label(ref: str, workspace: Workspace) -> str | None:
    """Return the id of a label that a person gave, by its beginning; None where it is no such."""
    found = workspace.ledger.resolve(ref)
    return found[0] if len(found) == 1 else None


def why_answer(label: str, workspace: Workspace) -> Why:
    """Explain what a person said of a row.

    What it is stays unsaid while others are still to answer the row: they are to be blind.
    """
    (event,) = workspace.ledger.events(subject=label, limit=1)
    given = given_of(event)
    now = standing(given.queue, workspace)
    told = _told(given, event.kind, now, workspace)
    facts = {
        "queue": given.queue,
        "row": given.row,
        "person": given.person,
        "claimed": given.claimed,
        "time": given.time,
        "guideline": given.guideline,
        "imported": given.imported,
        **_content(given, event.kind, now, workspace),
    }
    back = why(now.queue.data, workspace.ledger, workspace.store)
    links = (
        Link("recorded in", "event", event.id, f"by {event.actor} at {event.time}", {}),
        *_guideline_link(given, now),
        _queue_link(now, "answered in" if event.kind == ANSWERED else "decided in"),
        Link("of the data", "data", back.id, back.what, {}),
        *back.lineage,
    )
    return Why("label", label, told, facts, links)


def why_queue(ref: str, workspace: Workspace) -> Why:
    """Explain a queue by the data and the run it was chosen from."""
    now = standing(ref, workspace)
    event = queued_event(ref, workspace.ledger)
    queue = now.queue
    back = why(now.run or queue.data, workspace.ledger, workspace.store)
    what = f"{len(queue.rows):,} rows of {short(queue.data)} for people to label {queue.target}"
    facts = {
        "data": queue.data,
        "model": queue.model,
        "rows": len(queue.rows),
        "complete": now.answered,
        "annotators": now.people,
        "seed": queue.seed,
    }
    made = Link("recorded in", "event", event.id, f"by {event.actor} at {event.time}", {})
    followed = [
        Link("by the guideline", "guideline", str(each.text), f"from {each.time}", {})
        for each in now.guidelines
        if each.text is not None
    ]
    return Why("queue", now.name, what, facts, (made, *followed, *back.lineage))


def links_of_data(data: str, workspace: Workspace) -> tuple[Link, ...]:
    """Return who labelled the rows of a data version that labels made, and what it was before."""
    links: list[Link] = []
    for event in workspace.ledger.events(kind="data.ingested", subject=data):
        if event.facts["format"] == FORMAT:
            links += _made_of_labels(event, workspace)
    return tuple(links)


def _made_of_labels(event: Event, workspace: Workspace) -> list[Link]:
    made = labelled_set(Digest(str(event.facts["content"])), workspace)
    now = standing(made.queue, workspace)
    changed = [each for each in made.rows if each.value != each.before]
    people = ", ".join(now.raters)
    words = f"{len(made.rows):,} settled by {people}, {len(changed):,} of them changed"
    facts = {
        "guidelines": dict(made.guidelines),
        "rows": [_row_facts(each, now, workspace) for each in changed],
    }
    back = why(made.data, workspace.ledger, workspace.store)
    return [
        Link("labelled in", "queue", made.queue, words, facts),
        Link("made from", "data", made.data, back.what, {}),
        *back.lineage,
        # Labels that were settled but changed nothing leave the version what it was.
        *(links_of_data(made.data, workspace) if made.data != event.subject else ()),
    ]


def _row_facts(each: SettledLabel, now: QueueStanding, workspace: Workspace) -> dict[str, object]:
    answers = {
        given.person: said(given, workspace).value
        for given in now.answers.get(each.row, ())
        if given.label in each.labels
    }
    decided = now.adjudications.get(each.row)
    named = decided is not None and decided.label == each.adjudication
    return {
        "row": each.row,
        "before": each.before,
        "value": each.value,
        "answers": answers,
        "adjudicator": decided.person if named and decided is not None else None,
    }


def links_of_row(row: str, workspace: Workspace) -> tuple[Link, ...]:
    """Return what people said of a row, queue by queue, oldest first."""
    links: list[Link] = []
    for event in list(workspace.ledger.events(kind=QUEUED)):
        if queue_of(event, workspace).find(row) is None:
            continue
        now = standing(event.subject, workspace)
        given: Sequence[tuple[Given, str]] = [(g, ANSWERED) for g in now.answers.get(row, ())]
        if row in now.adjudications:
            given = [*given, (now.adjudications[row], ADJUDICATED)]
        for each, kind in given:
            relation = "labelled by" if kind == ANSWERED else "decided by"
            facts = {
                "person": each.person,
                "claimed": each.claimed,
                "guideline": each.guideline,
                **_content(each, kind, now, workspace),
            }
            words = f"{_told(each, kind, now, workspace)}, in {now.name}"
            links.append(Link(relation, "label", each.label, words, facts))
    return tuple(links)


def _content(
    given: Given, kind: str, now: QueueStanding, workspace: Workspace
) -> dict[str, object]:
    """Return what was said, where nobody is left who must not hear it."""
    if kind == ANSWERED and not now.complete(given.row):
        return {"value": None, "hidden": True}
    content = said(given, workspace)
    return {"value": content.value, "note": content.note or None}


def _told(given: Given, kind: str, now: QueueStanding, workspace: Workspace) -> str:
    who = given.person if not given.claimed else f"{given.person} (told by {given.actor})"
    content = _content(given, kind, now, workspace)
    what = repr(content["value"])
    if content.get("hidden"):
        what = "not told before all have answered"
    elif given.skipped:
        what = "skipped"
    under = f", under guideline {given.guideline[:19]}" if given.guideline else ""
    note = f": {content['note']}" if content.get("note") else ""
    return f"{what}, by {who} at {given.time}{under}{note}"


def _guideline_link(given: Given, now: QueueStanding) -> tuple[Link, ...]:
    found = [each for each in now.guidelines if each.text == given.guideline and each.text]
    return tuple(
        Link("by the guideline", "guideline", str(each.text), f"followed since {each.time}", {})
        for each in found[:1]
    )


def _queue_link(now: QueueStanding, relation: str) -> Link:
    queue: Queue = now.queue
    return Link(relation, "queue", now.name, f"{len(queue.rows):,} rows of {queue.target}", {})
