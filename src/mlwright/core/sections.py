"""Settings dataclasses by the section they describe, each imported when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import cast


class Sections(Mapping[str, type]):
    """Settings dataclasses by section name, given as classes or as ``MODULE:NAME``.

    Most of what is done asks for one or two sections; to make the classes of all of them takes
    longer than small steps.

    >>> Sections({"run": "mlwright.run.settings:RunSettings"})["run"].__name__
    'RunSettings'
    """

    def __init__(self, kinds: Mapping[str, str | type]) -> None:
        self._kinds = dict(kinds)

    def __getitem__(self, name: str) -> type:
        kind = self._kinds[name]
        if isinstance(kind, type):
            return kind
        module, _, qualname = kind.partition(":")
        return cast("type", getattr(import_module(module), qualname))

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    def __contains__(self, name: object) -> bool:
        return name in self._kinds

    def name_of(self, kind: type) -> str | None:
        """Return the section a dataclass describes, without importing any other's."""
        home = f"{kind.__module__}:{kind.__qualname__}"
        return next((name for name, each in self._kinds.items() if each in (kind, home)), None)
