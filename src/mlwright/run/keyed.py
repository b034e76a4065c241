"""A resource that is another one for each step: it is asked for the step's by its key."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Keyed(Protocol):
    """Gives each step its own part, by the key of the step's code and inputs."""

    def at(self, key: str) -> object:
        """Return the part of the step with this key."""
