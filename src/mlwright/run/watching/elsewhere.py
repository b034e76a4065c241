"""Watch the user's code in a process apart too, when the process that asks it is watched."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp

from mlwright.core.records import dump, load
from mlwright.run.watching.records import Sighting

ASKED = "MLWRIGHT_WATCH"
"""The variable that names the folder a process apart puts what it saw into."""

PINNED = "pinned"
"""The file in it that asks a process apart to pin every generator nobody seeded.

A file, for a process apart lives on from one execution of a step to the next.
"""


@contextmanager
def watched_apart(texts: Mapping[str, str]) -> Iterator[None]:
    """Watch a block where that is asked for, and hand on what was seen.

    Parameters
    ----------
    texts
        The user's modules by name, as text.
    """
    folder = os.environ.get(ASKED)
    if folder is None:
        yield
        return
    if (Path(folder) / PINNED).exists():
        from mlwright.run.watching.chance import pinned

        with pinned():
            yield
        return
    from mlwright.run.watching.watch import Watch

    watch = Watch(texts, (Path(folder),))
    try:
        with watch:
            yield
    finally:
        for place, each in enumerate(watch.taken()):
            number, path = mkstemp(dir=folder, prefix=f"{place:04}-", suffix=".part")
            with os.fdopen(number, "wb") as out:
                out.write(dump(each))
            Path(path).rename(Path(path).with_suffix(".seen"))


def sightings_in(folder: Path) -> tuple[Sighting, ...]:
    """Return what processes apart saw, each once, and forget it."""
    files = sorted(folder.glob("*.seen"))
    found = [load(Sighting, file.read_bytes()) for file in files]
    for file in files:
        file.unlink()
    return tuple(dict.fromkeys(found))
