"""The user's code as it stands: a git commit, what differs from it, and every file of code."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from mlwright.core.files import disk_faults
from mlwright.run.code.files import code_in, is_code, is_data
from mlwright.run.code.repository import NoGitError, Repository, difference, read_repository
from mlwright.run.code.secrecy import BY_NAME, secret_by_name, secret_in
from mlwright.run.code.trees import Limits, Shelf, read_tree, restore_tree, tree_contents
from mlwright.run.records import CodeState, Tree
from mlwright.store.protocol import Store

_PATCH_LIMIT = 4 * 1024 * 1024
_LOOSE = Limits(total=4 << 20)
"""Without git nobody says what belongs together: it may be somebody's whole home."""


def snapshot_code(folder: Path, shelf: Shelf) -> CodeState:
    """Return the state of the code in a folder, and keep its files on the shelf.

    Under git these are the files of the commit, changed or not, those not yet added, and those of
    submodules; else what looks like code. 1 MB a file and 32 MB in all are taken, without git 4,
    and nothing whose name or content speaks of a secret; each file of code that is left out is
    named in ``skipped``. Data belongs in data versions, not here: no table or notebook beside the
    code has any part in its state.
    """
    try:
        repository = read_repository(folder)
    except NoGitError as error:
        names = code_in(folder)
        taken = [name for name in names if not secret_by_name(name)]
        left = [f"{name}: {BY_NAME}" for name in names if secret_by_name(name)]
        tree, skipped = shelf.keep(((name, f"{folder}/{name}") for name in taken), _LOOSE)
        return CodeState(None, (), "", {}, (*left, *skipped), str(error), tree)
    inner = Path(os.path.relpath(folder.resolve(), repository.top)).as_posix()
    taken, left = _chosen(repository, inner)
    tree, skipped = shelf.keep((name, f"{repository.top}/{name}") for name in taken)
    withheld = {line.partition(": ")[0] for line in skipped}
    patch, why = _patch(repository, set(taken) - withheld)
    differs = (*repository.changed, *sorted(repository.untracked))
    return CodeState(
        commit=repository.commit,
        changed=tuple(sorted(_shown(name) for name in differs if _belongs(name, repository))),
        patch=patch,
        files={},
        skipped=(*left, *skipped, *why),
        why="",
        tree=tree,
        submodules=repository.submodules,
        prefix="" if inner == "." else inner,
    )


def code_tree(state: CodeState, store: Store) -> Tree | None:
    """Return the files of a recorded state of code; None where none were kept."""
    return None if state.tree is None else read_tree(state.tree, store)


def code_files(state: CodeState, store: Store) -> dict[str, bytes]:
    """Return every file of a recorded state of code that was kept, by path.

    Of a record from before files were kept, these are its untracked texts.
    """
    tree = code_tree(state, store)
    if tree is None:
        return {name: text.encode() for name, text in state.files.items()}
    return tree_contents(tree, store)


def restore_code(state: CodeState, store: Store, folder: Path) -> int:
    """Write a recorded state of code into an empty folder; return how many files there are.

    Raises
    ------
    UsageError
        ``folder-not-empty``.
    NotFoundError, BrokenError
        ``object-missing``, ``object-corrupt`` or ``tree-broken``.
    """
    tree = code_tree(state, store) or Tree({}, ())
    restore_tree(tree, store, folder)
    with disk_faults(folder):
        for name, text in state.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return len(tree.files) + len(state.files)


def _chosen(repository: Repository, inner: str) -> tuple[list[str], list[str]]:
    """Return the files to keep, what matters most first, and what is left out and why."""
    near = [n for n in repository.tracked if inner == "." or n.startswith(f"{inner}/")]
    differs = (*repository.changed, *sorted(repository.untracked))
    gone = {name for name in repository.changed if not repository.has(name)}
    taken, left = [], []
    for name in dict.fromkeys((*differs, *near, *repository.tracked)):
        if not _belongs(name, repository) or name in gone:
            continue
        source = name not in repository.untracked and name.endswith(".py")
        if secret_by_name(name, source=source):
            left.append(f"{_shown(name)}: {BY_NAME}")
        else:
            taken.append(name)
    return taken, left


def _belongs(name: str, repository: Repository) -> bool:
    """Tell whether a file is part of the code: what git keeps is, unless it is data."""
    return not is_data(name) and (name not in repository.untracked or is_code(name))


def _patch(repository: Repository, kept: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Return the difference to the commit as text, of what is kept or gone; or why not."""
    inside = tuple(f"{name}/" for name in repository.submodules)
    shown = [
        name
        for name in repository.changed
        if not name.startswith(inside)
        and (name in kept or (_belongs(name, repository) and not repository.has(name)))
    ]
    patch = difference(repository, sorted(shown))
    if len(patch) > _PATCH_LIMIT:
        return "", (f"the difference to the commit as text: {len(patch):,} characters",)
    # What was taken out of a file may be a secret still.
    if secret := secret_in(patch.encode()):
        return "", (f"the difference to the commit as text: {secret}",)
    return patch, ()


def _shown(name: str) -> str:
    """Return a file's name as text that can be written, whatever bytes it is made of."""
    return os.fsencode(name).decode("utf-8", "replace")
