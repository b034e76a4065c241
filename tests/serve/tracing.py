"""What a process asks of the system while a test looks on, and how its answers are made slow."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(r"(?P<thread>\d+) +(?P<rest>.*)", re.DOTALL)
_BEGUN = re.compile(r"(?P<name>\w+)\((?P<said>.*)", re.DOTALL)
_RESUMED = re.compile(r"<\.\.\. (?P<name>\w+) resumed>(?P<said>.*)", re.DOTALL)
_FILE = re.compile(r"\d+<(?P<file>[^>]*)>")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the system: when it began and ended in the order of the trace, and on what."""

    name: str
    began: int
    ended: int
    file: str
    said: str
    result: int


@contextmanager
def traced(process: int, *options: str) -> Iterator[None]:
    """Have strace look at every thread of a process for the block."""
    strace = subprocess.Popen(
        ["strace", "-f", "-p", str(process), *options], stderr=subprocess.PIPE, text=True
    )
    assert strace.stderr is not None
    try:
        said = strace.stderr.readline()
        assert "attached" in said, said + strace.stderr.read()
        yield
    finally:
        strace.send_signal(signal.SIGINT)  # strace lets go and leaves by the same signal
        strace.stderr.read()
        strace.stderr.close()
        strace.wait(120)


def calls(trace: Path) -> list[Call]:
    """Return the calls in a trace, in the order in which they ended.

    A call that was begun in one thread while another went on is told in two lines.
    """
    begun: dict[str, tuple[int, str, str]] = {}
    found: list[Call] = []
    for place, line in enumerate(trace.read_text("latin-1").splitlines()):
        told = _LINE.fullmatch(line)
        if told is None:
            continue
        thread, rest = told["thread"], told["rest"]
        if (resumed := _RESUMED.fullmatch(rest)) is not None and thread in begun:
            began, name, said = begun.pop(thread)
            found.append(_call(name, began, place, said + resumed["said"]))
        elif (new := _BEGUN.fullmatch(rest)) is not None:
            if rest.endswith("<unfinished ...>"):
                begun[thread] = (place, new["name"], new["said"])
            else:
                found.append(_call(new["name"], place, place, new["said"]))
    return found


def _call(name: str, began: int, ended: int, said: str) -> Call:
    file = _FILE.match(said)
    result = re.match(r"-?\d+", said.rpartition(" = ")[2])
    return Call(
        name, began, ended, file["file"] if file else "", said, int(result[0]) if result else -1
    )
