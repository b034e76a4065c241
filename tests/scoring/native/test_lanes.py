"""A thread's way answers with the bits of the predictor's table, in whatever order it is packed."""

from __future__ import annotations

import json
import threading
from typing import Any

import lightgbm
import numpy as np
import pytest

from mlwright.scoring.native.blend import BlendModel
from mlwright.scoring.native.dummy import DummyModel
from mlwright.scoring.native.lanes import lane_of
from mlwright.scoring.native.lightgbm import LightgbmModel
from mlwright.scoring.native.linear import LinearModel
from mlwright.scoring.native.protocol import Matrix, Native

FEATURES = 9
PLACES = [7, 0, 3, 8]
LINKS = {1: "identity", 2: "logistic", 3: "softmax"}
ORDERS = [list(range(FEATURES)), [8, 3, 0, 1, 7, 2, 6, 4, 5], [1, 2, 3, 4, 5, 6, 7, 8, 0]]


def rows(count: int = 60) -> Matrix:
    drawn = np.random.default_rng(4)
    X = drawn.normal(size=(count, FEATURES)) * 10.0 ** drawn.integers(-9, 9, (count, 1))
    X[:5, :] = drawn.choice([0.0, -0.0, 1e100, 5e-324, -1.0], (5, FEATURES))
    return X


def trees(outputs: int, features: int) -> bytes:
    drawn = np.random.default_rng(3)
    X = drawn.normal(size=(200, features))
    y = drawn.normal(size=200) if outputs == 1 else drawn.integers(0, outputs, 200)
    asked: dict[str, Any] = {"verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    asked["objective"] = {1: "regression", 2: "binary"}.get(outputs, "multiclass")
    if outputs > 2:
        asked["num_class"] = outputs
    return lightgbm.train(asked, lightgbm.Dataset(X, y), 12).model_to_string().encode()


def weights(outputs: int, features: int) -> dict[str, object]:
    drawn = np.random.default_rng(outputs)
    scores = 1 if outputs == 2 else outputs
    return {
        "format": "mlwright/linear/1",
        "link": LINKS[outputs],
        "intercepts": drawn.normal(size=scores).tolist(),
        "weights": drawn.normal(size=(scores, features)).tolist(),
    }


def blend(outputs: int, *members: tuple[str, list[int] | None]) -> bytes:
    every = []
    for algorithm, places in members:
        own = FEATURES if places is None else len(places)
        content = trees(outputs, own).decode() if algorithm == "lightgbm" else weights(outputs, own)
        every.append({"algorithm": algorithm, "places": places, "content": content})
    written = {"format": "mlwright/blend/1", "link": LINKS[outputs], "members": every}
    return json.dumps(written).encode()


def natives(outputs: int) -> list[Native]:
    many = (("linear", PLACES), ("lightgbm", None), ("linear", None), ("lightgbm", PLACES[:1]))
    shape = {"features": FEATURES, "outputs": outputs}
    return [
        LightgbmModel(trees(outputs, FEATURES), **shape),
        LinearModel(json.dumps(weights(outputs, FEATURES)).encode(), **shape),
        BlendModel(blend(outputs, *many), **shape),
        BlendModel(blend(outputs, ("linear", PLACES)), **shape),
        BlendModel(blend(outputs, ("lightgbm", None)), **shape),
    ]


@pytest.mark.parametrize("outputs", LINKS)
def test_a_packed_row_has_the_bits_of_its_table_in_any_order(outputs: int) -> None:
    X = rows()

    for native in natives(outputs):
        expected = native.matrix(X)
        for order in ORDERS:
            lane = lane_of(native, order)
            found = [lane(row[order].tobytes()) for row in X]
            assert np.array(found).tobytes() == expected.tobytes(), (native, order)
        assert np.array([native.row(row) for row in X.tolist()]).tobytes() == expected.tobytes()


def test_ways_of_several_threads_share_nothing() -> None:
    X = rows()
    native = natives(2)[2]
    expected = [tuple(each) for each in native.matrix(X).tolist()]
    wrong: list[int] = []

    def ask(first: int) -> None:
        lane = lane_of(native, ORDERS[1])
        asked = [*range(first, len(X)), *range(first)] * 20
        packed = [each[ORDERS[1]].tobytes() for each in X]
        wrong.extend(place for place in asked if lane(packed[place]) != expected[place])

    threads = [threading.Thread(target=ask, args=(first,)) for first in (0, 20, 40)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert not wrong


def test_a_row_of_another_width_is_never_answered() -> None:
    lane = lane_of(natives(2)[0], ORDERS[0])

    with pytest.raises(ValueError, match="different structures"):
        lane(rows()[0][:-1].tobytes())


def test_a_predictor_without_a_way_of_its_own_is_asked_for_a_row() -> None:
    written = json.dumps({"format": "mlwright/dummy/1", "answers": [0.25, 0.75]}).encode()
    native = DummyModel(written, features=0, outputs=2)

    assert lane_of(native, [])(b"") == native.row([]) == (0.25, 0.75)
