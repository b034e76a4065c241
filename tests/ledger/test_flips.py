"""One bit flipped anywhere is detected, or harmless: never silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from .flips import flip_ledger, flip_objects
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
