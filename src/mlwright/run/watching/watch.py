"""Watch code while it runs: what it takes in that is no input, with the user's line that did."""

from __future__ import annotations

import linecache
import os
import random
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any, Self

from mlwright.run.watching import giveaways, outside
from mlwright.run.watching.chance import Shared
from mlwright.run.watching.records import Sighting
from mlwright.run.watching.whose import LIBRARY, USER, Place, Whose, module_of

_MOST = 40
_LISTING = ("os.listdir", "os.scandir", "glob.glob")
_MAKING = ("os.mkdir", "tempfile.mkdtemp", "tempfile.mkstemp")
_FILES = ("open", "sqlite3.connect", *_LISTING, *_MAKING)
_NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
_PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn")
_LOOKING_UP = {"platform", "ctypes", "uuid", "multiprocessing", "webbrowser", "joblib"}
"""Modules that start programs to learn of the machine, on their own behalf."""

_SEED: CodeType = random.Random.seed.__code__
_VARIABLE: CodeType = type(os.environ).__getitem__.__code__
_THREAD: CodeType = threading.Thread.start.__code__

Tracer = Callable[[FrameType, str, Any], Any]


class Watch:
    """Watches every thread while it is entered; slow where there is much Python code.

    Calls of compiled functions show by the profiler, lines of the user's by the tracer, files and
    the network by the interpreter's own audit events, shared generators by having moved.

    Parameters
    ----------
    texts
        The user's modules by name, as text.
    kept
        Folders whose files are nobody's inputs, such as the store's.
    """

    def __init__(self, texts: Mapping[str, str], kept: Iterable[Path] = ()) -> None:
        self.seen: dict[tuple[object, ...], Sighting] = {}
        self.lines: dict[str, set[int]] = {}
        self._texts = texts
        self._whose = Whose(texts)
        self._kept = tuple(outside.absolute(each) for each in kept)
        self._shared = Shared()
        self._seeded = False
        self._written: set[str] = set()
        self._last: FrameType | None = None
        self._last_line = 0
        self._busy = threading.local()
        self._on = False

    def __enter__(self) -> Self:
        """Begin to watch this thread and those it starts."""
        _listen()
        _WATCHING.append(self)
        self._on = True
        self._shared = Shared()
        self._seeded = False
        self._last = None
        self.lines = {}
        threading.setprofile(self._profiled)
        threading.settrace(self._traced)
        sys.settrace(self._traced)
        sys.setprofile(self._profiled)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        sys.setprofile(None)
        sys.settrace(None)
        threading.setprofile(None)
        threading.settrace(None)
        self._on = False
        _WATCHING.remove(self)
        self._moved(self._last, self._last_line)

    def taken(self) -> tuple[Sighting, ...]:
        """Return what was seen until now, and forget it."""
        found, self.seen = tuple(self.seen.values()), {}
        return found

    def sets(self) -> tuple[Sighting, ...]:
        """Return the lines that ran and make a set: its order is another in each process."""
        found = []
        for name, lines in self.lines.items():
            text = self._texts.get(name, "")
            found += [
                Sighting(giveaways.HASH, "a set", _shown(name), line, _line(text, line))
                for line in giveaways.sets_in(text)
                if line in lines
            ]
        return tuple(found)

    def _profiled(self, frame: FrameType, event: str, argument: Any) -> None:
        if event != "c_call" or not self._on:
            return
        found = giveaways.given_by(argument, frame)
        if found is not None:
            self._given(*found, frame)

    def _given(self, kind: str, what: str, frame: FrameType) -> None:
        if self._seeded and what == giveaways.SHARED:
            return
        place = self._place(frame)
        if place is None or (place.direct and not giveaways.counts_as_own(kind, place.python)):
            return
        if kind in (giveaways.HASH, giveaways.ADDRESS, giveaways.MACHINE) and (
            place.through or place.python
        ):
            return
        self._see(kind, _plain(what, place), place)

    def _traced(self, frame: FrameType, event: str, argument: Any) -> Tracer | None:  # noqa: ARG002
        if not self._on or event != "call":
            return None
        code = frame.f_code
        if code is _SEED:
            self._seed(frame)
        elif code is _VARIABLE:
            self._variable(frame)
        elif code is _THREAD:
            self._thread(frame)
        else:
            whose = self._whose.of(frame)
            if whose == USER:
                return self._line
            if whose == LIBRARY and code.co_name.startswith(("read_", "scan_")):
                self._reader(frame)
        return None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Tracer:  # noqa: ARG002
        if not self._on:
            return self._line
        if self._last is not None:
            self._moved(self._last, self._last_line)
        if event == "return":
            back = frame.f_back
            while back is not None and self._whose.of(back) != USER:
                back = back.f_back
            self._last, self._last_line = (back, back.f_lineno) if back else (None, 0)
        else:
            self._last, self._last_line = frame, frame.f_lineno
            name = module_of(frame)
            self.lines.setdefault(name, set()).add(frame.f_lineno)
            clock = giveaways.clocks_in(self._texts.get(name, "")).get(frame.f_lineno)
            if clock is not None and event == "line":
                self._see(giveaways.CLOCK, clock, Place(frame, "", (), frame))
        return self._line

    def _moved(self, frame: FrameType | None, line: int) -> None:
        """Tell of shared generators that moved while a line of the user's ran."""
        if frame is None:
            self._shared.moved()
            return
        text = self._text(frame, line)
        for name in self._shared.moved(seeding="seed" in text or "set_state" in text):
            what = f"the generator everybody shares of {name}"
            self._note(giveaways.CHANCE, what, frame, line)

    def _seed(self, frame: FrameType) -> None:
        """Look at a generator of random's being seeded: from what, and is it everybody's."""
        given = frame.f_locals.get("a")
        shared = frame.f_locals.get("self") is random._inst
        if shared and given is not None:
            self._seeded = True
        elif given is None:
            place = self._place(frame)
            if place and (place.through or giveaways.counts_as_own(giveaways.CHANCE, place.python)):
                self._see(giveaways.CHANCE, "random.Random without a seed", place)

    def _variable(self, frame: FrameType) -> None:
        place = self._place(frame)
        if place and place.direct and giveaways.counts_as_own(giveaways.VARIABLE, place.python):
            self._see(giveaways.VARIABLE, str(frame.f_locals.get("key")), place)

    def _thread(self, frame: FrameType) -> None:
        place = self._place(frame)
        if place is not None:
            self._see(giveaways.THREADS, "threads", _asked(place))

    def _reader(self, frame: FrameType) -> None:
        path = outside.reader_path(frame)
        place = None if path is None else self._place(frame)
        if path is None or place is None:
            return
        if "://" in path:
            self._see(giveaways.NETWORK, path.partition("?")[0], _asked(place))
        else:
            self._file(outside.absolute(path), place, asked=True)

    def audited(self, event: str, arguments: tuple[object, ...], frame: FrameType) -> None:
        """Look at an audit event that a frame caused."""
        if getattr(self._busy, "now", False):
            return
        self._busy.now = True
        try:
            self._happened(event, arguments, frame)
        finally:
            self._busy.now = False

    def _happened(self, event: str, arguments: tuple[object, ...], frame: FrameType) -> None:
        place = self._whose.place(frame)
        if event in _FILES:
            self._opened(event, arguments, place)
        elif place is None:
            return
        elif event in _NETWORK:
            host = outside.host(event, arguments)
            if host is not None:
                self._see(giveaways.NETWORK, host, _asked(place))
        elif not _LOOKING_UP & {*(n.partition(".")[0] for n in place.python), place.through}:
            self._see(giveaways.PROGRAM, outside.program(event, arguments), _asked(place))

    def _opened(self, event: str, arguments: tuple[object, ...], place: Place | None) -> None:
        found = outside.read_path(event, arguments)
        if found is None:
            return
        path, writes = found
        if writes or event in _MAKING:
            self._written.add(path)
        elif place is not None and not (event == "os.scandir" and "glob" in place.python):
            self._file(path, place, folder=event in _LISTING)

    def _file(self, path: str, place: Place, *, folder: bool = False, asked: bool = False) -> None:
        if path in self._written or path.startswith(self._kept):
            return
        if any(path == each or path.startswith(f"{each}{os.sep}") for each in self._written):
            return
        asked = asked or outside.handed(path, place.entry, place.frame)
        if not asked and (place.through or outside.library_file(path)):
            return
        kind = giveaways.FOLDER if folder else giveaways.FILE
        self._see(kind, Path(path).name or path, _asked(place), path)

    def _place(self, frame: FrameType) -> Place | None:
        if getattr(self._busy, "now", False):
            return None
        self._busy.now = True
        try:
            return self._whose.place(frame)
        finally:
            self._busy.now = False

    def _see(self, kind: str, what: str, place: Place, path: str | None = None) -> None:
        self._note(kind, what, place.frame, place.frame.f_lineno, place.through, path)

    def _note(
        self,
        kind: str,
        what: str,
        frame: FrameType,
        line: int,
        through: str = "",
        path: str | None = None,
    ) -> None:
        name = module_of(frame)
        key = (kind, name, line, through, path)
        if key not in self.seen and len(self.seen) < _MOST:
            text = self._text(frame, line)
            file = _shown(name, frame.f_code.co_filename)
            at_import = frame.f_code.co_name == "<module>"
            self.seen[key] = Sighting(kind, what, file, line, text, through, path, at_import)

    def _text(self, frame: FrameType, line: int) -> str:
        text = self._texts.get(module_of(frame))
        if text is not None:
            return _line(text, line)
        with suppress(OSError):
            return linecache.getline(frame.f_code.co_filename, line).strip()
        return ""


_WATCHED = frozenset((*_FILES, *_NETWORK, *_PROGRAMS))
_WATCHING: list[Watch] = []


@cache
def _listen() -> None:
    """Hear the interpreter's audit events; for good, as it cannot be told to forget a hook."""

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        if _WATCHING and event in _WATCHED:
            for each in _WATCHING:
                each.audited(event, arguments, sys._getframe(1))

    sys.addaudithook(heard)


def _asked(place: Place) -> Place:
    """Return a place as that of code that asked for it, whatever library carried it out."""
    return Place(place.frame, "", place.python, place.entry)


def _plain(what: str, place: Place) -> str:
    """Return what somebody asked for by name: who draws from the system mostly does not know."""
    if what != "os.urandom" or not place.python or place.through:
        return what
    if "uuid" in place.python:
        return "uuid"
    return "a generator without a seed" if place.python[-1] == "random" else place.python[-1]


def _line(text: str, line: int) -> str:
    lines = text.splitlines()
    return lines[line - 1].strip() if 0 < line <= len(lines) else ""


def _shown(module: str, file: str = "") -> str:
    """Return a file's name as people know it, without the folders of this machine."""
    if module == "__main__":
        return Path(file).name if file and not file.startswith("<") else "the script"
    return f"{module.replace('.', '/')}.py"
