"""Which files, folders and hosts count as outside a step's inputs, and which nobody asked for."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

_OF_THE_SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64", "/bin", "/run", "/var")
_PACKAGES = {"site-packages", "dist-packages", "__pycache__"}
_READERS = ("read_", "scan_")


def library_file(path: str) -> bool:
    """Tell whether a path is one that Python, a library or the system keeps for itself."""
    parts = Path(path).parts
    if _PACKAGES & {*parts} or any(part.startswith(".") for part in parts[1:]):
        return True
    return any(path == each or path.startswith(f"{each}{os.sep}") for each in _kept())


def _kept() -> Iterator[str]:
    yield from _OF_THE_SYSTEM
    for each in (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")):
        yield str(each)
    for prefix in {sys.prefix, sys.base_prefix}:
        yield from (str(Path(prefix, name)) for name in ("lib", "share", "etc", "bin"))


def absolute(path: str | Path) -> str:
    """Return a path from the root on, links in it left alone."""
    return os.path.abspath(path)  # noqa: PTH100 - pathlib has none that leaves links alone


def read_path(event: str, arguments: tuple[object, ...]) -> tuple[str, bool] | None:
    """Return the path an audited call opens or lists, and whether for writing; None for no path."""
    path = arguments[0] if arguments else None
    if event in ("os.listdir", "os.scandir") and path is None:
        path = "."
    if isinstance(path, bytes | os.PathLike):
        path = os.fsdecode(path)
    if not isinstance(path, str) or path in ("", ":memory:") or path.startswith("file:"):
        return None
    return absolute(path), event == "open" and _writes(arguments)


def _writes(arguments: tuple[object, ...]) -> bool:
    mode, flags = (*arguments[1:3], None, None)[:2]
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax")
    if isinstance(flags, int):
        making = os.O_CREAT | os.O_TRUNC
        return flags & os.O_ACCMODE == os.O_WRONLY or bool(flags & making)
    return False


def host(event: str, arguments: tuple[object, ...]) -> str | None:
    """Return the host an audited call reaches for, None where it stays within the machine."""
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        name = arguments[0]
        return os.fsdecode(name) if isinstance(name, bytes) else name if name else None  # type: ignore[return-value]
    address = arguments[1] if len(arguments) > 1 else None
    if isinstance(address, tuple) and address:
        return f"{address[0]}:{address[1]}" if len(address) > 1 else str(address[0])
    return None


def program(event: str, arguments: tuple[object, ...]) -> str:
    """Return the program an audited call starts."""
    first = arguments[0] if arguments else ""
    if event == "subprocess.Popen" and len(arguments) > 1 and first is None:
        given = arguments[1]
        first = given[0] if isinstance(given, list | tuple) and given else given
    shown = os.fsdecode(first) if isinstance(first, bytes | os.PathLike) else str(first)
    if event == "os.system":
        shown = shown.partition(" ")[0]
    return Path(shown).name or "a program"


def handed(path: str, entry: FrameType, caller: FrameType) -> bool:
    """Tell whether the user's code gave a library the path it opens."""
    known = (*_paths(entry.f_locals), *_paths(caller.f_locals), *_written(caller))
    return any(absolute(each) == path for each in known)


def _paths(values: Mapping[str, object]) -> Iterator[str]:
    for value in list(values.values()):
        for each in value if isinstance(value, list | tuple) else (value,):
            if isinstance(each, os.PathLike):
                each = os.fspath(each)
            if isinstance(each, bytes):
                each = os.fsdecode(each)
            if isinstance(each, str) and each and "\0" not in each:
                yield each


def _written(frame: FrameType) -> Iterator[str]:
    return (each for each in frame.f_code.co_consts if isinstance(each, str) and each)


def reader_path(frame: FrameType) -> str | None:
    """Return the path or address a library's reading function was given, by its parameters.

    Compiled readers open files where nobody sees it; what they were asked for shows.
    """
    code = frame.f_code
    if not code.co_name.startswith(_READERS):
        return None
    first = code.co_varnames[: code.co_argcount]
    for name in first[:2]:
        for each in _paths({name: frame.f_locals.get(name)}):
            if "://" in each or "*" in each or Path(each).exists() or Path(each).suffix:
                return each
    return None
