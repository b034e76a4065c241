"""An answer as it was typed or sent, as the value of the target it means."""

from __future__ import annotations

import math

from mlwright.core.errors import DataError, listed, nearest
from mlwright.data.labels.records import Queue
from mlwright.data.records import Kind, Scalar


def read_value(given: object, queue: Queue) -> Scalar:
    """Return the class, or the number, that an answer names.

    Raises
    ------
    DataError
        ``label-value`` for what is no class of the target and no number.
    """
    if not queue.classes:
        return _number(given, queue)
    for each in queue.classes:
        if _same(given, each):
            return each
    # What differs in the case of its letters alone is meant, where no two classes do so.
    folded = [each for each in queue.classes if str(given).strip().casefold() == _folded(each)]
    if len(folded) == 1 and isinstance(given, str):
        return folded[0]
    names = [written(each) for each in queue.classes]
    close = nearest(str(given)[:80], names)
    raise DataError(
        "label-value",
        f"{str(given)[:80]!r} is no value of {queue.target!r}"
        + (f"; did you mean {close!r}?" if close else ""),
        fix=f"answer one of {listed(names)}, or skip the row",
        facts={"target": queue.target, "value": str(given)[:80], "nearest": close},
    )


def written(value: Scalar) -> str:
    """Return a class or number as a person types it.

    >>> written(True), written(2.0), written("yes")
    ('true', '2', 'yes')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2.0**53:
        return str(int(value))
    return str(value)


def _folded(value: Scalar) -> str:
    return written(value).casefold()


def _same(given: object, value: Scalar) -> bool:
    if isinstance(given, str):
        text = given.strip()
        return text == value or text == written(value) or _equal_number(text, value)
    if isinstance(given, bool) or isinstance(value, bool):
        return given is value
    return given == value


def _equal_number(text: str, value: Scalar) -> bool:
    if isinstance(value, bool | str):
        return isinstance(value, bool) and text.lower() == written(value)
    try:
        return float(text) == value
    except ValueError:
        return False


def _number(given: object, queue: Queue) -> Scalar:
    found: float | None = None
    if isinstance(given, int | float | str) and not isinstance(given, bool):
        try:
            found = float(given)
        except (ValueError, OverflowError):
            found = None
    whole = queue.kind is Kind.INTEGER
    if found is None or not math.isfinite(found) or (whole and not found.is_integer()):
        raise DataError(
            "label-value",
            f"{str(given)[:80]!r} is no {'whole ' if whole else ''}number, as {queue.target!r} is",
            fix="answer a number, or skip the row",
            facts={"target": queue.target, "value": str(given)[:80]},
        )
    return int(found) if whole else found
