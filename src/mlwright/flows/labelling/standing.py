"""Queues as the log has them: found by name, with everything that was answered."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from mlwright.core.digest import Digest
from mlwright.core.errors import NotFoundError
from mlwright.core.records import load
from mlwright.data.labels.records import Answer, Queue
from mlwright.flows.labelling.records import Given, Guideline, QueueStanding
from mlwright.flows.workspace import Workspace
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import Event

QUEUED, ANSWERED = "labels.queued", "label.answered"
ADJUDICATED, GUIDED = "label.adjudicated", "guideline.changed"
_PREFIX = "queue/"


def name_of(number: int) -> str:
    """Return the name the log knows a queue by.

    >>> name_of(3)
    'queue/3'
    """
    return f"{_PREFIX}{number}"


def is_queue(ref: str) -> bool:
    """Tell whether a word is the name of a queue."""
    return ref.startswith(_PREFIX) and ref.removeprefix(_PREFIX).isdigit()


def queued_event(ref: str | None, ledger: Ledger) -> Event:
    """Return the event that made a queue, by its name or number; None is the newest.

    Raises
    ------
    NotFoundError
        ``queue-unknown``.
    """
    made = list(ledger.events(kind=QUEUED))
    if ref is None and made:
        return made[-1]
    wanted = None if ref is None else ref if ref.startswith(_PREFIX) else _PREFIX + ref
    for event in made:
        if event.subject == wanted:
            return event
    raise NotFoundError(
        "queue-unknown",
        "there is no label queue yet" if ref is None else f"there is no label queue {ref!r}",
        fix="mlw label queue NAME makes one" if not made else "mlw label queue lists them",
        facts={"queue": ref},
        looked=[f"the {len(made)} label queues of this project"],
    )


def queue_of(event: Event, workspace: Workspace) -> Queue:
    """Return the queue an event made."""
    return _queue(workspace.store.get(Digest(str(event.facts["queue"]))))


@lru_cache(maxsize=8)
def _queue(content: bytes) -> Queue:
    """Return the queue behind its bytes: read at each answer, and never another."""
    return load(Queue, content)


def standing(ref: str | None, workspace: Workspace, ledger: Ledger | None = None) -> QueueStanding:
    """Return a queue with everything that was answered in it.

    ``ledger`` is the one to ask, where that is not the workspace's own view of it.
    """
    log = ledger or workspace.ledger
    made = queued_event(ref, log)
    answers: dict[str, list[Given]] = {}
    for event in log.events(kind=ANSWERED, start=made.sequence):
        if event.facts["queue"] == made.subject:
            answers.setdefault(str(event.facts["row"]), []).append(given_of(event))
    decided = {
        str(event.facts["row"]): given_of(event)
        for event in log.events(kind=ADJUDICATED, start=made.sequence)
        if event.facts["queue"] == made.subject
    }
    people = tuple(cast("list[str]", made.facts["annotators"]))
    guidelines = [made, *log.events(kind=GUIDED, subject=made.subject)]
    return QueueStanding(
        name=made.subject,
        queue=queue_of(made, workspace),
        people=people,
        wanted=cast("int", made.facts["wanted"]),
        made=made.id,
        run=str(made.facts["run"]),
        guidelines=tuple(map(_guideline, guidelines)),
        answers={row: tuple(given) for row, given in answers.items()},
        adjudications=decided,
    )


def standings(workspace: Workspace) -> tuple[QueueStanding, ...]:
    """Return every queue with its answers, newest first."""
    made = workspace.ledger.events(kind=QUEUED, newest_first=True)
    return tuple(standing(event.subject, workspace) for event in list(made))


def given_of(event: Event) -> Given:
    """Return the answer an event records."""
    facts = event.facts
    guideline, imported = facts["guideline"], facts.get("imported")
    return Given(
        label=event.subject,
        queue=str(facts["queue"]),
        row=str(facts["row"]),
        person=str(facts["person"]),
        actor=event.actor,
        claimed=bool(facts["claimed"]),
        time=event.time,
        event=event.id,
        guideline=None if guideline is None else Digest(str(guideline)),
        answer=Digest(str(facts["answer"])),
        skipped=bool(facts["skipped"]),
        imported=None if imported is None else Digest(str(imported)),
    )


def said(given: Given, workspace: Workspace) -> Answer:
    """Return what an answer says."""
    return load(Answer, workspace.store.get(given.answer))


def _guideline(event: Event) -> Guideline:
    text = event.facts["guideline"]
    digest = None if text is None else Digest(str(text))
    return Guideline(digest, event.time, event.actor, event.id)
