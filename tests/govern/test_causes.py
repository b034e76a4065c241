"""Verdicts and causes follow from what was compared, seen and tried."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlwright.core.digest import digest_bytes
from mlwright.core.seam import ReplaySeam
from mlwright.govern.causes import cause_of
from mlwright.govern.compare import artefact_distance
from mlwright.govern.prove import environment_differences, judge_steps
from mlwright.govern.records import Difference, ProofVerdict, ProvedStep
from mlwright.ledger.ledger import Ledger
from mlwright.run.artefacts import pack
from mlwright.run.engine import Runner
from mlwright.run.environments.record import environment
from mlwright.run.history import run_record
from mlwright.run.recorded import RunRecord
from mlwright.run.records import Installed
from mlwright.run.replaying.records import Diagnosis, Replay, Replayed
from mlwright.run.steps.step import step
from mlwright.run.watching.records import Sighting
from mlwright.store.memory import MemoryStore

VALUE = 0.1 + 0.2


@step
def summed(x: int) -> float:
    return VALUE * x


@step
def table(summed: float) -> pl.DataFrame:
    return pl.DataFrame({"name": ["a", "b"], "value": [summed, None]})


ELSEWHERE = replace(environment(), blas=("openblas Zen",), cpu="x86-64-v2", threads={"blas": 64})


@cache
def recorded_run() -> tuple[RunRecord, MemoryStore]:
    """Return a run of both steps, and the store it put them in."""
    store = MemoryStore()
    with Ledger.in_memory(ReplaySeam()) as ledger, TemporaryDirectory() as folder:
        runner = Runner(store, ledger, ReplaySeam(), folder=Path(folder))
        run = runner.start("test", {"x": 1})
        runner.execute([summed, table])
        return run_record(ledger, run), store


def judged(gave: Any, *, now: Any = ELSEWHERE, **diagnosed: Any) -> tuple[ProvedStep, ...]:
    """Return the verdicts of a run whose first step gives something else."""
    record, store = recorded_run()
    steps = []
    for recorded, value in zip(record.steps, (gave, table.function(gave)), strict=True):
        made = pack(value)
        store.put(made.raw)
        content = made.content
        steps.append(Replayed(recorded.step, recorded.content, content, made.digest, 0.1, None, ()))
    seen = [Diagnosis("summed", **diagnosed)] if diagnosed else []
    return judge_steps(record, Replay(tuple(steps), now, tuple(seen)), store, store)


STEADY: dict[str, Any] = {
    "steady": True,
    "by_process": False,
    "by_hash": False,
    "by_chance": None,
    "seen": (),
    "sets": (),
}
CLOCK = Sighting("clock", "time.time", "steps.py", 3, "now = time.time()")


def test_last_bits_on_another_kernel_are_equivalent_and_the_kernel_is_named() -> None:
    first, second = judged(0.3)

    assert (first.verdict, second.verdict) == (ProofVerdict.EQUIVALENT,) * 2
    assert first.apart == pytest.approx(1.85e-16, rel=0.01)
    assert first.tolerance == 1e-9
    assert any(each.startswith("blas ") and "openblas Zen" in each for each in first.differs)
    assert any("threads blas" in each and "blas 64" in each for each in first.differs)
    assert "largest relative difference 1.9e-16, tolerance 1e-09" in first.why
    assert second.cause == "input"


@pytest.mark.parametrize(
    ("gave", "now", "diagnosed", "said"),
    [
        (0.30001, ELSEWHERE, {}, "numbers differ by"),
        (0.3, environment(), {}, "neither code nor environment changed"),
        (0.3, ELSEWHERE, {**STEADY, "steady": False}, "another value each time"),
        (0.3, ELSEWHERE, {**STEADY, "steady": False, "seen": (CLOCK,)}, "steps.py:3 reads the"),
    ],
    ids=["too far", "nothing is other", "unsteady", "a clock by less than the tolerance"],
)
def test_a_small_difference_that_the_environment_does_not_explain_is_different(
    gave: float, now: Any, diagnosed: Any, said: str
) -> None:
    first, second = judged(gave, now=now, **diagnosed)

    assert first.verdict is ProofVerdict.DIFFERENT
    assert said in first.why
    assert second.verdict is ProofVerdict.DIFFERENT


def test_a_package_is_named_only_where_the_step_touches_it() -> None:
    here = environment()
    others = {**here.distributions, "polars": Installed("0.1", None), "click": Installed("9", None)}

    first, second = judged(0.5, now=replace(here, distributions=others), **STEADY)

    assert first.differs == ()
    assert [each.split()[0] for each in second.differs] == ["polars"]


def test_a_hash_seed_the_replay_sets_is_no_difference() -> None:
    here = environment()
    now = replace(here, variables={**here.variables, "PYTHONHASHSEED": "1"})

    assert environment_differences(here, now) == ()


REPLAYED = Replayed("a", digest_bytes(b"1"), digest_bytes(b"2"), digest_bytes(b"2"), 0.1, None, ())
LIBRARY = Difference("library", "numpy", "2.3.0", "2.4.0")
CHANCE = Sighting("randomness", "a generator without a seed", "steps.py", 5, "default_rng()")
FILE = Sighting("file", "rates.csv", "steps.py", 7, "open(path)", path="/data/rates.csv")
THROUGH = Sighting("randomness", "os.urandom", "steps.py", 9, "fit(X)", through="joblib")
READS = Sighting("clock", "time.localtime", "steps.py", 9, "summary()", through="statsmodels")


@pytest.mark.parametrize(
    ("told", "differences", "changed", "kind", "place"),
    [
        ({"steady": False, "by_chance": True, "seen": (CLOCK, CHANCE)}, [], False, "randomness", 5),
        ({"steady": False, "by_chance": False, "seen": (CLOCK, CHANCE)}, [], False, "clock", 3),
        (
            {"steady": False, "by_chance": True, "seen": (CLOCK, THROUGH)},
            [],
            False,
            "randomness",
            9,
        ),
        ({"steady": False, "by_chance": False, "seen": (THROUGH, READS)}, [], False, "clock", 9),
        ({"steady": False, "by_chance": False, "seen": (THROUGH,)}, [], False, "unsteady", None),
        ({"seen": (THROUGH, READS)}, [], False, "unknown", None),
        ({"seen": (FILE, CLOCK)}, [LIBRARY], True, "file", 7),
        ({"seen": (FILE, CLOCK)}, [LIBRARY], False, "library", 7),
        ({"seen": (CLOCK,)}, [], False, "clock", 3),
        ({"steady": False, "by_process": True, "by_hash": True}, [], False, "hash", None),
        ({"steady": False, "by_process": True}, [], False, "unsteady", None),
    ],
)
def test_what_was_tried_tells_the_cause_from_what_was_merely_seen(
    told: Any, differences: Any, changed: bool, kind: str, place: int | None
) -> None:
    diagnosis = Diagnosis("a", **{**STEADY, **told})

    found = cause_of(REPLAYED, diagnosis, differences, lambda _: changed)

    assert found.kind == kind
    assert (f"steps.py:{place}" in found.sentence) == (place is not None)


def test_code_that_changed_and_what_was_fed_come_before_what_was_seen() -> None:
    code = replace(REPLAYED, changed=("mlwright.stats.sums:total()",))

    assert cause_of(code, Diagnosis("a", **STEADY), [], lambda _: False).kind == "code"
    assert cause_of(code, None, [LIBRARY], lambda _: False).kind == "code"
    moody = Diagnosis("a", **{**STEADY, "steady": False, "seen": (CHANCE,)})
    both = cause_of(code, moody, [], lambda _: False)
    assert both.kind == "randomness"  # code that merely changed gives the same twice
    assert both.sentence.endswith("besides, the code of mlwright.stats.sums:total() changed")
    missing = replace(REPLAYED, error="ModuleNotFoundError: No module named 'x'", replayed=None)
    assert cause_of(missing, None, [], lambda _: False).kind == "library"


def test_arrays_and_tables_are_compared_number_by_number() -> None:
    old = pl.DataFrame({"a": [1.0, None, 3.0], "b": ["x", "y", "z"]})
    near = old.with_columns(pl.col("a") * (1 + 2e-16))
    cases = {
        "near": ((old, near), True),
        "array": ((np.ones(3), np.ones(3) + 1e-12), True),
        "nested": (({"k": (np.ones(2), 1)}, {"k": (np.ones(2), 1)}), True),
        "word": ((old, old.with_columns(pl.lit("q").alias("b"))), False),
        "shape": ((np.ones(3), np.ones(4)), False),
        "missing": ((old, old.with_columns(pl.col("a").fill_null(1.0))), False),
        "infinite": ((np.ones(1), np.array([np.inf])), False),
        "integers": ((np.array([1]), np.array([2])), False),
    }
    for name, ((first, second), close) in cases.items():
        one, two = pack(first), pack(second)

        found = artefact_distance(one.kind, one.raw, two.raw)

        assert found.within_tolerance is close, (name, found)
