"""The seam: the real one tells the truth, the replayed one repeats itself."""

from __future__ import annotations

import os
import pwd
from datetime import UTC, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.seam import ReplaySeam, Seam, SystemSeam

SEAMS: list[Seam] = [SystemSeam(), ReplaySeam()]


@pytest.mark.parametrize("seam", SEAMS)
def test_time_is_in_utc_and_the_elapsed_clock_never_goes_back(seam: Seam) -> None:
    first, second = seam.elapsed(), seam.elapsed()

    assert seam.now().tzinfo is UTC
    assert second >= first


@pytest.mark.parametrize("seam", SEAMS)
@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 1000])
def test_as_many_random_bytes_are_given_as_asked_for(seam: Seam, count: int) -> None:
    assert len(seam.random_bytes(count)) == count


@given(st.integers(), st.lists(st.integers(min_value=0, max_value=100), max_size=10))
def test_a_replayed_seam_gives_the_same_again(seed: int, counts: list[int]) -> None:
    a, b = ReplaySeam(seed=seed), ReplaySeam(seed=seed)

    assert [a.random_bytes(n) for n in counts] == [b.random_bytes(n) for n in counts]
    assert (a.now(), a.elapsed(), a.actor()) == (b.now(), b.elapsed(), b.actor())


def test_a_replayed_clock_ticks_by_its_step() -> None:
    seam = ReplaySeam(step=timedelta(seconds=2))

    assert seam.now() - seam.time == timedelta(0)
    assert (seam.elapsed(), seam.elapsed()) == (2.0, 4.0)


def test_the_actor_is_the_operating_systems_user_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "somebody-else")

    assert SystemSeam().actor().startswith(f"{pwd.getpwuid(os.getuid()).pw_name}@")


def test_a_user_without_a_name_is_written_as_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999_999)

    assert SystemSeam().actor().startswith("3999999999@")
