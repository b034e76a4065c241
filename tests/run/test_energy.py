"""Energy told by codecarbon, for those who ask for it."""

from __future__ import annotations

import pytest

from mlwright.run.energy import CODECARBON, metering


@pytest.mark.filterwarnings("ignore")  # codecarbon's own libraries warn of one another
def test_codecarbon_tells_what_work_took_and_is_named_and_nobody_measures_unasked() -> None:
    with metering("presumed") as nobody:
        assert (nobody.name, nobody.joules()) == (None, None)

    with metering(CODECARBON) as meter:
        total = sum(number * number for number in range(1_000_000))
        used = meter.joules()

    assert total > 0
    assert meter.name is not None
    assert meter.name.startswith("codecarbon ")
    assert used is not None
    assert 0 < used < 10_000
