"""Labels as they are sent: about a prediction by its id, or about a row by its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from mlwright.core.errors import DataError, NotFoundError, listed, nearest
from mlwright.data.records import Scalar
from mlwright.serve.ids import is_whole
from mlwright.serve.records import Truth
from mlwright.serve.requests import Cell, rows_of

_BY_ID = {"id", "value"}
_BY_KEY = {"endpoint", "key", "value"}
_CERTAIN = 2.0**53


Classes = Sequence[Scalar]
"""What a model answers: its classes, or none where its answers are numbers."""


def truths_of(body: bytes, endpoints: Mapping[str, Classes]) -> tuple[list[Truth], bool]:
    """Return the labels of a body, and whether it held one alone rather than an array.

    A truth is of the kind of the answers it is about; a class that no training row had may be
    true. Which endpoint gave a prediction is not looked up here: a truth about one has to be of
    the kind of some endpoint's answers.

    Raises
    ------
    DataError
        ``label-form`` for one that is about nothing, ``label-kind`` for one that cannot be true,
        or what a body is refused for.
    NotFoundError
        ``endpoint-unknown``.
    """
    rows = rows_of(body)
    alone = body.lstrip()[:1] == b"{"
    return [_truth(row, place, endpoints) for place, row in enumerate(rows, start=1)], alone


def key_text(key: Cell) -> str | None:
    """Return the one text by which a row's key and a label's meet; None for what names no row.

    JSON has one kind of number, so ``3.0`` is the key ``3``; beyond 2**53 a number with a point
    no longer tells its neighbours apart and stays as it is.

    >>> key_text(3), key_text(3.0), key_text("3"), key_text(2.5), key_text(True)
    ('3', '3', '3', '2.5', None)
    """
    if key is None or isinstance(key, bool):
        return None
    if isinstance(key, float) and _is_whole_number(key):
        return str(int(key))
    return str(key)


def _is_whole_number(value: float) -> bool:
    """Tell whether a number with a point is a whole one, and certainly that one."""
    return value.is_integer() and abs(value) <= _CERTAIN


def _truth(row: Mapping[str, Cell], place: int, endpoints: Mapping[str, Classes]) -> Truth:
    value = row.get("value")
    if value is None:
        raise _form(place, "has no value, or null, which tells nothing")
    written = msgspec.json.encode(value)
    if row.keys() == _BY_ID:
        identifier = row["id"]
        if not (
            isinstance(identifier, str) and identifier.startswith("p_") and is_whole(identifier)
        ):
            raise _form(place, f"has the id {str(identifier)[:60]!r}, which names no prediction")
        if endpoints and not any(_fits(value, classes) for classes in endpoints.values()):
            raise _kind(place, value, *endpoints.items())
        return Truth(identifier, None, None, written)
    if row.keys() != _BY_KEY:
        raise _form(place, f"has the members {', '.join(sorted(row))[:120]}")
    endpoint, key = row["endpoint"], row["key"]
    if not isinstance(endpoint, str) or endpoint not in endpoints:
        close = nearest(str(endpoint), endpoints)
        hint = f"; did you mean {close!r}?" if close else ""
        raise NotFoundError(
            "endpoint-unknown",
            f"label {place:,} is about the endpoint {str(endpoint)[:60]!r}, "
            f"which is not live{hint}",
            fix="name an endpoint that is live",
            facts={"endpoint": str(endpoint)[:60], "nearest": close},
            looked=sorted(endpoints),
        )
    text = key_text(key)
    if text is None or (isinstance(key, float) and not _is_whole_number(key)):
        raise _form(place, f"has the key {str(key)[:60]!r}, neither text nor a whole number")
    if not _fits(value, endpoints[endpoint]):
        raise _kind(place, value, (endpoint, endpoints[endpoint]))
    return Truth(None, endpoint, text, written)


def _fits(value: Cell, classes: Classes) -> bool:
    """Tell whether a value is of the kind of a model's answers."""
    return _kind_of(value) in ({_kind_of(each) for each in classes} or {_NUMBER})


def _kind_of(value: Cell) -> str:
    if isinstance(value, bool):
        return "true or false"
    return _NUMBER if isinstance(value, int | float) else "text"


_NUMBER = "a number"


def _kind(place: int, value: Cell, *answers: tuple[str, Classes]) -> DataError:
    wanted = [
        f"{name} answers {f'one of {listed(list(map(repr, classes)), 4)}' if classes else _NUMBER}"
        for name, classes in answers
    ]
    return DataError(
        "label-kind",
        f"label {place:,} tells {str(value)[:60]!r} ({_kind_of(value)}), which cannot be true: "
        + "; ".join(wanted),
        fix="send the truth as the target's column holds it",
        facts={"label": place, "value": str(value)[:60]},
    )


def _form(place: int, what: str) -> DataError:
    return DataError(
        "label-form",
        f"label {place:,} {what}",
        fix='send {"id": "p_…", "value": …} or {"endpoint": "…", "key": "…", "value": …}, '
        "or an array of them",
        facts={"label": place},
    )
