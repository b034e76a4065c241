"""How a model of the user's own is written down and made again."""

from __future__ import annotations

import json

import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from mlwright.core.errors import UsageError
from mlwright.train.own.blueprint import is_estimator, make, of_estimator, of_function


def test_a_pipeline_is_made_again_with_its_parameters_a_seed_and_those_that_are_tried() -> None:
    given = make_pipeline(
        StandardScaler(with_mean=False), RandomForestClassifier(max_depth=3, class_weight={0: 2})
    )

    made = make(of_estimator(given), {"randomforestclassifier__n_estimators": 7}, 11)

    forest = made.steps[1][1]
    assert made.steps[0][1].with_mean is False
    assert (forest.max_depth, forest.n_estimators, forest.random_state) == (3, 7, 11)
    assert forest.class_weight == {0: 2}


def test_a_seed_of_its_own_stays() -> None:
    made = make(of_estimator(RandomForestClassifier(random_state=3)), {}, 11)

    assert made.random_state == 3


def test_equal_estimators_have_equal_blueprints_and_others_have_not() -> None:
    first, same = (of_estimator(LogisticRegression(C=0.5)) for _ in range(2))

    assert first == same
    assert first != of_estimator(LogisticRegression(C=0.25))
    assert json.loads(first)["estimator"]["params"]["C"] == 0.5


def test_what_cannot_be_written_down_is_refused_by_the_name_of_its_parameter() -> None:
    with pytest.raises(UsageError) as unwritten:
        of_estimator(RandomForestClassifier(class_weight=object()))
    with pytest.raises(UsageError) as inside:
        of_estimator(FunctionTransformer(func=lambda X: X))

    assert unwritten.value.code == inside.value.code == "own-model-form"
    assert "RandomForestClassifier.class_weight" in unwritten.value.message


def test_a_function_inside_another_has_no_blueprint() -> None:
    def fit() -> None: ...

    with pytest.raises(UsageError, match="inside another function"):
        of_function(fit)


def test_a_class_is_no_estimator_and_its_object_is_one() -> None:
    assert not is_estimator(LogisticRegression)
    assert is_estimator(LogisticRegression())
