"""Versions and roles: numbers without gaps, a rollback that goes back one live version."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from tests.registry.packages import package_of

from mlwright.checks.records import Outcome, Verdict
from mlwright.core.digest import digest_bytes
from mlwright.core.errors import ExitCode, GateError, NotFoundError, UsageError
from mlwright.core.ids import Noun, content_id
from mlwright.core.seam import ReplaySeam
from mlwright.ledger.ledger import Ledger
from mlwright.registry.records import ModelVersion
from mlwright.registry.roles import changes, promote, rollback
from mlwright.registry.versions import find, register, versions


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.in_memory(ReplaySeam()) as opened:
        yield opened


def _verdict(model: str, outcome: Outcome, rule: str = "gain > 0") -> Verdict:
    return Verdict(
        id=content_id(Noun.CHECK, digest_bytes(f"{model}{outcome}{rule}".encode())),
        rule=rule,
        name="gain",
        subject=model,
        outcome=outcome,
        value=0.1,
        low=0.05,
        high=0.15,
        why="0.1",
    )


def _register(
    ledger: Ledger, content: bytes, outcome: Outcome = Outcome.PASS, rule: str = "gain > 0"
) -> ModelVersion:
    package = package_of(content)
    return register(
        ledger,
        name="price",
        package=package,
        package_object=digest_bytes(b"package" + content),
        evaluation_object=digest_bytes(b"evaluation" + content),
        run="r_" + "a" * 26,
        data="d_" + "b" * 26,
        verdicts=[_verdict(package.id, outcome, rule)],
    )


def test_the_same_model_judged_the_same_keeps_its_number(ledger: Ledger) -> None:
    first, again, other = (_register(ledger, content) for content in (b"1", b"1", b"2"))

    assert first.ref == again.ref == "price@1"
    assert other.ref == "price@2"
    assert [v.ref for v in versions(ledger)] == ["price@1", "price@2"]


def test_another_rule_for_the_same_model_is_a_new_version(ledger: Ledger) -> None:
    _register(ledger, b"1")

    stricter = _register(ledger, b"1", rule="gain > 0.2")

    assert stricter.ref == "price@2"


def test_rollback_goes_back_one_live_version_each_time(ledger: Ledger) -> None:
    for content in (b"1", b"2", b"3"):
        promote(ledger, _register(ledger, content), reason="newer")

    once = rollback(ledger, "price", reason="worse")
    twice = rollback(ledger, "price", reason="worse still")

    assert (once.live, once.previous) == ("price@2", "price@1")
    assert (twice.live, twice.previous) == ("price@1", None)
    with pytest.raises(NotFoundError, match="no earlier live version"):
        rollback(ledger, "price", reason="nothing left")
    assert {row.role: row.ref for row in ledger.roles("price")} == {"live": "price@1"}


def test_every_role_change_is_an_event_with_actor_and_reason(ledger: Ledger) -> None:
    promote(ledger, _register(ledger, b"1"), reason="first")

    (change,) = changes(ledger, "price")

    assert (change.live, change.reason, change.actor) == ("price@1", "first", "tester@localhost")


def test_promoting_what_is_live_already_changes_nothing(ledger: Ledger) -> None:
    version = _register(ledger, b"1")
    first = promote(ledger, version, reason="first")
    size = ledger.size

    again = promote(ledger, version, reason="again")

    assert ledger.size == size
    assert (first.moved, again.moved) == (True, False)
    assert (again.event, again.reason) == (first.event, "first")


@pytest.mark.parametrize("reason", ["", " \t\n"])
def test_a_move_without_a_reason_is_refused_and_not_recorded(ledger: Ledger, reason: str) -> None:
    version = _register(ledger, b"1")
    size = ledger.size

    with pytest.raises(UsageError, match="reason-empty"):
        promote(ledger, version, reason=reason)
    with pytest.raises(UsageError, match="reason-empty"):
        rollback(ledger, version.name, reason=reason)

    assert ledger.size == size


def test_a_version_that_failed_a_check_is_not_promoted(ledger: Ledger) -> None:
    failed = _register(ledger, b"1", Outcome.FAIL)

    with pytest.raises(GateError) as caught:
        promote(ledger, failed, reason="anyway")

    assert caught.value.exit_code is ExitCode.CHECK_FAILED
    assert ledger.roles() == ()


def test_a_version_without_a_verdict_is_not_promoted(ledger: Ledger) -> None:
    unjudged = dataclasses.replace(_register(ledger, b"1"), checks=())

    with pytest.raises(GateError, match="no verdict"):
        promote(ledger, unjudged, reason="trust me")


def test_a_bare_name_is_the_newest_version_and_the_live_one_for_predictions(
    ledger: Ledger,
) -> None:
    first = _register(ledger, b"1")
    second = _register(ledger, b"2")
    promote(ledger, first, reason="first")

    assert find(ledger, "price") == second
    assert find(ledger, "price", prefer_live=True) == first
    assert find(ledger, first.model) == find(ledger, "price@1") == first


@pytest.mark.parametrize("ref", ["m_", "m_1", "d_", "e_", "e_x", "r_ABC"])
def test_what_begins_like_an_id_and_is_none_is_told_so(ledger: Ledger, ref: str) -> None:
    _register(ledger, b"1")

    with pytest.raises(UsageError, match="id-form") as caught:
        find(ledger, ref)

    assert "mlw ls" in caught.value.fix


def test_the_start_of_several_models_ids_is_ambiguous(ledger: Ledger) -> None:
    made = [_register(ledger, str(number).encode()).model for number in range(33)]
    start = next(m[:3] for m in made if sum(other.startswith(m[:3]) for other in made) > 1)

    with pytest.raises(UsageError, match="id-ambiguous"):
        find(ledger, start)


def test_an_unknown_model_offers_the_nearest_name(ledger: Ledger) -> None:
    _register(ledger, b"1")

    with pytest.raises(NotFoundError, match="did you mean 'price'"):
        find(ledger, "prise")
