"""Seal segments that ended: to Parquet, their root into the log, then the open file goes.

Each step is durable before the next begins, and each can be done again: killed anywhere, the same
call goes on without loss and without a second entry in the log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlwright.core.errors import MlwrightError
from mlwright.core.seam import Seam
from mlwright.serve import sealed
from mlwright.serve.ids import SEQUENCES
from mlwright.serve.records import Seal, Sealed
from mlwright.serve.segments import numbers, open_folder, owning, reading, remove

Seals = Callable[[int], Seal | None]
"""Tells what the log says about the segment of a number; None when it is not sealed."""


@dataclass(frozen=True, slots=True)
class SealingReport:
    """What was sealed, how many empty segments were removed, and by number what could not be."""

    sealed: tuple[Sealed, ...]
    removed: int
    faults: Mapping[int, MlwrightError]


def seal(
    records: Path, *, seam: Seam, seals: Seals, record: Callable[[Sealed], object]
) -> SealingReport:
    """Seal every segment that no living worker holds; one that cannot be stops no other.

    Parameters
    ----------
    seals
        What the log says now.
    record
        Appends the entry of a sealed segment to the log, durably.
    """
    done: list[Sealed] = []
    removed = 0
    faults: dict[int, MlwrightError] = {}
    for number in numbers(records):
        with owning(records, number) as free:
            if not free:
                continue
            try:
                entry = _seal(records, number, seam, seals, record)
            except MlwrightError as error:
                faults[number] = error
                continue
            if entry is None:
                removed += 1
            else:
                done.append(entry)
    return SealingReport(tuple(done), removed, faults)


def _seal(
    records: Path,
    number: int,
    seam: Seam,
    seals: Seals,
    record: Callable[[Sealed], object],
) -> Sealed | None:
    known = seals(number)
    entry = None
    if known is None:
        entry = _write(records, number, seam)
        if entry is not None:
            record(entry)
    else:
        # Killed before the open file was removed: it goes only if the sealed one is whole.
        sealed.SealedReader(records, number, known).verify()
    remove(open_folder(records), number)
    return entry


def _write(records: Path, number: int, seam: Seam) -> Sealed | None:
    """Write the Parquet files of a segment; None when it holds nothing."""
    with reading(records, number) as segment:
        if segment is None:
            return None
        requests, labels = segment.records(0, SEQUENCES), segment.labels(0, SEQUENCES)
        return sealed.write(records, segment.about(), requests, labels, seam)
