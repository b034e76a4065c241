"""mlwright's search as scikit-learn's estimators."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.exceptions import SkipTestWarning
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import estimator_checks_generator

from mlwright.api.estimators import AutoClassifier, AutoRegressor

QUICK = {
    "check_estimator_cloneable",
    "check_parameters_default_constructible",
    "check_n_features_in",
    "check_dict_unchanged",
    "check_requires_y_none",
    "check_fit2d_1sample",
    "check_fit1d",
    "check_estimators_nan_inf",
    "check_dataframe_column_names_consistency",
}


def _checks(*, quick: bool) -> Iterator[Any]:
    for kind in (AutoClassifier, AutoRegressor):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SkipTestWarning)
            for estimator, check in estimator_checks_generator(kind()):
                name = getattr(check, "func", check).__name__
                if not quick or name in QUICK:
                    yield pytest.param(estimator, check, id=f"{kind.__name__}-{name}")


@pytest.mark.parametrize(("estimator", "check"), list(_checks(quick=True)))
@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_quick_checks_pass(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator.set_params(effort="quick"))


@pytest.mark.deep
@pytest.mark.parametrize(("estimator", "check"), list(_checks(quick=False)))
@pytest.mark.filterwarnings("ignore")
def test_all_of_scikit_learns_checks_pass(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


def test_a_classifier_and_a_regression_learn_and_repeat_to_the_bit() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    names = np.array(["bad", "good"])[y]
    classifier = AutoClassifier(effort="quick", random_state=3)

    scores = cross_val_score(classifier, X, names, cv=2)
    first, second = (clone(classifier).fit(X, names).predict_proba(X) for _ in range(2))
    values = AutoRegressor(effort="quick").fit(*load_diabetes(return_X_y=True))

    assert scores.min() > 0.9
    assert first.tobytes() == second.tobytes()
    assert values.score(*load_diabetes(return_X_y=True)) > 0.45


@pytest.mark.parametrize("pandas", [False, True])
def test_a_table_with_texts_and_missing_cells_is_taken_as_it_is(
    dataset: Callable[[str], Path], pandas: bool
) -> None:
    table = pl.read_csv(dataset("churn"), infer_schema_length=None).head(800)
    given = table.drop("customerID", "Churn")
    X = pd.DataFrame(given.to_dict(as_series=False)) if pandas else given

    fitted = AutoClassifier(effort="quick").fit(X, table["Churn"].to_list())
    answers = fitted.predict(X)

    assert set(answers) == {"No", "Yes"}
    assert (answers == table["Churn"].to_numpy()).mean() > 0.75
    assert fitted.chosen_ in {each.configuration.name for each in fitted.search_.scored}


def test_an_effort_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="quick, usual, thorough"):
        AutoRegressor(effort="most").fit([[0.0], [1.0]], [0.0, 1.0])
