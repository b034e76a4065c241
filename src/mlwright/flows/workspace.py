"""What every flow works in: a project's folder with its ledger, store and settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlwright.core.seam import Seam
from mlwright.core.settings import Settings
from mlwright.ledger.ledger import Ledger
from mlwright.store.protocol import Store


@dataclass(frozen=True, slots=True)
class Workspace:
    """An opened project: ``folder`` is the project's, its state lies in ``folder/.mlwright``."""

    folder: Path
    store: Store
    ledger: Ledger
    settings: Settings
    seam: Seam

    @property
    def state(self) -> Path:
        """The folder that holds the project's state."""
        return self.folder / ".mlwright"

    @property
    def records(self) -> Path:
        """The folder that holds every recorded prediction and label."""
        return self.state / "records"
