"""One side of a difference in the cell of a table."""

from __future__ import annotations

import pytest

from mlwright.govern.difference import side_told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, ""),
        (0, "0"),
        (("auto", "mymodels:fit"), "auto, mymodels:fit"),
        (
            {"name": "trees", "members": [], "parameters": {"bins": 255}},
            "name trees, parameters bins 255",
        ),
        ("sha256:" + "4c3131c9ef4b" + 52 * "0", "4c3131c9ef4b"),
        ("x" * 61, "x" * 59 + "…"),
    ],
)
def test_a_side_is_told_in_words_and_no_language_of_programs(value: object, told: str) -> None:
    assert side_told(value) == told
