"""Show the next row to whoever asks, blind, and take the answer; nothing is shown twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlwright.core.errors import NotFoundError, RefusedError, UsageError, nearest
from mlwright.core.ids import Noun, random_id
from mlwright.core.records import dump
from mlwright.data.labels.order import order_of
from mlwright.data.labels.records import Answer, QueuedRow
from mlwright.data.labels.values import read_value
from mlwright.data.records import Scalar
from mlwright.flows.labelling.records import Given, QueueStanding, ShownRow
from mlwright.flows.labelling.standing import ANSWERED, given_of, standing
from mlwright.flows.workspace import Workspace
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent

_SALT = 16
_LONGEST_NAME = 200


def next_row(workspace: Workspace, ref: str | None, person: str | None = None) -> ShownRow:
    """Return the next row a person has not answered, in the order that is theirs.

    Parameters
    ----------
    person
        Who answers; by default who acts.

    Raises
    ------
    RefusedError
        ``annotator-unknown`` for somebody the queue does not ask.
    """
    now = standing(ref, workspace)
    return _shown(now, person_of(now, workspace, person))


def answer(
    workspace: Workspace,
    ref: str | None,
    value: object,
    *,
    row: str | None = None,
    person: str | None = None,
    note: str = "",
) -> tuple[Given, ShownRow]:
    """Record a person's answer to a row, None to skip it; return it, and what comes next.

    Parameters
    ----------
    row
        The row that is meant; by default the one :func:`next_row` shows.

    Raises
    ------
    DataError
        ``label-value`` for what is no value of the target.
    NotFoundError
        ``queue-done`` when nothing is left, ``queue-row-unknown`` for a row the queue lacks.
    RefusedError
        ``annotator-unknown``; ``label-given`` where the person has answered the row.
    """
    workspace.ledger.require_writable()
    before = standing(ref, workspace)
    who = person_of(before, workspace, person)
    meant = row or _shown(before, who).row
    if meant is None:
        raise _done(before, who)
    found = require_row(before, meant)
    told = None if value is None else read_value(value, before.queue)
    event = answer_event(workspace, before, found, who, told, note, claimed=person is not None)

    met: list[QueueStanding] = []

    def decide(log: Ledger) -> Sequence[NewEvent]:
        met[:] = [standing(before.name, workspace, log)]
        require_unanswered(met[0], found.row, who)
        return (event,)

    (recorded,) = workspace.ledger.append_checked(decide)
    given = given_of(recorded)
    return given, _shown(_with(met[0], given), who)


def _with(now: QueueStanding, given: Given) -> QueueStanding:
    """Return a queue as it stands once an answer is recorded."""
    rows = {**now.answers, given.row: (*now.answers.get(given.row, ()), given)}
    return replace(now, answers=rows)


def answer_event(
    workspace: Workspace,
    now: QueueStanding,
    row: QueuedRow,
    who: str,
    value: Scalar | None,
    note: str,
    *,
    claimed: bool,
    kind: str = ANSWERED,
    **more: object,
) -> NewEvent:
    """Return the event of an answer; what was said is in the store before it returns.

    The log holds who said something of which row, and a salted digest of what.
    """
    salt = workspace.seam.random_bytes(_SALT)
    content = workspace.store.put(dump(Answer(now.name, row.row, value, note, salt)))
    facts = {
        "queue": now.name,
        "row": row.row,
        "person": who,
        "claimed": claimed,
        "guideline": now.guideline,
        "answer": content,
        "skipped": value is None,
        **more,
    }
    label = random_id(Noun.LABEL, workspace.seam)
    return NewEvent(kind, label, facts, uses=(now.name,), objects=(content,))


def person_of(now: QueueStanding, workspace: Workspace, claimed: str | None) -> str:
    """Return who answers: whom the actor names, else the actor, by the name the queue knows.

    Raises
    ------
    RefusedError
        ``annotator-unknown``.
    UsageError
        ``annotators-form`` for what can be nobody's name.
    """
    actor = claimed or workspace.seam.actor()
    require_name(actor)
    if not now.people:
        return actor
    for name in now.people:
        if actor == name or (claimed is None and actor.partition("@")[0] == name):
            return name
    close = nearest(actor, now.people)
    raise RefusedError(
        "annotator-unknown",
        f"{now.name} does not ask {actor!r}" + (f"; did you mean {close!r}?" if close else ""),
        fix=f"it asks {', '.join(now.people)}: --as NAME says who you are",
        facts={"queue": now.name, "person": actor, "annotators": list(now.people)},
    )


def require_name(person: str) -> None:
    """Refuse what is nobody's name: it stands in the log for good.

    Raises
    ------
    UsageError
        ``annotators-form``.
    """
    if len(person) > _LONGEST_NAME or not person.isprintable() or not person.strip():
        raise UsageError(
            "annotators-form",
            f"{person[:40]!r} is no name of a person",
            fix=f"give a name of {_LONGEST_NAME} characters at most, without line breaks",
            facts={"person": person[:40]},
        )


def require_row(now: QueueStanding, row: str) -> QueuedRow:
    """Return a row of a queue by its id, or by the beginning of it that no other row has.

    Raises
    ------
    NotFoundError
        ``queue-row-unknown``.
    """
    found = now.queue.find(row)
    near = [each for each in now.queue.rows if each.row.startswith(row)] if row else []
    if found is None and len(near) == 1:
        found = near[0]
    if found is None:
        raise NotFoundError(
            "queue-row-unknown",
            f"{now.name} has no row {row!r}"
            + (f": {len(near)} of its rows begin so" if near else ""),
            fix="mlw label next shows a row with its id",
            facts={"queue": now.name, "row": row},
            looked=[f"the {len(now.queue.rows)} rows of {now.name}"],
        )
    return found


def require_unanswered(now: QueueStanding, row: str, who: str) -> None:
    """Refuse a second answer of one person to one row.

    Raises
    ------
    RefusedError
        ``label-given``.
    """
    for each in now.answers.get(row, ()):
        if each.person == who:
            raise RefusedError(
                "label-given",
                f"{who} has answered row {row} of {now.name} already, in {each.event}",
                fix="go on with mlw label next; what was said stands in the log",
                facts={"queue": now.name, "row": row, "person": who, "label": each.label},
            )


def _open_to(now: QueueStanding, who: str) -> list[QueuedRow]:
    """Return the rows a person is still to answer, in their order."""
    return [
        each
        for each in order_of(now.queue, who)
        if all(given.person != who for given in now.answers.get(each.row, ()))
        and not now.complete(each.row)
    ]


def _shown(now: QueueStanding, who: str) -> ShownRow:
    left = _open_to(now, who)
    queue = now.queue
    cells = dict(zip(queue.columns, left[0].cells, strict=True)) if left else {}
    done = sum(each.person == who for given in now.answers.values() for each in given)
    return ShownRow(
        queue=now.name,
        person=who,
        target=queue.target,
        row=left[0].row if left else None,
        cells=cells,
        classes=queue.classes,
        done=done,
        left=len(left),
        guideline=now.guideline,
    )


def _done(now: QueueStanding, who: str) -> NotFoundError:
    return NotFoundError(
        "queue-done",
        f"{now.name} has nothing left for {who}: {now.answered} of {len(now.queue.rows)} rows"
        " have all their answers",
        fix="mlw label agree tells what came of it",
        facts={"queue": now.name, "person": who},
    )
