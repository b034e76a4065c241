"""The ``[checks]`` settings: a free table of names and rules."""

from __future__ import annotations

from dataclasses import dataclass

from mlwright.core.settings import FreeTable


@dataclass(frozen=True, slots=True)
class CheckSettings(FreeTable):
    """Rules by name as they were written; nested tables are flattened with dots."""
