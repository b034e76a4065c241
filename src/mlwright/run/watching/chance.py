"""Generators of random numbers that belong to nobody: have they moved, and were they seeded."""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import sys
from collections.abc import Iterator
from itertools import count
from typing import Any

_MT_LENGTH = 624
_TORCH = "torch"


class Shared:
    """The generators numpy and PyTorch share with everybody; told apart by what they hold.

    ``moved`` gives the names of those that moved since the last time and were not seeded in
    between. A freshly seeded Mersenne twister stands at the end of its block.
    """

    def __init__(self) -> None:
        self._numpy: Any = None
        self._at: tuple[int, int, int] | None = None
        self._torch: bytes | None = None
        self.seeded: set[str] = set()
        self.moved()

    def moved(self, *, seeding: bool = False) -> list[str]:
        """Return what moved; ``seeding`` tells that the code since then speaks of a seed."""
        found = []
        moved = self._numpy_moved()
        fresh = self._at is not None and self._at[0] == _MT_LENGTH
        if (seeding and (moved or fresh)) or (moved and fresh):
            self.seeded.add("numpy")
        elif moved and "numpy" not in self.seeded:
            found.append("numpy")
        if self._torch_moved():
            if seeding:
                self.seeded.add(_TORCH)
            elif _TORCH not in self.seeded:
                found.append(_TORCH)
        return found

    def _numpy_moved(self) -> bool:
        if self._numpy is None:
            legacy = getattr(sys.modules.get("numpy.random.mtrand"), "_rand", None)
            generator = getattr(legacy, "_bit_generator", None)
            if generator is None or type(generator).__name__ != "MT19937":
                return False
            # Its key and its place, where the compiled code keeps them.
            kind = ctypes.c_uint32 * (_MT_LENGTH + 1)
            self._numpy = (generator, kind.from_address(generator.ctypes.state_address))
        _, held = self._numpy
        before, self._at = self._at, (held[_MT_LENGTH], held[0], held[_MT_LENGTH - 1])
        return before is not None and before != self._at

    def _torch_moved(self) -> bool:
        torch: Any = sys.modules.get(_TORCH)
        generator = getattr(torch, "default_generator", None)
        if generator is None:
            return False
        before, self._torch = self._torch, generator.get_state().numpy().tobytes()
        return before is not None and before != self._torch


@contextlib.contextmanager
def pinned() -> Iterator[None]:
    """Let everything random that nobody seeded give the same, to see whether that is the cause."""
    numbers = count()

    def urandom(size: int) -> bytes:
        return random.Random(next(numbers)).randbytes(size)  # noqa: S311 - the same again is wanted

    seed = random.Random.seed

    def seeded(self: random.Random, a: Any = None, version: int = 2) -> None:
        seed(self, next(numbers) if a is None else a, version)

    module: Any = random
    kept = (os.urandom, module._urandom)
    os.urandom = module._urandom = urandom
    module.Random.seed = seeded
    try:
        _seed_shared()
        yield
    finally:
        os.urandom, module._urandom = kept
        module.Random.seed = seed


def _seed_shared() -> None:
    random.seed(0)
    for name, seed in (("numpy", "random.seed"), (_TORCH, "manual_seed")):
        found: Any = sys.modules.get(name)
        for part in seed.split(".") if found is not None else ():
            found = getattr(found, part)
        if found is not None:
            found(0)
