"""The system calls of a worker show that each record is synced before its answer is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from time import sleep

from .conftest import Start, Trained
from .load import NUMBER, Answer, Load
from .tracing import Call, calls, traced

READS = ("read", "recvfrom", "recvmsg")
SENDS = ("write", "writev", "sendto", "sendmsg")
WRITES = ("pwrite64",)
SYNCS = ("fdatasync", "fsync")
WATCHED = ",".join((*READS, *SENDS, *WRITES, *SYNCS))
WHOLE_PAGE = "5000"  # bytes of each call that are told: a page of the write-ahead log has 4,096

_NUMBER = re.compile(rf'{NUMBER}\\": (\d+)}}')


def test_every_record_is_written_and_synced_between_its_request_and_its_answer(
    start: Start, trained: Trained, tmp_path: Path
) -> None:
    answers, made = _watched(start, trained, tmp_path / "durable", log="durable")

    assert len(answers) >= 100
    unsynced = [answer for answer in answers if not any(_synced_before(answer, made))]
    assert unsynced == []


def test_a_crash_safe_answer_waits_for_no_sync_and_the_trace_shows_it(
    start: Start, trained: Trained, tmp_path: Path
) -> None:
    answers, made = _watched(start, trained, tmp_path / "crash-safe", log="crash-safe")

    assert len(answers) >= 100
    assert not any(found for answer in answers for found in _synced_before(answer, made))


def _watched(
    start: Start, trained: Trained, trace: Path, log: str
) -> tuple[list[Answer], list[Call]]:
    worker = start(log=log)
    load = Load(worker.port, "churn", trained.rows[0], clients=8, pause=0.01)
    told = ("-y", "-s", WHOLE_PAGE, "-o", str(trace), "-e", f"trace={WATCHED}")
    with traced(worker.process.pid, *told), load.running():
        while len(load.answers) < 200:
            sleep(0.02)
    assert {answer.status for answer in load.answers} == {200}
    return load.answers, calls(trace)


def _synced_before(answer: Answer, made: list[Call]) -> Iterator[Call]:
    """Yield the syncs of an answer's record that ended before the answer was sent."""
    (asked,) = (c for c in made if c.name in READS and answer.number in _numbers(c))
    (sent,) = (c for c in made if c.name in SENDS and f"x-prediction-id: {answer.id}" in c.said)
    assert asked.file == sent.file, "asked and answered on one connection"
    for page in made:
        if page.name in WRITES and asked.ended < page.began < sent.began:
            if not page.file.endswith(".db-wal") or answer.number not in _numbers(page):
                continue
            for sync in made:
                if (
                    sync.name in SYNCS
                    and sync.file == page.file
                    and page.ended < sync.began
                    and sync.ended < sent.began
                    and sync.result == 0
                ):
                    yield sync


def _numbers(call: Call) -> set[int]:
    return {int(number) for number in _NUMBER.findall(call.said)}
