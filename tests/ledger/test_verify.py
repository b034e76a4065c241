"""A sound log verifies and says what that rests on; a changed one is refused, naming the place."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from mlwright.core.errors import BrokenError, NotFoundError
from mlwright.core.merkle import Frontier, leaf_hash, root_of
from mlwright.core.seam import ReplaySeam
from mlwright.ledger import standalone_verifier
from mlwright.ledger.checkpoint import Checkpoint, seal
from mlwright.ledger.keys import read_key
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.packing import packed, unpacked
from mlwright.ledger.records import LogReport, NewEvent
from mlwright.ledger.verify import verify

from .history import write_history

SPOILT = "UPDATE event SET body = CAST(substr(body, 1, 40) || 'mlw' || substr(body, 44) AS BLOB)"
SAID_OTHERWISE = """UPDATE event SET body = CAST('{"v":1}' AS BLOB) WHERE sequence = 0"""


def run_verify(folder: Path, checkpoint: str | None = None) -> LogReport:
    with Ledger.open(folder, ReplaySeam()) as ledger:
        return verify(ledger, checkpoint=checkpoint)


def run_standalone(folder: Path, checkpoint: str) -> subprocess.CompletedProcess[str]:
    """Run the verifier as an auditor does, in a process that cannot see our package."""
    (folder / "outside.txt").write_text(checkpoint, "utf-8")
    arguments = [folder / "ledger.db", folder / "keys" / "ledger.pub", folder / "outside.txt"]
    return subprocess.run(
        [sys.executable, "-I", standalone_verifier.__file__, *map(str, arguments)],
        capture_output=True,
        text=True,
    )


def spoil(folder: Path, *statements: str) -> None:
    """Change the tables as somebody would who has the file: with the triggers dropped."""
    database = sqlite3.connect(folder / "ledger.db")
    triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    kept = triggers.fetchall()
    for name, _ in kept:
        database.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        database.execute(statement)
    for _, sql in kept:
        database.execute(sql)
    database.commit()
    database.close()


def forge(folder: Path, change: Callable[[list[bytes]], list[bytes]]) -> str:
    """Change the bodies and make everything again that the owner of the file and key can."""
    database = sqlite3.connect(folder / "ledger.db")
    stored = database.execute("SELECT body FROM event ORDER BY sequence")
    bodies = [unpacked(body) for (body,) in stored]
    forged = change(bodies)
    leaves = [leaf_hash(body) for body in forged]
    frontier = Frontier().extend(leaves)
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        database.execute(f"DROP TRIGGER {name}")
    database.execute("DELETE FROM event WHERE sequence >= ?", (len(forged),))
    for sequence, (body, leaf) in enumerate(zip(forged, leaves, strict=True)):
        database.execute(
            "UPDATE event SET body = ?, leaf = ? WHERE sequence = ?",
            (packed(body), leaf, sequence),
        )
    database.execute("DELETE FROM tile")
    nodes = [root_of(leaves[at : at + 256]) for at in range(0, len(leaves) - 255, 256)]
    database.execute("INSERT INTO tile VALUES (1, 0, ?)", (b"".join(nodes),))
    head = (frontier.size, b"".join(frontier.hashes))
    database.execute("UPDATE head SET size = ?, frontier = ?", head)
    key = read_key(folder / "keys")
    note = seal(Checkpoint(key.verifier.name, len(leaves), frontier.root()), key.verifier, key.sign)
    database.execute("DELETE FROM checkpoint")
    database.execute("INSERT INTO checkpoint VALUES (?, ?)", (len(leaves), note))
    database.commit()
    database.close()
    # Last, the triggers and the look-ups, with our own code.
    with Ledger.open(folder, ReplaySeam()) as ledger:
        for statement in Ledger.in_memory(ReplaySeam()).database.rows(
            "SELECT sql FROM sqlite_master WHERE type = 'trigger'"
        ):
            ledger.database.run(statement[0])
        ledger.rebuild()
    return note


def test_a_sound_log_verifies_and_says_what_that_rests_on(tmp_path: Path) -> None:
    checkpoint = write_history(tmp_path)

    alone, against = run_verify(tmp_path), run_verify(tmp_path, checkpoint)

    assert (alone.size, alone.covered, alone.outside) == (792, 792, False)
    assert alone.checkpoints == 4
    assert alone.projections.equal
    assert (against.outside, against.root) == (True, alone.root)
    assert b64encode(against.root).decode() == checkpoint.splitlines()[2]


def test_an_empty_log_verifies() -> None:
    with Ledger.in_memory(ReplaySeam()) as ledger:
        report = verify(ledger, checkpoint=ledger.checkpoint())

    assert (report.size, report.covered, report.outside) == (0, 0, True)


def test_a_log_that_grew_verifies_against_an_older_checkpoint(tmp_path: Path) -> None:
    checkpoint = write_history(tmp_path, runs=2)
    with Ledger.open(tmp_path, ReplaySeam()) as ledger:
        ledger.append([NewEvent("k", "r_aa")] * 300)

    report = run_verify(tmp_path, checkpoint)

    assert (report.size, report.covered) == (432, 132)
    assert run_standalone(tmp_path, checkpoint).stdout.startswith("verified: 132 entries")


@pytest.mark.parametrize(
    ("statement", "part"),
    [
        (SPOILT, "entry e_0:"),
        (SAID_OTHERWISE, "entry e_0:"),
        ("UPDATE event SET body = x'7f' WHERE sequence = 3", "entry e_3:"),
        ("UPDATE meta SET value = value || ' ' WHERE key = 'dictionary 1'", "its dictionary 1:"),
        ("UPDATE event SET leaf = zeroblob(32) WHERE sequence = 7", "entry e_7:"),
        ("UPDATE event SET kind = 'other' WHERE sequence = 8", "entry e_8:"),
        ("UPDATE event SET body = 'text' WHERE sequence = 9", "entry e_9:"),
        ("DELETE FROM event WHERE sequence = 20", "entry e_20:"),
        ("DELETE FROM event WHERE sequence > 780", "its head:"),
        ("UPDATE head SET size = 791", "the head:"),
        ("UPDATE head SET frontier = zeroblob(32 * 4)", "its head:"),
        ("DELETE FROM head", "the head:"),
        ("UPDATE tile SET hashes = zeroblob(length(hashes))", "tile (1, 0):"),
        ("DELETE FROM tile", "tile (1, 0):"),
        ("INSERT INTO tile VALUES (2, 0, zeroblob(32))", "tile (2, 0):"),
        ("UPDATE role SET ref = 'churn@1'", "the look-up table 'role':"),
        ("DELETE FROM identity WHERE noun = 'm'", "the look-up table 'identity':"),
        ("UPDATE checkpoint SET size = size + 1 WHERE size = 792", "its stored checkpoint of 793:"),
        ("DROP INDEX step_by_key", "its tables:"),
        ("CREATE TABLE other (x)", "its tables:"),
        ("UPDATE meta SET value = 'mlwright/other' WHERE key = 'key'", "its public key:"),
        ("INSERT INTO meta VALUES ('more', '')", "what it says of itself:"),
    ],
)
def test_a_change_by_hand_is_refused_naming_the_part(
    tmp_path: Path, statement: str, part: str
) -> None:
    write_history(tmp_path)
    spoil(tmp_path, statement)

    with pytest.raises(BrokenError) as caught:
        run_verify(tmp_path)

    assert caught.value.code == "log-broken"
    assert f"broken at {part}" in caught.value.message


def test_a_log_without_its_triggers_is_refused(tmp_path: Path) -> None:
    write_history(tmp_path, runs=1)
    database = sqlite3.connect(tmp_path / "ledger.db")
    database.execute("DROP TRIGGER event_never_deleted")
    database.close()

    with pytest.raises(BrokenError, match="event_never_deleted"):
        run_verify(tmp_path)


def test_a_stored_checkpoint_with_another_root_is_refused(tmp_path: Path) -> None:
    write_history(tmp_path, runs=1)
    key = read_key(tmp_path / "keys")
    false = seal(Checkpoint(key.verifier.name, 5, bytes(32)), key.verifier, key.sign)
    spoil(tmp_path, f"INSERT INTO checkpoint VALUES (5, '{false}')")

    with pytest.raises(BrokenError, match="its stored checkpoint of 5"):
        run_verify(tmp_path)


def test_reading_a_changed_event_is_refused_too(tmp_path: Path) -> None:
    write_history(tmp_path, runs=1)
    spoil(tmp_path, SPOILT)

    with Ledger.open(tmp_path, ReplaySeam()) as ledger:
        with pytest.raises(BrokenError, match="entry e_0"):
            ledger.event(0)
        with pytest.raises(BrokenError, match="entry e_0"):
            list(ledger.events())


def _another_reason(bodies: list[bytes]) -> list[bytes]:
    return [body.replace(b'"better"', b'"bribed"') for body in bodies]


def _without_the_end(bodies: list[bytes]) -> list[bytes]:
    return bodies[:-5]


@pytest.mark.parametrize("change", [_another_reason, _without_the_end])
def test_a_forgery_with_the_logs_own_key_shows_against_a_checkpoint_from_outside(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    outside = write_history(tmp_path)

    forged = forge(tmp_path, change)

    assert forged != outside
    # A key beside the log proves nothing to its owner: alone the forgery verifies …
    assert run_verify(tmp_path).outside is False
    assert run_standalone(tmp_path, forged).returncode == 0
    # … and against what was handed out before, it does not.
    with pytest.raises(BrokenError) as caught:
        run_verify(tmp_path, outside)
    assert caught.value.code == "log-broken"
    told = run_standalone(tmp_path, outside)
    assert told.returncode == 1
    assert told.stderr.startswith("NOT VERIFIED")


def test_the_standalone_verifier_accepts_a_sound_log_and_no_other_key(tmp_path: Path) -> None:
    checkpoint = write_history(tmp_path / "a", runs=2)
    other = write_history(tmp_path / "b", runs=1, seed=1)

    assert run_standalone(tmp_path / "a", checkpoint).stdout.startswith("verified: 132 entries")
    told = run_standalone(tmp_path / "a", other)
    assert (told.returncode, told.stdout) == (1, "")


@pytest.mark.parametrize(
    "statement",
    [
        SPOILT,
        SAID_OTHERWISE,
        "UPDATE event SET body = x'7f' WHERE sequence = 3",
        "DELETE FROM meta",
        "DELETE FROM event WHERE sequence = 20",
        "DELETE FROM event WHERE sequence > 100",
        "UPDATE event SET sequence = -1 WHERE sequence = 0",
        "UPDATE event SET body = NULL WHERE sequence = 3",
        "DROP TABLE event",
    ],
)
def test_the_standalone_verifier_refuses_a_change_by_hand(tmp_path: Path, statement: str) -> None:
    checkpoint = write_history(tmp_path, runs=2)
    if statement.startswith(("UPDATE event SET body = NULL", "DROP")):
        database = sqlite3.connect(tmp_path / "ledger.db")
        database.execute("CREATE TABLE kept AS SELECT * FROM event")
        database.execute("DROP TABLE event")
        if "NULL" in statement:
            database.execute("ALTER TABLE kept RENAME TO event")
            database.execute(statement)
        database.commit()
        database.close()
    else:
        spoil(tmp_path, statement)

    told = run_standalone(tmp_path, checkpoint)

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("NOT VERIFIED")


def test_the_standalone_verifier_imports_nothing_of_ours() -> None:
    source = Path(standalone_verifier.__file__).read_text("utf-8")

    assert "mlwright." not in source
    assert "import mlwright" not in source
    assert len(source.splitlines()) < 100


def test_a_lost_key_is_named_where_it_is_needed_and_reading_goes_on(tmp_path: Path) -> None:
    write_history(tmp_path, runs=1)
    (tmp_path / "keys" / "ledger.key").unlink()

    with Ledger.open(tmp_path, ReplaySeam()) as ledger:
        ledger.append([NewEvent("k", "r_aa")])
        with pytest.raises(NotFoundError) as caught:
            ledger.checkpoint()
        assert caught.value.code == "log-key-missing"
        assert verify(ledger).size == 67


def test_a_checkpoint_is_never_signed_with_another_key(tmp_path: Path) -> None:
    write_history(tmp_path / "a", runs=1)
    with Ledger.open(tmp_path / "b", ReplaySeam(seed=1), create=True):
        pass
    (tmp_path / "b" / "keys" / "ledger.key").replace(tmp_path / "a" / "keys" / "ledger.key")

    with Ledger.open(tmp_path / "a", ReplaySeam()) as ledger:
        ledger.append([NewEvent("k", "r_aa")])
        with pytest.raises(BrokenError, match="its key"):
            ledger.checkpoint()
