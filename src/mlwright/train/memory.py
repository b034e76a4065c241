"""What a search that was cut short had judged already, so that the next one goes on from there."""

from __future__ import annotations

from io import BytesIO
from typing import Protocol

import numpy as np

from mlwright.core.encoding import digest_of
from mlwright.features.numbers import Matrix
from mlwright.train.records import Configuration


class Memory(Protocol):
    """Keeps bytes by name, for as long as the work they belong to is not done."""

    def recall(self, name: str) -> bytes | None:
        """Return what was kept; None where nothing whole was."""

    def keep(self, name: str, content: bytes) -> None:
        """Keep bytes."""


class Forgetful:
    """Keeps nothing."""

    def recall(self, name: str) -> bytes | None:  # noqa: ARG002
        """Return nothing."""
        return None

    def keep(self, name: str, content: bytes) -> None:
        """Do nothing."""


class Within:
    """A part of a memory: one of several searches that share it."""

    def __init__(self, memory: Memory, part: str) -> None:
        self._memory = memory
        self._part = part

    def recall(self, name: str) -> bytes | None:
        """Return what was kept in this part."""
        return self._memory.recall(f"{self._part}-{name}")

    def keep(self, name: str, content: bytes) -> None:
        """Keep bytes in this part."""
        self._memory.keep(f"{self._part}-{name}", content)


def name_of(configuration: Configuration, place: str) -> str:
    """Return the name under which one round of a configuration is kept."""
    digest = digest_of(configuration, tag="mlwright/configuration/1")
    return f"{place}-{digest.rpartition(':')[2][:32]}"


def packed(matrices: tuple[Matrix, ...], numbers: tuple[float, ...]) -> bytes:
    """Return matrices and numbers as bytes, every bit of them."""
    held = BytesIO()
    arrays = {f"matrix{place}": each for place, each in enumerate(matrices)}
    np.savez(held, allow_pickle=False, numbers=np.array(numbers, dtype=np.float64), **arrays)
    return held.getvalue()


def unpacked(content: bytes) -> tuple[tuple[Matrix, ...], tuple[float, ...]]:
    """Return what was packed."""
    with np.load(BytesIO(content), allow_pickle=False) as read:
        numbers = tuple(read["numbers"].tolist())
        matrices = tuple(read[f"matrix{place}"] for place in range(len(read.files) - 1))
    return matrices, numbers
