"""The record of a walk through code: what was met, what it is called, what does not show."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

from mlwright.core.digest import Digest, digest_file
from mlwright.run.closure import blindspots
from mlwright.run.closure.forms import Form, form_digest
from mlwright.run.closure.origin import Home, Origin, origin


class Trail:
    """What a walk has met: each thing once, under one name, in a fixed order.

    ``where`` is what is being read; what does not show is told with it.
    """

    def __init__(self) -> None:
        self.parts: dict[str, Digest] = {}
        self.distributions: dict[str, str] = {}
        self.modules: set[str] = set()
        self.unseen: dict[str, None] = {}
        self.where = ""
        self._labels: dict[int, str] = {}
        self.values: dict[tuple[str, int], str] = {}
        self._taken: dict[str, int] = {}
        self._waiting: list[tuple[str, Any, Callable[[str, Any], Form]]] = []
        self.kept: list[object] = []
        self._origins: dict[str, Origin] = {}

    def read_all(self) -> None:
        """Read everything met so far, and everything met while reading it."""
        done = 0
        while done < len(self._waiting):
            label, value, read = self._waiting[done]
            self.where = label
            self.parts[label] = _digest(read(label, value))
            done += 1

    def touch(self, module: str, file: str | None = None) -> Origin:
        """Note that a module takes part, and return where it comes from."""
        found = self._origins.get(module)
        if found is None:
            found = self._origins[module] = origin(module, file)
            if found.home is Home.DISTRIBUTION:
                self.distributions[found.name] = found.version
            elif found.home is Home.USER:
                self.modules.add(module)
        return found

    def library(self, name: str) -> Form:
        """Return the reference to something of Python or of a distribution, by dotted name."""
        unknown, outside = blindspots.look_up(name)
        if unknown is not None:
            return self.blind(f"{unknown} runs code that does not show")
        if outside is not None and not self.ours():
            return self.blind(f"{outside} {blindspots.OUTSIDE}")
        return ("library", name)

    def extension(self, module: str, name: str) -> Form:
        """Return the reference to something of a compiled module of the user's: its file."""
        file = getattr(sys.modules.get(module), "__file__", None) or ""
        if file.endswith(tuple(EXTENSION_SUFFIXES)):
            return ("extension", f"{module}.{name}", digest_file(Path(file)))
        return self.blind(f"{module}.{name} is compiled and its file is not found")

    def blind(self, what: str) -> Form:
        """Report what cannot be seen through, and where."""
        self.unseen[f"{self.where}: {what}"] = None
        return ("unseen", what)

    def ours(self) -> bool:
        """Tell whether mlwright's own code is being read: it answers for what it opens."""
        where = self.where.removeprefix("class ").removeprefix("module ")
        return where.startswith(("mlwright.", "mlwright:"))

    def part(self, value: object, label: str, read: Callable[[str, Any], Form]) -> Form:
        """Return the reference to something that will be read, under a name of its own."""
        known = self._labels.get(id(value))
        if known is None:
            known = self._labels[id(value)] = self.name_for(label)
            self.kept.append(value)
            self._waiting.append((known, value, read))
        return ("part", known)

    def name_for(self, label: str) -> str:
        """Return a label no other part has: equal names are numbered as they are met."""
        count = self._taken[label] = self._taken.get(label, 0) + 1
        return label if count == 1 else f"{label}#{count}"


# Forms of functions and classes hold text alone, so that equal ones are the same to the last bit.
@functools.lru_cache(maxsize=1 << 14)
def _digest(found: Form) -> Digest:
    return form_digest(found, tag="mlwright/part/1")
