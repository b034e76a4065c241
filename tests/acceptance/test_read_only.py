"""A project that can only be read answers every question, and looking leaves no trace."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.acceptance.conftest import Within

READING = (
    "ls models",
    "ls events",
    "show german@1",
    "show spec",
    "why german@1",
    "diff german@1 german@1",
    "doctor",
    "prove audit",
    "audit key",
    "report german@1 --out -",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, dataset: Callable[[str], Path]) -> Path:
    folder = tmp_path_factory.mktemp("made")
    flags = ("--target", "credit", "--name", "german", "--models", "linear", "--budget", "1s")
    answer = Within(folder)("run", dataset("german"), *flags)
    assert answer.code in (0, 3), answer.err
    return folder


@pytest.fixture
def sealed(made: Path, tmp_path: Path) -> Iterator[Path]:
    """Mount a copy of the project so that nothing can write to it; the machine must let us."""
    folder = tmp_path / "sealed"
    shutil.copytree(made, folder)
    for command in (
        ["mount", "--bind", str(folder), str(folder)],
        ["mount", "-o", "remount,ro,bind", str(folder)],
    ):
        mount = subprocess.run(command, capture_output=True, text=True)
        if mount.returncode:
            pytest.skip(f"this machine does not let us mount: {mount.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_every_question_is_answered_and_every_change_refused(
    sealed: Path, tmp_path: Path, dataset: Callable[[str], Path]
) -> None:
    mlw = Within(sealed)

    answers = {line: mlw(*line.split()) for line in READING}
    scored = mlw("predict", "german", dataset("german"), "--out", tmp_path / "answers.csv")
    report = mlw("report", "german@1", "--out", tmp_path / "report.html")
    proof = mlw("prove", "german@1", "--json")
    refused = [
        mlw("run", dataset("german"), "--target", "credit", "--json"),
        mlw("rollback", "german", "--reason", "test", "--json"),
        mlw("doctor", "--rebuild", "--json"),
    ]

    assert {line: a.err for line, a in answers.items() if a.code} == {}
    assert (scored.code, report.code) == (0, 0), scored.err + report.err
    assert (tmp_path / "report.html").read_text().rstrip() == answers[READING[-1]].out.rstrip()
    assert (proof.code, proof.json["verdict"], proof.json["event"]) == (0, "exact", None)
    codes = {a.json["error"]["code"] for a in refused}
    assert codes <= {"permission-denied", "rollback-nothing"}
    assert "permission-denied" in codes


def test_looking_makes_nothing_where_there_is_no_state(tmp_path: Path) -> None:
    (tmp_path / "mlwright.toml").write_text('target = "y"\n')
    mlw = Within(tmp_path)

    assert mlw.good("ls", "models")["models"] == []
    assert mlw.good("doctor")["well"] is True
    assert mlw("audit", "key", "--json").json["error"]["code"] == "ledger-missing"
    assert [path.name for path in tmp_path.iterdir()] == ["mlwright.toml"]


def test_a_broken_log_is_refused_before_it_is_built_upon(
    made: Path, tmp_path: Path, dataset: Callable[[str], Path]
) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(made, folder)
    with sqlite3.connect(folder / ".mlwright" / "ledger" / "ledger.db") as database:
        database.execute("DROP TRIGGER event_never_updated")
        database.execute("UPDATE event SET body = CAST(body || 'x' AS BLOB) WHERE sequence = 2")
    database.close()
    mlw = Within(folder)

    answers = [
        mlw("run", dataset("german"), "--target", "credit", "--json"),
        mlw("promote", "german@1", "--to", "live", "--reason", "test", "--json"),
        mlw("rollback", "german", "--reason", "test", "--json"),
    ]

    for answer in answers:
        assert answer.code == 6, answer.out
        assert answer.json["error"]["code"] == "log-broken"
        assert "e_2" in answer.json["error"]["message"]
        assert "mlw doctor" in answer.json["error"]["fix"]
