"""Lists in pages: of what the log knows, and of what was recorded while serving."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from itertools import dropwhile, islice

from mlwright.core.encoding import plain
from mlwright.core.errors import MlwrightError
from mlwright.core.ids import Noun, noun_of
from mlwright.flows.listing import Page, Row, cursor_unknown
from mlwright.flows.listing import page as page_of_the_log
from mlwright.flows.recording import find_prediction, prediction_row, predictions, seals_of
from mlwright.flows.workspace import Workspace
from mlwright.serve.clock import microseconds
from mlwright.serve.lookup import Tell, scan_labels
from mlwright.serve.records import Filter, Label, Unread


def page(noun: str, workspace: Workspace, *, limit: int, cursor: str | None) -> Page:
    """Return one page of a noun's list, newest first.

    Parameters
    ----------
    cursor
        The ``next`` of the page before: what names its last row.

    Raises
    ------
    NotFoundError
        ``cursor-unknown`` when it names no row of this list.
    """
    if noun == "predictions":
        return _page(partial(_predictions, workspace, cursor), "prediction", limit)
    if noun == "labels":
        return _page(partial(_labels, workspace, cursor), "label", limit)
    return page_of_the_log(noun, workspace.ledger, limit=limit, cursor=cursor)


def _page(rows: Callable[[Tell], Iterator[Row]], key: str, limit: int) -> Page:
    unread: list[Unread] = []
    found = list(islice(rows(unread.append), limit + 1))
    more = len(found) > limit
    return Page(found[:limit], str(found[limit - 1][key]) if more else None, unread)


def _predictions(workspace: Workspace, cursor: str | None, tell: Tell) -> Iterator[Row]:
    if cursor is None:
        return map(prediction_row, predictions(workspace, Filter(), None, tell))
    if noun_of(cursor) is not Noun.PREDICTION:
        raise cursor_unknown("predictions", cursor)
    try:
        last = find_prediction(cursor, workspace)
    except MlwrightError as error:
        raise cursor_unknown("predictions", cursor) from error
    until = microseconds(datetime.fromisoformat(last.time)) + 1
    found = predictions(workspace, Filter(until=until), None, tell)
    following = dropwhile(lambda each: each.id != last.id, found)
    return map(prediction_row, islice(following, 1, None))


def _labels(workspace: Workspace, cursor: str | None, tell: Tell) -> Iterator[Row]:
    found = scan_labels(workspace.records, seals_of(workspace.ledger), tell)
    if cursor is None:
        return map(_label_row, found)
    following = dropwhile(lambda each: each.id != cursor, found)
    if next(following, None) is None:
        raise cursor_unknown("labels", cursor)
    return map(_label_row, following)


def _label_row(label: Label) -> Row:
    return {
        "label": label.id,
        "time": label.time,
        "about": label.prediction,
        "endpoint": label.endpoint,
        "key": label.key,
        "value": plain(label.value),
    }
