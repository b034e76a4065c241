"""An answer is sent only after its record is on disk, and nobody can spoil that for another."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mlwright.core.errors import DataError, FaultError
from mlwright.core.seam import SystemSeam
from mlwright.serve.ids import decode
from mlwright.serve.journal import Journal, Ticket
from mlwright.serve.records import Durability, JournalLimits, NewRecord, Truth
from mlwright.serve.segments import numbers, owning, reading

WRITER = """
import asyncio, sys
from pathlib import Path
from mlwright.core.seam import SystemSeam
from mlwright.serve.journal import Journal
from mlwright.serve.records import Durability, JournalLimits

async def main():
    journal = Journal(Path(sys.argv[1]), durability=Durability.DURABLE, policy={}, environment={},
                      seam=SystemSeam(), limits=JournalLimits(segment_rows=150),
                      loop=asyncio.get_running_loop())
    journal.start()
    async def client(name):
        turn = 0
        while True:
            turn += 1
            body = f"{name} {turn}".encode()
            ticket = journal.submit("churn", "churn@1", "m_a", "live", 1, body, b"12345678", b"")
            await ticket.written()
            sys.stdout.write(f"{ticket.id(0)} {body.decode()}\\n")
            sys.stdout.flush()
    await asyncio.gather(*[client(name) for name in range(16)])
asyncio.run(main())
"""


def journal_in(
    folder: Path, limits: JournalLimits | None = None, durability: Durability = Durability.DURABLE
) -> Journal:
    return Journal(
        folder,
        durability=durability,
        policy={"unseen": "flag"},
        environment={"python": "3.11"},
        seam=SystemSeam(),
        limits=limits or JournalLimits(),
        loop=asyncio.get_running_loop(),
    )


def submit(journal: Journal, body: bytes = b"{}", rows: int = 1) -> Ticket:
    return journal.submit("churn", "churn@1", "m_a", "live", rows, body, b"12345678" * rows, b"")


def found(folder: Path) -> dict[tuple[int, int], NewRecord]:
    """Return every record on disk by its segment and first sequence."""
    records: dict[tuple[int, int], NewRecord] = {}
    for number in numbers(folder):
        with reading(folder, number) as segment:
            if segment is not None:
                records |= {(number, r.first): r for r in segment.newest_first()}
    return records


def body_of(folder: Path, identifier: str) -> bytes:
    place = decode(identifier)
    with reading(folder, place.segment) as segment:
        assert segment is not None
        (record,) = segment.records(place.sequence, place.sequence)
    assert record.random == place.random
    return record.body


async def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        await asyncio.sleep(0.01)


def test_what_was_acknowledged_is_on_disk_under_its_id(tmp_path: Path) -> None:
    async def story() -> None:
        journal = journal_in(tmp_path)
        journal.start()
        assert journal.ready
        tickets = [submit(journal, b"%d" % k, rows=k + 1) for k in range(100)]
        truth = journal.submit_labels([Truth(tickets[3].id(2), None, None, b"true")])
        await asyncio.gather(*[ticket.written() for ticket in (*tickets, truth)])

        for k, ticket in enumerate(tickets):
            for row in range(k + 1):
                assert body_of(tmp_path, ticket.id(row)) == b"%d" % k
        assert len({t.id(r) for k, t in enumerate(tickets) for r in range(k + 1)}) == 5050
        with reading(tmp_path, 1) as segment:
            assert segment is not None
            (label,) = segment.labels_of(tickets[3].id(2), None, None)
            assert decode(truth.id(0)).sequence == label.first
            assert segment.about().policy == {"unseen": "flag"}
        await journal.close()
        assert not journal.ready
        with pytest.raises(FaultError, match="shutting down"):
            submit(journal)
        with owning(tmp_path, 1) as free:
            assert free
        assert numbers(tmp_path) == [1], "the prepared segment, which holds nothing, is gone"

    asyncio.run(story())


def test_clients_that_hang_up_during_a_flush_harm_nobody(tmp_path: Path) -> None:
    async def story() -> None:
        journal = journal_in(tmp_path)
        journal.start()
        stayed: list[str] = []

        async def client(k: int) -> None:
            ticket = submit(journal, b"%d" % k)
            await ticket.written()
            stayed.append(ticket.id(0))

        draw = random.Random(3)
        for _ in range(60):
            tasks = [asyncio.ensure_future(client(k)) for k in range(20)]
            await asyncio.sleep(draw.uniform(0, 0.0005))
            gone = [task for task in tasks[::2] if task.cancel()]
            await asyncio.gather(*tasks, return_exceptions=True)
            assert all(not task.cancelled() for task in tasks if task not in gone)
        assert len(stayed) >= 600
        for identifier in stayed:
            body_of(tmp_path, identifier)
        await journal.close()
        assert len(found(tmp_path)) >= len(stayed)

    asyncio.run(story())


@pytest.mark.parametrize("turn", range(5))
def test_a_kill_at_any_moment_loses_nothing_acknowledged(tmp_path: Path, turn: int) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    told = [writer.stdout.readline()]
    time.sleep(random.Random(turn).uniform(0.0, 0.4))
    os.kill(writer.pid, signal.SIGKILL)
    told += writer.stdout.readlines()
    writer.wait()
    writer.stdout.close()

    acknowledged = [line for line in told if line.endswith("\n")]
    assert acknowledged
    for line in acknowledged:
        identifier, _, body = line.strip().partition(" ")
        assert body_of(tmp_path, identifier) == body.encode()
    for number in numbers(tmp_path):
        with owning(tmp_path, number) as free:
            assert free, "the system has let go of what the dead writer held"


def test_segments_change_while_writing_and_every_id_stays_valid(tmp_path: Path) -> None:
    async def story() -> None:
        journal = journal_in(tmp_path, JournalLimits(segment_rows=40))
        journal.start()
        told: dict[str, bytes] = {}

        async def client(name: int) -> None:
            for turn in range(60):
                ticket = submit(journal, b"%d %d" % (name, turn))
                await ticket.written()
                told[ticket.id(0)] = b"%d %d" % (name, turn)

        await asyncio.gather(*[client(name) for name in range(8)])
        await journal.close()
        assert len(told) == 480
        assert len(numbers(tmp_path)) >= 3
        for identifier, body in told.items():
            assert body_of(tmp_path, identifier) == body

    asyncio.run(story())


def test_an_old_segment_is_closed_without_further_traffic_an_empty_one_stays(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        journal = journal_in(tmp_path, JournalLimits(segment_age=0.2))
        journal.start()
        await asyncio.sleep(0.5)
        first = submit(journal)
        await first.written()
        assert decode(first.id(0)).segment == 1

        def closed() -> bool:
            with owning(tmp_path, 1) as free:
                return free

        await until(closed)
        second = submit(journal)
        await second.written()
        assert decode(second.id(0)).segment == 2
        await journal.close()

    asyncio.run(story())


def test_no_segment_takes_more_rows_than_an_id_has_room_for(tmp_path: Path) -> None:
    async def story() -> None:
        journal = journal_in(tmp_path, JournalLimits(segment_rows=1 << 40))
        journal.start()
        places = []
        for _ in range(44):
            ticket = journal.submit("churn", "churn@1", "m_a", "live", 100_000, b"{}", b"", b"")
            await ticket.written()
            places += [decode(ticket.id(0)), decode(ticket.id(99_999))]
        await journal.close()

        assert {place.segment for place in places} == {1, 2}
        written = found(tmp_path)
        for first, last in zip(places[::2], places[1::2], strict=True):
            assert last.segment == first.segment
            assert last.sequence == first.sequence + 99_999
            assert written[first.segment, first.sequence].random == last.random

    asyncio.run(story())


def test_a_segment_that_was_prepared_twice_is_not_kept(tmp_path: Path) -> None:
    async def story() -> None:
        journal = journal_in(tmp_path)
        journal.start()
        for _ in range(3):  # as where writing and preparing had failed, and both are tried again
            journal._plan(journal._open)
        await until(lambda: numbers(tmp_path)[-1] > 2)
        await until(lambda: len(numbers(tmp_path)) == 2)
        await journal.close()

    asyncio.run(story())


def test_workers_never_share_a_segment(tmp_path: Path) -> None:
    async def story() -> None:
        journals = [journal_in(tmp_path) for _ in range(4)]
        for journal in journals:
            journal.start()
        tickets = [submit(journal) for journal in journals]
        await asyncio.gather(*[ticket.written() for ticket in tickets])
        assert len({decode(ticket.id(0)).segment for ticket in tickets}) == 4
        for journal in journals:
            await journal.close()

    asyncio.run(story())


def test_more_than_may_wait_is_refused_and_what_waits_is_written(tmp_path: Path) -> None:
    async def story() -> None:
        journal = journal_in(tmp_path, JournalLimits(queue_records=10, queue_bytes=5000))
        journal.start()
        tickets = [submit(journal) for _ in range(10)]
        with pytest.raises(FaultError) as caught:
            submit(journal)
        assert caught.value.code == "records-busy"
        await asyncio.gather(*[ticket.written() for ticket in tickets])
        tickets = [submit(journal, bytes(6000))]  # alone, one of any size may pass
        with pytest.raises(FaultError, match="wait for the disk"):
            submit(journal)
        await tickets[0].written()
        assert journal.waiting == 0
        await journal.close()
        assert len(found(tmp_path)) == 11

    asyncio.run(story())


def test_half_a_character_in_a_label_is_refused_and_spoils_no_batch(tmp_path: Path) -> None:
    async def story() -> None:
        journal = journal_in(tmp_path)
        journal.start()
        ticket = submit(journal)
        with pytest.raises(DataError, match="half a character"):
            journal.submit_labels([Truth(None, "churn", "\ud800", b"1")])
        await ticket.written()
        await journal.close()

    asyncio.run(story())


def test_a_full_disk_is_told_loses_nothing_and_recording_resumes_with_room(
    small_disk: Path,
) -> None:
    folder, ballast = small_disk / "records", small_disk / "ballast"

    async def story() -> None:
        journal = journal_in(folder, JournalLimits())
        journal.start()
        assert journal.ready, journal.why_not
        told: dict[str, bytes] = {}

        async def send(body: bytes) -> None:
            ticket = submit(journal, body)
            await ticket.written()
            told[ticket.id(0)] = body

        await send(b"first")
        ballast.write_bytes(bytes(1 << 19))

        async def fill() -> None:
            for k in range(1000):
                await send(b"%d " % k + bytes(20_000))

        with pytest.raises(FaultError) as caught:
            await fill()
        assert "the disk is full" in caught.value.message
        assert caught.value.code == "records-unavailable"
        assert len(told) > 1
        assert not journal.ready
        assert "the disk is full" in journal.why_not
        ballast.unlink()
        await until(lambda: journal.ready)
        await send(b"after")
        await journal.close()
        for identifier, body in told.items():
            assert body_of(folder, identifier) == body

    asyncio.run(story())


def test_a_folder_that_cannot_be_written_is_told_and_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.write_text("in the way")

    async def story() -> None:
        journal = journal_in(folder)
        journal.start()
        assert not journal.ready
        assert journal.why_not
        with pytest.raises(FaultError, match="nothing can be recorded"):
            submit(journal)
        folder.unlink()
        await until(lambda: journal.ready)
        await submit(journal).written()
        await journal.close()

    asyncio.run(story())


def test_crash_safe_records_are_there_after_the_process_was_killed(tmp_path: Path) -> None:
    code = WRITER.replace("Durability.DURABLE", "Durability.CRASH_SAFE")
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    lines = [writer.stdout.readline() for _ in range(200)]
    os.kill(writer.pid, signal.SIGKILL)
    writer.stdout.close()
    writer.wait()

    for line in lines:
        identifier, _, body = line.strip().partition(" ")
        assert body_of(tmp_path, identifier) == body.encode()
