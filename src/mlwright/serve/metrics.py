"""Counts that all workers share through files mapped into memory, told as Prometheus text.

Each worker writes numbers of its own and any of them tells the sum of all: whichever worker a
scrape meets answers for the whole server. A worker that is started again counts on.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from struct import unpack_from

_SLOTS = 8192
_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

HELP: Mapping[str, tuple[str, str]] = {
    "mlwright_requests_total": ("counter", "Requests answered, by endpoint and status."),
    "mlwright_predictions_total": ("counter", "Rows answered, by endpoint and version."),
    "mlwright_flags_total": ("counter", "Cells that broke the contract, by endpoint."),
    "mlwright_labels_total": ("counter", "Labels recorded."),
    "mlwright_request_seconds": ("histogram", "Time from a request's head to its answer."),
    "mlwright_worker_ready": ("gauge", "1 while a worker answers predictions."),
    "mlwright_records_waiting": ("gauge", "Requests that wait for the disk."),
}


class Meters:
    """One worker's counts.

    Parameters
    ----------
    folder
        Holds two files a worker: the numbers, and the names of the slots, one a line.
    worker
        The worker's number.
    """

    def __init__(self, folder: Path, worker: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        numbers = folder / f"{worker}.numbers"
        with numbers.open("ab") as file:
            file.truncate(_SLOTS * 8)
        with numbers.open("r+b") as file:
            self._mapped = mmap.mmap(file.fileno(), _SLOTS * 8)
        self.slots = memoryview(self._mapped).cast("d")
        names = folder / f"{worker}.names"
        known = _names(names)
        self._places = {name: place for place, name in enumerate(known)}
        self._names = names.open("a", encoding="utf-8")
        self._names.truncate(sum(len(name.encode()) + 1 for name in known))

    def place(self, name: str) -> int:
        """Return the slot of a series such as ``mlwright_labels_total{}``, a new one if need be.

        The last slot takes what there is no room for.
        """
        found = self._places.get(name)
        if found is None:
            found = self._places[name] = min(len(self._places), _SLOTS - 1)
            with suppress(OSError):  # a full disk: what is held back is written with the next name
                self._names.write(name + "\n")
                self._names.flush()
        return found

    def add(self, name: str, amount: float = 1.0) -> None:
        """Add to a series."""
        self.slots[self.place(name)] += amount

    def set(self, name: str, value: float) -> None:
        """Set a gauge."""
        self.slots[self.place(name)] = value

    def timer(self, labels: str) -> Timer:
        """Return the histogram of seconds under some labels."""
        return Timer(self, labels)

    def close(self) -> None:
        """Let go of the files; the numbers stay."""
        self.slots.release()
        self._mapped.close()
        self._names.close()


class Timer:
    """A histogram whose buckets lie side by side."""

    def __init__(self, meters: Meters, labels: str) -> None:
        name = "mlwright_request_seconds"
        self._slots = meters.slots
        self._places = tuple(
            meters.place(f'{name}_bucket{{{labels},le="{limit}"}}') for limit in (*_BUCKETS, "+Inf")
        )
        self._sum = meters.place(f"{name}_sum{{{labels}}}")

    def add(self, seconds: float) -> None:
        """Count one duration."""
        slots = self._slots
        slots[self._places[bisect_left(_BUCKETS, seconds)]] += 1.0
        slots[self._sum] += seconds


def text(folder: Path) -> str:
    """Return what all workers counted, as Prometheus reads it."""
    sums: dict[str, float] = {}
    for names in sorted(folder.glob("*.names")):
        raw = names.with_suffix(".numbers").read_bytes()
        for place, name in enumerate(_names(names)[:_SLOTS]):
            sums[name] = sums.get(name, 0.0) + unpack_from("=d", raw, place * 8)[0]
    return "".join(f"{line}\n" for line in _lines(sums))


def labelled(**labels: str) -> str:
    r"""Return labels as they stand between the braces.

    >>> labelled(endpoint='a"b')
    'endpoint="a\\"b"'
    """
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _names(file: Path) -> list[str]:
    """Return the names in a file; a last line that was cut off names nothing yet."""
    if not file.exists():
        return []
    return file.read_text("utf-8").split("\n")[:-1]


def _lines(sums: Mapping[str, float]) -> Iterator[str]:
    for family, (kind, what) in HELP.items():
        series = {n: v for n, v in sums.items() if n.startswith(family + "{")}
        if kind == "histogram":
            series = _histogram(family, sums)
        if series:
            yield f"# HELP {family} {what}"
            yield f"# TYPE {family} {kind}"
            for name, value in series.items():
                yield f"{name} {value:.15g}"


def _histogram(family: str, sums: Mapping[str, float]) -> dict[str, float]:
    """Return cumulative buckets, sum and count of each set of labels."""
    series: dict[str, float] = {}
    for name, seconds in sums.items():
        if not name.startswith(f"{family}_sum"):
            continue
        labels = name[len(f"{family}_sum{{") : -1]
        names = [f'{family}_bucket{{{labels},le="{limit}"}}' for limit in (*_BUCKETS, "+Inf")]
        totals = list(accumulate(sums.get(each, 0.0) for each in names))
        series.update(zip(names, totals, strict=True))
        series[name] = seconds
        series[f"{family}_count{{{labels}}}"] = totals[-1]
    return series
