"""Each row's part for life: a keyed hash of its unit, or windows in time that only move forward.

A part is computed from the rule and the row alone, so later rows, retraining and a changed target
move nothing. A row's unit is its group, else its key, else the digest of its content, so that
equal rows without a key lie in one part. Under 2,000 rows no part is sealed: nested
cross-validation judges instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.core.errors import DataError
from mlwright.data.digests import hash_texts
from mlwright.data.names import require_column
from mlwright.data.records import Kind, Part, Snapshot, Split
from mlwright.data.rows import ID_DIGITS, as_text
from mlwright.data.table import Table, read
from mlwright.store.protocol import Store

NESTED_BELOW = 2_000
TEST_SHARE = 0.20
VALIDATION_SHARE = 0.15
_FEWEST_UNITS = 50
_FEWEST_IN_WINDOW = 50

PARTS = (Part.TRAIN, Part.VALIDATION, Part.TEST)
ASIDE = -1
"""The number of a row in no part: an earlier row of a group that a later window holds."""

_OTHERWISE = "; split otherwise before, so earlier models saw rows of this test part"
_TAG = b"mlwright split 1\0"
Numbers = npt.NDArray[np.int8]


class RowRoles(Protocol):
    """Which columns say who a row is, when it happened and what it belongs to."""

    @property
    def key(self) -> str | None:
        """The column that names each row."""

    @property
    def time(self) -> str | None:
        """The column that orders the rows in time."""

    @property
    def group(self) -> str | None:
        """The column whose equal values share a part."""

    @property
    def seed(self) -> int:
        """The key of the hash; an earlier split's seed goes before it."""


def make_split(
    snapshot: Snapshot, roles: RowRoles, target: str, store: Store, previous: Split | None
) -> Split:
    """Return the rule that gives every row its part.

    Parameters
    ----------
    target
        The column to predict; it decides no part and may play none of the roles.
    previous
        The split made for earlier data: its seed is kept and its windows only move forward.

    Raises
    ------
    DataError
        ``column-unknown``, ``split-role`` for a column that cannot play its role,
        ``time-missing-value``, ``split-empty`` when a part would hold no row.
    """
    _check_roles(snapshot, roles, target)
    unit = roles.group or snapshot.key
    seed = roles.seed if previous is None else previous.seed
    needed = [name for name in (unit, roles.time) if name is not None]
    table = read(snapshot, store, columns=needed or [target])
    if roles.time is not None:
        split = _by_time(table, roles.time, roles.group, seed, previous)
    else:
        split = _by_hash(table, unit, seed, previous)
    return _counted(table, split)


def parts(table: Table, split: Split) -> Numbers:
    """Return each row's part: 0 train, 1 validation, 2 test; -1 for a row set aside.

    With groups and windows in time, ``table`` must hold all rows: a group lies where its last
    row lies.
    """
    if split.method == "nested":
        return np.zeros(len(table.row_ids), np.int8)
    if split.method == "time":
        return _windows(table, split)
    shares = _shares(_units(table, split.unit), split.seed)
    return (shares >= 1 - TEST_SHARE - VALIDATION_SHARE).astype(np.int8) + (
        shares >= 1 - TEST_SHARE
    ).astype(np.int8)


def sealed(table: Table, splits: Sequence[Split]) -> pl.Series:
    """Return which rows lie in the sealed test part of one split or another."""
    mask = np.zeros(len(table.row_ids), np.bool_)
    for split in splits:
        mask |= parts(table, split) == PARTS.index(Part.TEST)
    return pl.Series(mask, dtype=pl.Boolean)


def take(table: Table, split: Split, *wanted: Part) -> Table:
    """Return the rows of some parts, in the table's order."""
    return taken(table, parts(table, split), *wanted)


def taken(table: Table, numbers: Numbers, *wanted: Part) -> Table:
    """Return the rows of some parts, where the number of each row's part is known."""
    places = [PARTS.index(part) for part in wanted]
    return table.filter(pl.Series(np.isin(numbers, places), dtype=pl.Boolean))


def _check_roles(snapshot: Snapshot, roles: RowRoles, target: str) -> None:
    require_column(snapshot.columns, target, "target")
    for role, name in (("time", roles.time), ("group", roles.group)):
        if name is None:
            continue
        kind = require_column(snapshot.columns, name, role).kind
        if name == target:
            raise _role(role, name, "is the target: it would tell the answer")
        if role == "time" and kind in (Kind.STRING, Kind.BOOLEAN):
            raise _role(role, name, f"holds {kind.value} values, which have no order in time")
        if role == "group" and kind is Kind.FLOAT:
            raise _role(role, name, "holds decimals, which do not name groups")


def _role(role: str, name: str, why: str) -> DataError:
    return DataError(
        "split-role",
        f"the {role} column {name!r} {why}",
        fix=f"name another column as {role}; times are dates such as 2026-01-31T12:00:00",
        facts={"role": role, "column": name},
    )


def _by_hash(table: Table, unit: str | None, seed: int, previous: Split | None) -> Split:
    rows = len(table.row_ids)
    of = "content" if unit is None else f"column {unit!r}"
    units = _units(table, unit).n_unique()
    sealed_before = previous is not None and previous.method == "hash"
    too_few = rows < NESTED_BELOW or units < _FEWEST_UNITS
    if too_few and not sealed_before:
        have = f"{rows:,} rows" if rows < NESTED_BELOW else f"{units:,} groups"
        least = NESTED_BELOW if rows < NESTED_BELOW else _FEWEST_UNITS
        why = f"{have}, under {least:,}: too few to seal a test part, nested cross-validation"
        return Split("nested", seed, unit, None, None, None, {}, why)
    why = f"a hash of each row's {of}: a row keeps its part for life"
    if previous is not None and previous.method == "nested":
        why += "; models made before saw every row of then, so judge them on newer rows"
    elif previous is not None and (previous.method, previous.unit) != ("hash", unit):
        why += _OTHERWISE
    return Split("hash", seed, unit, None, None, None, {}, why)


def _units(table: Table, unit: str | None) -> pl.Series:
    """Return the text whose hash decides; a row without a group is a group of its own."""
    if unit is None:
        return table.row_ids.str.slice(0, ID_DIGITS)
    named = as_text(table.frame[unit])
    if not named.null_count():
        return named
    return pl.select(pl.coalesce(named, pl.format("\0{}", table.row_ids))).to_series()


def _shares(units: pl.Series, seed: int) -> npt.NDArray[np.float64]:
    """Return a number in [0, 1) for each unit, from its hash under the seed alone."""
    digests = hash_texts(units, _TAG + str(seed).encode() + b"\0")
    drawn = np.ascontiguousarray(digests[:, :8]).view(">u8").ravel()
    return (drawn >> np.uint64(11)).astype(np.float64) / 2.0**53


def _by_time(
    table: Table, column: str, group: str | None, seed: int, previous: Split | None
) -> Split:
    times = table.frame[column]
    if times.null_count():
        raise DataError(
            "time-missing-value",
            f"{times.null_count():,} rows have no value in the time column {column!r}",
            fix="give these rows their time, remove them, or run without a time column",
            facts={"column": column, "count": times.null_count()},
        )
    known = previous is not None and (previous.method, previous.time) == ("time", column)
    if len(times) * VALIDATION_SHARE < _FEWEST_IN_WINDOW and not known:
        why = (
            f"{len(times):,} rows: too few to seal the newest, nested cross-validation out of time"
        )
        return Split("nested", seed, group, column, None, None, {}, why)
    starts = _starts(times, column)
    why = f"by {column!r}: the newest rows are the test part"
    if previous is not None and known:
        before = (
            _moment(previous.validation_start, times, column),
            _moment(previous.test_start, times, column),
        )
        starts = (max(starts[0], before[0]), max(starts[1], before[1]))
        why += "; windows moved forward" if starts != before else "; windows kept: no newer rows"
    elif previous is not None:
        why += _OTHERWISE
    if group is not None:
        why += f"; a group of {group!r} lies where its last row lies, its earlier rows set aside"
    return Split("time", seed, group, column, _written(starts[0]), _written(starts[1]), {}, why)


def _starts(times: pl.Series, name: str) -> tuple[Any, Any]:
    """Return where validation and test begin, so that equal times share a part."""
    counts = times.value_counts(name="rows").sort(name)
    if counts.height < len(PARTS):
        raise DataError(
            "split-empty",
            f"the time column {name!r} has {counts.height} different values: "
            "three parts need three",
            fix="name a finer time column, or none",
            facts={"column": name, "values": counts.height},
        )
    before = (counts["rows"].cum_sum() - counts["rows"]).to_numpy()
    last = counts.height - 1
    test = int(np.searchsorted(before, len(times) * (1 - TEST_SHARE)))
    test = min(max(test, 2), last)
    validation = int(np.searchsorted(before, len(times) * (1 - TEST_SHARE - VALIDATION_SHARE)))
    validation = min(max(validation, 1), test - 1)
    return counts[name][validation], counts[name][test]


def _windows(table: Table, split: Split) -> Numbers:
    times = table.frame[_given(split.time)]
    numbers = np.zeros(len(times), np.int8)
    for start in (split.validation_start, split.test_start):
        numbers += (times >= _moment(start, times, _given(split.time))).to_numpy().astype(np.int8)
    if split.unit is None:
        return numbers
    placed = pl.DataFrame({"unit": _units(table, split.unit), "part": numbers})
    latest = placed.select(pl.col("part").max().over("unit")).to_series().to_numpy()
    return np.where(numbers == latest, numbers, np.int8(ASIDE))


def _written(moment: date | float) -> str:
    return moment.isoformat() if isinstance(moment, date) else str(moment)


def _moment(text: str | None, times: pl.Series, name: str) -> Any:
    """Return the start of a window as the time column's own type."""
    written = _given(text)
    try:
        if times.dtype == pl.Date:
            found = datetime.fromisoformat(written)
            # A day that began within the window's first day may not move the window back.
            return found.date() + timedelta(days=found.time() > time.min)
        if times.dtype == pl.Datetime:
            return datetime.fromisoformat(written)
        return int(written) if times.dtype == pl.Int64 else float(written)
    except ValueError:
        raise _role("time", name, f"no longer holds values such as {written}") from None


def _given(text: str | None) -> str:
    assert text is not None, "a split by time names its column and its windows"
    return text


def _counted(table: Table, split: Split) -> Split:
    """Return the split with the rows of each part; none may be empty."""
    numbers = parts(table, split)
    counts = {part.value: int((numbers == i).sum()) for i, part in enumerate(PARTS)}
    if aside := int((numbers == ASIDE).sum()):
        counts["aside"] = aside
    if split.method != "nested" and not all(counts[part.value] for part in PARTS):
        empty = next(part.value for part in PARTS if not counts[part.value])
        raise DataError(
            "split-empty",
            f"no row would be in the {empty} part ({split.why})",
            fix="give more rows, or rows of more groups and times",
            facts={"counts": counts, "method": split.method},
        )
    return replace(split, counts=counts)
