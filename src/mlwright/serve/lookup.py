"""Find what was recorded: a prediction or a label by its id, and lists of predictions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count as counting
from pathlib import Path
from struct import iter_unpack
from typing import Protocol

from mlwright.core.errors import BrokenError, MlwrightError, NotFoundError, UsageError
from mlwright.core.ids import Noun, noun_of, short
from mlwright.serve import sealed, segments
from mlwright.serve.clock import written_time
from mlwright.serve.ids import SEQUENCES, encode, place_of_prefix
from mlwright.serve.records import (
    Breach,
    Filter,
    Flag,
    Label,
    NewLabel,
    NewRecord,
    Place,
    Prediction,
    Segment,
    Unread,
)
from mlwright.serve.sealing import Seals

Tell = Callable[[Unread], object]
"""Hears of each damaged segment that is left out; where nobody hears, it is an error."""


class Reader(Protocol):
    """A segment to read, open or sealed."""

    def about(self) -> Segment:
        """Return what the segment says of itself."""

    def records(self, first: int, last: int) -> Iterator[NewRecord]:
        """Yield the records with a row whose sequence is from ``first`` to ``last``, in order."""

    def newest_first(self) -> Iterator[NewRecord]:
        """Yield all records, the newest first."""

    def labels(self, first: int, last: int) -> Iterator[NewLabel]:
        """Yield the labels with a sequence from ``first`` to ``last``, in order."""

    def labels_of(
        self, prediction: str, endpoint: str | None, key: str | None
    ) -> Iterator[NewLabel]:
        """Yield the labels of a prediction, by its id or by its endpoint and its row's key."""

    def times(self) -> tuple[int, int]:
        """Return the times of the oldest and the newest record; zeros when there is none."""


def find(identifier: str, records: Path, seals: Seals) -> Prediction:
    """Return the prediction with an id, or with one that begins like ``identifier``.

    Parameters
    ----------
    records
        The folder of all segments.
    seals
        What the log says about sealed segments; what is read is held against it.

    Raises
    ------
    NotFoundError
        ``id-unknown``
    UsageError
        ``id-ambiguous``
    BrokenError
        ``segment-broken`` when the segment is not what was sealed.
    """
    found: list[Prediction] = []
    for segment, first, last in _candidates(identifier, Noun.PREDICTION, records, seals):
        about = segment.about()
        for record in segment.records(first, last):
            for row in _rows_within(record, first, last):
                if _id(Noun.PREDICTION, about, record, row).startswith(identifier):
                    numbers, flags = _numbers_of(record), _flags_of(record)
                    found.append(_prediction(record, row, about, numbers, flags))
                    _require_one(identifier, [prediction.id for prediction in found])
    if not found:
        raise _unknown(identifier, records)
    return found[0]


def label(identifier: str, records: Path, seals: Seals) -> Label:
    """Return the label with an id, or with one that begins like ``identifier``.

    Raises
    ------
    NotFoundError
        ``id-unknown``
    UsageError
        ``id-ambiguous``
    BrokenError
        ``segment-broken`` when the segment is not what was sealed.
    """
    found: list[Label] = []
    for segment, first, last in _candidates(identifier, Noun.LABEL, records, seals):
        about = segment.about()
        for new in segment.labels(first, last):
            one = _label(new, about)
            if one.id.startswith(identifier):
                found.append(one)
                _require_one(identifier, [each.id for each in found])
    if not found:
        raise _unknown(identifier, records)
    return found[0]


def labels_of(
    prediction: Prediction,
    records: Path,
    seals: Seals,
    key: str | None = None,
    tell: Tell | None = None,
) -> tuple[Label, ...]:
    """Return the labels of a prediction, oldest first.

    Parameters
    ----------
    key
        The row's own key, as a label of its endpoint may name it instead of the id.
    tell
        Hears of damaged segments, which are left out.
    """
    endpoint = prediction.endpoint if key is not None else None
    found: list[Label] = []
    for number in _numbers(records):
        with _leaving_out(number, tell), _opened(records, number, seals) as segment:
            if segment is not None:
                about = segment.about()
                new = segment.labels_of(prediction.id, endpoint, key)
                found += [_label(each, about) for each in new]
    return tuple(sorted(found, key=lambda each: (each.time, each.id)))


def scan(
    records: Path, wanted: Filter, seals: Seals, tell: Tell | None = None
) -> Iterator[Prediction]:
    """Yield the predictions that are wanted, newest first; segments are opened as they are reached.

    What is sealed is the file the log names; ``prove audit`` and :func:`find` also hold each
    record against the segment's root. ``tell`` hears of damaged segments, which are left out.
    """
    order = counting()
    # Newest first by the newest record of each segment; reached, it is replaced by its records.
    heap: list[tuple[int, int, NewRecord | None, int, Iterator[tuple[NewRecord, Segment]]]] = []
    for number in _numbers(records):
        with _leaving_out(number, tell), _opened(records, number, seals) as segment:
            if segment is None:
                continue
            oldest, newest = segment.times()
            if _may_hold(wanted, oldest, newest):
                each = _each(records, number, seals, tell)
                heappush(heap, (-newest, next(order), None, number, each))
    abouts: dict[int, Segment] = {}
    while heap:
        _, _, record, number, following = heappop(heap)
        if record is not None:
            yield from _wanted_rows(record, abouts[number], wanted)
        for new, about in following:
            abouts[number] = about
            heappush(heap, (-new.time, next(order), new, number, following))
            break


def scan_labels(records: Path, seals: Seals, tell: Tell | None = None) -> Iterator[Label]:
    """Yield every label: the newest segment first, and within it the newest label.

    ``tell`` hears of damaged segments, which are left out.
    """
    for number in reversed(_numbers(records)):
        new: list[Label] = []
        with _leaving_out(number, tell), _opened(records, number, seals) as segment:
            if segment is not None:
                about = segment.about()
                new += [_label(each, about) for each in segment.labels(0, SEQUENCES - 1)]
        yield from reversed(new)


def count(records: Path, models: Collection[str], tell: Tell | None = None) -> Mapping[str, int]:
    """Return how many rows each of some models answered.

    ``tell`` hears of segments that cannot say it, which are left out.
    """
    found: Counter[str] = Counter(dict.fromkeys(models, 0))
    for number in _numbers(records):
        with _leaving_out(number, tell):
            with segments.reading(records, number) as segment:
                each = segment.counts() if segment is not None else sealed.counts(records, number)
            found.update({model: rows for model, rows in each.items() if model in found})
    return found


@contextmanager
def _leaving_out(number: int, tell: Tell | None) -> Iterator[None]:
    """Tell of a segment that proves damaged in the block, and go on after the block."""
    try:
        yield
    except BrokenError as error:
        if tell is None or error.code != "segment-broken":
            raise
        tell(Unread(number, error.message))


def _each(
    records: Path, number: int, seals: Seals, tell: Tell | None
) -> Iterator[tuple[NewRecord, Segment]]:
    with _leaving_out(number, tell), _opened(records, number, seals) as segment:
        if segment is not None:
            about = segment.about()
            for record in segment.newest_first():
                yield record, about


def _may_hold(wanted: Filter, oldest: int, newest: int) -> bool:
    since, until = wanted.since, wanted.until
    return (since is None or newest >= since) and (until is None or oldest < until)


def _wanted_rows(record: NewRecord, about: Segment, wanted: Filter) -> Iterator[Prediction]:
    if not (
        _may_hold(wanted, record.time, record.time)
        and wanted.endpoint in (None, record.endpoint)
        and wanted.ref in (None, record.ref)
    ):
        return
    flagging = wanted.flagged or wanted.breach is not None
    if flagging and not record.flags:
        return
    numbers, flags = _numbers_of(record), _flags_of(record)  # once, not again for each row
    for row in reversed(range(record.rows)):
        prediction = _prediction(record, row, about, numbers, flags)
        if flagging and not any(wanted.breach in (None, flag.breach) for flag in prediction.flags):
            continue
        yield prediction


def _candidates(
    identifier: str, noun: Noun, records: Path, seals: Seals
) -> Iterator[tuple[Reader, int, int]]:
    """Yield the segments an id may lie in, each with the sequences to look at."""
    try:
        first, last = place_of_prefix(identifier)
    except ValueError:
        return
    if noun_of(identifier) is not noun:
        return
    if first.segment == last.segment:
        numbers = [first.segment]
    else:
        numbers = [n for n in _numbers(records) if first.segment <= n <= last.segment]
    for number in numbers:
        with _opened(records, number, seals) as segment:
            if segment is not None:
                low = first.sequence if number == first.segment else 0
                high = last.sequence if number == last.segment else SEQUENCES - 1
                yield segment, low, high


@contextmanager
def _opened(records: Path, number: int, seals: Seals) -> Iterator[Reader | None]:
    """Open a segment where it lies now; None when there is none of this number."""
    # In this order: a segment leaves the open folder only after it is whole in the sealed one.
    with segments.reading(records, number) as segment:
        if segment is not None:
            yield segment
            return
    if not sealed.records_file(records, number).exists() and seals(number) is None:
        yield None
        return
    seal = seals(number)
    if seal is None:
        raise unsealed(records, number)
    yield sealed.SealedReader(records, number, seal)


def unsealed(records: Path, number: int) -> BrokenError:
    """Return the error about sealed records the log does not name."""
    path = sealed.records_file(records, number)
    return BrokenError(
        "segment-broken",
        f"the log has no entry for the sealed records in {path}",
        fix="keep the file for inquiry; was the log restored from an older copy?",
        facts={"path": str(path)},
    )


def _numbers(records: Path) -> list[int]:
    # Open first: what leaves there meanwhile is found in the other.
    found = segments.numbers(records)
    return sorted({*found, *sealed.numbers(records)})


def _rows_within(record: NewRecord, first: int, last: int) -> range:
    return range(max(first - record.first, 0), min(last - record.first + 1, record.rows))


def _id(noun: Noun, about: Segment, new: NewRecord | NewLabel, row: int = 0) -> str:
    return encode(noun, Place(about.number, new.first + row, new.random))


def _prediction(
    record: NewRecord,
    row: int,
    about: Segment,
    numbers: Sequence[float],
    flags: Mapping[int, tuple[Flag, ...]],
) -> Prediction:
    outputs = len(numbers) // record.rows
    return Prediction(
        id=_id(Noun.PREDICTION, about, record, row),
        time=written_time(record.time),
        endpoint=record.endpoint,
        ref=record.ref,
        model=record.model,
        role=record.role,
        row=row,
        rows=record.rows,
        body=record.body,
        answer=tuple(numbers[row * outputs : (row + 1) * outputs]),
        flags=flags.get(row, ()),
        segment=about,
    )


def _numbers_of(record: NewRecord) -> tuple[float, ...]:
    """Return the outputs of all rows, row by row."""
    return tuple(number for (number,) in iter_unpack("<d", record.answers))


def _flags_of(record: NewRecord) -> Mapping[int, tuple[Flag, ...]]:
    """Return the flags of each row that has any."""
    found: dict[int, list[Flag]] = {}
    for said in json.loads(record.flags or b"[]"):
        flag = Flag(
            row=said["row"],
            column=said["column"],
            breach=Breach(said["breach"]),
            value=said["value"],
            clipped=said["clipped"],
        )
        found.setdefault(flag.row, []).append(flag)
    return {row: tuple(flags) for row, flags in found.items()}


def _label(new: NewLabel, about: Segment) -> Label:
    return Label(
        id=_id(Noun.LABEL, about, new),
        time=written_time(new.time),
        prediction=new.prediction,
        endpoint=new.endpoint,
        key=new.key,
        value=json.loads(new.value),
    )


def _require_one(identifier: str, ids: list[str]) -> None:
    if len(ids) > 1:
        raise UsageError(
            "id-ambiguous",
            f"several ids begin with {identifier!r}: {', '.join(map(short, ids))} and perhaps more",
            fix="give more characters",
            facts={"ref": identifier, "ids": ids},
        )


def _unknown(identifier: str, records: Path) -> MlwrightError:
    return NotFoundError(
        "id-unknown",
        f"no recorded prediction or label has the id {identifier!r}",
        fix="mlw ls predictions lists them",
        facts={"ref": identifier},
        looked=[f"{len(_numbers(records))} segments of records in {records}"],
    )
