"""What leaves the registry: model versions and the roles they hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mlwright.core.digest import Digest


class RoleName(str, Enum):
    """The roles of an endpoint."""

    LIVE = "live"
    PREVIOUS = "previous"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A registered version of a named model, with what it was judged by.

    ``package`` and ``evaluation`` are the store's objects; ``checks`` are the ids of the verdicts
    bound to this version, ``failed`` those of them that failed, and ``judged`` the digest of all
    rules with their outcomes.
    """

    name: str
    number: int
    model: str
    run: str
    data: str
    package: Digest
    artefact: Digest
    probe_answers: Digest
    evaluation: Digest
    checks: tuple[str, ...]
    failed: tuple[str, ...]
    judged: Digest
    time: str
    actor: str
    event: str

    @property
    def ref(self) -> str:
        """``name@number``."""
        return f"{self.name}@{self.number}"


@dataclass(frozen=True, slots=True)
class RoleChange:
    """One move of an endpoint's roles, as the log holds it.

    ``moved`` is False where it was asked for what is so already: then it is the earlier move.
    """

    endpoint: str
    live: str | None
    previous: str | None
    reason: str
    time: str
    actor: str
    event: str
    moved: bool = True
