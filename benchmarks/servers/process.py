"""A server as a process on one core: its start, its CPU time, its memory."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes of a server's processes together; ``pss`` shares what they share."""

    rss: float
    pss: float


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers; ``start`` are the seconds from its process to its first 200."""

    pid: int
    port: int
    start: float

    def cpu_seconds(self) -> float:
        """Return the CPU time of its processes so far."""
        return sum(_cpu_seconds(pid) for pid in _family(self.pid))

    def memory(self) -> Memory:
        """Return what its processes hold."""
        every = [_memory(pid) for pid in _family(self.pid)]
        return Memory(sum(each.rss for each in every), sum(each.pss for each in every))

    def post(self, path: str, body: bytes) -> bytes:
        """Return the answer to one request, which has to be 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {content[:500]!r}")
        return content


def pinned(core: int) -> list[str]:
    """Return the command that keeps the one after it on a core."""
    return ["taskset", "-c", str(core)]


def free_port() -> int:
    """Return a port that nobody has."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _inherited() -> dict[str, str]:
    """Return the environment of a user: modules are compiled once, not at each start."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


@contextmanager
def running(
    command: Sequence[str],
    *,
    port: int,
    ready: str,
    core: int,
    environ: Mapping[str, str],
    log: Path,
    keep: Sequence[int] = (),
) -> Iterator[Running]:
    """Start a server, wait until it answers 200 at ``ready``, and end it after the block."""
    with log.open("wb") as output:
        began = monotonic()
        process = subprocess.Popen(
            [*pinned(core), *command],
            env={**_inherited(), **environ},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=tuple(keep),
            start_new_session=True,
        )
        try:
            while not _answers(port, ready):
                if process.poll() is not None or monotonic() - began > _PATIENCE:
                    raise RuntimeError(f"it did not start; it said: {log.read_text()[-3000:]}")
                sleep(0.003)
            yield Running(process.pid, port, monotonic() - began)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _family(pid: int) -> Iterator[int]:
    """Return a process and all it started."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = int(fields[11]), int(fields[12])
    return (user + system) / _TICKS


def _memory(pid: int) -> Memory:
    sizes = {
        name: int(rest.split()[0]) / 1e3
        for name, _, rest in (
            line.partition(":")
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        )
    }
    return Memory(sizes["Rss"], sizes["Pss"])
