"""Clients that hang up while their record is being synced harm nobody but themselves."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from itertools import pairwise
from pathlib import Path

import pytest

from mlwright.serve import lookup
from mlwright.serve.records import Filter

from .conftest import Start, Trained, Worker
from .load import NUMBER, Load, request
from .tracing import traced

FIRST = 10_000_000  # numbers of those who hang up begin here
SLOW = "30ms"  # what a sync takes at least, so that everybody hangs up while one runs
AT_ONCE = 25
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing resets the connection at once


def test_a_thousand_hang_ups_harm_no_other_request(start: Start, trained: Trained) -> None:
    _hang_ups(start(), trained, 1_000)


@pytest.mark.deep
def test_twenty_thousand_hang_ups_harm_no_other_request(start: Start, trained: Trained) -> None:
    _hang_ups(start(), trained, 20_000)


def _hang_ups(worker: Worker, trained: Trained, count: int) -> None:
    row = trained.rows[0]
    syncs = ("-e", "trace=fdatasync", "-e", f"inject=fdatasync:delay_enter={SLOW}")
    others = Load(worker.port, "churn", row, clients=32, pause=0.005)
    quarter = count // 4

    with traced(worker.process.pid, *syncs, "-o", "/dev/null"), others.running():
        memory = []
        for first in range(FIRST, FIRST + count, quarter):
            asyncio.run(_leave_early(worker.port, row, range(first, first + quarter)))
            memory.append(_memory(worker))
            opened = _opened(worker)

    assert others.dropped == []
    assert len(others.answers) >= 32
    assert {answer.status for answer in others.answers} == {200}
    worker.until(lambda: _opened(worker) <= opened)
    # A stall of the disk, with many in flight, raises it once; what leaks raises it each time.
    grown = min(later - earlier for earlier, later in pairwise(memory))
    assert grown < max(300 * quarter, 256_000), f"bytes after each {quarter} hang-ups: {memory}"
    waiting = 'mlwright_records_waiting{worker="0"} 0'
    worker.until(lambda: waiting in worker.ask("/metrics").content.decode())
    recorded = {each.id: each for each in lookup.scan(worker.records, Filter(), lambda _: None)}
    numbers = [json.loads(each.body)[NUMBER] for each in recorded.values()]
    left = sum(number >= FIRST for number in numbers)
    print(f"{len(others.answers)} others answered; {left} of {count} were recorded all the same")
    assert len(numbers) == len(set(numbers))
    assert left >= 0.9 * count
    assert {answer.id for answer in others.answers} <= set(recorded)
    assert worker.leave() == 0
    assert worker.log.read_text() == ""


async def _leave_early(port: int, row: dict[str, object], numbers: range) -> None:
    """Ask with several clients at a time, each of which leaves without its answer."""
    waiting = iter(numbers)

    async def client(way: int) -> None:
        for number in waiting:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request("churn", {**row, NUMBER: number}))
            await asyncio.sleep(0.01)
            if way % 2:
                wire = writer.get_extra_info("socket")
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.close()

    await asyncio.gather(*(client(way) for way in range(AT_ONCE)))


def _memory(worker: Worker) -> int:
    pages = Path(f"/proc/{worker.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _opened(worker: Worker) -> int:
    return sum(1 for _ in Path(f"/proc/{worker.process.pid}/fd").iterdir())
