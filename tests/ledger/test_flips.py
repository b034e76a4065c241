"""One bit flipped anywhere is detected, or harmless: never silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlwright.core.seam import ReplaySeam
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent

from .flips import flip_ledger, flip_objects, flip_wal
from .history import write_history

MANY = pytest.param(300, marks=pytest.mark.deep)


@pytest.mark.parametrize("flips", [60, MANY])
def test_no_flipped_bit_of_the_ledger_goes_unnoticed(tmp_path: Path, flips: int) -> None:
    write_history(tmp_path / "kept")

    counted = flip_ledger(tmp_path / "kept", tmp_path / "spoilt", flips=flips, seed=flips)

    assert counted.total() == flips
    assert counted["detected"] > flips // 2


@pytest.mark.parametrize("flips", [60, MANY])
def test_every_flipped_bit_of_an_object_is_named(tmp_path: Path, flips: int) -> None:
    write_history(tmp_path, runs=3)

    assert flip_objects(tmp_path, flips=flips, seed=flips) == flips


@pytest.mark.parametrize("flips", [30, MANY])
def test_no_flipped_bit_of_the_write_ahead_log_goes_unnoticed_outside(
    tmp_path: Path, flips: int
) -> None:
    write_history(tmp_path / "kept", runs=2)
    with Ledger.open(tmp_path / "kept", ReplaySeam()) as ledger:
        ledger.append([NewEvent("k", "r_aa", {"n": n}) for n in range(100)])
        checkpoint = ledger.checkpoint()

        counted = flip_wal(
            tmp_path / "kept", tmp_path / "spoilt", checkpoint, flips=flips, seed=flips
        )

    assert counted.total() == flips
    assert counted["detected"] > flips // 2
