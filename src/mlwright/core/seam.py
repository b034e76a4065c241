"""The one seam to the outside: time, randomness and who acts, so that a test can replay."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from time import perf_counter
from typing import Protocol


class Seam(Protocol):
    """Everything that differs between two runs of the same program."""

    def now(self) -> datetime:
        """Return the time in UTC."""

    def elapsed(self) -> float:
        """Return seconds on a clock that never goes back; only differences mean something."""

    def random_bytes(self, count: int) -> bytes:
        """Return bytes nobody can foretell."""

    def actor(self) -> str:
        """Return who acts, as ``user@host`` of the operating system."""


class SystemSeam:
    """The real clock, the operating system's randomness and its user."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)

    def elapsed(self) -> float:
        """Return seconds on the performance counter."""
        return perf_counter()

    def random_bytes(self, count: int) -> bytes:
        """Return bytes of the operating system's generator."""
        return os.urandom(count)

    def actor(self) -> str:
        """Return ``user@host``; a user id without a name is written as its number.

        The name is the operating system's: the environment's (``LOGNAME``) can say anything.
        """
        return f"{_name_of(os.getuid())}@{os.uname().nodename}"


@cache
def _name_of(user: int) -> str:
    """Return a user's name: looked up once, for each transaction asks for it."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


@dataclass
class ReplaySeam:
    """A clock that ticks by one step a reading and a generator with a seed, for tests."""

    time: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    step: timedelta = timedelta(milliseconds=1)
    seed: int = 0
    name: str = "tester@localhost"
    _drawn: int = 0
    _ticks: int = 0

    def now(self) -> datetime:
        """Return a time one step later than the last."""
        self.time += self.step
        return self.time

    def elapsed(self) -> float:
        """Return a number one step larger than the last."""
        self._ticks += 1
        return self._ticks * self.step.total_seconds()

    def random_bytes(self, count: int) -> bytes:
        """Return bytes that depend only on the seed and the number of calls before."""
        raw = b""
        while len(raw) < count:
            raw += sha256(f"{self.seed}:{self._drawn}".encode()).digest()
            self._drawn += 1
        return raw[:count]

    def actor(self) -> str:
        """Return the fixed name."""
        return self.name
