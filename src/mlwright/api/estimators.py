"""mlwright's search as scikit-learn's estimators: ``AutoClassifier`` and ``AutoRegressor``.

They keep nothing: no data version, no sealed test, no proof. ``mw.run`` does that; these stand in
a pipeline, a grid search or a cross-validation of scikit-learn's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from mlwright.data.in_memory import columns_of_frame, table_of
from mlwright.data.table import Table
from mlwright.features.prepare import transform
from mlwright.scoring.native.open import open_native
from mlwright.train.fit import fit
from mlwright.train.portfolio import portfolio_for, with_trees
from mlwright.train.progress import Silent
from mlwright.train.records import Plan, Task, TaskKind
from mlwright.train.search import search

_TARGET = "target"
_FOLDS = 3
_SHARE = 0.25  # of each configuration's trees: what a small budget would plan
_CONFIGURATIONS = {"quick": 3, "usual": 6, "thorough": 12}
_LARGEST_SEED = 2**32

Array = NDArray[Any]


class _Auto(BaseEstimator):  # type: ignore[misc] # scikit-learn is not typed
    """What both have in common; the work is a plan without a clock, so that fits repeat."""

    def __init__(
        self,
        *,
        models: Sequence[str] = ("auto",),
        effort: str = "usual",
        interpretable_within: float = 0.005,
        random_state: int = 0,
    ) -> None:
        self.models = models
        self.effort = effort
        self.interpretable_within = interpretable_within
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        """Tell that missing values and texts are taken as they are."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _checked(self, X: Any, y: Any = None, *, reset: bool) -> tuple[dict[str, Any], Any]:
        """Return the columns of ``X`` and the checked ``y``."""
        given: Any = X
        if _is_mixed(X):
            validate_data(self, X, reset=reset, skip_check_array=True)
            columns = dict(columns_of_frame(X))
            if y is not None:
                y = column_or_1d(y, warn=True)
            return columns, y
        checks: dict[str, Any] = {"reset": reset, "ensure_all_finite": "allow-nan"}
        if reset:
            if y is None:
                name = type(self).__name__
                raise ValueError(f"{name} requires y to be passed, but the target y is None")
            given, y = validate_data(self, X, y, ensure_min_samples=2, **checks)
        else:
            given = validate_data(self, X, **checks)
        numbers = np.asarray(given, dtype=np.float64)
        return {f"x{place}": numbers[:, place] for place in range(numbers.shape[1])}, y

    def _search(self, columns: dict[str, Any], y: Array, kind: TaskKind, metric: str) -> None:
        classes = tuple(range(int(y.max()) + 1)) if kind is not TaskKind.REGRESSION else ()
        task = Task(kind, _TARGET, classes, metric, "as the estimator says")
        target = y.astype(np.int64) if classes else y.astype(np.float64)
        names = {f"x {name}": held for name, held in columns.items()}
        table = table_of({**names, _TARGET: target})
        plan = self._plan(table)
        found = search(
            table,
            None,
            task,
            plan,
            (),
            interpretable_within=self.interpretable_within,
            progress=Silent(),
        )
        fitted = fit(table, found.chosen, task, plan, ())
        self.search_ = found
        self.chosen_ = fitted.configuration.name
        self.fitted_ = fitted

    def _plan(self, table: Table) -> Plan:
        if self.effort not in _CONFIGURATIONS:
            raise ValueError(f"effort={self.effort!r} is none of {', '.join(_CONFIGURATIONS)}")
        texts = any(str(kind) == "String" for kind in table.frame.dtypes)
        offered = portfolio_for(tuple(self.models), categories=texts)
        count = _CONFIGURATIONS[self.effort]
        return Plan(
            configurations=tuple(with_trees(each, _SHARE) for each in offered[:count]),
            rows=len(table.row_ids),
            folds=_FOLDS,
            outer_folds=0,
            repeats=0,
            threads=1,
            seed=int(self.random_state) % _LARGEST_SEED,
            budget_seconds=0.0,
            machine="any",
            measured={},
        )

    def _answers(self, X: Any) -> Array:
        check_is_fitted(self, "fitted_")
        columns, _ = self._checked(X, reset=False)
        fitted = self.fitted_
        table = table_of({f"x {name}": held for name, held in columns.items()})
        native = open_native(
            fitted.configuration.algorithm,
            fitted.content,
            features=len(fitted.preparation.outputs),
            outputs=len(fitted.task.classes) or 1,
        )
        return native.matrix(transform(fitted.preparation, table.frame))


class AutoClassifier(ClassifierMixin, _Auto):  # type: ignore[misc] # scikit-learn is not typed
    """Searches mlwright's portfolio for the best classifier, as an estimator of scikit-learn's.

    Tables may hold texts, truth values, dates and missing cells beside numbers. Equal rows, seed
    and version give the same model.

    Parameters
    ----------
    models
        Algorithms to try, such as ``"linear"`` and ``"lightgbm"``, or ``"auto"`` for all.
    effort
        How many configurations are tried: ``quick``, ``usual`` or ``thorough``.
    interpretable_within
        How much of the metric an interpretable model may lose and still be chosen.
    random_state
        The seed of everything random.

    Attributes
    ----------
    classes_
        The classes, in the order of the probabilities.
    chosen_
        The name of the configuration that was chosen.
    search_
        Every configuration's score, and why one was chosen.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> AutoClassifier(effort="quick").fit(X, y).predict(X[:2]).tolist()
    [0, 0]
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Search on some rows and fit what was chosen on all of them."""
        columns, y = self._checked(X, y, reset=True)
        check_classification_targets(y)
        self.classes_, places = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs more than 1 class to tell apart, and y has one class"
            )
        binary = len(self.classes_) == 2
        kind = TaskKind.BINARY if binary else TaskKind.MULTICLASS
        self._search(columns, places, kind, "auc" if binary else "log_loss")
        return self

    def predict(self, X: Any) -> Array:
        """Return each row's likeliest class."""
        answers = self._answers(X)
        found: Array = self.classes_[np.argmax(answers, axis=1)]
        return found

    def predict_proba(self, X: Any) -> Array:
        """Return rows x classes of probabilities."""
        return self._answers(X)


class AutoRegressor(RegressorMixin, _Auto):  # type: ignore[misc] # scikit-learn is not typed
    """Searches mlwright's portfolio for the best regression, as an estimator of scikit-learn's.

    The parameters and attributes are those of :class:`AutoClassifier`, without ``classes_``.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> AutoRegressor(effort="quick").fit(X, y).predict(X[:2]).shape
    (2,)
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Search on some rows and fit what was chosen on all of them."""
        columns, y = self._checked(X, y, reset=True)
        self._search(columns, np.asarray(y, dtype=np.float64), TaskKind.REGRESSION, "rmse")
        return self

    def predict(self, X: Any) -> Array:
        """Return each row's value."""
        return self._answers(X)[:, 0]


def _is_mixed(X: Any) -> bool:
    """Tell whether a table holds more than numbers, so that it stays a table."""
    if not hasattr(X, "columns") or not hasattr(X, "shape"):
        return False
    kinds = X.dtypes if isinstance(X.dtypes, list) else list(X.dtypes)
    return any(not _is_number(kind) for kind in kinds)


def _is_number(kind: Any) -> bool:
    asked = getattr(kind, "is_numeric", None)
    if callable(asked):
        return bool(asked())
    return getattr(kind, "kind", "O") in "iuf"
