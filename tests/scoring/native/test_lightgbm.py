"""The C library gives the bits of the lightgbm package, to rows and to tables."""

from __future__ import annotations

import gc
import math
import threading
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from mlwright.core.errors import BrokenError
from mlwright.scoring.native.lightgbm import LightgbmModel

OBJECTIVES = {"binary": 2, "multiclass": 4, "regression": 1}
FEATURES = 7


def trained(objective: str) -> lightgbm.Booster:
    drawn = np.random.default_rng(3)
    X = drawn.normal(size=(400, FEATURES))
    X[:, 2] = drawn.integers(0, 9, 400)
    X[drawn.random(X.shape) < 0.1] = math.nan
    outputs = OBJECTIVES[objective]
    y = drawn.normal(size=400) if outputs == 1 else drawn.integers(0, outputs, 400)
    parameters = {"objective": objective, "verbosity": -1, "num_leaves": 7, "num_threads": 1}
    if outputs > 2:
        parameters["num_class"] = outputs
    data = lightgbm.Dataset(X, y, categorical_feature=[2])
    return lightgbm.train(parameters, data, 15)


def hard_rows() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    drawn = np.random.default_rng(4)
    X = drawn.normal(size=(3_000, FEATURES)) * 10.0 ** drawn.integers(-310, 308, (3_000, 1))
    X[:, 2] = drawn.integers(-3, 12, 3_000)
    X[drawn.random(X.shape) < 0.2] = math.nan
    X[:4, 0] = [math.inf, -math.inf, 5e-324, -0.0]
    return X


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_row_and_table_have_the_bits_of_the_package(objective: str) -> None:
    booster, X = trained(objective), hard_rows()
    outputs = OBJECTIVES[objective]
    model = LightgbmModel(booster.model_to_string().encode(), features=FEATURES, outputs=outputs)
    expected = np.asarray(booster.predict(X)).reshape(len(X), -1)
    if outputs == 2:
        expected = np.column_stack((1.0 - expected, expected))

    assert model.matrix(X).tobytes() == expected.tobytes()
    assert model.matrix(X[:10]).tobytes() == expected[:10].tobytes()
    assert np.array([model.row(row) for row in X.tolist()]).tobytes() == expected.tobytes()


def test_a_table_that_lies_otherwise_in_memory_has_the_same_answers() -> None:
    model = LightgbmModel(
        trained("binary").model_to_string().encode(), features=FEATURES, outputs=2
    )
    X = hard_rows()

    assert model.matrix(np.asfortranarray(X)).tobytes() == model.matrix(X).tobytes()
    assert model.matrix(X[::2]).tobytes() == model.matrix(X)[::2].tobytes()


def test_no_rows_have_no_answers() -> None:
    content = trained("multiclass").model_to_string().encode()

    model = LightgbmModel(content, features=FEATURES, outputs=4)

    assert model.matrix(np.empty((0, FEATURES))).shape == (0, 4)


@pytest.mark.parametrize(("features", "outputs"), [(6, 2), (7, 1), (7, 3)])
def test_a_text_of_another_shape_is_refused(features: int, outputs: int) -> None:
    content = trained("binary").model_to_string().encode()

    if (features, outputs) == (7, 1):
        # A binary model has one raw output, and so has a regression: the package tells them apart.
        assert LightgbmModel(content, features=features, outputs=outputs)
        return
    with pytest.raises(BrokenError, match="predictor-broken"):
        LightgbmModel(content, features=features, outputs=outputs)


def test_what_the_library_holds_is_freed_with_the_model() -> None:
    content = trained("multiclass").model_to_string().encode()
    row = [0.0] * FEATURES

    def score_in_threads() -> None:
        model = LightgbmModel(content, features=FEATURES, outputs=4)
        threads = [threading.Thread(target=model.row, args=(row,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    score_in_threads()
    before = resident()
    for _ in range(150):
        score_in_threads()
    gc.collect()

    assert resident() - before < 20_000_000  # 150 models kept would be more than 100 MB


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096
