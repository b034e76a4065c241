"""Costs: they are read as written, decide the class, and are paid less than by any other rule."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.errors import UsageError
from mlwright.data.table import Table
from mlwright.evaluate.cost import decision_cost
from mlwright.evaluate.costs import cost_matrix, in_words, read_costs
from mlwright.evaluate.estimate import MODEL, Round, estimate
from mlwright.evaluate.unseen import Unseen
from mlwright.stats.decisions import decided, decided_row
from mlwright.train.records import Task, TaskKind

LINES = {"yes as no": "5", "no as yes": "1"}


def test_lines_become_a_matrix_where_what_is_not_named_costs_one() -> None:
    assert cost_matrix(read_costs(LINES), ("no", "yes"), "churn") == ((0, 1), (5, 0))
    assert cost_matrix({"a as b": 3.0}, ("a", "b", "c"), "y") == ((0, 3, 1), (1, 0, 1), (1, 1, 0))
    assert cost_matrix({"true as false": 2.0}, (False, True), "y") == ((0, 1), (2, 0))
    assert cost_matrix({}, ("no", "yes"), "churn") == ()


@pytest.mark.parametrize("line", [("yes", "5"), ("yes as no", "much"), ("yes as no", "-1")])
def test_a_line_that_says_no_cost_is_refused(line: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match="cost-line"):
        read_costs(dict([line]))


@pytest.mark.parametrize("classes", [("no", "yes"), ()])
def test_a_class_the_target_does_not_have_is_refused(classes: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="cost-class") as caught:
        cost_matrix({"yess as no": 5.0}, classes, "churn")

    assert ("yes as no" in caught.value.fix) is bool(classes)


shares = st.lists(st.floats(0.001, 1.0), min_size=3, max_size=3)


@given(
    rows=st.lists(shares, min_size=1, max_size=5), costs=st.lists(shares, min_size=3, max_size=3)
)
def test_a_row_is_decided_as_its_table_is(
    rows: list[list[float]], costs: list[list[float]]
) -> None:
    answers = np.array(rows)

    assert [decided_row(row, costs) for row in rows] == decided(answers, costs).tolist()
    assert [decided_row(row, ()) for row in rows] == decided(answers, ()).tolist()


def test_deciding_by_costs_of_true_probabilities_pays_least_and_says_from_where() -> None:
    generator = np.random.default_rng(4)
    p = generator.beta(1, 3, 3_000)
    y = (generator.random(3_000) < p).astype(float)
    costs = cost_matrix(read_costs(LINES), ("no", "yes"), "y")
    task = Task(TaskKind.BINARY, "y", ("no", "yes"), "auc", "", costs=costs)
    table = Table(pl.DataFrame({"y": y}), pl.Series([f"r{i:05}" for i in range(3_000)]))
    rounds = (Round({MODEL: np.c_[1 - p, p]}),)
    unseen = Unseen("sealed test", np.arange(3_000), y, rounds, {}, train=0.0, validation=0.0)

    found = decision_cost(table, unseen, task, unit=None, seed=1)

    called = p > 1 / 6
    assert found.cost.value == pytest.approx(np.where(y == 1, 5.0 * ~called, called).mean())
    assert found.saved.low > 0
    assert found.saved_beside_always.low > 0
    assert found.confusion[1][1] == int((called & (y == 1)).sum())
    assert in_words(costs, ("no", "yes")).startswith("answers 'yes' from a probability of 16.67 %")


def test_accuracy_and_the_rates_of_groups_are_those_of_the_class_that_is_answered() -> None:
    p = np.array([0.1, 0.2, 0.3, 0.9])
    y = np.array([0.0, 1.0, 0.0, 1.0])
    rounds = [Round({MODEL: np.c_[1 - p, p]})]
    options = {"task": "binary", "metric": "auc", "groups": {}, "units": np.arange(4), "seed": 1}

    plain = estimate(y, rounds, **options).metrics[MODEL]  # type: ignore[arg-type]
    found = estimate(y, rounds, costs=((0.0, 1.0), (5.0, 0.0)), **options).metrics[MODEL]  # type: ignore[arg-type]

    assert (plain["accuracy"].value, found["f1"].value) == (0.75, pytest.approx(0.8))
    assert plain["auc"] == found["auc"]
    assert plain["log_loss"] == found["log_loss"]
