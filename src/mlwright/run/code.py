"""The user's code as it stands: a git commit and what differs from it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from mlwright.run.records import CodeState

_SUFFIXES = (
    ".cfg",
    ".cpp",
    ".c",
    ".h",
    ".ini",
    ".lock",
    ".pxd",
    ".py",
    ".pyi",
    ".pyx",
    ".rs",
    ".sh",
    ".sql",
    ".toml",
    ".yaml",
    ".yml",
)
_REQUIREMENTS = "requirements*.txt"
_SECRET_WORDS = ("credential", "password", "secret", "token")
_WITHHELD = "its name speaks of a secret"
_FILE_LIMIT = 256 * 1024
_TOTAL_LIMIT = 4 * 1024 * 1024
_MOST_FILES = 2_000
_MOST_LOOKED = 100_000
_SECONDS = 20


def snapshot_code(folder: Path) -> CodeState:
    """Return the state of the code in a folder; without git, the files' text itself.

    Only text of code and settings is taken, within 256 kB a file and 4 MB in all, and nothing
    whose name speaks of a secret; code that is left out is named in ``skipped``. Data belongs in
    snapshots, not here: notes and notebooks, which show data, are left out, and no file beside
    the code, data or the project's own state, has any part in the code's state.
    """
    try:
        commit = _git(folder, "rev-parse", "--verify", "HEAD").strip()
        names = _git(folder, "diff", "--name-only", "-z", "HEAD").split("\0")[:-1]
        untracked = _git(folder, "ls-files", "--others", "--exclude-standard", "-z")
    except _NoGitError as error:
        files, skipped = _read(folder, _walk(folder), _TOTAL_LIMIT)
        return CodeState(None, (), "", files, skipped, str(error))
    top = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    tracked = [name for name in names if _is_code(name)]
    shown = [name for name in tracked if not _is_secret(name)]
    patch = _git(top, "diff", "HEAD", "--", *shown) if shown else ""
    left = [f"{name}: {_WITHHELD}" for name in tracked if _is_secret(name)]
    if len(patch) > _TOTAL_LIMIT:
        left.append(f"the difference to the commit: {len(patch):,} characters")
        patch = ""
    others = [name for name in untracked.split("\0")[:-1] if _is_code(name)]
    files, skipped = _read(folder, others, _TOTAL_LIMIT - len(patch))
    changed = tuple(sorted({*tracked, *others}))
    return CodeState(commit, changed, patch, files, (*left, *skipped), "")


class _NoGitError(Exception):
    """Why there is no commit to name."""


def _git(folder: Path, *arguments: str) -> str:
    # Without GIT_* variables: a hook that runs us sets them for another repository.
    environ = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    command = ["git", "--no-optional-locks", "-c", "core.quotepath=off", "-C", str(folder)]
    try:
        done = subprocess.run(
            [*command, *arguments],
            env={**environ, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except FileNotFoundError as error:
        raise _NoGitError("git is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise _NoGitError(f"git took more than {_SECONDS} s") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace")
        if "not a git repository" in said:
            raise _NoGitError("the folder is not under git")
        if "Needed a single revision" in said:
            raise _NoGitError("git has no commit yet")
        raise _NoGitError(
            "git refused: " + said.strip().partition("\n")[0].replace(str(folder), ".")
        )
    return done.stdout.decode("utf-8", "replace")


def _walk(folder: Path) -> list[str]:
    """Return the code of a folder without git, without hidden folders and environments."""
    found = []
    looked = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith((".", "__pycache__"))
            and name not in ("node_modules", "site-packages")
            and not (Path(place) / name / "pyvenv.cfg").exists()
        )
        inside = ((Path(place) / name).relative_to(folder).as_posix() for name in sorted(names))
        found += [name for name in inside if _is_code(name)]
        looked += len(names)
        if len(found) > _MOST_FILES or looked > _MOST_LOOKED:
            break
    return found


def _is_code(name: str) -> bool:
    """Tell whether a file holds code or settings, by its name; hidden ones do not count."""
    path = Path(name)
    hidden = any(part.startswith(".") and part != "." for part in path.parts)
    return not hidden and (path.suffix in _SUFFIXES or path.match(_REQUIREMENTS))


def _is_secret(name: str) -> bool:
    return any(word in Path(name).name.lower() for word in _SECRET_WORDS)


def _read(folder: Path, names: list[str], room: int) -> tuple[dict[str, str], tuple[str, ...]]:
    files: dict[str, str] = {}
    skipped = []
    for name in names:
        path = folder / name
        if _is_secret(name):
            skipped.append(f"{name}: {_WITHHELD}")
            continue
        try:
            size = path.stat().st_size
            if size > min(_FILE_LIMIT, room):
                skipped.append(f"{name}: {size:,} bytes")
                continue
            files[name] = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            skipped.append(f"{name}: {type(error).__name__}")
            continue
        room -= size
    return files, tuple(skipped)
