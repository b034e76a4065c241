"""Two data versions joined into a third, verified before it is handed on."""

from __future__ import annotations

from mlwright.core.errors import DataError
from mlwright.data.joins.asof import PLACE, newest_known
from mlwright.data.joins.records import Joined, JoinRule
from mlwright.data.joins.verify import verify
from mlwright.data.names import require_column
from mlwright.data.records import Column, Kind, Snapshot
from mlwright.data.snapshot import build
from mlwright.data.table import Table, read
from mlwright.store.protocol import Store

_TIMES = (Kind.DATE, Kind.DATETIME)


def join(left: Snapshot, right: Snapshot, rule: JoinRule, store: Store) -> Joined:
    """Return the left table with the right one's values as they were known at each row's time.

    Every left row is kept, once, with its own id.

    Raises
    ------
    DataError
        ``column-unknown``, ``column-duplicate``, ``join-key`` and ``join-time``.
    """
    taken = require_joinable(left, right, rule)
    one, other = read(left, store), read(right, store)
    found = newest_known(one, other, rule)
    places = found[PLACE]
    joined = {rule.called(name): other.frame[name].gather(places) for name in taken}
    result = Table(
        one.frame.with_columns(
            **{rule.row: other.row_ids.gather(places)},
            **{name: series.alias(name) for name, series in joined.items()},
        ),
        one.row_ids,
    )
    verified = verify(result, other, rule, taken)
    snapshot = build(
        result.frame,
        key=left.key,
        store=store,
        row_ids=None if left.key is not None else result.row_ids,
    )
    return Joined(
        snapshot=snapshot,
        left=left.id,
        right=right.id,
        rule=rule,
        matched=len(places) - places.null_count(),
        stale=int(found["stale"].sum()),
        early=int(found["early"].sum()),
        verified=verified,
    )


def require_joinable(left: Snapshot, right: Snapshot, rule: JoinRule) -> tuple[str, ...]:
    """Return the columns that are taken, once everything the rule names is as it must be."""
    for one, other in rule.by:
        _require_alike(
            require_column(left.columns, one, "join"), require_column(right.columns, other, "join")
        )
    for columns, name in (
        (left.columns, rule.time),
        (right.columns, rule.event),
        (right.columns, rule.known),
    ):
        if name is not None:
            _require_time(require_column(columns, name, "join"))
    apart = {other for _, other in rule.by} | {rule.event, rule.known}
    for name in rule.columns:
        require_column(right.columns, name, "join")
    taken = rule.columns or tuple(c.name for c in right.columns if c.name not in apart)
    names = {column.name for column in left.columns}
    for name in (rule.row, *map(rule.called, taken)):
        if name in names:
            raise DataError(
                "column-duplicate",
                f"the table already has a column {name!r}",
                fix="give the joined columns another name: --name NAME",
                facts={"column": name},
            )
    return taken


def _require_alike(one: Column, other: Column) -> None:
    if one.kind is not other.kind or one.kind is Kind.FLOAT:
        raise DataError(
            "join-key",
            f"{one.name!r} holds {one.kind.value} values and {other.name!r} {other.kind.value}: "
            "they cannot be held against each other",
            fix="join by columns of one kind: text, whole numbers, truth values or dates",
            facts={"left": one.name, "right": other.name},
        )


def _require_time(column: Column) -> None:
    if column.kind not in _TIMES:
        raise DataError(
            "join-time",
            f"{column.name!r} holds {column.kind.value} values, which are no moments",
            fix="name a column of dates or times, such as 2026-01-31T12:00:00",
            facts={"column": column.name, "kind": column.kind.value},
        )
