"""From a request's body to its answers: read, held against the contract, scored, written as JSON.

Nothing here waits or records; the same body gives the same answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from struct import Struct
from typing import Any

import msgspec
import numpy as np

from mlwright.core.errors import DataError
from mlwright.data.records import Scalar
from mlwright.scoring.native.protocol import Matrix
from mlwright.serve.records import Flag
from mlwright.serve.requests import Cell, Columns, Row, read
from mlwright.serve.roles import LoadedModel

_encode = msgspec.json.Encoder().encode

# A cell that breaks its promise takes some 10 µs to look at and to tell, a row that is refused
# some 15 µs: so many of them keep the others waiting for some 10 ms at the worst.
_MOST_CELLS = 1_000
_MOST_PLAIN_CELLS = 10_000  # that break nothing: they take some 3 ms
_SURELY_FEW = 2 * _MOST_CELLS  # bytes that cannot hold more of them
_MOST_BYTES = 250_000
_FLOAT = 8  # bytes


@dataclass(slots=True)
class Answered:
    """Answers to one request, before they are on disk.

    ``answers`` are rows x outputs as little-endian float64, ``recorded_flags`` the flags as JSON,
    empty when there is none. ``write`` makes the body of the response; it takes what gives each
    row its id, or None where nothing is recorded.
    """

    rows: int
    flags: int
    answers: bytes
    recorded_flags: bytes
    write: Callable[[Callable[[int], str] | None], bytes]

    @property
    def long(self) -> bool:
        """Whether writing takes so long that others should not wait for it."""
        return len(self.answers) > _MOST_CELLS * _FLOAT or self.flags > _MOST_CELLS


def is_long(body: bytes) -> bool:
    """Tell whether answering a body may take so long that others should not wait for it.

    By its bytes or by its commas and braces, which are no fewer than its cells.

    >>> is_long(b'{"age": [' + b"1," * 900 + b"1]}")
    False
    >>> is_long(b'{"age": [' + b"1," * 1_100 + b"1]}")
    True
    >>> is_long(b"[" + b'{"age":1},' * 600 + b'{"age":1}]')
    True
    >>> is_long(b'{"text": "' + b"a" * 250_000 + b'"}')
    True
    """
    return _is_more(body, _MOST_CELLS)


def answer_at_once(model: LoadedModel, body: bytes) -> Answered | None:
    """Return the answers to a long body that takes no long time; None where it may.

    It does where there are not too many cells and all keep every promise.

    Raises
    ------
    DataError
        What :func:`mlwright.serve.requests.read` refuses.
    """
    if _is_more(body, _MOST_PLAIN_CELLS):
        return None
    found = read(body)
    if isinstance(found, dict):
        return None
    X = _together(model, found)
    return None if X is None else _several(model, X, None)


def _is_more(body: bytes, cells: int) -> bool:
    size = len(body)
    return size > _SURELY_FEW and (
        size > _MOST_BYTES or body.count(b",") + body.count(b"{") > cells
    )


def answer(model: LoadedModel, body: bytes) -> Answered:
    """Return the answers of a model to a body.

    Raises
    ------
    DataError
        What :func:`mlwright.serve.requests.read`, the guard or the scorer refuses.
    """
    found = read(body)
    if isinstance(found, dict):
        return _one(model, found)
    quick = _together(model, found)
    if quick is not None:
        return _several(model, quick, None)
    rows = found.rows() if isinstance(found, Columns) else found
    try:
        guarded = [model.guard(row, place) for place, row in enumerate(rows)]
        matrix = model.scorer.predict_rows([row for row, _ in guarded])
    except DataError as error:
        raise _of_its_row(model, rows) from error
    return _several(model, matrix, [flags for _, flags in guarded])


def _of_its_row(model: LoadedModel, rows: Sequence[Row]) -> DataError:
    """Return the first refusal of rows, one of which is refused, with the row it is about."""
    for place, row in enumerate(rows):
        try:
            model.scorer.predict_row(model.guard(row, place)[0])
        except DataError as error:
            return error.of(f"row {place + 1:,}")
    raise RuntimeError("rows were refused together, and none alone")


def _together(model: LoadedModel, found: Columns | list[Row]) -> Matrix | None:
    """Return the answers where every cell keeps every promise; None where a look is needed."""
    try:
        columns, height = _cells(model, found)
        X = model.scorer.prepare_columns(columns, height)
        if model.columns_keep(columns, X):
            return model.scorer.predict_features(X)
    except (KeyError, TypeError, DataError):
        pass  # row by row tells which cell it is
    return None


def _cells(
    model: LoadedModel, found: Columns | list[Row]
) -> tuple[Mapping[str, Sequence[Cell]], int]:
    """Return the columns the model reads."""
    if isinstance(found, Columns):
        return found.cells, found.height
    names = [column.name for column in model.scorer.package.signature.inputs]
    if len(names) < 2:
        return {name: [row[name] for row in found] for name in names}, len(found)
    cells = zip(*map(itemgetter(*names), found), strict=True)
    return dict(zip(names, cells, strict=True)), len(found)


def _one(model: LoadedModel, sent: Row) -> Answered:
    row, flags = model.guard(sent, 0)
    scorer = model.scorer
    numbers = scorer.predict_row(row)
    form = _form(model)

    def write(identify: Callable[[int], str] | None) -> bytes:
        told: dict[str, Any] = {} if identify is None else {"id": identify(0)}
        told["model"] = model.ref
        told["value"] = scorer.decide_row(numbers)
        if form.classes:
            told[form.what] = dict(zip(form.classes, numbers, strict=True))
        told["flags"] = [_told(flag) for flag in flags] if flags else flags
        return _encode(told)

    return Answered(1, len(flags), form.pack(*numbers), _encode(flags) if flags else b"", write)


def _several(
    model: LoadedModel, matrix: Matrix, flagged: Sequence[tuple[Flag, ...]] | None
) -> Answered:
    scorer = model.scorer
    height = len(matrix)
    flags = flagged or ((),) * height
    every = [flag for each in flagged or () for flag in each]
    form = _form(model)

    def write(identify: Callable[[int], str] | None) -> bytes:
        rows = zip(scorer.decide(matrix), matrix.tolist(), flags, strict=True)
        told = [
            _row_told(form, place, value, numbers, each, identify)
            for place, (value, numbers, each) in enumerate(rows)
        ]
        return _encode({"model": model.ref, "predictions": told})

    return Answered(
        height,
        len(every),
        np.ascontiguousarray(matrix, dtype="<f8").tobytes(),
        _encode(every) if every else b"",
        write,
    )


def _row_told(
    form: _Form,
    place: int,
    value: Scalar,
    numbers: Sequence[float],
    flags: tuple[Flag, ...],
    identify: Callable[[int], str] | None,
) -> dict[str, Any]:
    told: dict[str, Any] = {} if identify is None else {"id": identify(place)}
    told["value"] = value
    if form.classes:
        told[form.what] = dict(zip(form.classes, numbers, strict=True))
    told["flags"] = [_told(flag) for flag in flags] if flags else flags
    return told


def _told(flag: Flag) -> dict[str, Any]:
    return {
        "column": flag.column,
        "breach": flag.breach.value,
        "value": flag.value,
        "clipped": flag.clipped,
    }


@dataclass(frozen=True, slots=True)
class _Form:
    """How a model's numbers are told, each as ``what`` of its class or cluster, and packed."""

    what: str
    classes: tuple[str, ...]
    pack: Callable[..., bytes]


_FORMS: dict[tuple[str, ...], _Form] = {}


def _form(model: LoadedModel) -> _Form:
    outputs = model.scorer.package.signature.outputs
    form = _FORMS.get(outputs)
    if form is None:
        parts = [each.partition(":") for each in outputs]
        classes = tuple(name for _, between, name in parts if between)
        form = _FORMS[outputs] = _Form(parts[0][0], classes, Struct(f"<{len(outputs)}d").pack)
    return form
