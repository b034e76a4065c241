"""The user's code is recorded as a commit and what differs from it, and nothing secret."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from mlwright.core.records import dump, load
from mlwright.run.code.snapshot import code_files, code_tree, restore_code, snapshot_code
from mlwright.run.code.trees import Shelf, shelf_in
from mlwright.run.records import CodeState
from mlwright.store.local import LocalStore
from mlwright.store.memory import MemoryStore


def seen(folder: Path) -> CodeState:
    return snapshot_code(folder, Shelf(MemoryStore()))


def files_of(folder: Path) -> dict[str, bytes]:
    """Return what a snapshot of a folder keeps."""
    store = MemoryStore()
    return code_files(snapshot_code(folder, Shelf(store)), store)


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "steps.py").write_text("RATE = 1\n")
    (tmp_path / "table.csv").write_text("a\n1\n")
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    (tmp_path / "ignored.py").write_text("")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_a_clean_folder_is_its_commit(project: Path) -> None:
    code = seen(project)

    assert code.commit == git(project, "rev-parse", "HEAD")
    assert (code.changed, code.patch, code.skipped, code.why) == ((), "", (), "")
    assert files_of(project) == {".gitignore": b"ignored.py\n", "steps.py": b"RATE = 1\n"}


def test_what_differs_from_the_commit_is_kept(project: Path) -> None:
    (project / "steps.py").write_text("RATE = 2\n")
    (project / "new.py").write_text("# é\n")

    code = seen(project)

    assert code.changed == ("new.py", "steps.py")
    assert "-RATE = 1\n+RATE = 2" in code.patch
    assert files_of(project)["new.py"] == "# é\n".encode()
    assert files_of(project)["steps.py"] == b"RATE = 2\n"


def test_the_recorded_difference_gives_the_files_again(project: Path, tmp_path: Path) -> None:
    (project / "steps.py").write_text("RATE = 2\n")
    code = seen(project)
    git(project, "checkout", "-q", "steps.py")
    (project / "patch").write_text(code.patch)

    git(project, "apply", "patch")

    assert (project / "steps.py").read_text() == "RATE = 2\n"


def test_a_folder_inside_the_repository_sees_all_of_it(project: Path) -> None:
    (project / "inner").mkdir()
    (project / "steps.py").write_text("RATE = 2\n")

    assert "+RATE = 2" in seen(project / "inner").patch


def test_secrets_and_large_code_are_left_out_and_said_and_data_is_no_part(
    project: Path,
) -> None:
    (project / "table.csv").write_text("name\nAlice\n")
    (project / "more.csv").write_text("name\nBob\n")
    (project / "api_token.py").write_text("TOKEN = 'abc'\n")
    (project / "large.py").write_text("#" * 1_100_000)
    (project / "deploy.sh").write_text("export KEY=AKIA" + "ABCDEFGHIJKLMNOP\n")
    (project / "steps.py").write_text("-----BEGIN RSA" + " PRIVATE KEY-----\n")

    code = seen(project)

    assert code.patch == ""
    assert set(files_of(project)) == {".gitignore"}
    assert sorted(code.skipped) == [
        "api_token.py: its name speaks of a secret",
        "deploy.sh: it holds what looks like an AWS key (line 1)",
        "large.py: 1,100,000 bytes",
        "steps.py: it holds what looks like a private key (line 1)",
    ]
    assert "csv" not in repr(code)
    assert "Alice" not in repr(code)


def test_without_git_the_files_are_kept_and_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text("RATE = 1\n")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden/x.py").write_text("")
    (tmp_path / "notes.txt").write_text("Alice called")
    (tmp_path / "requirements-dev.txt").write_text("numpy\n")

    code = seen(tmp_path)

    assert code.commit is None
    assert code.why == "the folder is not under git"
    kept = {"requirements-dev.txt": b"numpy\n", "steps.py": b"RATE = 1\n"}
    assert files_of(tmp_path) == kept
    assert code.skipped == ()


def test_a_repository_without_a_commit_says_so(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")

    assert seen(tmp_path).why == "git has no commit yet"


def test_without_the_git_program_it_says_so(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))

    code = seen(project)

    assert code.why == "git is not installed"
    assert files_of(project)["steps.py"] == b"RATE = 1\n"


def test_variables_of_another_repository_do_not_lead_astray(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path_factory.mktemp("other")))

    assert seen(project).commit is not None


@pytest.mark.parametrize("under_git", [True, False])
def test_data_beside_the_code_does_not_change_its_state(
    under_git: bool, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = project if under_git else tmp_path_factory.mktemp("plain")
    (folder / "steps.py").write_text("RATE = 3\n")
    before = dump(seen(folder))

    (folder / "unrelated.csv").write_text("a\n1\n")
    (folder / "table.csv").write_text("a\n2\n")
    (folder / "data").mkdir()
    (folder / "data" / "more.parquet").write_bytes(b"PAR1")
    (folder / ".mlwright").mkdir()
    (folder / ".mlwright" / "ledger.db").write_bytes(b"")

    assert dump(seen(folder)) == before


def test_every_byte_mode_and_link_of_a_repository_comes_back(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    inner = tmp_path_factory.mktemp("inner")
    (inner / "rates.py").write_text("RATES = {}\n")
    git(inner, "init", "-q")
    git(inner, "add", ".")
    git(inner, "commit", "-q", "-m", "rates")
    git(project, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "rates")
    git(project, "commit", "-q", "-m", "with rates")
    (project / "rates" / "rates.py").write_text("RATES = {'a': 1}\r\n")
    (project / "rates" / "more.py").write_text("")
    (project / "native.so").write_bytes(bytes(range(256)))
    (project / "go.sh").write_text("#!/bin/sh\n")
    (project / "go.sh").chmod(0o755)
    (project / "link.py").symlink_to("rates/rates.py")
    (project / "out.py").symlink_to("../elsewhere.py")
    store = LocalStore(tmp_path_factory.mktemp("store"))
    code = snapshot_code(project, shelf_in(store))
    target = tmp_path_factory.mktemp("again") / "code"

    count = restore_code(code, store, target)

    assert code.submodules == {"rates": git(inner, "rev-parse", "HEAD")}
    assert {"rates/rates.py", "rates/more.py", "native.so"} <= set(code.changed)
    assert code.skipped == ("out.py: a link that leads out of the folder",)
    restored = sorted(p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file())
    assert len(restored) == count
    assert {"native.so", "rates/more.py", "link.py", ".gitmodules"} <= set(restored)
    for name in restored:
        now, then = target / name, project / name
        assert now.read_bytes() == then.read_bytes()
        assert now.stat().st_mode & 0o111 == then.stat().st_mode & 0o111
        assert now.is_symlink() == then.is_symlink()


def test_an_edit_costs_one_object_of_its_size_and_unchanged_files_are_not_read_again(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (project / "large.py").write_text("".join(f"x{i} = {i * i}\n" for i in range(20_000)))
    for path in project.glob("*.py"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    store = LocalStore(tmp_path_factory.mktemp("store"))
    snapshot_code(project, shelf_in(store))
    shelf = shelf_in(store)
    first = snapshot_code(project, shelf)
    shelf.close()
    size = sum(path.stat().st_size for path in store.folder.rglob("objects/*/*"))
    (project / "steps.py").write_text("RATE = 3\n")

    shelf = shelf_in(store)
    second = snapshot_code(project, shelf)

    grown = sum(path.stat().st_size for path in store.folder.rglob("objects/*/*")) - size
    assert 0 < grown < 2_000
    assert code_files(second, store)["steps.py"] == b"RATE = 3\n"
    assert code_files(first, store)["steps.py"] == b"RATE = 1\n"
    assert set(shelf.named) <= set(store.digests())


def test_many_edits_end_in_few_objects_and_every_state_comes_back(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = LocalStore(tmp_path_factory.mktemp("store"))
    for number in range(60):
        (tmp_path / f"step{number}.py").write_text(f"RATE = {number}\n")
        shelf = shelf_in(store)
        code = snapshot_code(tmp_path, shelf)
        shelf.close()
        if number == 40:
            before = code

    tree = code_tree(code, store)

    assert tree is not None
    assert len(tree.packs) <= 50
    assert len(code_files(code, store)) == 60
    assert code_files(before, store)["step40.py"] == b"RATE = 40\n"
    assert len(code_files(before, store)) == 41


def test_a_secret_taken_out_of_a_file_is_not_kept_in_the_difference(project: Path) -> None:
    (project / "steps.py").write_text("KEY = 'ghp_" + "a1" * 20 + "'\n")
    git(project, "commit", "-q", "-am", "oh no")
    (project / "steps.py").write_text("KEY = None\n")

    code = seen(project)

    assert code.patch == ""
    assert "a1a1" not in repr(code)
    assert code.skipped == (
        "the difference to the commit as text: it holds what looks like a GitHub token (line 6)",
    )


def test_a_state_recorded_before_files_were_kept_still_loads_and_is_restored(
    tmp_path: Path,
) -> None:
    old = {
        "commit": "0" * 40,
        "changed": ["a/new.py"],
        "patch": "",
        "files": {"a/new.py": "# é\n"},
        "skipped": [],
        "why": "",
    }
    code = load(CodeState, json.dumps(old).encode())

    count = restore_code(code, MemoryStore(), tmp_path / "code")

    assert (count, code.tree, code.submodules) == (1, None, {})
    assert (tmp_path / "code" / "a" / "new.py").read_text("utf-8") == "# é\n"
