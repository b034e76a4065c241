"""Resources that are others for each step: a part by the step's key, or the step's own sink."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


class Heard:
    """A resource that is the sink of the step it is given to: what it takes is the step's."""


@runtime_checkable
class Keyed(Protocol):
    """Gives each step its own part, by the key of the step's code and inputs."""

    def at(self, key: str) -> object:
        """Return the part of the step with this key."""
