"""What leaves the store: the report over all its objects."""

from __future__ import annotations

from dataclasses import dataclass

from mlwright.core.digest import Digest


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What reading every object showed: how many, how large, and which are not what they say."""

    objects: int
    bytes: int
    corrupt: tuple[Digest, ...]
