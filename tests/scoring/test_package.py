"""A package is the trained model to the last bit, or it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mlwright.core import records
from mlwright.core.errors import FaultError
from mlwright.data.records import Contract, FeatureContract, Kind
from mlwright.data.table import Table
from mlwright.scoring.frames import cast_frame
from mlwright.scoring.native.open import open_native
from mlwright.scoring.package import MOST_PROBED, Trial, package, verify
from mlwright.scoring.plan import Plan, compile_plan
from mlwright.scoring.records import ModelPackage, Probe, Signature
from mlwright.scoring.scorer import load
from mlwright.store.memory import MemoryStore
from mlwright.train.fit import answers
from mlwright.train.records import Fitted

Fit = Callable[[str, str], tuple[Fitted, Table]]

NOTHING = Contract((), ())
TABLES = ("binary", "digits", "diabetes", "mixed")
ALGORITHMS = ("dummy", "linear", "lightgbm", "unordered")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("name", TABLES)
def test_a_packaged_model_gives_the_bits_of_training(
    fitted: Fit, name: str, algorithm: str
) -> None:
    model, table = fitted(name, algorithm)
    store = MemoryStore()

    scorer = load(package(model, NOTHING, table, store), store)

    expected = answers(model, table.frame)
    rows = list(table.frame.iter_rows(named=True))
    assert scorer.predict_frame(table.frame).tobytes() == expected.tobytes()
    assert np.array([scorer.predict_row(row) for row in rows]).tobytes() == expected.tobytes()
    assert scorer.predict_rows(rows).tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", TABLES)
def test_every_row_and_every_edge_is_verified(fitted: Fit, name: str) -> None:
    model, table = fitted(name, "linear")
    store = MemoryStore()

    made = package(model, NOTHING, table, store)

    probe = records.load(Probe, store.get(made.probe))
    assert probe.inputs == made.signature.inputs
    assert len(probe.rows) > min(table.frame.height, MOST_PROBED) + len(probe.inputs)
    assert made.verified_rows == table.frame.height + len(probe.rows)
    for place in range(len(probe.inputs)):
        assert any(row[place] is None for row in probe.rows)


def trial_of(model: Fitted, table: Table) -> Trial:
    frame = cast_frame(table.frame.head(40), model.preparation.inputs)
    rows = list(frame.iter_rows(named=True))
    return Trial([f"row {name}" for name in table.row_ids.head(40)], rows, frame)


def plan_of(model: Fitted, **changed: object) -> Plan:
    """Return the plan of a linear model of which something was changed."""
    native = open_native(
        "linear",
        json.dumps(json.loads(model.content) | changed).encode(),
        features=len(model.preparation.outputs),
        outputs=max(len(model.task.classes), 1),
    )
    return compile_plan(model.preparation, native)


def test_a_plan_one_bit_off_is_refused_with_the_first_row_and_output(fitted: Fit) -> None:
    model, table = fitted("diabetes", "linear")
    (intercept,) = json.loads(model.content)["intercepts"]
    plan = plan_of(model, intercepts=[float(np.nextafter(intercept, np.inf))])
    signature = Signature(model.preparation.inputs, ("value",))

    with pytest.raises(FaultError) as refused:
        verify(model, plan, trial_of(model, table), signature)

    facts = refused.value.facts
    assert refused.value.code == "plan-not-equal"
    assert facts["column"] == "value"
    assert str(facts["row"]).startswith("row r")
    assert facts["found"] != facts["expected"]


def test_a_plan_of_another_model_is_refused_with_the_classes_that_flip(fitted: Fit) -> None:
    model, table = fitted("binary", "linear")
    weights = json.loads(model.content)["weights"]
    plan = plan_of(model, weights=[[-weight for weight in weights[0]]])
    signature = Signature(model.preparation.inputs, ("probability:0", "probability:1"))

    with pytest.raises(FaultError) as refused:
        verify(model, plan, trial_of(model, table), signature)

    assert refused.value.facts["flips"]
    assert refused.value.facts["column"] == "probability:0"


def made(model: Fitted, table: Table, contract: Contract = NOTHING) -> ModelPackage:
    return package(model, contract, table, MemoryStore())


def test_the_identity_depends_on_no_thread_count(fitted: Fit, refit: Callable[..., Fitted]) -> None:
    for algorithm in ("linear", "lightgbm"):
        table = fitted("mixed", algorithm)[1]

        one, two = (refit(table, algorithm, threads=threads) for threads in (1, 2))

        assert made(one, table) == made(two, table)


def test_the_identity_depends_on_no_rows_it_was_verified_on(fitted: Fit) -> None:
    model, table = fitted("mixed", "lightgbm")
    fewer = Table(table.frame.head(50), table.row_ids.head(50))

    one, other = made(model, table), made(model, fewer)

    assert (one.id, one.artefact) == (other.id, other.artefact)
    assert one.probe != other.probe


def test_the_identity_depends_on_no_format_around_the_trees(fitted: Fit) -> None:
    model, table = fitted("mixed", "lightgbm")
    longer = replace(model, content=model.content + b"\nparameters:\n[num_threads: 9]\n")

    assert made(longer, table) == made(model, table)


def test_the_identity_depends_on_no_numpy_number_in_a_record(fitted: Fit) -> None:
    model, table = fitted("mixed", "linear")
    steps = tuple(
        replace(step, numbers=tuple(np.float64(number) for number in step.numbers))
        for step in model.preparation.steps
    )
    other = replace(model, preparation=replace(model.preparation, steps=steps))

    assert made(other, table) == made(model, table)


def test_another_weight_class_or_promise_is_another_model(fitted: Fit) -> None:
    model, table = fitted("mixed", "dummy")
    read = json.loads(model.content)
    weights = replace(
        model, content=json.dumps({**read, "answers": read["answers"][::-1]}).encode()
    )
    classes = replace(model, task=replace(model.task, classes=("a", "b", "c")))
    promise = Contract((FeatureContract("count", Kind.INTEGER, False, 0, 9, None),), ())

    ids = {
        made(model, table).id,
        made(weights, table).id,
        made(classes, table).id,
        made(model, table, promise).id,
    }

    assert len(ids) == 4


def test_a_package_survives_being_written_and_read(fitted: Fit) -> None:
    model, table = fitted("mixed", "linear")
    store = MemoryStore()
    written = package(model, NOTHING, table, store)

    read = records.load(ModelPackage, records.dump(written))

    assert read == written
    assert load(read, store).probe_answers() == written.probe_answers


def test_a_holdout_without_rows_is_still_verified_at_the_edges(fitted: Fit) -> None:
    model, table = fitted("mixed", "lightgbm")
    none = Table(table.frame.head(0), table.row_ids.head(0))

    assert made(model, none).verified_rows > len(model.preparation.inputs)


def test_a_model_that_reads_no_column_answers_every_row(
    fitted: Fit, refit: Callable[..., Fitted]
) -> None:
    table = fitted("mixed", "dummy")[1]
    bare = Table(table.frame.select("y"), table.row_ids)
    model = refit(bare, "linear")
    store = MemoryStore()

    scorer = load(package(model, NOTHING, bare, store), store)

    assert scorer.predict_frame(bare.frame).shape == (bare.frame.height, 3)
    assert scorer.predict_row({}) == tuple(scorer.predict_frame(bare.frame)[0])
