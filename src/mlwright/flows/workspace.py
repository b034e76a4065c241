"""What every flow works in: a project's folder with its ledger, store and settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlwright.core.seam import Seam
from mlwright.core.settings import Settings
from mlwright.ledger.ledger import Ledger
from mlwright.store.protocol import Store

if TYPE_CHECKING:
    from mlwright.data.sources.outside import Outside


@dataclass(frozen=True, slots=True)
class Workspace:
    """An opened project: ``folder`` is the project's, its state lies in ``folder/.mlwright``.

    ``environ`` is what sources named as ``env:NAME`` are looked up in; it may hold passwords.
    ``frame`` is a table that a program gave in place of the name of one, ``own`` are the models it
    gave to be tried, ``own_steps`` the feature steps, ``own_checks`` the checks.
    """

    folder: Path
    store: Store
    ledger: Ledger
    settings: Settings
    seam: Seam
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    frame: object | None = field(default=None, repr=False)
    own: tuple[object, ...] = field(default=(), repr=False)
    own_steps: tuple[object, ...] = field(default=(), repr=False)
    own_checks: tuple[object, ...] = field(default=(), repr=False)

    @property
    def outside(self) -> Outside:
        """What reading a source needs from outside the project."""
        from mlwright.data.sources.outside import Outside

        return Outside(self.environ, self.seam.elapsed, self.frame)

    @property
    def state(self) -> Path:
        """The folder that holds the project's state."""
        return self.folder / ".mlwright"

    @property
    def records(self) -> Path:
        """The folder that holds every recorded prediction and label."""
        return self.state / "records"
