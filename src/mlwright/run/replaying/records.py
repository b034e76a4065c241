"""What leaves a replay: steps executed again, and why one differs."""

from __future__ import annotations

from dataclasses import dataclass

from mlwright.core.digest import Digest
from mlwright.run.records import Environment
from mlwright.run.watching.records import Sighting


@dataclass(frozen=True, slots=True)
class Replayed:
    """A recorded step executed again: equal digests mean equal content to the last bit.

    ``replayed`` is None when the step could not be executed; ``error`` tells why. ``output``
    names the bytes it gave, in the store the replay put them in. ``changed`` names the parts of
    the code that are not what was recorded, mlwright's own among them.
    """

    step: str
    recorded: Digest
    replayed: Digest | None
    output: Digest | None
    seconds: float
    error: str | None
    changed: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether the step gave the recorded content again."""
        return self.recorded == self.replayed


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What executing a step that differs once more, watched, showed of the cause.

    ``steady`` tells whether it gave the same as the replay before, in another process with another
    hash seed; None where it could not be executed. ``by_process`` tells that it only changes from
    process to process, ``by_hash`` that it gives the replay's content with the replay's hash seed,
    ``by_chance`` whether it is the same twice once every generator nobody seeded is pinned; None
    where that was not tried. ``sets`` are the lines that make a set.
    """

    step: str
    steady: bool | None
    by_process: bool
    by_hash: bool
    by_chance: bool | None
    seen: tuple[Sighting, ...]
    sets: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """A run's steps executed again, and the environment that was done in.

    ``diagnoses`` are those of the steps that differ though they were fed what was recorded.
    """

    steps: tuple[Replayed, ...]
    environment: Environment
    diagnoses: tuple[Diagnosis, ...] = ()
