"""What a run was given, and what its steps gave, read back by name."""

from __future__ import annotations

from typing import TypeVar

from mlwright.core.digest import Digest
from mlwright.flows.workspace import Workspace
from mlwright.run.artefacts import unpack
from mlwright.run.history import run_record

R = TypeVar("R")


class Known:
    """The inputs and outputs of a run, by name."""

    def __init__(self, run: str, workspace: Workspace) -> None:
        self.run = run
        self._store = workspace.store
        self._artefacts: dict[str, tuple[str, Digest]] = {}
        for step in run_record(workspace.ledger, run).steps:
            for name, kind in step.kinds.items():
                self._artefacts[name] = (kind, step.objects[name])
            self._artefacts[step.step] = (step.kind, step.output)

    def has(self, name: str) -> bool:
        """Tell whether the run was given, or gave, something of that name."""
        return name in self._artefacts

    def kind(self, name: str) -> str:
        """Return how it is kept: the class of a record, or another form."""
        return self._artefacts[name][0]

    def value(self, name: str) -> object:
        """Return it, read from the store."""
        kind, digest = self._artefacts[name]
        return unpack(kind, self._store.get(digest))

    def of(self, name: str, kind: type[R]) -> R:
        """Return it, when it is what it is expected to be."""
        found = self.value(name)
        if not isinstance(found, kind):
            raise TypeError(f"{name} of {self.run} is {type(found).__name__}")
        return found
