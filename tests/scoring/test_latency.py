"""The latency of a row is told in seconds of the clock it is given."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlwright.core.seam import ReplaySeam, SystemSeam
from mlwright.data.records import Contract
from mlwright.data.table import Table
from mlwright.scoring.latency import measure
from mlwright.scoring.package import package
from mlwright.scoring.scorer import load
from mlwright.store.memory import MemoryStore
from mlwright.train.records import Fitted

Fit = Callable[[str, str], tuple[Fitted, Table]]


def test_each_row_takes_one_tick_of_a_clock_that_ticks_when_read(fitted: Fit) -> None:
    model, table = fitted("mixed", "linear")
    store = MemoryStore()
    scorer = load(package(model, Contract((), ()), table, store), store)

    timed = measure(scorer, ReplaySeam())

    assert timed.rows == 1_000
    assert (timed.p50, timed.p99) == (pytest.approx(0.001), pytest.approx(0.001))


def test_given_rows_are_timed_in_place_of_the_probe(fitted: Fit) -> None:
    model, table = fitted("mixed", "linear")
    store = MemoryStore()
    made = package(model, Contract((), ()), table, store)
    scorer = load(made, store)
    del store.objects[made.probe]

    timed = measure(scorer, SystemSeam(), [table.frame.row(0, named=True)])

    assert 0.0 < timed.p50 <= timed.p99 < 0.1
