"""A proof's store sees what it proves and never writes to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlwright.core.digest import hex_of
from mlwright.core.errors import BrokenError
from mlwright.store.local import LocalStore
from mlwright.store.memory import MemoryStore
from mlwright.store.overlay import OverlayStore


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_reads_fall_through_to_the_base_and_are_recorded() -> None:
    base, top = MemoryStore(), MemoryStore()
    below, above = base.put(b"below"), top.put(b"above")
    overlay = OverlayStore(base, top)

    assert (overlay.get(below), overlay.get(above)) == (b"below", b"above")
    assert overlay.reads_from_base == {below}


def test_writes_go_to_the_top_also_for_what_the_base_has() -> None:
    base, top = MemoryStore(), MemoryStore()
    digest = base.put(b"same")
    overlay = OverlayStore(base, top)

    overlay.put(b"same")
    overlay.get(digest)

    assert list(top.digests()) == [digest]
    assert overlay.reads_from_base == set()


def test_both_layers_are_listed_once_each_in_order() -> None:
    base, top = MemoryStore(), MemoryStore()
    digests = {base.put(bytes([n])) for n in range(9)} | {top.put(bytes([n])) for n in range(5, 14)}

    assert list(OverlayStore(base, top).digests()) == sorted(digests)


def test_nothing_in_the_base_changes_not_even_when_it_is_corrupt(tmp_path: Path) -> None:
    base = LocalStore(tmp_path)
    digest = base.put(b"true")
    path = tmp_path / "objects" / hex_of(digest)[:2] / hex_of(digest)[2:]
    path.chmod(0o644)
    path.write_bytes(b"false")
    before = _files(tmp_path)
    overlay = OverlayStore(base, MemoryStore())

    overlay.put(b"made by the proof")
    with pytest.raises(BrokenError, match=digest):
        overlay.get(digest)

    assert _files(tmp_path) == before
