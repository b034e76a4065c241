"""What git says of a repository: its commit, its files, what differs, and repositories inside."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 20
_DEEPEST = 4


class NoGitError(Exception):
    """Why there is no commit to name."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository, those inside it included; paths are those from its top.

    ``untracked`` are the files that git neither keeps nor ignores, ``submodules`` the commits of
    the repositories inside, by path.
    """

    top: Path
    commit: str
    tracked: tuple[str, ...]
    changed: tuple[str, ...]
    untracked: frozenset[str]
    submodules: Mapping[str, str]

    def has(self, name: str) -> bool:
        """Tell whether there is such a file, or a link, in the folder."""
        return os.path.lexists(self.top / name)


def read_repository(folder: Path, depth: int = 0) -> Repository:
    """Return the state of the repository a folder lies in.

    Raises
    ------
    NoGitError
        Where there is no git, no repository or no commit.
    """
    _require_one(folder)
    above = (folder.resolve(), *folder.resolve().parents)
    if not any((each / ".git").exists() for each in above):
        raise NoGitError("the folder is not under git")  # told without starting a program
    top = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    flags = ("--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames")
    status = _git(top, "status", "--ignore-submodules=all", *flags).split("\0")
    commit = next(line for line in status if line.startswith("# branch.oid ")).split()[-1]
    if commit == "(initial)":
        raise NoGitError("git has no commit yet")
    changed = [line.split(" ", 8)[8] for line in status if line.startswith("1 ")]
    changed += [line.split(" ", 10)[10] for line in status if line.startswith("u ")]
    untracked = [line[2:] for line in status if line.startswith("? ") and line[-1] != "/"]
    tracked = []
    submodules = {}
    for line in _git(top, "ls-files", "--stage", "-z").split("\0")[:-1]:
        about, _, name = line.partition("\t")
        mode, identity, _ = about.split(" ")
        if mode != "160000":
            tracked.append(name)
            continue
        submodules[name] = identity
        inner = _submodule(top / name, depth)
        if inner is None:
            continue
        submodules[name] = inner.commit
        submodules.update({f"{name}/{n}": c for n, c in inner.submodules.items()})
        tracked += [f"{name}/{each}" for each in inner.tracked]
        changed += [f"{name}/{each}" for each in inner.changed]
        untracked += [f"{name}/{each}" for each in inner.untracked]
    return Repository(
        top=top,
        commit=commit,
        tracked=tuple(dict.fromkeys(tracked)),
        changed=tuple(dict.fromkeys(changed)),
        untracked=frozenset(untracked),
        submodules=submodules,
    )


def _require_one(folder: Path) -> None:
    """Look for a repository upwards as git does: starting git takes longer than a trivial run."""
    place = folder.absolute()
    if not any((each / ".git").exists() for each in (place, *place.parents)):
        raise NoGitError("the folder is not under git")


def _submodule(folder: Path, depth: int) -> Repository | None:
    """Return a repository inside another; None where it is not checked out."""
    if not (folder / ".git").exists() or depth >= _DEEPEST:
        return None
    try:
        return read_repository(folder, depth + 1)
    except NoGitError:
        return None


def difference(repository: Repository, names: Sequence[str]) -> str:
    """Return how files differ from the commit, as text."""
    if not names:
        return ""
    text = _git(repository.top, "diff", "HEAD", "--no-ext-diff", "--", *names)
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _git(folder: Path, *arguments: str) -> str:
    import subprocess

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
    except (FileNotFoundError, PermissionError) as error:
        raise NoGitError("git is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise NoGitError(f"git took more than {_SECONDS} s") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace")
        if "not a git repository" in said:
            raise NoGitError("the folder is not under git")
        raise NoGitError(
            "git refused: " + said.strip().partition("\n")[0].replace(str(folder), ".")
        )
    return os.fsdecode(done.stdout)
