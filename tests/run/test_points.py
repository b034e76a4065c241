"""Metric points keep their bits, and what an event says of them is what was logged."""

from __future__ import annotations

import json
import math
import struct
from datetime import timedelta
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.encoding import canonical_json
from mlwright.core.errors import BrokenError, UsageError
from mlwright.core.seam import ReplaySeam
from mlwright.ledger.metrics import summaries
from mlwright.run.points import (
    FEW,
    Buffer,
    Nowhere,
    Series,
    batch_facts,
    batch_of,
    joined,
    pack,
    unpack,
)
from mlwright.store.memory import MemoryStore

FAR = (1 << 53) - 1
NAMES = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=9)
SERIES = st.lists(
    st.tuples(st.integers(-FAR, FAR), st.integers(0, FAR), st.floats(width=64)), min_size=1
).map(lambda rows: Series(*map(list, zip(*rows, strict=True))))
BATCHES = st.dictionaries(NAMES, SERIES, min_size=1, max_size=4)


def bits(batch: object) -> object:
    assert isinstance(batch, dict)
    return {
        name: (
            list(each.steps),
            list(each.times),
            [struct.pack("<d", math.nan if v != v else v) for v in each.values],
        )
        for name, each in batch.items()
    }


@given(BATCHES)
def test_bytes_give_back_every_point(batch: dict[str, Series]) -> None:
    assert bits(unpack(pack(batch))) == bits(batch)
    assert pack(unpack(pack(batch))) == pack(batch)


@given(BATCHES)
def test_an_event_gives_back_every_point_whether_few_or_many(batch: dict[str, Series]) -> None:
    in_time = {n: Series(s.steps, sorted(s.times), s.values) for n, s in batch.items()}
    store = MemoryStore()

    facts, raw = batch_facts(in_time)
    if raw is not None:
        facts["object"] = store.put(raw)
    facts = json.loads(canonical_json(facts))

    assert bits(batch_of(facts, store.get)) == bits(in_time)
    for name, found in summaries(facts).items():
        series = in_time[name]
        at = max(range(len(series.steps)), key=lambda i: (series.steps[i], series.times[i], i))
        assert (found.step, found.time, found.count) == (
            series.steps[at],
            series.times[at],
            len(series.steps),
        )
        assert found.last == series.values[at] or math.isnan(series.values[at])
        real = [v for v in series.values if not math.isnan(v)]
        assert (found.low, found.high) == (min(real, default=None), max(real, default=None))


@given(BATCHES, st.data())
def test_bytes_cut_short_or_changed_in_their_head_are_told_or_differ(
    batch: dict[str, Series], data: st.DataObject
) -> None:
    raw = pack(batch)
    cut = data.draw(st.integers(0, len(raw) - 1))

    with pytest.raises(BrokenError) as error:
        unpack(raw[:cut])

    assert error.value.code == "points-damaged"
    with pytest.raises(BrokenError):
        unpack(raw + b"\0")


def test_regular_steps_cost_nothing_and_a_point_at_most_thirteen_bytes() -> None:
    seam = ReplaySeam(step=timedelta(microseconds=700))
    buffer = Buffer(seam)

    for step in range(1000):
        buffer.add({"loss": 1 / (step + 1)}, step)

    assert len(pack(buffer.take())) < 13 * 1000


def test_without_a_step_a_value_is_the_metrics_next() -> None:
    buffer = Buffer(ReplaySeam(), scope="fit/")
    buffer.add({"loss": 3.0})
    buffer.add({"loss": 2.0, "auc": 0.5})
    buffer.add({"loss": 1.0}, 10)
    buffer.add({"loss": 0.5})

    batch = buffer.take()

    assert list(batch["fit/loss"].steps) == [0, 1, 10, 11]
    assert list(batch["fit/auc"].steps) == [0]
    assert sorted(batch["fit/loss"].times) == list(batch["fit/loss"].times)
    assert buffer.take() == {}


@pytest.mark.parametrize(
    ("values", "step", "code"),
    [
        ({"": 1.0}, None, "metric-name"),
        ({" loss": 1.0}, None, "metric-name"),
        ({"lo\nss": 1.0}, None, "metric-name"),
        ({"\ud800": 1.0}, None, "metric-name"),
        ({"x" * 201: 1.0}, None, "metric-name"),
        ({"loss": "0.5"}, None, "metric-value"),
        ({"loss": None}, None, "metric-value"),
        ({"loss": [1, 2]}, None, "metric-value"),
        ({"loss": 10**400}, None, "metric-value"),
        ({"loss": 1.0}, 1.5, "metric-step"),
        ({"loss": 1.0}, True, "metric-step"),
        ({"loss": 1.0}, 1 << 53, "metric-step"),
    ],
)
def test_what_is_no_point_is_refused_and_nothing_of_it_kept(
    values: dict[str, float], step: int | None, code: str
) -> None:
    buffer = Buffer(ReplaySeam())

    with pytest.raises(UsageError) as refused:
        buffer.add({"auc": 0.5, **values}, step)
    with pytest.raises(UsageError):
        Nowhere().log(values, step)

    assert refused.value.code == code
    assert buffer.take() == {}


def test_numbers_of_other_libraries_are_numbers() -> None:
    np = pytest.importorskip("numpy")
    buffer = Buffer(ReplaySeam())

    buffer.add({"a": np.float32(0.5), "b": np.int64(3), "c": np.array(2.0), "d": True}, np.int64(4))

    batch = buffer.take()
    assert {n: (list(s.steps), list(s.values)) for n, s in batch.items()} == {
        "a": ([4], [0.5]),
        "b": ([4], [3.0]),
        "c": ([4], [2.0]),
        "d": ([4], [1.0]),
    }


def test_threads_lose_no_point() -> None:
    buffer = Buffer(ReplaySeam())
    threads = [
        Thread(target=lambda: [buffer.add({"loss": 1.0}) for _ in range(2_000)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(buffer.take()["loss"].steps) == list(range(8_000))


def test_batches_given_back_come_first_and_batches_are_joined_by_step() -> None:
    buffer = Buffer(ReplaySeam())
    buffer.add({"loss": 1.0})
    first = buffer.take()
    buffer.add({"loss": 2.0})
    buffer.give_back(first)
    second = buffer.take()

    again = joined([{"loss": Series([5, 1], [9, 9], [0.5, math.nan])}, second])

    assert list(second["loss"].values) == [1.0, 2.0]
    assert list(again["loss"].steps) == [0, 1, 1, 5]
    assert len(second["loss"].steps) <= FEW
