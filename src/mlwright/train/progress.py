"""How far a search has come, told to whoever listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears of work that has begun, moved on and ended."""

    def start(self, total: int, text: str) -> None:
        """Hear that ``total`` pieces of work begin."""

    def advance(self, text: str) -> None:
        """Hear that one piece is done."""

    def finish(self) -> None:
        """Hear that all work is done, or given up."""


class Silent:
    """Tells nobody."""

    def start(self, total: int, text: str) -> None:
        """Do nothing."""

    def advance(self, text: str) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""
