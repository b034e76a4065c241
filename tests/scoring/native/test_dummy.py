"""The constant answer."""

from __future__ import annotations

import numpy as np
import pytest

from mlwright.core.errors import BrokenError
from mlwright.scoring.native.dummy import DummyModel

CONTENT = b'{"answers":[0.25,0.75],"format":"mlwright/dummy/1"}'


def test_every_row_has_the_same_answer() -> None:
    model = DummyModel(CONTENT, features=3, outputs=2)

    assert model.row([1.0, 2.0, 3.0]) == (0.25, 0.75)
    assert model.matrix(np.zeros((2, 3))).tolist() == [[0.25, 0.75], [0.25, 0.75]]


@pytest.mark.parametrize("broken", [b"", b"[]", b'{"format": "x"}', CONTENT.replace(b"0.25,", b"")])
def test_content_that_is_no_constant_answer_is_refused(broken: bytes) -> None:
    with pytest.raises(BrokenError, match="predictor-broken"):
        DummyModel(broken, features=3, outputs=2)
