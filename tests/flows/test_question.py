"""What a build is asked: names, columns that are no features, and the gate of every model."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.evaluate.test_values import EVALUATION

from mlwright.api.spec import SECTIONS
from mlwright.checks.judge import judge
from mlwright.checks.records import Outcome
from mlwright.core.digest import digest_bytes
from mlwright.core.errors import DataError, UsageError
from mlwright.core.settings import resolve
from mlwright.data.records import Column, Kind, Snapshot
from mlwright.evaluate.values import EvaluationValues
from mlwright.flows.question import Question, ask, check_columns
from mlwright.stats.records import Interval


def asked(**settings: object) -> Question:
    """Return the question of some settings."""
    flags = {"target": "y", **settings}
    return ask(resolve(SECTIONS, flags=flags, environ={}, document={}, document_name=None), ())


def test_each_column_that_is_no_feature_has_its_own_reason() -> None:
    question = asked(drop=("notes",), key="id", group="house")

    assert dict(question.rule.left_out) == {
        "notes": "left out on request",
        "id": "it is the key, and so no feature",
        "house": "it is the group, and so no feature",
    }
    assert set(question.rule.drop) == {"notes", "id", "house"}


def test_columns_of_texts_are_named_once_and_hold_texts() -> None:
    question = asked(text=("note",), categories=("code",))
    kinds = {"y": Kind.FLOAT, "note": Kind.INTEGER, "code": Kind.STRING}
    columns = tuple(Column(name, kind) for name, kind in kinds.items())

    assert (question.goal.text, question.goal.categories) == (("note",), ("code",))
    for twice in ({"categories": ("note",)}, {"drop": ("note",)}):
        with pytest.raises(UsageError, match="text-contradicts"):
            asked(text=("note",), **twice)
    with pytest.raises(UsageError, match="reads no words"):
        asked(target=None, task="anomaly", text=("note",))
    with pytest.raises(DataError, match="text-kind"):
        check_columns(question, Snapshot("d_a", digest_bytes(b""), columns, 2, None, (), ()))


def test_groups_are_compared_wherever_a_rule_names_their_column() -> None:
    settings = resolve(
        SECTIONS,
        flags={"target": "y"},
        environ={},
        document={"checks": {"fairness.sex": "tpr_gap <= 0.1"}},
        document_name="mlwright.toml",
    )

    assert ask(settings, ["selection_gap(age) <= 0.5"]).judgement.fairness == ("age", "sex")


def test_the_target_cannot_be_left_out() -> None:
    with pytest.raises(UsageError, match="drop-target"):
        asked(drop=("notes", "y"))


@pytest.mark.parametrize(("target", "name"), [("model", "model-model"), ("m_rate", "m-rate")])
def test_a_target_whose_name_is_reserved_gets_a_model_name_that_is_not(
    target: str, name: str
) -> None:
    assert asked(target=target).name == name


@pytest.mark.parametrize(
    ("gain", "outcome"),
    [
        (Interval(0.004, -0.01, 0.02), Outcome.FAIL),
        (Interval(0.0, 0.0, 0.0), Outcome.FAIL),
        (Interval(0.02, 0.001, 0.04), Outcome.PASS),
    ],
)
def test_a_gain_that_chance_explains_does_not_pass_the_gate_of_every_model(
    gain: Interval, outcome: Outcome
) -> None:
    values = EvaluationValues(replace(EVALUATION, gain=gain), {})

    (verdict,) = judge(asked().checks, values, "m_1")
    (looser,) = judge(asked(**{"checks.gain": ">= 0"}).checks, values, "m_1")

    assert verdict.outcome is outcome
    assert looser.outcome is Outcome.PASS


def test_column_names_are_quoted_so_that_none_runs_into_the_next() -> None:
    columns = tuple(Column(name, Kind.STRING) for name in ("a, b", "c", "y"))
    nothing = digest_bytes(b"")
    snapshot = Snapshot("d_a", nothing, columns, 2, None, (), ())

    with pytest.raises(DataError, match="column-unknown") as caught:
        check_columns(asked(time="when"), snapshot)

    with pytest.raises(DataError, match="column-unknown") as joined:
        check_columns(asked(drop=("c,a, b",), target="y"), snapshot)
    with pytest.raises(DataError, match="column-unknown") as listed:
        check_columns(asked(drop=("c,y",), target="a, b"), snapshot)

    assert "--drop" not in joined.value.fix
    assert listed.value.fix == "name each on its own: --drop c --drop y"
    assert caught.value.looked == ("the 3 columns: 'a, b', 'c', 'y'",)
