"""Load from the other core: wrk sends rows over so many connections and measures."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from servers.process import Running, pinned

_SCRIPT = Path(__file__).with_name("post.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """What came back: milliseconds, and the server's own CPU time for one request.

    ``failed`` counts answers that are not 2xx, and connections that broke.
    """

    rate: float
    p50: float
    p99: float
    cpu: float
    failed: int


def need_wrk() -> None:
    """Install wrk where we may, else say how and leave."""
    if shutil.which("wrk"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("installing wrk, which makes the load", file=sys.stderr, flush=True)
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", "wrk"]
        for command in (install, ["apt-get", "update", "-qq"], install):
            done = subprocess.run(command, env=environ, stdout=sys.stderr, check=False)
            if done.returncode == 0 and shutil.which("wrk"):
                return
    print("wrk-missing: wrk makes the load. Install it with: sudo apt-get install wrk")
    raise SystemExit(1)


def measure(
    server: Running, path: str, bodies: Path, *, connections: int, seconds: int, core: int
) -> Load:
    """Send the bodies of a file, one a line, for some seconds."""
    before = server.cpu_seconds()
    done = subprocess.run(
        [
            *pinned(core),
            "wrk",
            "--threads=1",
            f"--connections={connections}",
            f"--duration={seconds}s",
            "--timeout=30s",
            f"--script={_SCRIPT}",
            f"http://127.0.0.1:{server.port}{path}",
            "--",
            str(bodies),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    used = server.cpu_seconds() - before
    told = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    count = max(told["requests"], 1)
    return Load(
        rate=told["requests"] / (told["microseconds"] / 1e6),
        p50=told["p50"] / 1e3,
        p99=told["p99"] / 1e3,
        cpu=1e6 * used / count,
        failed=told["refused"] + told["broken"],
    )


def best(turns: Sequence[Load]) -> Load:
    """Return the fastest turn, with the failures of all."""
    fastest = max(turns, key=lambda turn: turn.rate)
    return Load(
        fastest.rate, fastest.p50, fastest.p99, fastest.cpu, sum(turn.failed for turn in turns)
    )
