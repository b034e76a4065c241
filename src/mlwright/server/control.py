"""What the pages work with: the opened project, its health, and one proof at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from mlwright.core.errors import RefusedError
from mlwright.server.watch import Watch

if TYPE_CHECKING:
    from mlwright.api.project import Project
    from mlwright.govern.records import Proof


@dataclass(frozen=True, slots=True)
class Control:
    """One project as the control plane sees it.

    ``project`` is opened for reading. ``writable`` opens it once more for the one thing a page
    records, a proof. ``predict_at`` is the data plane's address where there is one.
    """

    project: Project
    writable: Callable[[], Project]
    watch: Watch
    predict_at: str | None
    version: str
    _proving: Lock = field(default_factory=Lock)

    @property
    def surroundings(self) -> Mapping[str, object]:
        """What every page shows around its content."""
        return {"project_name": self.project.name, "version_of_ours": self.version}

    def prove(self, ref: str) -> Proof:
        """Do something again and compare; one at a time, for each takes a whole machine.

        Raises
        ------
        RefusedError
            ``proof-running`` while another one is being made.
        """
        if not self._proving.acquire(blocking=False):
            raise RefusedError(
                "proof-running",
                "another proof is being made; one runs at a time",
                fix=f"ask again when it has ended, or run mlw prove {ref}",
                facts={"ref": ref},
            )
        try:
            with self.writable() as project:
                return project.prove(ref)
        finally:
            self._proving.release()
