"""What a build says of its search: the interpretable choice, in the plural and the singular."""

from __future__ import annotations

from math import inf

import pytest

from mlwright.cli.output import counted
from mlwright.govern.card import interpretable
from mlwright.train.records import Configuration, SearchResult


def found(metric: str, chosen: str, price: float) -> SearchResult:
    """Return a search whose interpretable configuration is the linear one."""
    return SearchResult(metric, (), Configuration(chosen, chosen, {}), "linear", price, ())


@pytest.mark.parametrize(
    ("search", "said"),
    [
        (found("auc", "linear", 0.0), "linear is also the interpretable one"),
        (
            found("auc", "linear", 0.0021),
            "linear is also the interpretable one, chosen though another is better by 0.0021 of"
            " auc",
        ),
        (found("auc", "trees", 0.0151), "linear, the interpretable one, would cost 0.0151 of auc"),
        (
            found("rmse", "trees", 1.0188),
            "linear, the interpretable one, would cost 101.88% more rmse",
        ),
        (found("auc", "trees", inf), "linear, the interpretable one, could not be compared"),
    ],
)
def test_the_interpretable_choice_is_told_with_what_it_costs(
    search: SearchResult, said: str
) -> None:
    assert interpretable(search) == said


def test_one_of_a_thing_is_no_plural() -> None:
    assert [counted(n, "thread") for n in (0, 1, 2)] == ["0 threads", "1 thread", "2 threads"]
