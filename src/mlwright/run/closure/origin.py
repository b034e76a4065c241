"""Where a module comes from: the user, Python itself, or an installed distribution."""

from __future__ import annotations

import json
import re
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path


class Home(Enum):
    """Whose a module is."""

    USER = "user"
    PYTHON = "python"
    DISTRIBUTION = "distribution"


@dataclass(frozen=True, slots=True)
class Origin:
    """A module's home; ``name`` and ``version`` are those of its distribution."""

    home: Home
    name: str = ""
    version: str = ""


_ALWAYS_USER = ("mlwright", "__main__", "__mp_main__")
_USER = Origin(Home.USER)
_PYTHON = Origin(Home.PYTHON)
_STDLIB = tuple(
    sorted({Path(sysconfig.get_path(key)).resolve() for key in ("stdlib", "platstdlib")})
)
_PACKAGE_FOLDERS = ("site-packages", "dist-packages")


def origin(module: str, file: str | None = None) -> Origin:
    """Return where a module, imported or not, comes from; ``file`` where it is known better.

    mlwright itself, code installed from a folder (editable or not) and code that no distribution
    lists count as the user's: they change without a new version.
    """
    top = module.partition(".")[0]
    if top in _ALWAYS_USER:
        return _USER
    if file is None:
        loaded = sys.modules.get(module)
        file = getattr(loaded, "__file__", None)
        if file is None and (loaded is None or hasattr(loaded, "__path__")):
            file = _find(module)
    if not isinstance(file, str):
        return _PYTHON if top in sys.stdlib_module_names else _USER
    return _origin(module, file)


@cache
def _origin(module: str, file: str) -> Origin:
    top = module.partition(".")[0]
    path = Path(file).resolve()
    in_packages = any(part in _PACKAGE_FOLDERS for part in path.parts)
    if not in_packages and any(path.is_relative_to(folder) for folder in _STDLIB):
        return _PYTHON
    lies = Path(file).absolute()
    depth = module.count(".") + (lies.stem == "__init__")
    root = lies.parents[min(depth, len(lies.parents) - 1)]
    for distribution in _distributions(root).get(top, ()):
        if distribution.lists(lies, root):
            return distribution.origin
    return _USER


def _find(module: str) -> str | None:
    """Return where a module without a file of its own lies: a namespace, or one not imported."""
    from importlib.util import find_spec

    top = module.partition(".")[0]
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin in ("built-in", "frozen"):
        return None
    if spec.origin is not None and Path(spec.origin).exists():
        if module == top:
            return spec.origin
        return str(Path(spec.origin).parent.joinpath(*module.split(".")[1:], "__init__.py"))
    for place in spec.submodule_search_locations or ():
        return str(Path(place).joinpath(*module.split(".")[1:], "__init__.py"))
    return None


@dataclass(frozen=True, slots=True)
class _Distribution:
    info: Path
    name: str
    version: str
    origin: Origin
    requires: tuple[str, ...]
    shared: bool

    def lists(self, file: Path, root: Path) -> bool:
        """Tell whether the distribution owns a file; asked only where several share a folder."""
        if not self.shared:
            return True
        relative = file.relative_to(root).as_posix()
        return any(line.rpartition(",")[0].rpartition(",")[0] == relative for line in _files(self))


def _files(distribution: _Distribution) -> list[str]:
    record = distribution.info / "RECORD"
    return record.read_text("utf-8").splitlines() if record.exists() else []


@cache
def _distributions(root: Path) -> dict[str, list[_Distribution]]:
    """Return the distributions installed in a folder, by the top-level names they own."""
    owners: dict[str, list[tuple[Path, str]]] = {}
    if not root.is_dir():
        return {}
    for info in sorted((*root.glob("*.dist-info"), *root.glob("*.egg-info"))):
        for name in _top_level(info, root):
            owners.setdefault(name, []).append((info, name))
    return {
        top: [_read(info, shared=len(found) > 1) for info, _ in found]
        for top, found in owners.items()
    }


def _top_level(info: Path, root: Path) -> set[str]:
    record = info / "RECORD"
    if record.is_file():
        names = {
            line.partition(",")[0].partition("/")[0].partition(".")[0]
            for line in record.read_text("utf-8").splitlines()
            if not line.startswith((".", info.name, "__pycache__", '"'))
        }
        return names - {""}
    listed = info / "top_level.txt"
    # A source folder has an egg-info too; only a packages folder is an installation.
    if listed.is_file() and root.name in _PACKAGE_FOLDERS:
        return set(listed.read_text("utf-8").split())
    return set()


@cache
def _read(info: Path, *, shared: bool) -> _Distribution:
    name = version = ""
    requires = []
    for line in _metadata(info):
        key, _, text = line.partition(": ")
        if key == "Name":
            name = normalised(text)
        elif key == "Version":
            version = text.strip()
        elif key == "Requires-Dist" and "extra ==" not in text:
            found = re.match(r"[A-Za-z0-9._-]+", text)
            requires.append(normalised(found[0]) if found else "")
        elif not line:
            break
    origin = Origin(Home.DISTRIBUTION, name, version)
    if direct := _direct(info):
        source = json.loads(direct)
        if "dir_info" in source:
            origin = _USER
        else:
            pinned = source.get("vcs_info", {}).get("commit_id")
            pinned = pinned or source.get("archive_info", {}).get("hash", "")
            origin = Origin(Home.DISTRIBUTION, name, f"{version}+{pinned}" if pinned else version)
    return _Distribution(info, name, version, origin, tuple(requires), shared)


def _direct(info: Path) -> str:
    try:
        return (info / "direct_url.json").read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _metadata(info: Path) -> Iterator[str]:
    for name in ("METADATA", "PKG-INFO"):
        try:
            with (info / name).open(encoding="utf-8", errors="replace") as file:
                for line in file:  # whoever has seen the head does not read what is told below
                    yield line.rstrip("\r\n")
            return
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            continue


def normalised(name: str) -> str:
    """Return a distribution's name in its one normal form.

    >>> normalised("Scikit_Learn")
    'scikit-learn'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def with_requirements(touched: dict[str, str]) -> dict[str, str]:
    """Return distributions and, as far as they are installed, everything they require.

    A result of scikit-learn can change with scipy alone.
    """
    found = dict(touched)
    for name in touched:
        found = {**_requirements(name, tuple(sys.path)), **found}
    return dict(sorted(found.items()))


@cache
def _requirements(name: str, path: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        distribution = _installed(path).get(current)
        if distribution is None or current in found:
            continue
        found[current] = distribution.origin.version or "source"
        waiting.extend(distribution.requires)
    return found


def loaded_distributions() -> frozenset[str]:
    """Return the distributions of every module that is imported now."""
    found = (origin(name) for name in list(sys.modules) if "." not in name)
    return frozenset(each.name for each in found if each.home is Home.DISTRIBUTION)


def installed() -> Iterator[tuple[str, str, Path]]:
    """Give name, version and metadata folder of every distribution Python can import from."""
    for name, found in sorted(_installed(tuple(sys.path)).items()):
        yield name, found.version, found.info


def named(info: Path) -> tuple[str, str]:
    """Return name and version of the distribution a metadata folder is of."""
    found = _read(info, shared=False)
    return found.name, found.version


def metadata_folders(path: tuple[str, ...]) -> Iterator[Path]:
    """Give the metadata folder of every distribution on a path, as Python would find them."""
    for entry in path:
        if Path(entry).is_dir():
            yield from sorted(Path(entry).glob("*.dist-info"), key=lambda info: info.name)


@cache
def _installed(path: tuple[str, ...]) -> dict[str, _Distribution]:
    found: dict[str, _Distribution] = {}
    for info in metadata_folders(path):
        read = _read(info, shared=False)
        found.setdefault(read.name, read)
    return found
