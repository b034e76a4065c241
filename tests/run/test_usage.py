"""What a run used: the system's own counts, and what they presumably took of energy."""

from __future__ import annotations

from mlwright.core.seam import SystemSeam
from mlwright.run.records import Usage
from mlwright.run.usage import CORE_WATTS, MEMORY_WATTS, between, joules, processor, usage


def test_work_takes_processor_time_and_memory_and_never_gives_them_back() -> None:
    before = usage(SystemSeam())
    held = bytearray(64_000_000)
    held[::4096] = b"x" * len(held[::4096])
    total = sum(number * number for number in range(400_000))

    used = between(before, usage(SystemSeam()))

    assert total > 0
    assert used.wall_seconds > 0
    assert used.cpu_seconds >= 0.01
    assert used.peak_bytes >= 64_000_000


def test_energy_counts_busy_cores_and_the_memory_held_throughout() -> None:
    busy, idle = Usage(10.0, 20.0, 0), Usage(10.0, 0.0, 4_000_000_000)

    assert joules(busy) == 20.0 * CORE_WATTS
    assert joules(idle) == 10.0 * 4.0 * MEMORY_WATTS


def test_the_processor_has_a_name() -> None:
    assert processor()
