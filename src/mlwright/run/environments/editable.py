"""Projects installed as folders that can be edited: kept, and installed again elsewhere."""

from __future__ import annotations

import ast
import csv
import os
from collections.abc import Iterator
from pathlib import Path

from mlwright.core.digest import Digest
from mlwright.run.code.files import is_data
from mlwright.run.code.secrecy import BY_NAME, secret_by_name
from mlwright.run.code.trees import Shelf
from mlwright.run.environments.lock import by_installer
from mlwright.run.environments.wheelfile import Member

_ROOTS, _SITE = "roots", "site"
_MOST_LOOKED = 50_000
_UNKNOWN = "it is imported from its folder in a way that is not known here"


def keep_editable(info: Path, shelf: Shelf) -> tuple[Digest | None, tuple[str, ...]]:
    """Keep the folders an editable project is imported from, and how it is installed.

    Paths of this machine are put as marks into what is kept. Returns the tree's object and what
    was left out.

    Parameters
    ----------
    info
        The folder of its metadata.
    """
    files = list(_installed_files(info))
    roots = sorted({root for path in files for root in _roots(path)}, key=str)
    if not roots:
        return None, (_UNKNOWN,)
    site: list[tuple[str, str | bytes]] = [
        (f"{_SITE}/{path.relative_to(info.parent).as_posix()}", _marked(path, roots))
        for path in files
    ]
    taken: list[tuple[str, str | bytes]] = []
    left = []
    for number, root in enumerate(roots):
        for path in _inside(root):
            name = f"{_ROOTS}/{number}/{root.name}/{path.relative_to(root).as_posix()}"
            if secret_by_name(name, source=path.suffix == ".py"):
                left.append(f"{name}: {BY_NAME}")
            else:
                taken.append((name, str(path)))
    tree, skipped = shelf.keep((*site, *taken))
    return tree, (*left, *skipped)


def editable_members(folder: Path) -> Iterator[Member]:
    """Give the files of a wheel that installs a restored project, from the folder it lies in."""
    site = folder / _SITE
    for path in sorted(each for each in site.rglob("*") if each.is_file()):
        content = path.read_bytes()
        for root in (folder / _ROOTS).glob("*/*"):
            content = content.replace(_mark(int(root.parent.name)), os.fsencode(root))
        yield Member(path.relative_to(site).as_posix(), content)


def _mark(number: int) -> bytes:
    return f"@mlwright-root-{number}@".encode()


def _marked(path: Path, roots: list[Path]) -> bytes:
    content = path.read_bytes()
    # The longest first: one folder may lie in another.
    for number, root in sorted(enumerate(roots), key=lambda item: -len(str(item[1]))):
        content = content.replace(os.fsencode(root), _mark(number))
    return content


def _installed_files(info: Path) -> Iterator[Path]:
    record = info / "RECORD"
    lines = record.read_text("utf-8", "replace").splitlines() if record.is_file() else []
    for line in lines:
        path = info.parent / next(csv.reader([line]), ("",))[0]
        if not by_installer(line, info.name) and path.is_file():
            yield path


def _roots(path: Path) -> Iterator[Path]:
    """Give the folders an installed file makes importable: by a path file, or by a finder."""
    if path.suffix == ".pth":
        for line in path.read_text("utf-8", "replace").splitlines():
            if line.startswith(os.sep) and Path(line).is_dir():
                yield Path(line)
    elif path.name.startswith("__editable__") and path.suffix == ".py":
        for folder in _mapped(path.read_text("utf-8", "replace")):
            if Path(folder).is_dir():
                yield Path(folder)


def _mapped(text: str) -> Iterator[str]:
    r"""Give the folders that setuptools' finder maps packages to.

    >>> list(_mapped("MAPPING: dict[str, str] = {'pkg': '/code/pkg'}\n"))
    ['/code/pkg']
    """
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Assign):
            names = [each.id for each in statement.targets if isinstance(each, ast.Name)]
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            names = [statement.target.id]
        else:
            continue
        if names == ["MAPPING"] and isinstance(statement.value, ast.Dict):
            for each in statement.value.values:
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield each.value


def _inside(root: Path) -> Iterator[Path]:
    """Give the files below a folder that its packages are made of; tables only within a package."""
    looked = 0
    packages: set[str] = set()
    for place, folders, names in os.walk(root):
        package = "__init__.py" in names or str(Path(place).parent) in packages
        if package:
            packages.add(place)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith((".", "__pycache__"))
            and name not in ("node_modules", "site-packages")
            and not (Path(place) / name / "pyvenv.cfg").exists()
        )
        for name in sorted(names):
            ours = not name.endswith(".pyc") and not name.startswith(".")
            if ours and (package or not is_data(name)):
                yield Path(place) / name
        looked += len(names)
        if looked > _MOST_LOOKED:
            return
