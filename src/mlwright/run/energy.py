"""The energy of a run by codecarbon, for those who ask: by counters of the processor, if any."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from mlwright.core.errors import UsageError

CODECARBON = "codecarbon"

_WATT_HOUR = 3_600.0
_SECONDS_BETWEEN = 5.0
_ANYWHERE = "USA"  # a country is needed for emissions, which are not asked for


class Meter:
    """What measures energy while a block runs; without a tracker it measures nothing."""

    def __init__(self, tracker: Any = None) -> None:
        self._tracker = tracker

    @property
    def name(self) -> str | None:
        """Who measured, with its version and what it read; None when nobody did."""
        if self._tracker is None:
            return None
        return f"{CODECARBON} {version(CODECARBON)}"

    def joules(self) -> float | None:
        """Stop measuring and return the energy of processors, memory and accelerators."""
        if self._tracker is None:
            return None
        self.stop()
        return float(self._tracker.final_emissions_data.energy_consumed) * 1e3 * _WATT_HOUR

    def stop(self) -> None:
        """Stop measuring; again, it does nothing."""
        if self._tracker is not None:
            self._tracker.stop()


@contextmanager
def metering(how: str) -> Iterator[Meter]:
    """Measure the energy of this process while the block runs, where ``how`` is ``codecarbon``.

    It asks no other host: where there is no counter it goes by its own table of processors.

    Raises
    ------
    UsageError
        ``energy-extra`` when codecarbon is not installed.
    """
    if how != CODECARBON:
        yield Meter()
        return
    try:
        from codecarbon import OfflineEmissionsTracker
    except ImportError as error:
        raise UsageError(
            "energy-extra",
            "run.energy asks for codecarbon, which is not installed",
            fix="pip install 'mlwright[codecarbon]', or leave run.energy as it is by default",
        ) from error
    tracker = OfflineEmissionsTracker(
        country_iso_code=_ANYWHERE,
        tracking_mode="process",
        measure_power_secs=_SECONDS_BETWEEN,
        allow_multiple_runs=True,
        save_to_file=False,
        log_level="critical",
    )
    tracker.start()
    meter = Meter(tracker)
    try:
        yield meter
    finally:
        meter.stop()
