"""What differs between two snapshots: rows by id, told by their digests; then their cells.

Rows that both hold in one fragment are never looked at, the others only by their digest. Cells are
read of those rows alone that are not in both, some columns at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.data.digests import Digests, hexadecimal, row_digests
from mlwright.data.fragments import DIGEST_BYTES, Mask, digests_of, frame_of, live
from mlwright.data.matching import NOWHERE, Places, matches
from mlwright.data.records import Diff, Fragment, KindChange, Shift, Snapshot
from mlwright.data.rows import ID_DIGITS, as_text, content_ids
from mlwright.data.shifts import Sides, shift, told_apart
from mlwright.data.table import ids_of, unordered
from mlwright.store.protocol import Store

_CELLS = 8_000_000  # so many cells of each side lie in memory at once


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows that are not in both, by their places in each snapshot and by their ids.

    A changed row has one place in each; both lists of them are in the order of ``changed``.
    """

    added: pl.Series
    removed: pl.Series
    changed: pl.Series
    added_at: Places
    removed_at: Places
    changed_from: Places
    changed_to: Places


def diff(a: Snapshot, b: Snapshot, store: Store) -> Diff:
    """Return what was added, removed and changed from ``a`` to ``b``.

    Rows are compared over the columns both have. Without a key both name rows by, a changed row
    is one removed and one added.
    """
    return compare(a, b, rows_apart(a, b, store), store)


def rows_apart(a: Snapshot, b: Snapshot, store: Store) -> Rows:
    """Return the rows that are in one snapshot only, and those that are not the same in both."""
    names = [[column.name for column in each.columns] for each in (a, b)]
    kept = any(fragment.row_ids for each in (a, b) for fragment in each.fragments)
    if names[0] == names[1] and not kept and a.key == b.key:
        return _by_digest(a, b, store)
    shared = [name for name in names[0] if name in names[1]]
    whole = names[0] == names[1]
    return _by_id(a, b, None if whole else shared, store)


def compare(a: Snapshot, b: Snapshot, rows: Rows, store: Store) -> Diff:
    """Return a difference with its columns, of rows that were told apart before."""
    names = [c.name for c in a.columns]
    later = [c.name for c in b.columns]
    shared = [name for name in names if name in later]
    kinds = [{c.name: c.kind for c in each.columns} for each in (a, b)]
    cells: dict[str, int] = {}
    shifts: list[Shift] = []
    key = a.key if a.key == b.key else None
    for sides in _sides(a, b, rows, shared, store):
        if sides.cells:
            cells[sides.name] = sides.cells
        if sides.name != key and (found := shift(sides, a, b, store)) is not None:
            shifts.append(found)
    return Diff(
        added=len(rows.added),
        removed=len(rows.removed),
        changed=len(rows.changed),
        columns_added=tuple(name for name in later if name not in names),
        columns_removed=tuple(name for name in names if name not in later),
        kinds=tuple(
            KindChange(name, kinds[0][name], kinds[1][name])
            for name in shared
            if kinds[0][name] is not kinds[1][name]
        ),
        cells=cells,
        shifts=tuple(told_apart(shifts)),
    )


def _by_digest(a: Snapshot, b: Snapshot, store: Store) -> Rows:
    """Tell rows apart by stored digests; only where these differ are keys read."""
    old, new = _unshared(a, b, store), _unshared(b, a, store)
    found = matches(new.digests, old.digests)
    gone = np.ones(len(old.digests), np.bool_)
    gone[found[found != NOWHERE]] = False
    came = found == NOWHERE
    removed_at, added_at = old.places[gone], new.places[came]
    if a.key is None:
        return Rows(
            added=_content_names(new.digests[came], a, store),
            removed=_content_names(old.digests[gone], b, store),
            changed=pl.Series("row", [], dtype=pl.String),
            added_at=added_at,
            removed_at=removed_at,
            changed_from=np.empty(0, np.int64),
            changed_to=np.empty(0, np.int64),
        )
    before = as_text(take(a, [a.key], removed_at, store)[a.key])
    after = as_text(take(b, [a.key], added_at, store)[a.key])
    return _joined(before, removed_at, after, added_at)


def _by_id(a: Snapshot, b: Snapshot, shared: list[str] | None, store: Store) -> Rows:
    """Tell rows apart by ids and digests of all rows, over the columns both have."""
    key = a.key if a.key == b.key else None
    digests = []
    ids = []
    for snapshot in (a, b):
        pieces = []
        for fragment in snapshot.fragments:
            if shared is None:
                pieces.append(digests_of(fragment, store))
            else:
                pieces.append(row_digests(frame_of(fragment, shared, store)))
        raw = b"".join(pieces)
        digests.append(np.frombuffer(raw, np.uint8).reshape(-1, DIGEST_BYTES))
        if a.key != b.key or (key is None and shared is not None):
            # Over fewer columns a row has another digest, and that is what it is known by here.
            ids.append(content_ids(hexadecimal(raw)))
        else:
            ids.append(ids_of(snapshot, store))
    frames = [
        pl.DataFrame({"row": names, "place": np.arange(len(names), dtype=np.int64)})
        for names in ids
    ]
    both = frames[0].join(frames[1], on="row", suffix=" later")
    pairs = both["place"].to_numpy(), both["place later"].to_numpy()
    same = (digests[0][pairs[0]] == digests[1][pairs[1]]).all(axis=1)
    apart = [np.ones(len(each), np.bool_) for each in ids]
    for side in (0, 1):
        apart[side][pairs[side][same]] = False
    places = [np.flatnonzero(each) for each in apart]
    return _joined(ids[0][places[0]], places[0], ids[1][places[1]], places[1])


def _joined(before: pl.Series, old: Places, after: pl.Series, new: Places) -> Rows:
    """Pair the rows of both sides that have one id; the others were removed or added."""
    first = pl.DataFrame({"row": before, "old": old})
    second = pl.DataFrame({"row": after, "new": new})
    both = first.join(second, on="row").sort("row")
    removed = first.join(second, on="row", how="anti").sort("row")
    added = second.join(first, on="row", how="anti").sort("row")
    return Rows(
        added=added["row"],
        removed=removed["row"],
        changed=both["row"],
        added_at=added["new"].to_numpy(),
        removed_at=removed["old"].to_numpy(),
        changed_from=both["old"].to_numpy(),
        changed_to=both["new"].to_numpy(),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Unshared:
    digests: Digests
    places: Places


def _unshared(snapshot: Snapshot, other: Snapshot, store: Store) -> _Unshared:
    """Return the rows that do not lie alive in a fragment of both."""
    elsewhere = {fragment.table: fragment for fragment in other.fragments}
    digests, places = [], []
    start = 0
    for fragment in snapshot.fragments:
        own = np.arange(start, start + fragment.rows)
        start += fragment.rows
        twin = elsewhere.get(fragment.table)
        if twin is not None and twin.deleted == fragment.deleted:
            continue
        if twin is not None and (left := _left_alone(fragment, twin, store)) is not None:
            if not left.any():
                continue
            raw = _digests(fragment, store)[left]
            own = own[left]
        else:
            raw = _digests(fragment, store)
        digests.append(raw)
        places.append(own)
    return _Unshared(
        np.concatenate(digests) if digests else np.empty((0, DIGEST_BYTES), np.uint8),
        np.concatenate(places) if places else np.empty(0, np.int64),
    )


def _left_alone(fragment: Fragment, twin: Fragment, store: Store) -> Mask | None:
    """Return which live rows of a fragment are gone from its twin; None when none are gone."""
    there = live(twin, store)
    if there is None:
        return np.zeros(fragment.rows, np.bool_)
    here = live(fragment, store)
    return ~there if here is None else ~there[here]


def _digests(fragment: Fragment, store: Store) -> Digests:
    return np.frombuffer(digests_of(fragment, store), np.uint8).reshape(-1, DIGEST_BYTES)


def _content_names(digests: Digests, other: Snapshot, store: Store) -> pl.Series:
    """Name rows without a key that one snapshot has more often than the other.

    Of five equal rows beside three, those with the two last numbers are the ones too many.
    """
    texts = hexadecimal(digests).str.slice(0, ID_DIGITS)
    own = pl.DataFrame({"text": texts}).with_columns(pl.int_range(pl.len()).over("text").alias("n"))
    wanted = np.unique(np.ascontiguousarray(digests[:, :8]).view(np.uint64))
    held = []
    for fragment in other.fragments:
        there = _digests(fragment, store)
        firsts = np.ascontiguousarray(there[:, :8]).view(np.uint64).ravel()
        held.append(there[_is_in(firsts, wanted)])
    before = hexadecimal(np.concatenate(held)).str.slice(0, ID_DIGITS)
    counts = before.alias("text").to_frame().group_by("text").len("before")
    number = pl.col("n") + pl.col("before").fill_null(0).cast(pl.Int64)
    named = pl.when(number == 0).then("text").otherwise(pl.format("{}-{}", "text", number))
    joined = own.join(counts, on="text", how="left", maintain_order="left")
    return joined.select(named.alias("row")).to_series()


def _is_in(values: npt.NDArray[np.uint64], wanted: npt.NDArray[np.uint64]) -> Mask:
    """Tell which values are among sorted ones."""
    if not len(wanted):
        return np.zeros(len(values), np.bool_)
    places = np.minimum(np.searchsorted(wanted, values), len(wanted) - 1)
    found: Mask = wanted[places] == values
    return found


def take(snapshot: Snapshot, names: Sequence[str], places: Places, store: Store) -> pl.DataFrame:
    """Return some columns of the rows at some places, in the order of these.

    Only fragments that hold one of the rows are read.
    """
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    pieces = []
    start = 0
    for fragment in snapshot.fragments:
        first, last = np.searchsorted(ordered, (start, start + fragment.rows))
        if first < last:
            frame = frame_of(fragment, names, store)
            pieces.append(frame[ordered[first:last] - start])
        start += fragment.rows
    if not pieces:
        return unordered(snapshot, store, names).clear()
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return pl.concat(pieces)[back]


def _sides(
    a: Snapshot, b: Snapshot, rows: Rows, shared: Sequence[str], store: Store
) -> Iterator[Sides]:
    """Give each shared column's cells that are not in both, as many columns at once as fit."""
    old = np.concatenate((rows.removed_at, rows.changed_from))
    new = np.concatenate((rows.added_at, rows.changed_to))
    step = max(1, _CELLS // max(len(old), len(new), 1))
    for start in range(0, len(shared), step):
        names = shared[start : start + step]
        before, after = take(a, names, old, store), take(b, names, new, store)
        for name in names:
            yield _side(name, before[name], after[name], rows)


def _side(name: str, before: pl.Series, after: pl.Series, rows: Rows) -> Sides:
    removed, added = len(rows.removed_at), len(rows.added_at)
    old, new = before.slice(removed), after.slice(added)
    if old.dtype != new.dtype:
        differ = old.cast(pl.String).ne_missing(new.cast(pl.String))
    else:
        differ = old.ne_missing(new)
    return Sides(
        name=name,
        gone=pl.concat([before.head(removed), old.filter(differ)]),
        came=pl.concat([after.head(added), new.filter(differ)]),
        cells=int(differ.sum()),
    )
