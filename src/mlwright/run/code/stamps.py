"""What a file held when it last looked like this: unchanged files are not read twice."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, TypeVar

from mlwright.core.files import disk_faults, write_durably

T = TypeVar("T")

_Looks: TypeAlias = tuple[int, int, int]
_Note: TypeAlias = tuple[_Looks, str]

_VERSION = 1  # another one, and everything is read again: so too where a new kind of secret is told
_TICK = 100_000_000
"""Nanoseconds: a file changed this shortly before we looked may change again unseen."""
_MOST = 20_000
"""Notes, or facts: from there on those that were not asked for this time are dropped."""


@dataclass(slots=True)
class Stamps:
    """Notes on files by path, true as long as size, time of change and inode stay the same.

    Parameters
    ----------
    path
        Where notes are kept between processes; without one they last as long as this object.
        The file is a memory, no record: deleted, all is read again.
    """

    path: Path | None
    _notes: dict[str, _Note] = field(default_factory=dict)
    _facts: dict[str, str] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)
    _began: int = 0
    _changed: bool = False

    @classmethod
    def open(cls, path: Path | None) -> Stamps:
        """Return the notes kept at ``path``; none where there is no such file or it is broken."""
        found = cls(path)
        if path is None:
            return found
        try:
            looks = _looks(path.stat())
            if (path, looks) not in _READ:
                _READ.clear()
                _READ[path, looks] = _read(path)
            notes, facts = _READ[path, looks]
            found._notes, found._facts = dict(notes), dict(facts)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
            # It is written anew: nothing is lost but time.
            found._changed = True
        return found

    def note_of(self, path: str, seen: os.stat_result, *, kind: str) -> str | None:
        """Return what was noted of a file, if it looks as it did then."""
        name = f"{kind}:{path}"
        self._asked.add(name)
        found = self._notes.get(name)
        if found is not None and found[0] == _looks(seen):
            return found[1]
        if self._began == 0 and self.path is not None:
            self._began = _now(self.path.parent)  # before the file is read
        return None

    def note(self, path: str, seen: os.stat_result, note: str, *, kind: str) -> None:
        """Note something of a file that looked like ``seen`` before it was read."""
        if max(seen.st_mtime_ns, seen.st_ctime_ns) < self._began - _TICK:
            self._notes[f"{kind}:{path}"] = (_looks(seen), note)
            self._changed = True

    def fact(self, name: str) -> str | None:
        """Return a fact noted before."""
        self._asked.add(name)
        return self._facts.get(name)

    def learn(self, facts: Mapping[str, str]) -> None:
        """Note facts that do not change."""
        self._asked.update(facts)
        if not facts.items() <= self._facts.items():
            self._facts.update(facts)
            self._changed = True

    def close(self) -> None:
        """Keep the notes for the next process."""
        if self.path is None or not self._changed:
            return
        notes = {name: [*looked, note] for name, (looked, note) in self._kept(self._notes)}
        facts = dict(self._kept(self._facts))
        text = json.dumps({"version": _VERSION, "notes": notes, "facts": facts})
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self.path, text.encode(), staging=self.path.parent)
        self._changed = False

    def _kept(self, known: Mapping[str, T]) -> Iterator[tuple[str, T]]:
        few = len(known) <= _MOST
        return ((name, known[name]) for name in sorted(known) if few or name in self._asked)


_Read: TypeAlias = tuple[dict[str, _Note], dict[str, str]]

_READ: dict[tuple[Path, _Looks], _Read] = {}
"""What this process read last: the notes of one project, by how their file looked."""


def _read(path: Path) -> _Read:
    read = json.loads(path.read_text("utf-8"))
    if read["version"] != _VERSION:
        return {}, {}
    notes = {str(k): (_state(v[:3]), str(v[3])) for k, v in read["notes"].items()}
    return notes, {str(k): str(v) for k, v in read["facts"].items()}


def _now(folder: Path) -> int:
    """Return the time as the file system has it: what files are stamped with."""
    from tempfile import TemporaryFile

    with disk_faults(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder) as file:
            return os.fstat(file.fileno()).st_mtime_ns


def _state(raw: list[int]) -> _Looks:
    size, changed, inode = raw
    return int(size), int(changed), int(inode)


def _looks(seen: os.stat_result) -> _Looks:
    return seen.st_size, seen.st_mtime_ns, seen.st_ino
