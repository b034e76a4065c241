"""Metric points: gathered while they are logged, kept in batches, and where they are sent.

A batch is one event. Few points stand in the event itself; more lie in one object, and the event
holds how each metric sums up.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Lock
from typing import Protocol

from mlwright.core.digest import Digest
from mlwright.core.encoding import canonical_json
from mlwright.core.errors import BrokenError, UsageError
from mlwright.core.seam import Seam
from mlwright.ledger.metrics import read_points, summarise, write_number, write_summary

FORMAT = "mlwright/points/1"
FEW = 24
"""How many points an event holds itself: about as many as the block of a file of their own."""

_FARTHEST = 1 << 53  # steps beyond are not whole numbers to programs that read JSON as floats
_LONGEST = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_WIDTHS = {0: "", 1: "B", 2: "H", 4: "I", 8: "Q"}


class Sink(Protocol):
    """Where metrics and lines go that are logged while something is made."""

    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Take one value of each metric; without a step it is the metric's next.

        Raises
        ------
        UsageError
            ``metric-name``, ``metric-value`` or ``metric-step``.
        """

    def say(self, text: str) -> None:
        """Take a line of text."""

    def flush(self) -> None:
        """Make what was taken so far durable before returning."""


class Nowhere:
    """A sink for work that is done again: what it logs was recorded the first time."""

    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Look at what is logged as every sink does, and let it go."""
        for name, value in values.items():
            named(name)
            number_of(name, value)
        if step is not None:
            step_of(step)

    def say(self, text: str) -> None:
        """Let the line go."""

    def flush(self) -> None:
        """Return at once: there is nothing to keep."""


@dataclass(frozen=True, slots=True)
class Series:
    """The points of one metric as they were logged; times are microseconds since 1970."""

    steps: Sequence[int]
    times: Sequence[int]
    values: Sequence[float]


Batch = Mapping[str, Series]


class Buffer:
    """Points that wait to be kept; several threads may add to it.

    Parameters
    ----------
    scope
        What stands before the name of each metric, such as ``fit/``.
    """

    def __init__(self, seam: Seam, *, scope: str = "") -> None:
        self._seam = seam
        self._scope = scope
        self._lock = Lock()
        self._next: dict[str, int] = {}
        self._rows: list[tuple[str, int, float, float]] = []
        self._began = 0
        self._from = 0.0
        self._given_back: list[Batch] = []
        self._waiting = 0

    def add(self, values: Mapping[str, float], step: int | None = None) -> int:
        """Take one value of each metric and return how many points wait now.

        Raises
        ------
        UsageError
            ``metric-name``, ``metric-value`` or ``metric-step``; nothing was taken then.
        """
        if step is not None:
            step = step_of(step)
        known = self._next
        taken = []
        for name, value in values.items():
            if name not in known:
                named(name)
            taken.append((name, value if type(value) is float else number_of(name, value)))
        with self._lock:
            elapsed = self._seam.elapsed()
            rows = self._rows
            if not rows:
                self._began = max((self._seam.now() - _EPOCH) // _MICROSECOND, self._began)
                self._from = elapsed
            for name, value in taken:
                at = known.get(name, 0) if step is None else step
                known[name] = at + 1
                rows.append((name, at, elapsed, value))
            return len(rows) + self._waiting

    def take(self) -> Batch:
        """Return the points that wait, and wait for others."""
        with self._lock:
            rows, self._rows = self._rows, []
            began, start = self._began, self._from
            if rows:  # what comes next came later, whatever the clock says then
                self._began += int((rows[-1][2] - start) * 1e6)
            earlier, self._given_back, self._waiting = self._given_back, [], 0
        held: dict[str, tuple[list[int], list[int], list[float]]] = {}
        for batch in earlier:
            for name, series in batch.items():
                steps, times, values = held.setdefault(name, ([], [], []))
                steps += series.steps
                times += series.times
                values += series.values
        for name, step, elapsed, value in rows:
            full = self._scope + name
            series_of = held.get(full)
            if series_of is None:
                series_of = held[full] = ([], [], [])
            series_of[0].append(step)
            series_of[1].append(began + int((elapsed - start) * 1e6))
            series_of[2].append(value)
        return {name: Series(*series) for name, series in held.items()}

    def give_back(self, batch: Batch) -> None:
        """Put points back before those that came since: they could not be kept."""
        with self._lock:
            self._given_back.append(batch)
            self._waiting += sum(len(series.steps) for series in batch.values())


def batch_facts(batch: Batch) -> tuple[dict[str, object], bytes | None]:
    """Return what an event says of a batch, and the bytes of the object it is to name, if any.

    The digest of the object is to stand in the facts as ``object``.
    """
    if sum(len(series.steps) for series in batch.values()) > FEW:
        told = {
            name: write_summary(summarise(series.steps, series.times, series.values))
            for name, series in batch.items()
        }
        return {"metrics": told}, pack(batch)
    since = min((series.times[0] for series in batch.values()), default=0)
    points = {
        name: [
            [step, time - since, write_number(value)]
            for step, time, value in zip(s.steps, s.times, s.values, strict=True)
        ]
        for name, s in batch.items()
    }
    return {"since": since, "points": points}, None


def batch_of(facts: Mapping[str, object], read: Callable[[Digest], bytes]) -> Batch:
    """Return the points an event tells of; ``read`` gives the bytes of an object."""
    written = facts.get("object")
    if isinstance(written, str) and "metrics" in facts:
        return unpack(read(Digest(written)))
    points = facts.get("points", {})
    assert isinstance(points, Mapping)
    return {name: Series(*read_points(facts["since"], each)) for name, each in points.items()}


def pack(batch: Batch) -> bytes:
    """Return a batch as bytes: the same points always give the same.

    A line names the format, a line of JSON each metric and how many points it has; then follow
    for each metric its steps, its times and its values. Whole numbers are written as the first,
    the least difference between neighbours, and how much each difference is more, in as few bytes
    as the largest needs; values as float64. All are little-endian.
    """
    head = canonical_json([[name, len(series.steps)] for name, series in batch.items()])
    parts = [FORMAT.encode(), b"\n", head, b"\n"]
    for series in batch.values():
        parts += (*_whole(series.steps), *_whole(series.times))
        parts.append(_little(array("d", series.values)))
    return b"".join(parts)


def unpack(raw: bytes) -> dict[str, Series]:
    """Return the batch behind its bytes.

    Raises
    ------
    BrokenError
        ``points-damaged`` when they are no batch of this format.
    """
    try:
        name, head, _ = raw.split(b"\n", 2)
        if name != FORMAT.encode():
            raise ValueError(f"they begin with {name[:40]!r}")
        at = len(name) + len(head) + 2
        found = {}
        for metric, count in json.loads(head):
            steps, at = _read_whole(raw, at, count)
            times, at = _read_whole(raw, at, count)
            values = _read(raw, at, count, "d")
            at += 8 * count
            found[str(metric)] = Series(steps, times, values)
        if at != len(raw):
            raise ValueError(f"{len(raw) - at} bytes are left over")
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise BrokenError(
            "points-damaged",
            f"the bytes of a batch of metric points cannot be read: {error}",
            fix="mlw doctor tells what else is hurt; a newer mlwright may have written them",
            facts={"why": str(error)},
        ) from error
    return found


def joined(batches: Iterable[Batch]) -> dict[str, Series]:
    """Return the points of several batches as one, each metric in the order of its steps."""
    gathered: dict[str, list[tuple[int, int, float]]] = {}
    for batch in batches:
        for name, series in batch.items():
            points = zip(series.steps, series.times, series.values, strict=True)
            gathered.setdefault(name, []).extend(points)
    found = {}
    for name, rows in gathered.items():
        rows.sort(key=lambda row: row[:2])  # never by the value: a NaN has no order
        found[name] = Series([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])
    return found


def named(name: object) -> str:
    """Return the name of a metric, once it can be one.

    Raises
    ------
    UsageError
        ``metric-name``
    """
    if isinstance(name, str) and 0 < len(name) <= _LONGEST and _is_plain(name):
        return name
    raise UsageError(
        "metric-name",
        f"a metric cannot be named {str(name)[:60]!r}",
        fix=f"name it with 1 to {_LONGEST} printable characters, without a space at either end",
        facts={"name": str(name)[:_LONGEST]},
    )


def _is_plain(name: str) -> bool:
    return name.isprintable() and name.strip() == name


def number_of(name: str, value: object) -> float:
    """Return the value of a metric as a float; NaN and infinities are values too.

    Raises
    ------
    UsageError
        ``metric-value``
    """
    if type(value) is float:
        return value
    if not isinstance(value, str | bytes | bytearray):
        try:
            return float(value)  # type: ignore[arg-type]  # whatever gives a float is a number
        except (TypeError, ValueError, OverflowError):
            pass
    raise UsageError(
        "metric-value",
        f"{name!r} is given {repr(value)[:60]}, which is no number",
        fix="log one number; an array is an artefact, a text a tag or a note",
        facts={"metric": name, "type": type(value).__name__},
    )


def step_of(step: object) -> int:
    """Return a step as a whole number.

    Raises
    ------
    UsageError
        ``metric-step``
    """
    if type(step) is int and -_FARTHEST < step < _FARTHEST:
        return step
    whole = getattr(step, "__index__", None)
    if whole is not None and not isinstance(step, bool) and -_FARTHEST < whole() < _FARTHEST:
        return int(whole())
    raise UsageError(
        "metric-step",
        f"{repr(step)[:60]} is no step: a step is a whole number within 2**53",
        fix="step=0, 1, 2 …; leave it out and each value is the metric's next",
        facts={"step": repr(step)[:60]},
    )


def _whole(numbers: Sequence[int]) -> tuple[bytes, bytes]:
    differences = [after - before for before, after in pairwise(numbers)]
    least = min(differences, default=0)
    above = [difference - least for difference in differences]
    largest = max(above, default=0)
    width = next(w for w in _WIDTHS if largest < 1 << (8 * w))
    head = _little(array("q", (numbers[0], least))) + bytes((width,))
    return head, _little(array(_WIDTHS[width], above)) if width else b""


def _read_whole(raw: bytes, at: int, count: int) -> tuple[list[int], int]:
    first, least = _read(raw, at, 2, "q")
    width = raw[at + 16]
    at += 17
    above = _read(raw, at, count - 1, _WIDTHS[width]) if width else [0] * (count - 1)
    numbers = [int(first)]
    for more in above:
        numbers.append(numbers[-1] + int(least) + int(more))
    return numbers, at + width * (count - 1)


def _read(raw: bytes, at: int, count: int, kind: str) -> Sequence[int] | Sequence[float]:
    found: array[int] | array[float] = array(kind)
    end = at + count * found.itemsize
    if count < 0 or end > len(raw):
        raise ValueError("they end too early")
    found.frombytes(raw[at:end])
    if sys.byteorder == "big":
        found.byteswap()
    return found


def _little(numbers: array[int] | array[float]) -> bytes:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()
