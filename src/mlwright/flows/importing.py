"""Code of the user's own, found by the name it has in a spec or on the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from mlwright.core.errors import UsageError, nearest

MARK = ":"
"""What the name of code of the user's own has and that of an algorithm has not."""

_MISSING = {
    "model": "own-model-missing",
    "step": "own-step-missing",
    "check": "own-check-missing",
    "pipeline": "pipeline-import",
}


def imported(name: str, folder: Path, what: str) -> Any:
    """Return what ``MODULE:NAME`` leads to; the project's folder is looked in first.

    Parameters
    ----------
    what
        What it is to be, which decides the code of the error where the name leads nowhere.

    Raises
    ------
    UsageError
        ``own-model-missing``, ``own-step-missing``, ``own-check-missing``, ``pipeline-import``.
    """
    module, _, qualname = name.partition(MARK)
    with _importable(folder):
        try:
            value: Any = import_module(module)
        except ImportError as error:
            raise UsageError(
                _MISSING[what],
                f"{name}: {module} cannot be imported: {error}",
                fix="name it as MODULE:FUNCTION; the module lies in the project's folder, or is "
                "installed",
                facts={"name": name},
                looked=[str(folder), *sys.path[:4]],
            ) from error
    for part in qualname.split("."):
        if not hasattr(value, part):
            near = nearest(part, [each for each in dir(value) if not each.startswith("_")])
            raise UsageError(
                _MISSING[what],
                f"{name}: {module} has no {part!r}" + (f"; did you mean {near!r}?" if near else ""),
                fix=f"use {module}:{near}" if near else f"define {part} in {module}",
                facts={"name": name, "nearest": near},
                looked=[str(getattr(sys.modules[module], "__file__", module))],
            )
        value = getattr(value, part)
    return value


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let the modules of a project's folder be imported."""
    place = str(folder.absolute())
    added = place not in sys.path
    if added:
        sys.path.insert(0, place)
    try:
        yield
    finally:
        if added and place in sys.path:
            sys.path.remove(place)
