"""What a run and its model cost, told: time, memory, energy, bytes and time a row."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlwright.core.ids import short
from mlwright.govern.card import number
from mlwright.govern.told import Figures, Told

_TITLE = "What it costs"
_WATT_HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A step that was kept from an earlier run, and the seconds it took there, if they are known.

    ``run`` is the run that made it.
    """

    step: str
    run: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run used and what its model takes; None is what was not measured.

    The memory is the most the process held until the run ended. ``joules`` are what ``meter`` told
    of the steps; without one they are presumed: ``core_watts`` for each second of a core of
    ``processor``, and the memory held.
    """

    wall_seconds: float | None
    cpu_seconds: float | None
    peak_bytes: float | None
    joules: float | None
    core_watts: float | None
    processor: str | None
    meter: str | None
    kept: tuple[Kept, ...]
    predictor_bytes: int
    package_bytes: int
    row_seconds: float | None
    slow_row_seconds: float | None


def told(cost: Cost) -> Told:
    """Tell what a model costs to make, to keep and to ask."""
    return Told(
        _TITLE,
        in_a_line(cost),
        (Figures("Cost of the run and of its model", ("what", "how much"), tuple(_rows(cost))),),
        tuple(_notes(cost)),
    )


def in_a_line(cost: Cost) -> str:
    """Say what a model takes and what its run used.

    >>> used = (12.0, 10.0, 3e8, 101.4, 10.0, "CPU", None)
    >>> in_a_line(Cost(*used, (), 1_400_000, 1_420_000, 4e-5, 6e-5))
    '1.42 MB, 40 µs a row; made in 12 s with 10 s of processor, 300 MB of memory, about 0.028 Wh'
    """
    said = size(cost.package_bytes)
    if cost.row_seconds is not None:
        said += f", {duration(cost.row_seconds)} a row"
    if cost.wall_seconds is None or cost.cpu_seconds is None or cost.peak_bytes is None:
        return f"{said}; what its run used was not measured"
    used = in_use(cost.wall_seconds, cost.cpu_seconds, cost.peak_bytes, cost.joules or 0.0)
    return f"{said}; made in {used}"


def in_use(wall: float, cpu: float, peak: float, joules: float) -> str:
    """Say what a run used.

    >>> in_use(12.0, 10.0, 3e8, 101.4)
    '12 s with 10 s of processor, 300 MB of memory, about 0.028 Wh'
    """
    return (
        f"{duration(wall)} with {duration(cpu)} of processor, {size(peak)} of memory,"
        f" about {joules / _WATT_HOUR:.2g} Wh"
    )


def size(count: float) -> str:
    """Return bytes in a unit that suits them.

    >>> size(812), size(20_300), size(1_420_000)
    ('812 B', '20.3 kB', '1.42 MB')
    """
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count:.0f} B"


def duration(seconds: float) -> str:
    """Return seconds in a unit that suits them.

    >>> duration(4.02e-5), duration(0.012), duration(75.31), duration(1234.5)
    ('40.2 µs', '12 ms', '75.3 s', '1,234 s')
    """
    if seconds >= 1_000:
        return f"{seconds:,.0f} s"
    for unit, factor in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= factor:
            return f"{seconds / factor:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns" if math.isfinite(seconds) else number(seconds)


def _rows(cost: Cost) -> list[tuple[str, str]]:
    rows = [
        ("size of the predictor", size(cost.predictor_bytes)),
        ("size of the model, contract and preparation with it", size(cost.package_bytes)),
    ]
    if cost.row_seconds is not None and cost.slow_row_seconds is not None:
        rows.append(("one row, half of them no slower", duration(cost.row_seconds)))
        rows.append(("one row, 99 % of them no slower", duration(cost.slow_row_seconds)))
    if cost.wall_seconds is not None and cost.cpu_seconds is not None:
        rows.append(("the run, on the clock", duration(cost.wall_seconds)))
        rows.append(("the run, of processors", duration(cost.cpu_seconds)))
    if cost.peak_bytes is not None:
        rows.append(("most memory held", size(cost.peak_bytes)))
    if cost.joules is not None:
        watt_hours = cost.joules / _WATT_HOUR
        by = "presumed" if cost.meter is None else f"by {cost.meter}"
        rows.append((f"energy, {by}", f"{number(cost.joules)} J ({watt_hours:.2g} Wh)"))
    known = [kept.seconds for kept in cost.kept if kept.seconds is not None]
    if known:
        rows.append(("what was kept took, when it was made", duration(math.fsum(known))))
    return rows


def _notes(cost: Cost) -> list[str]:
    notes = []
    if cost.meter is not None:
        notes.append(
            f"Energy is that of the steps, as {cost.meter} tells it: by the processor's counters"
            " where they may be read, else by its table of processors and how busy they were."
        )
    elif cost.joules is not None and cost.core_watts is not None:
        notes.append(
            f"Energy is no measurement: {cost.core_watts:g} W for each second of a core of"
            f" {cost.processor}, and 0.375 W a gigabyte of memory held, without cooling. The memory"
            " is the most that the process held until then."
        )
    if cost.kept:
        runs = ", ".join(dict.fromkeys(short(kept.run) for kept in cost.kept))
        steps = ", ".join(kept.step for kept in cost.kept)
        notes.append(f"Kept from before ({runs}), and so not in the run's own time: {steps}.")
    if cost.row_seconds is not None:
        notes.append("Rows were timed one by one in the process that judged, without a network.")
    return notes
