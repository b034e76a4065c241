"""What tracking hands on: artefacts, lines and all that is known of one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlwright.core.digest import Digest
from mlwright.ledger.records import MetricSummary


@dataclass(frozen=True, slots=True)
class KeptFile:
    """Something a run kept: its name there, its media type, its bytes' size and their object.

    ``step`` is how far the run was, None where it was not said.
    """

    name: str
    media: str
    size: int
    object: Digest
    step: int | None
    time: str


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote about a run, when and by whom."""

    text: str
    time: str
    actor: str


@dataclass(frozen=True, slots=True)
class Logged:
    """What was logged in a run: parameters, tags, metrics, notes and what it kept."""

    params: Mapping[str, object]
    tags: Mapping[str, str]
    metrics: Mapping[str, MetricSummary]
    notes: tuple[Note, ...]
    kept: tuple[KeptFile, ...]

    def __bool__(self) -> bool:
        return bool(self.params or self.tags or self.metrics or self.notes or self.kept)
