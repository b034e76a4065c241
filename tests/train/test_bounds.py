"""What a model takes is foreseen from its parts, and a search keeps to it and says the price."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mlwright.data.table import Table
from mlwright.train.bounds import Bounds, Load, load_of, preparing_seconds, reachable
from mlwright.train.fit import fit
from mlwright.train.portfolio import ALL, DUMMY, LINEAR, with_trees
from mlwright.train.progress import Silent
from mlwright.train.records import Configuration, Plan, SearchResult
from mlwright.train.search import search
from mlwright.train.task import infer_task
from mlwright.train.tree_walk import walk_of


def named(name: str, share: float) -> Configuration:
    return with_trees(next(each for each in ALL if each.name == name), share)


@pytest.fixture(scope="module")
def asked(plan: Plan) -> Plan:
    offered = (DUMMY, LINEAR, named("trees", 0.05), named("trees-slow", 0.05))
    return replace(plan, configurations=offered, members=5, size=20e6)


def found(table: Table, plan: Plan) -> SearchResult:
    task = infer_task(table.frame, "y", None, None)
    return search(table, None, task, plan, (), interpretable_within=0.0, progress=Silent())


def test_what_is_chosen_keeps_to_the_time_of_a_row_and_the_price_is_told(
    bundled: Callable[[str], Table], asked: Plan
) -> None:
    table = bundled("breast_cancer")
    free = found(table, asked)
    taken = next(e.row_seconds for e in free.scored if e.configuration.name == free.chosen.name)
    assert taken is not None

    tight = found(table, replace(asked, row_seconds=0.85 * taken))

    mine = next(e for e in tight.scored if e.configuration.name == tight.chosen.name)
    assert mine.row_seconds is not None
    assert mine.row_seconds <= 0.85 * taken
    assert tight.chosen != free.chosen
    told = [each for each in tight.decisions if "search.row_time" in each.override]
    assert told
    assert not [each for each in free.decisions if "row_time" in each.override]


def test_members_of_one_recipe_prepare_a_row_once_and_linear_ones_are_one() -> None:
    bounds = Bounds(None, 60e-6, 2, {"tree": 10e-6, "linear": 20e-6})
    trees, line = Load("tree", 15e-6, 10.0, False), Load("linear", 0.0, 10.0, True)

    assert bounds.seconds_of([trees, trees]) == pytest.approx(48e-6)
    assert bounds.seconds_of([line, line]) == bounds.seconds_of([line])
    assert bounds.hold([trees, trees])
    assert not bounds.hold([trees, line])
    assert replace(bounds, seconds=None).hold([trees, line])
    assert not replace(bounds, size=15.0).hold([trees, trees])


def test_trees_that_are_too_many_to_keep_at_hand_take_longer_for_their_bytes() -> None:
    bounds = Bounds(None, 100e-6, 2, {"tree": 10e-6})
    small, large = Load("tree", 40e-6, 1e6, False), Load("tree", 40e-6, 4e6, False)

    assert bounds.seconds_of([large]) - bounds.seconds_of([small]) == pytest.approx(10e-6)
    assert bounds.hold([small])
    assert not bounds.hold([small, large])


def test_a_bound_that_preparing_alone_would_break_is_loosened(
    bundled: Callable[[str], Table], asked: Plan
) -> None:
    table = bundled("digits")
    task = infer_task(table.frame, "y", None, None)
    least = preparing_seconds(fit(table, LINEAR, task, asked, ()).preparation)

    result = found(table, replace(asked, row_seconds=10e-6, configurations=(DUMMY, LINEAR)))

    assert reachable(10e-6, {"linear": least}) > 2 * least
    assert result.chosen.algorithm == "linear"
    assert any(each.what.startswith("one row may take") for each in result.decisions)


def test_more_trees_and_more_leaves_take_longer(
    bundled: Callable[[str], Table], plan: Plan
) -> None:
    table = bundled("wine")
    task = infer_task(table.frame, "y", None, None)
    few, many = (
        load_of(fit(table, named("trees", share), task, plan, ()).content) for share in (0.05, 0.2)
    )
    linear = fit(table, LINEAR, task, plan, ()).content

    assert np.all(np.array(many) > np.array(few))
    assert load_of(linear) == (0.0, float(len(linear)))


def tree(*, kind: int = 0, rarer: int = 3) -> bytes:
    """Return a text of one split that so many of ten rows leave by the rarer way."""
    return (
        b"tree\n\nTree=0\nnum_leaves=2\nleft_child=-1\nright_child=-2\ndecision_type=%d\n"
        b"internal_count=10\nleaf_count=%d %d\n\nend of trees\n" % (kind, rarer, 10 - rarer)
    )


def test_a_split_by_categories_and_one_that_surprises_take_longer() -> None:
    usual, size = load_of(tree())

    assert load_of(tree(kind=1))[0] > usual
    assert load_of(tree(rarer=5))[0] > usual > load_of(tree(rarer=1))[0]
    assert load_of(tree(rarer=5)) == (load_of(tree(rarer=5, kind=8))[0], size)


def test_a_tree_of_a_single_leaf_is_one_without_a_split() -> None:
    lone = b"Tree=0\nnum_leaves=1\nleaf_count=7\nleaf_value=0.5\n\n"

    both = walk_of(tree().replace(b"Tree=0\n", lone + b"Tree=1\n"))

    assert both == replace(walk_of(tree()), trees=2, leaves=3)
