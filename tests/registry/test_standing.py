"""Who was live at a moment: the log's last move before it, a date meaning its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.registry.packages import package_of

from mlwright.checks.records import Outcome, Verdict
from mlwright.core.digest import digest_bytes
from mlwright.core.errors import ExitCode, NotFoundError, UsageError
from mlwright.core.ids import Noun, content_id
from mlwright.core.moments import moment_of, written
from mlwright.core.seam import ReplaySeam
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent
from mlwright.registry.records import ModelVersion
from mlwright.registry.roles import promote, rollback
from mlwright.registry.standing import standing
from mlwright.registry.versions import register

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def registered(ledger: Ledger, name: str, content: bytes) -> ModelVersion:
    package = package_of(content)
    check = content_id(Noun.CHECK, digest_bytes(b"check" + content))
    verdict = Verdict(check, "gain > 0", "gain", package.id, Outcome.PASS, 1.0, 1.0, 1.0, "1.0")
    facts = {"rule": "gain > 0", "outcome": "pass", "why": "1.0", "model": package.id}
    ledger.append([NewEvent("check.judged", check, facts)])
    return register(
        ledger,
        name=name,
        package=package,
        package_object=package.artefact,
        evaluation_object=package.artefact,
        run="r_" + "a" * 26,
        data="d_" + "b" * 26,
        verdicts=[verdict],
    )


@pytest.fixture
def days() -> Iterator[tuple[Ledger, ReplaySeam]]:
    """A ledger whose clock a test sets: price@1 from 10 May noon, @2 from 12 May, back on 14."""
    seam = ReplaySeam(time=datetime(2026, 5, 1, tzinfo=UTC))
    with Ledger.in_memory(seam) as ledger:
        first, second = registered(ledger, "price", b"1"), registered(ledger, "price", b"2")
        other = registered(ledger, "rent", b"3")
        for day, act in (
            (10, lambda: promote(ledger, first, reason="the first")),
            (11, lambda: promote(ledger, other, reason="another endpoint")),
            (12, lambda: promote(ledger, second, reason="better")),
            (14, lambda: rollback(ledger, "price", reason="worse")),
        ):
            seam.time = datetime(2026, 5, day, 12, tzinfo=UTC)
            act()
        yield ledger, seam


def test_a_date_is_its_end_and_the_last_move_before_it_counts(
    days: tuple[Ledger, ReplaySeam],
) -> None:
    ledger, _ = days
    expected = {
        "2026-05-10": ("price@1", "the first"),
        "2026-05-11": ("price@1", "the first"),
        "2026-05-12": ("price@2", "better"),
        "2026-05-12T11:59": ("price@1", "the first"),
        "2026-05-12T14:00+02:00": ("price@1", "the first"),
        "2026-05-12T14:01+02:00": ("price@2", "better"),
        "2026-05-14": ("price@1", "worse"),
    }

    found = {text: standing(ledger, "price", moment_of(text, now=NOW)) for text in expected}

    assert {t: (s.version.ref, s.change.reason) for t, s in found.items()} == expected
    assert found["2026-05-11"].until == found["2026-05-12"].change.time
    assert found["2026-05-14"].until is None
    assert found["2026-05-12"].change.actor == "tester@localhost"
    assert ledger.event(int(found["2026-05-12"].change.event[2:])).kind == "role.changed"
    assert [check["outcome"] for check in found["2026-05-12"].checks] == ["pass"]


def test_the_very_moment_of_a_move_is_after_it(days: tuple[Ledger, ReplaySeam]) -> None:
    ledger, _ = days
    change = standing(ledger, "price", moment_of("2026-05-12", now=NOW)).change
    moment = moment_of(change.time, now=NOW)

    assert written(moment) == change.time
    assert standing(ledger, "price", moment).version.ref == "price@2"
    assert standing(ledger, "price", moment - timedelta(microseconds=1)).version.ref == "price@1"


def test_before_the_first_move_nothing_was_live_and_the_error_says_what_came_first(
    days: tuple[Ledger, ReplaySeam],
) -> None:
    with pytest.raises(NotFoundError) as idle:
        standing(days[0], "price", moment_of("2026-05-09", now=NOW))
    with pytest.raises(NotFoundError) as unknown:
        standing(days[0], "prise", moment_of("2026-05-12", now=NOW))

    assert idle.value.code == "endpoint-idle"
    assert "price@1" in idle.value.message
    assert unknown.value.code == "endpoint-unknown"
    assert unknown.value.facts["nearest"] == "price"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-02-30", "14 May", "2026"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        moment_of(text, now=NOW)

    assert (refused.value.code, refused.value.exit_code) == ("moment-form", ExitCode.USAGE)


def test_a_day_that_has_begun_may_be_asked_for_and_tomorrow_may_not() -> None:
    assert moment_of("2026-06-01", now=NOW).day == 1
    for text in ("2026-06-02", "2026-06-01T00:00:01", "9999-12-31"):
        with pytest.raises(UsageError) as refused:
            moment_of(text, now=NOW)
        assert refused.value.code == "moment-future"
