"""Whose a running frame is: the user's, mlwright's, a library's or Python's own."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import FrameType

from mlwright.run.closure.origin import Home, origin

USER, OURS, PYTHON, LIBRARY = "user", "mlwright", "python", "library"

_ALWAYS_ITS_OWN = frozenset(
    {
        *("_frozen_importlib", "_frozen_importlib_external", "importlib", "zipimport", "pkgutil"),
        *("logging", "warnings", "linecache", "inspect", "traceback", "tokenize", "faulthandler"),
        *("gettext", "locale", "encodings", "zoneinfo", "mimetypes", "site", "sysconfig"),
    }
)
"""Modules of Python that read files and the clock on their own behalf, whoever calls them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the user's that led to something, and through which modules of others it went.

    ``direct`` tells that no library lies between, ``python`` names the modules of Python that do.
    """

    frame: FrameType
    through: str
    python: tuple[str, ...]
    entry: FrameType

    @property
    def direct(self) -> bool:
        """Whether the user's code did it itself, or asked Python to."""
        return not self.through


class Whose:
    """Tells whose frames are, remembered by their code.

    Parameters
    ----------
    mine
        Names of modules that are the user's wherever they lie: those whose text was recorded.
    """

    def __init__(self, mine: Iterable[str]) -> None:
        self._mine = frozenset(mine)
        self._known: dict[int, str] = {}
        self._kept: list[object] = []

    def of(self, frame: FrameType) -> str:
        """Return whose a frame is."""
        code = frame.f_code
        known = self._known.get(id(code))
        if known is None:
            known = self._known[id(code)] = self._look(frame)
            self._kept.append(code)  # so that no other code gets its number
        return known

    def _look(self, frame: FrameType) -> str:
        name = module_of(frame)
        if name in self._mine:
            return USER
        top = name.partition(".")[0]
        if top == "mlwright":
            return OURS
        if top in sys.stdlib_module_names and top != "__main__":
            return PYTHON
        file = frame.f_code.co_filename
        if file.startswith("<") or name not in sys.modules:
            return PYTHON  # written while running, such as a named tuple's methods
        home = origin(name, file).home
        return {Home.USER: USER, Home.DISTRIBUTION: LIBRARY, Home.PYTHON: PYTHON}[home]

    def place(self, frame: FrameType | None) -> Place | None:
        """Return the innermost line of the user's that led to a frame.

        None where mlwright, an import, logging or the like did it on its own behalf, and where no
        line of the user's is.
        """
        through = ""
        python: list[str] = []
        entry = frame
        for each in _outwards(frame):
            whose = self.of(each)
            if whose == USER:
                assert entry is not None
                return Place(each, through, tuple(python), entry)
            if whose == OURS:
                return None
            name = module_of(each)
            if whose == PYTHON:
                if name.partition(".")[0] in _ALWAYS_ITS_OWN:
                    return None
                if not through:
                    python.append(name)
            elif not through:
                through = name.partition(".")[0]
            entry = each
        return None


def module_of(frame: FrameType) -> str:
    """Return the name of the module a frame's code stands in."""
    name = frame.f_globals.get("__name__")
    return name if isinstance(name, str) else ""


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
