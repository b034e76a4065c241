"""What steps keep while they work, in files beside the store: gone once the run is done.

A file is named by the key of the step, which holds its code and inputs, so that nothing of another
question, or of code that was changed since, is taken up again. What is damaged is as good as gone.
"""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

_DIGEST = 32


class Unfinished:
    """A folder for the work of steps; ``at`` gives one step's part of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def at(self, key: str) -> Unfinished:
        """Return the part of the step with this key."""
        return Unfinished(self._folder / key.rpartition(":")[2])

    def recall(self, name: str) -> bytes | None:
        """Return what was kept; None where nothing whole was."""
        try:
            raw = (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        content = raw[_DIGEST:]
        return content if sha256(content).digest() == raw[:_DIGEST] else None

    def keep(self, name: str, content: bytes) -> None:
        """Keep bytes, whole or not at all; a full disk keeps nothing and stops nobody."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self._folder, delete=False) as file:
                file.write(sha256(content).digest() + content)
            Path(file.name).replace(self._folder / name)
        except OSError:
            return

    def clear(self) -> None:
        """Forget everything: the work is done."""
        shutil.rmtree(self._folder, ignore_errors=True)
