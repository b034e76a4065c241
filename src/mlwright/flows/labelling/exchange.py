"""Label Studio's JSON: a queue handed out as tasks, and annotated tasks taken in as answers.

A task holds a row's cells in ``data`` and its id in ``meta``; an answer is an annotation with one
result, ``choices`` for a class and ``number`` for a number. What else a file holds and labels
nothing (times, statistics, projects) is kept with the file, which is an object of the log; a
result that says something we cannot hold is refused, so that no answer is lost unseen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from mlwright.core.digest import Digest
from mlwright.core.errors import DataError
from mlwright.data.labels.records import Queue, QueuedRow
from mlwright.data.labels.values import read_value, written
from mlwright.data.records import Scalar
from mlwright.flows.labelling.answering import answer_event, person_of, require_row
from mlwright.flows.labelling.records import Given, QueueStanding
from mlwright.flows.labelling.standing import said, standing
from mlwright.flows.workspace import Workspace
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent

FROM, TO = "label", "row"
"""The names of the control and of the object in a Label Studio labelling configuration."""

_RESULTS = {"choices", "number", "rating", "textarea"}


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file of annotated tasks brought: answers, and those that stood already."""

    queue: str
    file: Digest
    tasks: int
    answers: int
    known: int
    by: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Annotation:
    """One annotation of a file: which row, by whom, and what; None where it was cancelled."""

    row: str
    person: str
    value: Scalar | None
    note: str


def export_tasks(
    workspace: Workspace, ref: str | None, *, answers: bool = True, model: bool = False
) -> list[dict[str, object]]:
    """Return a queue as Label Studio tasks, in the order of row ids.

    Parameters
    ----------
    answers
        With what was answered of rows that have all their answers.
    model
        With the model's answers as predictions: whoever sees them is no longer blind.
    """
    now = standing(ref, workspace)
    return [
        _task(number, row, now, workspace, answers=answers, model=model)
        for number, row in enumerate(now.queue.rows, start=1)
    ]


def import_tasks(workspace: Workspace, ref: str | None, content: bytes) -> Imported:
    """Record the annotations of a file as answers; those recorded before are left alone.

    All are recorded, or none: the whole file is read first.

    Raises
    ------
    DataError
        ``label-studio-form`` for what is no list of annotated tasks, naming the task;
        ``label-studio-result`` for a result that is no answer to this queue; ``label-value``;
        ``label-conflict`` where a person answered otherwise before.
    NotFoundError
        ``queue-row-unknown`` for a task about another row.
    RefusedError
        ``annotator-unknown``.
    """
    workspace.ledger.require_writable()
    before = standing(ref, workspace)
    tasks = _tasks(content)
    found = [each for place, task in enumerate(tasks, 1) for each in _read(task, place, before)]
    file = workspace.store.put(content)
    events: list[NewEvent] = []
    for each in found:
        who = person_of(before, workspace, each.person)
        row = require_row(before, each.row)
        events.append(
            answer_event(
                workspace, before, row, who, each.value, each.note, claimed=True, imported=file
            )
        )

    def decide(log: Ledger) -> Sequence[NewEvent]:
        now = standing(before.name, workspace, log)
        return [
            _naming(event, file)
            for event, each in zip(events, found, strict=True)
            if not _stands(now, event, each, workspace)
        ]

    recorded = workspace.ledger.append_checked(decide)
    by: dict[str, int] = {}
    for event in recorded:
        by[str(event.facts["person"])] = by.get(str(event.facts["person"]), 0) + 1
    return Imported(before.name, file, len(tasks), len(recorded), len(found) - len(recorded), by)


def _naming(event: NewEvent, file: Digest) -> NewEvent:
    return NewEvent(event.kind, event.subject, event.facts, event.uses, (*event.objects, file))


def _stands(now: QueueStanding, event: NewEvent, each: _Annotation, workspace: Workspace) -> bool:
    """Tell whether a person's answer to a row is recorded already; refuse another one.

    Raises
    ------
    DataError
        ``label-conflict``.
    """
    row, who = str(event.facts["row"]), str(event.facts["person"])
    for given in now.answers.get(row, ()):
        if given.person != who:
            continue
        if said(given, workspace).value == each.value:
            return True
        raise DataError(
            "label-conflict",
            f"{who} answered row {row} otherwise before, in {given.event}",
            fix="take the task out of the file; what was said stands in the log",
            facts={"queue": now.name, "row": row, "person": who, "label": given.label},
        )
    return False


def _task(
    number: int,
    row: QueuedRow,
    now: QueueStanding,
    workspace: Workspace,
    *,
    answers: bool,
    model: bool,
) -> dict[str, object]:
    queue = now.queue
    given = now.answers.get(row.row, ()) if answers and now.complete(row.row) else ()
    annotations = [
        _annotation(place, each, queue, workspace) for place, each in enumerate(given, start=1)
    ]
    predictions = []
    if model and row.expected is not None:
        result = [_result(row.expected, queue)]
        predictions = [{"model_version": queue.model or "mlwright", "result": result}]
    return {
        "id": number,
        "data": dict(zip(queue.columns, row.cells, strict=True)),
        "meta": {"row": row.row, "queue": now.name, "target": queue.target},
        "annotations": annotations,
        "predictions": predictions,
    }


def _annotation(number: int, given: Given, queue: Queue, workspace: Workspace) -> dict[str, object]:
    content = said(given, workspace)
    result = [] if content.value is None else [_result(content.value, queue)]
    if content.note:
        note = {"text": [content.note]}
        result.append({"from_name": "note", "to_name": TO, "type": "textarea", "value": note})
    return {
        "id": number,
        "completed_by": given.person,
        "created_at": given.time,
        "was_cancelled": content.value is None,
        "result": result,
    }


def _result(value: Scalar, queue: Queue) -> dict[str, object]:
    if queue.classes:
        return {"from_name": FROM, "to_name": TO, "type": "choices",
                "value": {"choices": [written(value)]}}  # fmt: skip
    return {"from_name": FROM, "to_name": TO, "type": "number", "value": {"number": value}}


def _tasks(content: bytes) -> list[Mapping[str, object]]:
    try:
        tasks = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _form(None, f"it is no JSON: {error}") from None
    if not isinstance(tasks, list):
        raise _form(None, "it is no list of tasks")
    for place, task in enumerate(tasks, start=1):
        if not isinstance(task, dict):
            raise _form(place, "it is no object")
    return cast("list[Mapping[str, object]]", tasks)


def _read(task: Mapping[str, object], place: int, now: QueueStanding) -> Iterator[_Annotation]:
    """Give the annotations of a task; a row is named in ``meta``, else in ``data``."""
    row = None
    for holder in (task.get("meta"), task.get("data")):
        if row is None and isinstance(holder, dict):
            row = holder.get("row")
    if not isinstance(row, str | int) or isinstance(row, bool):
        raise _form(place, 'neither "meta" nor "data" names its "row"')
    annotations = task.get("annotations", [])
    if not isinstance(annotations, list):
        raise _form(place, '"annotations" is no list')
    for each in annotations:
        if not isinstance(each, dict):
            raise _form(place, "an annotation is no object")
        value, note = _said(each, place, now)
        yield _Annotation(str(row), _person(each, place), value, note)


def _person(annotation: Mapping[str, object], place: int) -> str:
    """Return who made an annotation: a name, a number, or a user with an e-mail address."""
    by = annotation.get("completed_by")
    if isinstance(by, dict):
        by = by.get("email") or by.get("id")
    if isinstance(by, bool) or not isinstance(by, str | int) or not str(by).strip():
        raise _form(place, 'an annotation does not say who it is "completed_by"')
    return str(by)


def _said(
    annotation: Mapping[str, object], place: int, now: QueueStanding
) -> tuple[Scalar | None, str]:
    results = annotation.get("result")
    if not isinstance(results, list) or not all(isinstance(each, dict) for each in results):
        raise _form(place, 'the "result" of an annotation is no list of objects')
    values: list[Scalar] = []
    notes: list[str] = []
    for each in results:
        kind, value = each.get("type"), each.get("value")
        if kind not in _RESULTS or not isinstance(value, dict):
            raise _result_error(place, f"a result of type {str(kind)[:60]!r}")
        told = value.get("text" if kind == "textarea" else str(kind))
        if kind == "textarea":
            notes += [str(text) for text in (told if isinstance(told, list) else [told])]
        elif kind == "choices":
            if not isinstance(told, list) or len(told) != 1:
                raise _result_error(place, f"{told!r} as choices, where one is wanted")
            values.append(read_value(told[0], now.queue))
        else:
            values.append(read_value(told, now.queue))
    cancelled = annotation.get("was_cancelled") is True
    if len(values) > 1 or (not values and not cancelled):
        raise _result_error(place, f"{len(values)} answers in one annotation")
    return (None if cancelled else values[0]), "; ".join(notes)


def _form(place: int | None, what: str) -> DataError:
    where = "the file" if place is None else f"task {place:,}"
    return DataError(
        "label-studio-form",
        f"{where} is not what Label Studio exports: {what}",
        fix="export the project as JSON (not JSON-MIN), of tasks that mlw label export wrote",
        facts={"task": place},
    )


def _result_error(place: int, what: str) -> DataError:
    return DataError(
        "label-studio-result",
        f"task {place:,} has {what}, which answers no question of this queue",
        fix="use one Choices control (or one Number) for the label, and a TextArea for a note",
        facts={"task": place},
    )
