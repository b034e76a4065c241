"""How much memory a process and those it started hold, as the operating system counts."""

from __future__ import annotations

from pathlib import Path

_PROCESSES = Path("/proc")
_ANONYMOUS = ("RssAnon:", "RssShmem:")


def held_by(pid: int, enough: int) -> int:
    """Return the bytes a process and its children hold; 0 where the system does not tell.

    What processes share is counted for each at first, and shared out fairly only where the sum
    is more than ``enough``, for that takes the system longer to say.
    """
    family = [pid, *_descendants(pid)]
    roughly = sum(_lines(each, "status", _ANONYMOUS) for each in family)
    if roughly <= enough:
        return roughly
    return sum(_lines(each, "smaps_rollup", ("Pss_Anon:", "Pss_Shmem:")) for each in family)


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    waiting = [pid]
    while waiting:
        folder = _PROCESSES / str(waiting.pop()) / "task"
        try:
            told = [(thread / "children").read_text() for thread in folder.iterdir()]
        except OSError:
            continue  # it has ended
        children = [int(each) for text in told for each in text.split()]
        found += children
        waiting += children
    return found


def _lines(pid: int, name: str, wanted: tuple[str, ...]) -> int:
    try:
        text = (_PROCESSES / str(pid) / name).read_text()
    except OSError:
        return 0  # it has ended
    found = [line.split() for line in text.splitlines() if line.startswith(wanted)]
    return sum(int(words[1]) for words in found) * 1024
