"""What would have led to another answer: smallest, allowed, and answered by the scorer itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.data.records import Kind
from mlwright.govern.counterfactuals import MOST_CHANGES, Choice, Found, Goal, Row, search

TENURE = Choice("tenure", Kind.INTEGER, (1, 12, 24, 60), low=1, high=72, spread=20.0)
PRICE = Choice("price", Kind.FLOAT, (20.0, 50.0, 100.0), low=18.0, high=120.0, spread=30.0)
PLAN = Choice("plan", Kind.STRING, ("month", "year", "two years"))
MEMBER = Choice("member", Kind.BOOLEAN, (False, True))
ROW: Row = {"tenure": 2, "price": 70.0, "plan": "month", "member": False}


def scores(rows: Sequence[Row]) -> np.ndarray:
    """Answer rows: a long tenure, a low price and a long plan speak against leaving."""
    stay = [
        0.05 * float(str(row["tenure"]))
        - 0.02 * float(str(row["price"]))
        + {"month": 0.0, "year": 0.8, "two years": 1.6}[str(row["plan"])]
        + (0.3 if row["member"] else 0.0)
        for row in rows
    ]
    leave = 1 / (1 + np.exp(np.array(stay)))
    return np.column_stack((1 - leave, leave))


def staying(least: float = 0.5) -> Goal:
    return Goal(
        "staying",
        lambda answers: answers[:, 0] - answers[:, 1],
        lambda answers: answers[:, 0] > least,
    )


def sought(choices: Sequence[Choice], goal: Goal, donors: Sequence[Row] = ()) -> list[Found]:
    found, asked = search(ROW, choices, goal, scores, donors)
    assert asked > 0
    return list(found)


def test_each_change_found_leads_to_the_answer_the_scorer_itself_gives() -> None:
    found = sought((TENURE, PRICE, PLAN, MEMBER), staying())

    assert found
    for each in found:
        answer = scores([{**ROW, **each.changes}])[0]
        assert answer.tolist() == list(each.answer)
        assert answer[0] > 0.5


def test_fewer_changes_come_first_and_then_smaller_ones() -> None:
    found = sought((TENURE, PRICE, PLAN, MEMBER), staying())

    ranks = [(len(each.changes), each.distance) for each in found]
    assert ranks == sorted(ranks)
    assert len({frozenset(each.changes) for each in found}) == len(found)


def test_a_number_moves_no_further_than_the_answer_needs_and_is_told_in_few_digits() -> None:
    (found,) = sought((TENURE,), staying())

    # 0.05 x tenure > 0.02 x 70: from 29 on, and 30 is said in one digit.
    assert found.changes == {"tenure": 30}
    assert found.distance == pytest.approx(28 / 20)


def test_what_may_not_change_stays_and_what_is_found_lies_within_the_range() -> None:
    narrow = Choice("tenure", Kind.INTEGER, (1, 12), low=1, high=12, spread=20.0)

    found = sought((narrow, MEMBER), staying())

    assert found == []  # 12 months and a membership are not enough, and no other may change


def test_several_changes_are_found_where_none_does_alone() -> None:
    goal = staying(0.7)
    plan = Choice("plan", Kind.STRING, ("month", "year"))
    tenure = Choice("tenure", Kind.INTEGER, (1, 12, 24, 36), low=1, high=36, spread=20.0)

    found = sought((tenure, plan, MEMBER, PRICE), goal)

    assert found
    assert 2 <= len(found[0].changes) <= MOST_CHANGES


def test_what_a_like_row_has_otherwise_is_taken_over_and_taken_back_where_it_need_not_be() -> None:
    """No change of three columns does; the row that is answered so has all four otherwise."""
    goal = staying(0.9)
    donor = {"tenure": 60, "price": 20.0, "plan": "year", "member": True}
    few = (
        Choice("tenure", Kind.INTEGER, (1, 12), low=1, high=60, spread=20.0),
        Choice("price", Kind.FLOAT, (60.0,), low=18.0, high=120.0, spread=30.0),
        Choice("plan", Kind.STRING, ("month", "year")),
        MEMBER,
    )
    assert sought(few, goal) == []

    found = sought(few, goal, [donor])

    assert found[0].answer[0] > 0.9
    assert set(found[0].changes) <= set(donor)


def test_a_missing_cell_may_become_known_but_none_becomes_missing() -> None:
    row = {**ROW, "plan": "two years", "price": None}

    def ask(rows: Sequence[Row]) -> np.ndarray:
        return scores([{**each, "price": 200.0 if each["price"] is None else each["price"]}
                       for each in rows])  # fmt: skip

    found, _ = search(row, (PRICE, PLAN), staying(), ask)

    assert found[0].changes["price"] is not None
    assert found[0].distance == 1.0


@given(
    tenure=st.integers(1, 72),
    price=st.floats(18, 120),
    plan=st.sampled_from(PLAN.values),
    least=st.floats(0.3, 0.95),
)
def test_whatever_the_row_nothing_is_found_outside_the_choices(
    tenure: int, price: float, plan: str, least: float
) -> None:
    row = {"tenure": tenure, "price": price, "plan": plan, "member": False}
    goal = staying(least)

    found, _ = search(row, (TENURE, PRICE, PLAN), goal, scores)

    for each in found:
        assert set(each.changes) <= {"tenure", "price", "plan"}
        assert 1 <= each.changes.get("tenure", 1) <= 72
        assert isinstance(each.changes.get("tenure", 1), int)
        assert 18.0 <= each.changes.get("price", 18.0) <= 120.0
        assert each.changes.get("plan", "year") in PLAN.values
        assert scores([{**row, **each.changes}])[0][0] > least


def test_the_largest_numbers_of_either_sign_are_changed_as_any_other() -> None:
    ends = (-1.7e308, 0.0, 1.7e308)
    choices = [Choice(name, Kind.FLOAT, ends, *ends[::2], spread=1.0) for name in "ab"]

    def ask(rows: Sequence[Row]) -> np.ndarray:
        high = [0.4 * sum(float(str(row[name])) > 1.69e308 for name in "ab") for row in rows]
        return np.column_stack((high, np.zeros(len(rows))))

    found, _ = search({"a": -1.7e308, "b": -1.7e308}, choices, staying(), ask)

    assert found[0].distance > 1e299
    assert all(1.69e308 < float(value) <= 1.7e308 for value in found[0].changes.values())
