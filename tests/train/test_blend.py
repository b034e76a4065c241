"""Blends: scores that add up, over features that are made once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from mlwright.data.table import Table
from mlwright.features.prepare import transform
from mlwright.scoring.native.apart import terms_of
from mlwright.scoring.native.open import open_native
from mlwright.train import blend
from mlwright.train.algorithms.problem import Rows
from mlwright.train.blend import linked
from mlwright.train.fit import answers, fit
from mlwright.train.greedy import Candidate, choose, scores_behind
from mlwright.train.mutate import child_of
from mlwright.train.portfolio import ALL, LINEAR, THOROUGH
from mlwright.train.records import Configuration, Fitted, Member, Plan, Scored, Task
from mlwright.train.task import infer_task
from mlwright.train.tree_merge import trees_in

Bundled = Callable[[str], Table]


def few(name: str, trees: int = 6) -> Configuration:
    found = next(each for each in ALL if each.name == name)
    return replace(found, parameters={**found.parameters, "trees": trees})


def blend_of(*members: tuple[Configuration, float, int], **parameters: float) -> Configuration:
    return Configuration("blend", "blend", parameters, members=tuple(Member(*m) for m in members))


def with_text(table: Table) -> Table:
    words = pl.Series([["red", "green", "blue", None][i % 4] for i in range(table.frame.height)])
    return Table(table.frame.with_columns(colour=words), table.row_ids)


def scored(fitted: Fitted, table: Table) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return scores_behind(answers(fitted, table.frame))


@pytest.fixture(params=["breast_cancer", "wine", "diabetes"])
def asked(request: pytest.FixtureRequest, bundled: Bundled) -> tuple[Table, Task]:
    table = with_text(bundled(request.param))
    return table, infer_task(table.frame, "y", None, None)


def test_a_blend_answers_with_the_weighted_sum_of_its_members_scores(
    asked: tuple[Table, Task], plan: Plan
) -> None:
    table, task = asked
    members = [(few("trees"), 0.5, 1), (few("trees-encoded"), 0.2, 1), (LINEAR, 0.3, 1)]

    fitted = fit(table, blend_of(*members), task, plan, ())

    alone = [scored(fit(table, each, task, plan, ()), table) for each, _, _ in members]
    total = sum(w * s for (_, w, _), s in zip(members, alone, strict=True))
    expected = linked(np.asarray(total), len(task.classes))
    assert answers(fitted, table.frame) == pytest.approx(expected, rel=1e-6, abs=1e-4)
    stored = [each["algorithm"] for each in json.loads(fitted.content)["members"]]
    assert stored == ["lightgbm", "linear"]


def test_row_and_table_give_the_bits_of_training_and_the_reasons_add_up(
    asked: tuple[Table, Task], plan: Plan
) -> None:
    table, task = asked
    outputs = len(task.classes) or 1
    mixed = blend_of((few("trees"), 0.7, 2), (LINEAR, 0.3, 1))
    for configuration in (mixed, blend_of((few("trees"), 1.0, 2), (few("boosted"), 0.4, 1))):
        fitted = fit(table, configuration, task, plan, ())
        expected = answers(fitted, table.frame)
        width = len(fitted.preparation.outputs)

        native = open_native("blend", fitted.content, features=width, outputs=outputs)

        X = transform(fitted.preparation, table.frame)
        assert np.array_equal(native.matrix(X), expected)
        together = terms_of(native, X[::37])
        for place in range(0, len(X), 37):
            row = X[place].tolist()
            assert native.row(row) == tuple(expected[place].tolist())
            apart = native.terms(row)
            assert apart.tobytes() == together[place // 37].tobytes()
            whole = apart.sum(axis=1)
            assert whole == pytest.approx(np.array(native.scores(row)), rel=1e-9, abs=1e-9)


def test_fits_of_one_member_differ_by_their_seed_and_share_its_weight(
    bundled: Bundled, plan: Plan
) -> None:
    table = bundled("breast_cancer")
    task = infer_task(table.frame, "y", None, None)
    trees = few("trees")

    both = fit(table, blend_of((trees, 1.0, 2)), task, plan, ())

    text = json.loads(both.content)["members"][0]["content"].encode()
    seeds = [replace(plan, seed=plan.seed + number) for number in (0, 1)]
    alone = [scored(fit(table, trees, task, seed, ()), table) for seed in seeds]
    assert trees_in(text) == 12
    assert not np.array_equal(*alone)
    assert scored(both, table) == pytest.approx((alone[0] + alone[1]) / 2, rel=1e-6)


def test_a_step_of_two_members_is_made_once(bundled: Bundled, plan: Plan) -> None:
    table = with_text(bundled("wine"))
    task = infer_task(table.frame, "y", None, None)
    trees = fit(table, few("trees"), task, plan, ()).preparation
    linear = fit(table, LINEAR, task, plan, ()).preparation

    union, places = blend.union_of([trees, linear, trees])

    assert places[0] == places[2] == list(range(len(trees.outputs)))
    assert len(union.outputs) == len(set(union.outputs))
    assert len(union.outputs) == len(trees.outputs) + len(linear.outputs)
    assert [union.outputs[p] for p in places[0]] == list(trees.outputs)
    assert blend.union_of([trees, trees])[0] == trees


def rows_of(y: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Rows:
    return Rows(np.zeros((len(y), 1)), y)


def test_a_blend_is_chosen_where_members_err_apart_and_told_by_halves() -> None:
    drawn = np.random.default_rng(0)
    y = (drawn.random(3_000) < 0.5).astype(float)
    truth = 2.0 * y - 1.0
    scores = [(truth + 2.0 * drawn.normal(size=3_000)).reshape(-1, 1) for _ in range(6)]
    candidates = [Candidate([each]) for each in scores]

    found = choose(candidates, [rows_of(y)], classes=2, metric="auc", most=5)
    copies = choose([candidates[0]] * 4, [rows_of(y)], classes=2, metric="auc", most=5)

    assert len(found.weights) == 5
    assert sum(found.weights.values()) == pytest.approx(1.0)
    assert found.gain > 0.1
    assert (copies.gain, copies.seen) == (0.0, 0.0)


def test_noise_beside_a_good_model_takes_no_part_and_bounds_are_kept() -> None:
    drawn = np.random.default_rng(1)
    values = drawn.normal(size=2_000)
    good = (values + 0.1 * drawn.normal(size=2_000)).reshape(-1, 1)
    other = (values + 0.1 * drawn.normal(size=2_000)).reshape(-1, 1)
    noise = drawn.normal(size=(2_000, 1))

    beside = choose(
        [Candidate([good]), Candidate([noise])],
        [rows_of(values)],
        classes=0,
        metric="rmse",
        most=5,
    )
    heavy = choose(
        [Candidate([good]), Candidate([other])],
        [rows_of(values)],
        classes=0,
        metric="rmse",
        most=5,
        within=lambda places: len(places) < 2,
    )

    assert dict(beside.weights) == {0: 1.0}
    assert len(heavy.weights) == 1


def judged(configuration: Configuration, trees: int) -> Scored:
    return Scored(configuration, 0.5, 0.5, {**configuration.parameters, "trees": trees})


@pytest.mark.parametrize("number", range(25))
def test_a_new_configuration_is_near_its_parent_and_the_same_each_time(number: int) -> None:
    ranked = [judged(each, 50) for each in THOROUGH if "rate" in each.parameters]

    child = child_of(ranked, number, 3)

    assert child == child_of(ranked, number, 3)
    assert child is not None
    known = {each.configuration.name: each.configuration for each in ranked}
    parent = known[child.name.partition("~")[0]]
    moved = [n for n, v in child.parameters.items() if parent.parameters[n] != v and n != "trees"]
    assert len(moved) <= 3
    assert child.recipe == parent.recipe
    assert child_of([Scored(LINEAR, 0.5, 0.5, {})], number, 3) is None


def test_what_ran_out_of_trees_is_given_twice_as_many_once() -> None:
    trees = next(each for each in ALL if each.name == "trees")

    more = child_of([judged(trees, 395)], 0, 0)

    assert more == replace(trees, name="trees~1", parameters={**trees.parameters, "trees": 800})
    again = child_of([judged(trees, 395), judged(more, 500)], 1, 0)
    assert again is not None
    assert again.parameters != more.parameters


def test_what_was_tried_is_not_tried_again() -> None:
    trees = next(each for each in ALL if each.name == "trees")
    ranked = [judged(trees, 50)]

    for number in range(40):
        child = child_of(ranked, number, 0)
        assert child is not None
        ranked.append(judged(child, 50))

    contents = [tuple(sorted(each.configuration.parameters.items())) for each in ranked]
    assert len(set(contents)) >= len(contents) - 1


def test_names_of_the_portfolio_are_told_apart() -> None:
    names = [each.name for each in ALL]

    assert len(names) == len(set(names))
