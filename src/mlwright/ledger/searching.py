"""Find runs by what was said of them: conditions and an order, answered from the look-up tables."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import cast

from mlwright.ledger.database import Database
from mlwright.ledger.log import broken
from mlwright.ledger.metrics import read_number
from mlwright.ledger.questions import Compared, Condition, Field, Has, Not, Order, RunRow, Together
from mlwright.ledger.records import MetricSummary

OWN = ("id", "name", "command", "status", "started", "ended", "actor", "steps")
"""What every run has, in the order of a row of it."""

ASPECTS = {"last": "value", "min": "low", "max": "high", "count": "count", "step": "step"}
"""The columns of a metric, by what is asked of it."""

_TOGETHER = 500  # ids in one question to SQLite
_CONTAINS = "~"


def find_runs(
    database: Database,
    where: Condition | None = None,
    order: Sequence[Order] = (),
    *,
    limit: int,
    after: str | None = None,
) -> list[RunRow] | None:
    """Return the runs that meet a condition, in an order, else newest first.

    Runs that lack what is ordered by come last; equal ones come newest first.

    Parameters
    ----------
    after
        The id of a run; those that follow it are returned, None when it is not among them.
    """
    with database.reading():
        found = _find(database, where, order, limit, after)
        return None if found is None else _rows(database, found)


def summaries_of(database: Database, run: str) -> dict[str, MetricSummary]:
    """Return how the points of each metric of a run sum up, by name."""
    found = database.rows(
        "SELECT name, count, step, time, value, low, high FROM metric"
        " WHERE run = (SELECT sequence FROM identity WHERE id = ?) ORDER BY name",
        (run,),
    )
    return {
        name: MetricSummary(count, step, time, _read(value), low, high)
        for name, count, step, time, value, low, high in found
    }


def find_params(database: Database, run: str) -> tuple[dict[str, object], dict[str, str]]:
    """Return the parameters and the tags of a run, by name."""
    place = "(SELECT sequence FROM identity WHERE id = ?)"
    sql = f"SELECT {_PARAMS}, {_TAGS} FROM run r WHERE sequence = {place}"  # noqa: S608 - our own names only
    for texts in database.rows(sql, (run,)):
        params, tags = _read_members(texts)
        return params, cast("dict[str, str]", tags)
    return {}, {}


def names_of(database: Database, of: str, most: int) -> list[str]:
    """Return what metrics (``metric``), parameters (``param``) or tags (``tag``) are called."""
    assert of in ("metric", "param", "tag")
    # Each next name is one step into the index, however many runs have it.
    sql = (
        f"WITH RECURSIVE known(name) AS (SELECT min(name) FROM {of} UNION ALL"  # noqa: S608 - our own names only
        f" SELECT (SELECT min(name) FROM {of} WHERE name > known.name) FROM known"
        " WHERE known.name IS NOT NULL) SELECT name FROM known WHERE name IS NOT NULL LIMIT ?"
        if of == "metric"
        else f"SELECT DISTINCT name FROM {of} ORDER BY name LIMIT ?"  # noqa: S608 - our own names only
    )
    return [name for (name,) in database.rows(sql, (most,))]


def _find(
    database: Database,
    where: Condition | None,
    order: Sequence[Order],
    limit: int,
    after: str | None,
) -> list[int] | None:
    """Return the places of the runs in the log."""
    last = None if after is None else _place(database, after)
    if after is not None and last is None:
        return None
    if not order:
        return _newest(database, where, limit, last)
    if last is None:
        return _ordered(database, where, order, limit)
    everything = _ordered(database, where, order, -1)
    if last not in everything:
        return None
    start = everything.index(last) + 1
    return everything[start : start + limit]


def _place(database: Database, run: str) -> int | None:
    sql = "SELECT r.sequence FROM identity i JOIN run r ON r.sequence = i.sequence WHERE i.id = ?"
    return next((place for (place,) in database.rows(sql, (run,))), None)


def _newest(database: Database, where: Condition | None, limit: int, last: int | None) -> list[int]:
    question = _Question()
    condition = question.condition(where)
    if last is not None:
        condition += f" AND r.sequence < {question.mark(last)}"
    sql = f"SELECT r.sequence FROM run r WHERE {condition} ORDER BY r.sequence DESC LIMIT {question.mark(limit)}"  # noqa: E501, S608 - marks only
    return question.answer(database, sql)


def _ordered(
    database: Database, where: Condition | None, order: Sequence[Order], limit: int
) -> list[int]:
    first = order[0]
    if len(order) > 1 or first.field.of != "metric" or first.field.aspect != "last":
        return _sorted(database, where, order, limit)
    # The index over names and values gives them in order; those without a value follow.
    question = _Question()
    name, condition = question.mark(first.field.name), question.condition(where)
    way = "DESC" if first.descending else "ASC"
    sql = (
        "SELECT m.run FROM metric m CROSS JOIN run r ON r.sequence = m.run"  # noqa: S608 - marks only
        f" WHERE m.name = {name} AND m.value IS NOT NULL AND {condition}"
        f" ORDER BY m.value {way}, m.run DESC LIMIT {question.mark(limit)}"
    )
    found = question.answer(database, sql)
    if 0 <= limit <= len(found):
        return found
    question = _Question()
    name, condition = question.mark(first.field.name), question.condition(where)
    sql = (
        f"SELECT r.sequence FROM run r WHERE {condition} AND NOT EXISTS"  # noqa: S608 - marks only
        f" (SELECT 1 FROM metric WHERE run = r.sequence AND name = {name} AND value IS NOT NULL)"
        f" ORDER BY r.sequence DESC LIMIT {question.mark(limit - len(found) if limit >= 0 else -1)}"
    )
    return [*found, *question.answer(database, sql)]


def _sorted(
    database: Database, where: Condition | None, order: Sequence[Order], limit: int
) -> list[int]:
    question = _Question()
    condition = question.condition(where)
    keys = []
    for each in order:
        way = "DESC" if each.descending else "ASC"
        keys += [f"{value} {way} NULLS LAST" for value in question.keys(each.field)]
    sql = (
        f"SELECT r.sequence FROM run r WHERE {condition}"  # noqa: S608 - marks only
        f" ORDER BY {', '.join(keys)}, r.sequence DESC LIMIT {question.mark(limit)}"
    )
    return question.answer(database, sql)


class _Question:
    """The SQL of a question about ``run r``, with the values behind its marks."""

    def __init__(self) -> None:
        self._values: list[object] = []

    def answer(self, database: Database, sql: str) -> list[int]:
        """Return the one column it asks for."""
        return [place for (place,) in database.rows(sql, self._values)]

    def mark(self, value: object) -> str:
        """Return the mark that stands for a value."""
        self._values.append(value)
        return f"?{len(self._values)}"

    def condition(self, wanted: Condition | None) -> str:
        """Return a condition that is true or false, never unknown."""
        match wanted:
            case None:
                return "1"
            case Not(part):
                return f"NOT {self.condition(part)}"
            case Together(every, parts):
                word = " AND " if every else " OR "
                return f"({word.join(map(self.condition, parts))})"
            case Has(field):
                return f"EXISTS ({self._row(field, '1')})"
            case Compared(field, operator, value):
                return f"(({self._compared(field, operator, value)}) IS TRUE)"

    def keys(self, field: Field) -> list[str]:
        """Return what to order by: of a parameter first its number, then what is no number."""
        if field.of == "param":
            return [f"({self._row(field, column)})" for column in ("number", "written")]
        return [self._value(field)]

    def _compared(self, field: Field, operator: str, value: str | float | bool | None) -> str:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if field.of == "metric" and isinstance(value, float) and math.isnan(value):
            lacking = f"EXISTS ({self._row(field, '1')} AND {ASPECTS[field.aspect]} IS NULL)"
            return f"NOT {lacking}" if operator == "!=" else lacking
        if field.of == "param":
            mark = self.mark(float(value) if is_number else _written(value))  # type: ignore[arg-type]
            column = "number" if is_number else "written"
            if operator == _CONTAINS:
                return f"instr(lower(({self._row(field, 'written')})), lower({mark})) > 0"
            return f"({self._row(field, column)}) {operator} {mark}"
        found = self._value(field)
        if operator == _CONTAINS:
            return f"instr(lower({found}), lower({self.mark(value)})) > 0"
        return f"{found} {operator} {self.mark(value)}"

    def _value(self, field: Field) -> str:
        if field.of == "run":
            assert field.name in OWN
            return f"r.{field.name}"
        return f"({self._row(field, ASPECTS[field.aspect] if field.of == 'metric' else 'value')})"

    def _row(self, field: Field, column: str) -> str:
        assert field.of in ("metric", "param", "tag")
        name = self.mark(field.name)
        return f"SELECT {column} FROM {field.of} WHERE run = r.sequence AND name = {name}"  # noqa: S608 - marks only


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _rows(database: Database, places: Sequence[int]) -> list[RunRow]:
    found: dict[int, RunRow] = {}
    for start in range(0, len(places), _TOGETHER):
        some = places[start : start + _TOGETHER]
        marks = ", ".join("?" for _ in some)
        metrics: dict[int, dict[str, float]] = {place: {} for place in some}
        sql = f"SELECT run, name, value FROM metric WHERE run IN ({marks})"  # noqa: S608 - marks only
        for run, name, value in database.rows(sql, some):
            metrics[run][name] = math.nan if value is None else value
        sql = f"SELECT {', '.join(OWN)}, sequence, {_PARAMS}, {_TAGS} FROM run r WHERE sequence IN ({marks})"  # noqa: E501, S608 - marks only
        rows = database.rows(sql, some)
        said = iter(_read_members([text for row in rows for text in row[-2:]]))
        for row, params, tags in zip(rows, said, said, strict=True):
            place = row[-3]
            found[place] = RunRow._make((*row[:-3], params, tags, metrics[place]))
    return [found[place] for place in places]


# The members of a JSON object, NULL of an empty one. A page of runs is read as one text: most of
# the time a page takes is spent on making rows and values, not on finding them.
_PARAMS = (
    "(SELECT group_concat(json_quote(name) || ':' || written) FROM param WHERE run = r.sequence)"
)
_TAGS = (
    "(SELECT group_concat(json_quote(name) || ':' || json_quote(value))"
    " FROM tag WHERE run = r.sequence)"
)


def _read_members(texts: Sequence[str | None]) -> list[dict[str, object]]:
    """Return the objects behind the texts of their members."""
    whole = ",".join(["{}" if text is None else f"{{{text}}}" for text in texts])
    try:
        found: list[dict[str, object]] = json.loads(f"[{whole}]")
    except ValueError as error:
        raise broken("the look-up tables of runs", f"a value is no JSON: {error}") from error
    if '{"float"' not in whole:
        return found
    return [{name: read_param(value) for name, value in each.items()} for each in found]


def read_param(written: object) -> object:
    """Return the value of a parameter as it is written in an event."""
    return read_number(written["float"]) if isinstance(written, dict) else written


def _read(value: float | None) -> float:
    return math.nan if value is None else value
