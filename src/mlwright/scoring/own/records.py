"""What passes between us and the process of the user's feature steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Ask(str, Enum):
    """What the process of the steps can be asked.

    ``table`` and ``rows`` carry the steps out; ``alone`` and ``pieces`` hold what they make of
    single rows and of parts of a table against what they made of the whole; ``trace`` tells which
    columns they read, and what is made of which.
    """

    OPEN = "open"
    TABLE = "table"
    ROWS = "rows"
    ALONE = "alone"
    PIECES = "pieces"
    TRACE = "trace"


@dataclass(frozen=True, slots=True)
class Difference:
    """The first cell that a step makes otherwise when rows are asked apart.

    ``row`` is its place in what was asked; ``close`` tells that only the last bits differ.
    """

    row: int
    column: str
    together: str
    apart: str
    close: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """Which columns steps read, and of which each column they return is made.

    ``made`` are the columns that are new or no longer what was given, ``left_out`` those that were
    given and did not come back.
    """

    read: tuple[str, ...]
    made: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...]
