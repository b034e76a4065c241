"""Each algorithm of training can be scored."""

from __future__ import annotations

import pytest

from mlwright.core.errors import BrokenError, FaultError
from mlwright.scoring.native.open import open_native
from mlwright.train.catalogue import ALGORITHMS

WITHOUT_TARGET = ("usual", "centres")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_of_training_is_known(algorithm: str) -> None:
    with pytest.raises(BrokenError, match="predictor-broken"):
        open_native(algorithm, b"", features=1, outputs=1)


def test_an_algorithm_of_another_version_is_refused_with_those_known() -> None:
    with pytest.raises(FaultError) as refused:
        open_native("oracle", b"", features=1, outputs=1)

    assert refused.value.code == "algorithm-unknown"
    assert set(refused.value.looked) == {"blend", *ALGORITHMS, *WITHOUT_TARGET}
