"""What is kept of an environment so that it can be built again, and one that was built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlwright.core.digest import Digest


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel in the store: the object that holds it, and the name an installer knows it by.

    ``record`` is the digest of the list of files as its installer wrote it where it was kept.
    ``original`` tells one that was installed from one made again of what is installed.
    """

    name: str
    version: str
    filename: str
    content: Digest
    size: int
    record: Digest | None
    original: bool


@dataclass(frozen=True, slots=True)
class Wheels:
    """Wheels by the digest of the files they bring, ``Installed.files``.

    ``trees`` are snapshots of projects that are installed as folders, by name; ``left`` tells of
    what no wheel could be kept, and why.
    """

    wheels: Mapping[str, Wheel]
    trees: Mapping[str, Digest]
    left: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RunWheels:
    """What was kept of the environment of one run: which distributions, and their wheels."""

    names: tuple[str, ...]
    wheels: Wheels


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """An environment built again: its interpreter, what is in it, and what is left out."""

    python: str
    distributions: tuple[str, ...]
    left: tuple[str, ...]
