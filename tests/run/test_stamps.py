"""A file is not read twice while it looks the same, and is read again whenever that is not sure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlwright.run.code.stamps import Stamps

LONG_AGO = (1_700_000_000, 1_700_000_000)


def noted(path: Path, file: Path) -> str | None:
    return Stamps.open(path).note_of(str(file), file.lstat(), kind="content")


@pytest.fixture
def known(tmp_path: Path) -> tuple[Path, Path]:
    """Where notes are kept, and a file that one is about."""
    file, path = tmp_path / "steps.py", tmp_path / "stamps.json"
    file.write_text("RATE = 1\n")
    stamps = Stamps.open(path)
    os.utime(file, LONG_AGO)
    assert stamps.note_of(str(file), file.lstat(), kind="content") is None
    stamps._began += 1_000_000_000  # as if the file had been changed a second before
    stamps.note(str(file), file.lstat(), "digest", kind="content")
    stamps.learn({"pack:a": "b"})
    stamps.close()
    return path, file


def test_a_note_lasts_while_the_file_looks_the_same(known: tuple[Path, Path]) -> None:
    path, file = known

    assert noted(path, file) == "digest"
    assert Stamps.open(path).fact("pack:a") == "b"
    assert Stamps.open(path).note_of(str(file), file.lstat(), kind="lock") is None


def test_an_edit_a_replaced_file_and_another_time_are_seen(known: tuple[Path, Path]) -> None:
    path, file = known

    os.utime(file, (1_700_000_001, 1_700_000_001))
    assert noted(path, file) is None
    file.write_text("RATE = 22\n")
    os.utime(file, LONG_AGO)
    assert noted(path, file) is None
    other = file.with_name("other.py")
    other.write_text("RATE = 2\n")
    other.replace(file)
    os.utime(file, LONG_AGO)
    assert noted(path, file) is None


def test_a_file_changed_just_before_it_was_looked_at_is_not_noted(tmp_path: Path) -> None:
    file, path = tmp_path / "steps.py", tmp_path / "stamps.json"
    file.write_text("RATE = 1\n")
    stamps = Stamps.open(path)

    assert stamps.note_of(str(file), file.lstat(), kind="content") is None
    stamps.note(str(file), file.lstat(), "digest", kind="content")
    stamps.learn({"pack:a": "b"})
    stamps.close()

    assert path.exists()
    assert noted(path, file) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', '{"version": 99, "notes": {}}'])
def test_broken_notes_are_forgotten(known: tuple[Path, Path], text: str) -> None:
    path, file = known
    path.write_text(text)

    assert noted(path, file) is None
