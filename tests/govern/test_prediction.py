"""Which move of a role an answer was given under."""

from __future__ import annotations

import pytest

from mlwright.govern.prediction import in_force
from mlwright.registry.records import RoleChange
from mlwright.serve.records import Durability, Prediction, Segment

SEGMENT = Segment(1, Durability.DURABLE, {}, {}, False, None, None)


def move(ref: str, day: int) -> RoleChange:
    return RoleChange("churn", ref, None, "reason", f"2026-05-{day:02d}T12", "me@here", f"e_{day}")


def answered(ref: str, day: int) -> Prediction:
    time = f"2026-05-{day:02d}T18"
    return Prediction("p_a", time, "churn", ref, "m_a", "live", 0, 1, b"{}", (), (), SEGMENT)


MOVES = (move("churn@1", 10), move("churn@2", 12), move("churn@1", 14), move("churn@2", 16))


@pytest.mark.parametrize(
    ("ref", "day", "event"),
    [
        ("churn@1", 10, "e_10"),
        ("churn@1", 11, "e_10"),
        ("churn@2", 13, "e_12"),
        ("churn@1", 15, "e_14"),
        ("churn@2", 20, "e_16"),
        # Another was live by then: the worker had not swapped yet.
        ("churn@1", 12, "e_10"),
        ("churn@2", 14, "e_12"),
        # The worker's clock was behind the log's.
        ("churn@1", 9, "e_10"),
        ("churn@2", 11, "e_12"),
    ],
)
def test_it_is_the_newest_that_made_the_version_live(ref: str, day: int, event: str) -> None:
    found = in_force(MOVES, answered(ref, day))

    assert found is not None
    assert found.event == event


def test_a_version_that_was_never_live_has_none() -> None:
    assert in_force(MOVES, answered("churn@3", 13)) is None
