"""A snapshot of files comes back as it was, or is refused before anything is written."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.digest import digest_bytes
from mlwright.core.errors import BrokenError, UsageError
from mlwright.core.records import dump
from mlwright.run.code.trees import (
    EXECUTED,
    LINK,
    PLAIN,
    Shelf,
    read_pack,
    read_tree,
    restore_tree,
    tree_digest,
    write_pack,
)
from mlwright.run.records import Tree, TreeFile
from mlwright.store.memory import MemoryStore


def tree_of(store: MemoryStore, files: dict[str, tuple[str, bytes]]) -> Tree:
    pack = store.put(write_pack(content for _, content in files.values()))
    listed = {n: TreeFile(m, len(c), digest_bytes(c)) for n, (m, c) in files.items()}
    return Tree(listed, (pack,))


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_a_pack_gives_what_was_put_in(contents: list[bytes]) -> None:
    assert list(read_pack(write_pack(contents))) == contents


@pytest.mark.parametrize(
    "files",
    [
        {"../out.py": (PLAIN, b"")},
        {"/out.py": (PLAIN, b"")},
        {"a/../../out.py": (PLAIN, b"")},
        {"link": (LINK, b"../out")},
        {"link": (LINK, b"/etc")},
        {"link": (LINK, b"."), "link/inside.py": (PLAIN, b"")},
        {"a/link": (LINK, b"../../out")},
    ],
)
def test_a_snapshot_that_leads_out_of_its_folder_writes_nothing(
    files: dict[str, tuple[str, bytes]], tmp_path: Path
) -> None:
    store = MemoryStore()

    with pytest.raises(BrokenError, match="leads out"):
        restore_tree(tree_of(store, files), store, tmp_path / "folder")

    assert list(tmp_path.rglob("*")) == [tmp_path / "folder"]


def test_nothing_is_written_over(tmp_path: Path) -> None:
    store = MemoryStore()
    (tmp_path / "mine.py").write_text("x = 1\n")

    with pytest.raises(UsageError) as caught:
        restore_tree(tree_of(store, {"mine.py": (PLAIN, b"")}), store, tmp_path)

    assert caught.value.code == "folder-not-empty"
    assert (tmp_path / "mine.py").read_text() == "x = 1\n"


def test_a_pack_of_other_contents_is_named(tmp_path: Path) -> None:
    store = MemoryStore()
    tree = tree_of(store, {"a.py": (PLAIN, b"1"), "b.py": (EXECUTED, b"2")})
    other = Tree(tree.files, (store.put(write_pack([b"1"])),))

    with pytest.raises(BrokenError) as caught:
        restore_tree(other, store, tmp_path / "folder")

    assert caught.value.code == "tree-broken"
    assert caught.value.facts["files"] == ["b.py"]


def test_the_digest_of_a_tree_is_about_names_modes_and_contents_not_about_packs() -> None:
    store = MemoryStore()
    tree = tree_of(store, {"a.py": (PLAIN, b"1"), "b.py": (PLAIN, b"2")})

    assert tree_digest(Tree(tree.files, ())) == tree_digest(tree)
    for files in (
        {"a.py": (EXECUTED, b"1"), "b.py": (PLAIN, b"2")},
        {"a.py": (PLAIN, b"2"), "b.py": (PLAIN, b"1")},
        {"a.py": (PLAIN, b"1")},
    ):
        assert tree_digest(tree_of(store, files)) != tree_digest(tree)


def test_what_is_too_much_is_left_out_and_said(tmp_path: Path) -> None:
    from mlwright.run.code.trees import Limits

    store = MemoryStore()
    for name in ("a", "b", "c", "d"):
        (tmp_path / name).write_text("12345")
    files = [(name, str(tmp_path / name)) for name in ("a", "b", "c", "d", "gone")]

    tree, skipped = Shelf(store).keep(files, Limits(file=9, total=12, files=9))
    fewer, said = Shelf(store).keep(files, Limits(files=3))

    assert tree is not None
    assert fewer is not None
    assert list(read_tree(tree, store).files) == ["a", "b"]
    assert skipped == ("c: 5 bytes", "d: 5 bytes", "gone: FileNotFoundError")
    assert list(read_tree(fewer, store).files) == ["a", "b", "c"]
    assert said == ("d and what follows: more than 3 files",)
    assert Shelf(store).keep([]) == (None, ())
    assert store.get(tree) == zlib.compress(dump(read_tree(tree, store)), 3)
