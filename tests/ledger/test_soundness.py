"""The quick look at a log's end: what it finds, what it leaves to the audit, how quick it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mlwright.core.errors import BrokenError
from mlwright.core.merkle import leaf_hash
from mlwright.core.seam import ReplaySeam
from mlwright.ledger import soundness
from mlwright.ledger.body import draft, tells
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.packing import packed
from mlwright.ledger.records import NewEvent
from mlwright.ledger.verify import verify


def filled(count: int, *, checkpoint_at: int | None = None) -> Ledger:
    ledger = Ledger.in_memory(ReplaySeam())
    first = count if checkpoint_at is None else checkpoint_at
    for start, stop in ((0, first), (first, count)):
        ledger.append([NewEvent("test.made", f"d_{n}", {"number": n}) for n in range(start, stop)])
        if start == 0:
            ledger.checkpoint()
    return ledger


def tamper(ledger: Ledger, sql: str, *values: object) -> None:
    """Change the file as someone would who does not go through the program."""
    database = ledger.database
    for (name,) in database.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        database.run(f"DROP TRIGGER {name}")
    database.run(sql, values)


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 700, soundness.RECENT + 300])
def test_a_log_as_it_was_written_is_sound(count: int) -> None:
    filled(count).require_sound()
    filled(count, checkpoint_at=count // 2).require_sound()


def test_a_changed_byte_is_found_by_its_entry() -> None:
    ledger = filled(700)
    body = ledger.event(600).body.replace(b"600", b"601")
    tamper(ledger, "UPDATE event SET body = ? WHERE sequence = 600", packed(body))

    with pytest.raises(BrokenError, match="entry e_600") as caught:
        ledger.require_sound()

    assert caught.value.code == "log-broken"
    assert "mlw doctor" in caught.value.fix
    assert caught.value.exit_code == 6


def test_a_flipped_bit_in_what_is_stored_is_found_by_its_entry() -> None:
    ledger = filled(700)
    stored = bytearray(packed(ledger.event(12).body))
    stored[len(stored) // 2] ^= 4
    tamper(ledger, "UPDATE event SET body = ? WHERE sequence = 12", bytes(stored))

    with pytest.raises(BrokenError, match="entry e_12"):
        ledger.require_sound()


def test_what_came_since_is_looked_at_and_a_log_put_in_its_place_is_looked_at_anew(
    tmp_path: Path,
) -> None:
    def made(folder: Path, count: int) -> Ledger:
        ledger = Ledger.open(folder, ReplaySeam(), create=True)
        ledger.append([NewEvent("test.made", f"d_{n}", {"n": n}) for n in range(count)])
        return ledger

    with made(tmp_path / "a", 300) as ledger:
        ledger.require_sound()
    with Ledger.open(tmp_path / "a", ReplaySeam()) as ledger:
        ledger.append([NewEvent("test.made", f"d_{n}", {"n": n}) for n in range(300, 600)])
        ledger.require_sound()
        ledger.append([NewEvent("test.made", "d_600", {})])
        tamper(ledger, "UPDATE event SET kind = 'test.lost' WHERE sequence = 600")
        with pytest.raises(BrokenError, match="entry e_600"):
            ledger.require_sound()

    (tmp_path / "a").rename(tmp_path / "b")
    with made(tmp_path / "a", 700) as ledger:
        ledger.require_sound()
        tamper(ledger, "UPDATE head SET frontier = zeroblob(length(frontier))")
        with pytest.raises(BrokenError, match="its head"):
            ledger.require_sound()


@pytest.mark.parametrize(
    ("entry", "named"), [(12, "from e_0 to e_255"), (600, "its head"), (300, "from e_256 to e_511")]
)
def test_a_changed_entry_with_its_leaf_made_anew_is_found_where_it_lies(
    entry: int, named: str
) -> None:
    ledger = filled(700)
    body = bytes(ledger.event(entry).body).replace(b"number", b"nimber")
    tamper(
        ledger,
        "UPDATE event SET body = ?, leaf = ? WHERE sequence = ?",
        body,
        leaf_hash(body),
        entry,
    )

    with pytest.raises(BrokenError, match=named):
        ledger.require_sound()


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("DELETE FROM event WHERE sequence = 5", "entry e_5"),
        ("DELETE FROM event WHERE sequence > 690", "entry e_691"),
        ("UPDATE head SET size = 699", "the head"),
        ("UPDATE head SET frontier = zeroblob(length(frontier))", "its head"),
        ("DELETE FROM head", "the head"),
        ("UPDATE event SET kind = 'test.lost' WHERE sequence = 690", "entry e_690"),
        ("UPDATE checkpoint SET note = replace(note, 'mlwright/', 'other/')", "signature"),
        ("UPDATE checkpoint SET size = 3", "stored checkpoint of 3"),
        ("UPDATE tile SET hashes = zeroblob(length(hashes))", "an entry before e_700"),
        ("UPDATE meta SET value = 'x' WHERE key = 'key'", "its public key"),
    ],
)
def test_damage_at_the_end_or_in_what_holds_the_rest_is_found(sql: str, named: str) -> None:
    ledger = filled(700)
    tamper(ledger, sql)

    with pytest.raises(BrokenError, match=named):
        ledger.require_sound()


def test_an_entry_long_ago_is_left_to_the_audit() -> None:
    ledger = filled(soundness.RECENT + 300)
    body = ledger.event(12).body.replace(b"12", b"13")
    tamper(ledger, "UPDATE event SET body = ? WHERE sequence = 12", packed(body))

    ledger.require_sound()

    with pytest.raises(BrokenError, match=r"entry e_12|its tables"):
        verify(ledger)


def test_the_look_is_quick(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, ReplaySeam(), create=True) as ledger:
        facts = {"steps": ["x" * 64] * 20}
        ledger.append([NewEvent("test.made", f"d_{n}", facts) for n in range(1_000)])
        ledger.checkpoint()
        ledger.require_sound()  # the first loads what signatures are checked with

        taken = [_processor_time(ledger.require_sound) for _ in range(5)]

    assert min(taken) < 0.05


def _processor_time(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"kind": "test.other", "sequence": 7, "subject": "d_other"},
        {"text": ',"kind":"test.other","objects":[],"sequence":7,"subject":"d_other","time":"'},
        {"deep": [{"kind": "test.other", "objects": ["],"], "subject": "d_other"}]},
    ],
)
def test_bytes_tell_their_own_kind_place_and_subject_whatever_the_facts_hold(
    facts: dict[str, object],
) -> None:
    event = draft(NewEvent("test.made", 'd_"quoted\\', facts, uses=("d_1",))).place(
        sequence=3, time="2026-01-01T00:00:00.000000Z", actor=',"kind":'
    )

    assert tells(event.body, 3, "test.made", 'd_"quoted\\')
    assert not tells(event.body, 3, "test.other", 'd_"quoted\\')
    assert not tells(event.body, 7, "test.made", 'd_"quoted\\')
    assert not tells(event.body, 3, "test.made", "d_other")
    assert not tells(event.body, 3, b"test.made", 'd_"quoted\\')
