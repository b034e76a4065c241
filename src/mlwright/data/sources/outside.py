"""What reading a source needs from outside: the environment, a clock, a frame that is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outside:
    """The environment that references are looked up in, and seconds that only go forward.

    ``frame`` is the table that a program gave in place of the name of one.
    """

    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    elapsed: Callable[[], float] = lambda: 0.0
    frame: object | None = field(default=None, repr=False)


NOTHING = Outside()
"""No variable is set and no time passes: enough for what lies on this machine."""
