"""A model text is its trees; one that does not add up never reaches the library."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlwright.core.errors import BrokenError
from mlwright.data.table import Table
from mlwright.scoring.native.model_text import canonical
from mlwright.train.records import Fitted

Fit = Callable[[str, str], tuple[Fitted, Table]]


@pytest.mark.parametrize("name", ["binary", "digits", "diabetes", "mixed"])
def test_the_text_of_training_is_canonical_whatever_follows_it(fitted: Fit, name: str) -> None:
    text = fitted(name, "lightgbm")[0].content

    assert canonical(text) == text
    assert canonical(text + b"\nfeature_importances:\nf1=3\n\nparameters:\n") == text


def test_a_text_that_does_not_add_up_is_refused(fitted: Fit) -> None:
    text = fitted("mixed", "lightgbm")[0].content
    broken = [
        b"",
        b"tree\n",
        b"hello",
        text[:2_000],
        text[: len(text) // 2],
        text[:-1],
        text.replace(b"leaf_value=", b"leaf_value=1", 1),
        text.replace(b"tree_sizes=", b"tree_size=", 1),
        b" " + text,
    ]

    for content in broken:
        with pytest.raises(BrokenError, match="predictor-broken"):
            canonical(content)
