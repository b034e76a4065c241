"""What a process has used so far, by the operating system's own counts."""

from __future__ import annotations

import os
import platform
import resource
import sys
from pathlib import Path

from mlwright.core.seam import Seam
from mlwright.run.records import Usage

CORE_WATTS = 10.0
"""Presumed for one busy core of a server's or a laptop's processor, its caches with it.

Makers' powers at all cores busy, by core: 4.4 W (EPYC 7763) to 15.6 W (Core i9 of a desktop).
"""

MEMORY_WATTS = 0.375
"""Presumed for a gigabyte of memory held: 3 W for each 8 GB."""


def usage(seam: Seam) -> Usage:
    """Return what this process and those it waited for used until now; two can be subtracted."""
    times = os.times()
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Usage(
        wall_seconds=seam.elapsed(),
        cpu_seconds=times.user + times.system + times.children_user + times.children_system,
        peak_bytes=kilobytes if sys.platform == "darwin" else kilobytes * 1024,
    )


def between(before: Usage, after: Usage) -> Usage:
    """Return what was used between two readings; the peak is that of the whole process so far."""
    return Usage(
        after.wall_seconds - before.wall_seconds,
        after.cpu_seconds - before.cpu_seconds,
        after.peak_bytes,
    )


def joules(used: Usage) -> float:
    """Return the energy that was presumably used: the cores' while busy, the memory's throughout.

    >>> joules(Usage(10.0, 8.0, 2_000_000_000))
    87.5
    """
    memory = MEMORY_WATTS * used.peak_bytes / 1e9
    return CORE_WATTS * used.cpu_seconds + memory * used.wall_seconds


def processor() -> str:
    """Return the name of the processor, as the system gives it."""
    described = Path("/proc/cpuinfo")
    if described.is_file():
        for line in described.read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
