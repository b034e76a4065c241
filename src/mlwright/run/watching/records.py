"""What watching a step shows: where it took in something that is none of its inputs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something a step took in that is none of its inputs, and the line of the user's that did.

    ``kind`` is one of :mod:`mlwright.run.watching.giveaways`, ``what`` names the function, file,
    host or variable; ``text`` is the line as it ran. ``through`` is the library that did it on its
    own account while that line ran; empty where the line asked for it. ``path`` is that of a file,
    ``at_import`` tells that the line is not within a function.
    """

    kind: str
    what: str
    file: str
    line: int
    text: str
    through: str = ""
    path: str | None = None
    at_import: bool = False
