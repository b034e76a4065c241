"""The search space of models of the user's own."""

from __future__ import annotations

import pytest

from mlwright.core.errors import UsageError
from mlwright.train.space import Range, Values, draws, parse, require_names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3, 5, 8", Values((3, 5, 8))),
        ("gini, entropy", Values(("gini", "entropy"))),
        ("true, 0.5", Values((True, 0.5))),
        ("1 .. 9", Range(1.0, 9.0, whole=True, log=False)),
        ("0.01 .. 1 log", Range(0.01, 1.0, whole=False, log=True)),
    ],
)
def test_a_line_says_values_or_a_range(text: str, found: object) -> None:
    assert parse(text, "fit.depth") == found


@pytest.mark.parametrize("text", ["", " , ", "3 .. 1", "a .. b", "0 .. 1 log", "1 .. 2 even"])
def test_any_other_line_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(text, "fit.depth")

    assert raised.value.code == "space-syntax"


def test_a_small_grid_is_tried_whole_and_a_large_one_is_drawn_from_alike_each_time() -> None:
    lines = {"m:fit.depth": "2, 4", "m:fit.rate": "0.1, 0.2", "other.depth": "1"}
    wide = {"m:fit.depth": "1 .. 3", "m:fit.rate": "0.001 .. 0.1 log"}

    grid = draws(lines, "m:fit", 4, 0)
    drawn = draws(wide, "m:fit", 50, 0)

    assert len(grid) == 4
    assert grid[0] == {"depth": 2, "rate": 0.1}
    assert drawn == draws(wide, "m:fit", 50, 0) != draws(wide, "m:fit", 50, 1)
    assert {each["depth"] for each in drawn} == {1, 2, 3}
    assert all(0.001 <= float(each["rate"]) <= 0.1 for each in drawn)


def test_without_lines_the_model_is_tried_as_it_is() -> None:
    assert draws({}, "m:fit", 4, 0) == ({},)


def test_a_line_of_a_model_that_is_not_tried_is_refused() -> None:
    with pytest.raises(UsageError, match="m:fti"):
        require_names({"m:fti.depth": "1"}, ["m:fit"])
