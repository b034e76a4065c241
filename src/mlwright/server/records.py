"""What the parts of the control plane hand to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlwright.serve.listening import web_address


@dataclass(frozen=True, slots=True)
class Page:
    """One page: what its JSON twin holds, and what only the drawn page needs.

    ``content`` holds records; ``drawn`` holds pictures and addresses made from them.
    """

    template: str
    schema: str
    title: str
    content: Mapping[str, object]
    drawn: Mapping[str, object] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where the control plane listens, and which names of this machine it answers to."""

    host: str
    port: int
    names: tuple[str, ...]

    @property
    def address(self) -> str:
        """The address to open in a browser."""
        return web_address(self.host, self.port)
