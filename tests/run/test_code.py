"""The user's code is recorded as a commit and what differs from it, and nothing secret."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mlwright.core.records import dump
from mlwright.run.code import snapshot_code


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
    code = snapshot_code(project)

    assert code.commit == git(project, "rev-parse", "HEAD")
    assert (code.changed, code.patch, code.files, code.skipped, code.why) == ((), "", {}, (), "")


def test_what_differs_from_the_commit_is_kept(project: Path) -> None:
    (project / "steps.py").write_text("RATE = 2\n")
    (project / "new.py").write_text("# é\n")

    code = snapshot_code(project)

    assert code.changed == ("new.py", "steps.py")
    assert "-RATE = 1\n+RATE = 2" in code.patch
    assert code.files == {"new.py": "# é\n"}


def test_the_recorded_difference_gives_the_files_again(project: Path, tmp_path: Path) -> None:
    (project / "steps.py").write_text("RATE = 2\n")
    code = snapshot_code(project)
    git(project, "checkout", "-q", "steps.py")
    (project / "patch").write_text(code.patch)

    git(project, "apply", "patch")

    assert (project / "steps.py").read_text() == "RATE = 2\n"


def test_a_folder_inside_the_repository_sees_all_of_it(project: Path) -> None:
    (project / "inner").mkdir()
    (project / "steps.py").write_text("RATE = 2\n")

    assert "+RATE = 2" in snapshot_code(project / "inner").patch


def test_secrets_and_large_code_are_left_out_and_said_and_data_is_no_part(
    project: Path,
) -> None:
    (project / "table.csv").write_text("name\nAlice\n")
    (project / "more.csv").write_text("name\nBob\n")
    (project / "api_token.py").write_text("TOKEN = 'abc'\n")
    (project / "large.py").write_text("#" * 300_000)
    (project / "binary.py").write_bytes(b"\xff\xfe")

    code = snapshot_code(project)

    assert code.patch == ""
    assert code.files == {}
    assert sorted(what.partition(":")[0] for what in code.skipped) == [
        "api_token.py",
        "binary.py",
        "large.py",
    ]
    assert "csv" not in repr(code)
    assert "Alice" not in repr(code)


def test_without_git_the_files_are_kept_and_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text("RATE = 1\n")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden/x.py").write_text("")
    (tmp_path / "notes.txt").write_text("Alice called")
    (tmp_path / "requirements-dev.txt").write_text("numpy\n")

    code = snapshot_code(tmp_path)

    assert code.commit is None
    assert code.why == "the folder is not under git"
    assert code.files == {"requirements-dev.txt": "numpy\n", "steps.py": "RATE = 1\n"}
    assert code.skipped == ()


def test_a_repository_without_a_commit_says_so(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")

    assert snapshot_code(tmp_path).why == "git has no commit yet"


def test_without_the_git_program_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert snapshot_code(tmp_path).why == "git is not installed"


def test_variables_of_another_repository_do_not_lead_astray(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path_factory.mktemp("other")))

    assert snapshot_code(project).commit is not None


@pytest.mark.parametrize("under_git", [True, False])
def test_data_beside_the_code_does_not_change_its_state(
    under_git: bool, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = project if under_git else tmp_path_factory.mktemp("plain")
    (folder / "steps.py").write_text("RATE = 3\n")
    before = dump(snapshot_code(folder))

    (folder / "unrelated.csv").write_text("a\n1\n")
    (folder / "table.csv").write_text("a\n2\n")
    (folder / "data").mkdir()
    (folder / "data" / "more.parquet").write_bytes(b"PAR1")
    (folder / ".mlwright").mkdir()
    (folder / ".mlwright" / "ledger.db").write_bytes(b"")

    assert dump(snapshot_code(folder)) == before
