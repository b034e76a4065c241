"""Modules written, imported and edited by the tests of runs."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Write = Callable[[Mapping[str, str]], Any]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    """Return a function that writes a project's files anew and imports its ``steps``.

    Each call makes another folder, so that two versions of a project differ in nothing else.
    """
    numbers = count()
    path, known = list(sys.path), set(sys.modules)

    def forget() -> None:
        sys.path[:] = path
        for name in set(sys.modules) - known:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
                del sys.modules[name]

    def make(files: Mapping[str, str]) -> ModuleType:
        forget()
        folder = tmp_path / str(next(numbers))
        for name, text in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        sys.path[:0] = [str(folder), str(folder / "site-packages")]
        importlib.invalidate_caches()
        return importlib.import_module("steps")

    yield make
    forget()
