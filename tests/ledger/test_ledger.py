"""What is appended is read back, in order, by every question the ledger answers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlwright.core.digest import Digest, digest_bytes
from mlwright.core.errors import NotFoundError, RefusedError
from mlwright.core.ids import Noun
from mlwright.core.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion
from mlwright.core.seam import ReplaySeam
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import Event, NewEvent, RoleRow, StepRow, VersionRow
from mlwright.ledger.verify import verify

KEY, OUTPUT = digest_bytes(b"key"), digest_bytes(b"output")


def step_finished(run: str, step: str, key: Digest = KEY, output: Digest = OUTPUT) -> NewEvent:
    return NewEvent(
        "step.finished",
        run,
        {"key": key, "run": run, "step": step, "output": output},
        objects=(output,),
    )


def registered(name: str, number: int, model: str = "m_aa") -> NewEvent:
    return NewEvent(
        "model.registered", model, {"name": name, "version": number, "run": "r_aa"}, ("r_aa",)
    )


def role(endpoint: str, name: str, ref: str | None) -> NewEvent:
    return NewEvent(
        "role.changed", "m_aa", {"endpoint": endpoint, "role": name, "ref": ref, "reason": "why"}
    )


@pytest.fixture(params=["file", "memory"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    if request.param == "memory":
        made = Ledger.in_memory(ReplaySeam())
    else:
        made = Ledger.open(tmp_path, ReplaySeam(), create=True)
    with made:
        yield made


def test_an_event_is_read_back_as_it_was_returned(ledger: Ledger) -> None:
    new = NewEvent("run.started", "r_aa", {"a": [1, 2.5, None], "ü": "é"}, ("d_aa",), (OUTPUT,))

    (event,) = ledger.append([new])

    assert ledger.event(0) == event
    assert list(ledger.events()) == [event]
    assert (event.id, event.kind, event.subject) == ("e_0", "run.started", "r_aa")
    assert (event.facts, event.uses, event.objects) == (new.facts, new.uses, new.objects)
    assert (event.actor, event.time) == ("tester@localhost", "2026-01-01T00:00:00.001000Z")


def test_events_are_filtered_by_kind_subject_start_order_and_limit(ledger: Ledger) -> None:
    ledger.append([NewEvent(f"k.{n % 2}", f"r_{'ab'[n % 3 == 0]}", {"n": n}) for n in range(2500)])

    def sequences(**chosen: object) -> list[int]:
        return [event.sequence for event in ledger.events(**chosen)]  # type: ignore[arg-type]

    everything = range(2500)
    assert sequences() == list(everything)
    assert sequences(newest_first=True) == list(reversed(everything))
    assert sequences(kind="k.1") == [n for n in everything if n % 2]
    assert sequences(subject="r_b", start=10) == [n for n in everything if n % 3 == 0 and n >= 10]
    assert sequences(kind="k.0", newest_first=True, limit=3) == [2498, 2496, 2494]
    assert sequences(newest_first=True, start=2498) == [2499, 2498]
    assert sequences(limit=1500) == list(range(1500))
    assert sequences(limit=0) == []
    assert sequences(kind="k.9") == []


def test_an_event_beyond_the_end_is_not_found(ledger: Ledger) -> None:
    with pytest.raises(NotFoundError) as caught:
        ledger.event(3)

    assert caught.value.code == "event-unknown"


@pytest.mark.parametrize(
    "bad",
    [
        NewEvent("", "r_aa"),
        NewEvent("k", ""),
        NewEvent("k", "r_aa", {"nan": float("nan")}),
        NewEvent("k", "r_aa", {"object": object()}),
        NewEvent("k", "r_aa", objects=(Digest("sha256:short"),)),
        NewEvent("k", "r_aa", uses=("",)),
        NewEvent("k", "r_\ud800"),
        NewEvent("step.finished", "r_aa", {"run": "r_aa"}),
        NewEvent("role.changed", "r_aa", {"endpoint": "e", "role": "live", "ref": 3}),
        NewEvent("role.changed", "r_aa", {"endpoint": "\ud800", "role": "live", "ref": None}),
    ],
    ids=lambda bad: repr(bad)[:60],
)
def test_an_event_that_cannot_be_recorded_is_refused_whole(ledger: Ledger, bad: NewEvent) -> None:
    with pytest.raises((TypeError, ValueError)):
        ledger.append([NewEvent("k", "r_good"), bad])

    assert ledger.size == 0
    assert ledger.append([NewEvent("k", "r_good")])[0].sequence == 0


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 700])
def test_the_root_is_that_of_rfc_6962_over_the_bodies(ledger: Ledger, size: int) -> None:
    events: list[Event] = []
    for start in range(0, size, 100):
        new = [NewEvent("k", "r_aa", {"n": n}) for n in range(start, min(size, start + 100))]
        events += ledger.append(new)

    assert ledger.size == size
    assert ledger.root == root_of([leaf_hash(event.body) for event in events])
    assert ledger.root_at(size) == ledger.root


def test_proofs_from_the_tiles_verify() -> None:
    """Over more than 256 * 256 events, so that there is a second level of tiles."""
    size = 66_300
    with Ledger.in_memory(ReplaySeam()) as ledger:
        new = [NewEvent("k", "r_aa", {"n": n}) for n in range(size)]
        leaves = [event.leaf for event in ledger.append(new)]

        for old, end in [(1, 2), (255, 256), (300, 65_536), (65_536, 65_537), (65_537, size)]:
            roots = ledger.root_at(old), ledger.root_at(end)
            assert roots[1] == root_of(leaves[:end])
            assert verify_consistency(old, end, *roots, ledger.consistency(old, end))
            for index in (0, old - 1, old, end - 1):
                path = ledger.inclusion(index, end)
                assert verify_inclusion(leaves[index], index, end, path, roots[1])
        assert verify(ledger).size == size


def test_what_is_decided_inside_the_write_transaction_sees_it_and_fails_whole(
    ledger: Ledger,
) -> None:
    def next_version(log: Ledger) -> list[NewEvent]:
        return [registered("churn", len(log.versions("churn")) + 1)]

    for _ in range(3):
        ledger.append_checked(next_version)

    def fails(log: Ledger) -> list[NewEvent]:
        raise KeyError("undecided")

    with pytest.raises(KeyError):
        ledger.append_checked(fails)

    assert [row.number for row in ledger.versions("churn")] == [1, 2, 3]
    assert ledger.append_checked(lambda log: ()) == ()


def test_writing_inside_a_decision_is_a_bug_and_says_so(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError, match="already inside a transaction"):
        ledger.append_checked(lambda log: log.append([NewEvent("k", "r_aa")]) and ())

    assert ledger.size == 0


def test_a_version_number_is_given_once(ledger: Ledger) -> None:
    ledger.append([registered("churn", 1)])

    with pytest.raises(RefusedError) as caught:
        ledger.append([NewEvent("k", "r_bb"), registered("churn", 1, "m_bb")])

    assert caught.value.code == "already-recorded"
    assert ledger.size == 1


def test_ids_resolve_by_prefix_and_an_exact_one_stands_alone(ledger: Ledger) -> None:
    ledger.append([NewEvent("k", subject) for subject in ("r_ab", "r_abc", "r_b", "d_ab", "größe")])

    assert ledger.resolve("r_a") == ("r_ab", "r_abc")
    assert ledger.resolve("r_ab") == ("r_ab",)
    assert ledger.resolve("größe") == ("größe",)
    assert ledger.resolve("e_4") == ("e_4",)
    for nothing in ("r_zz", "", "e_5", "e_04", "e_", "e_²", "%", "r\ud800", "\U0010ffff", "grö"):
        assert ledger.resolve(nothing) == ()


def test_ids_of_a_noun_come_by_first_appearance(ledger: Ledger) -> None:
    ledger.append([NewEvent("k", subject) for subject in ("r_b", "d_x", "r_a", "r_b", "r_c")])

    assert ledger.ids(Noun.RUN) == ("r_c", "r_a", "r_b")
    assert ledger.ids(Noun.RUN, newest_first=False, limit=2) == ("r_b", "r_a")
    assert ledger.ids(Noun.MODEL) == ()
    assert ledger.ids(Noun.EVENT, limit=2) == ("e_4", "e_3")


def test_edges_are_followed_both_ways(ledger: Ledger) -> None:
    ledger.append(
        [
            NewEvent("k", "r_a", uses=("d_b", "d_a")),
            NewEvent("k", "r_b", uses=("d_a",)),
            NewEvent("k", "r_a", uses=("d_a", "d_c")),
        ]
    )

    assert ledger.uses("r_a") == ("d_b", "d_a", "d_c")
    assert ledger.used_by("d_a") == ("r_a", "r_b")
    assert ledger.uses("d_a") == ledger.used_by("r_a") == ()


def test_steps_are_found_by_key_run_and_name(ledger: Ledger) -> None:
    other = digest_bytes(b"other")
    ledger.append([step_finished("r_a", "split"), step_finished("r_a", "search", other)])
    ledger.append([step_finished("r_b", "split")])

    assert ledger.step(KEY) == StepRow(KEY, "r_b", "split", OUTPUT, 2)
    assert ledger.step(digest_bytes(b"absent")) is None
    assert [row.step for row in ledger.steps_of("r_a")] == ["split", "search"]
    assert [row.run for row in ledger.steps_named("split")] == ["r_b", "r_a"]


def test_roles_are_held_moved_and_taken_away(ledger: Ledger) -> None:
    ledger.append([role("churn", "live", "churn@1"), role("churn", "previous", None)])
    ledger.append([role("churn", "live", "churn@2"), role("churn", "previous", "churn@1")])
    ledger.append([role("fraud", "live", "fraud@1"), role("churn", "previous", None)])

    assert ledger.roles("churn") == (RoleRow("churn", "live", "churn@2", 2),)
    assert [row.endpoint for row in ledger.roles()] == ["churn", "fraud"]


def test_versions_are_listed_of_one_name_or_of_all(ledger: Ledger) -> None:
    ledger.append([registered("b", 1), registered("a", 1), registered("b", 2, "m_bb")])

    assert ledger.versions("b")[1] == VersionRow("b", 2, "m_bb", "r_aa", 2)
    assert [(row.name, row.number) for row in ledger.versions()] == [("b", 1), ("a", 1), ("b", 2)]


def test_objects_are_listed_once_in_order(ledger: Ledger) -> None:
    first, second = digest_bytes(b"1"), digest_bytes(b"2")
    ledger.append([NewEvent("k", "r_a", objects=(second,)), NewEvent("k", "r_a", objects=(first,))])
    ledger.append([NewEvent("k", "r_a", objects=(second,))])

    assert ledger.objects() == (second, first)


def test_projections_made_again_are_equal_and_damaged_ones_are_replaced(ledger: Ledger) -> None:
    ledger.append(
        [step_finished("r_a", "split"), registered("churn", 1), role("churn", "live", "x")]
    )
    ledger.append([NewEvent("k", "r_a", uses=("d_a",)), role("churn", "previous", "y")])
    assert ledger.rebuild().equal

    with ledger.database.writing():
        ledger.database.run("UPDATE role SET ref = 'forged' WHERE role = 'live'")
        ledger.database.run("DELETE FROM edge")
    report = ledger.rebuild()

    differing = {name for name, (_, equal) in report.tables.items() if not equal}
    assert (report.equal, differing) == (False, {"role", "edge"})
    assert (report.tables["role"][0], report.tables["edge"][0]) == (2, 2)
    assert ledger.roles("churn")[0].ref == "x"
    assert ledger.used_by("d_a") == ("r_a",)
    assert ledger.rebuild().equal


def test_a_checkpoint_is_made_once_for_each_state(ledger: Ledger) -> None:
    ledger.append([NewEvent("k", "r_a")])
    first = ledger.checkpoint()

    assert ledger.checkpoint() == first
    ledger.append([NewEvent("k", "r_b")])
    assert ledger.checkpoint().splitlines()[1] == "2"
    assert ledger.public_key().startswith(first.splitlines()[0])


def test_a_ledger_opened_again_goes_on(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, ReplaySeam(), create=True) as ledger:
        ledger.append([NewEvent("k", "r_a")])
        key, root = ledger.public_key(), ledger.root

    with Ledger.open(tmp_path, ReplaySeam(), create=True) as ledger:
        assert (ledger.public_key(), ledger.root) == (key, root)
        assert ledger.append([NewEvent("k", "r_b")])[0].sequence == 1


def test_a_missing_ledger_is_named_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        Ledger.open(tmp_path / "nowhere", ReplaySeam())

    assert caught.value.code == "ledger-missing"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("module", ["records", "ledger"])
def test_reading_and_appending_load_no_heavy_library(module: str) -> None:
    code = (
        f"import sys, mlwright.ledger.{module}\n"
        "heavy = {'cryptography', 'sqlalchemy', 'numpy', 'polars', 'sqlite3'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout == ("['sqlite3']\n" if module == "ledger" else "[]\n")
