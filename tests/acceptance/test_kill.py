"""Killed anywhere, a run loses nothing that was acknowledged and goes on where it stopped."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.acceptance.conftest import Shell
from tests.acceptance.conftest import within as mlw

__all__ = ["mlw"]


def _table(folder: Path, rows: int) -> Path:
    generator = random.Random(7)
    path = folder / "table.csv"
    lines = ["id,age,plan,spent,left"]
    for i in range(rows):
        age, spent = generator.randint(18, 90), generator.gauss(50, 20)
        left = generator.random() < (0.7 if age > 60 and spent < 50 else 0.2)
        lines.append(f"{i},{age},{'abc'[i % 3]},{spent:.2f},{'yes' if left else 'no'}")
    path.write_text("\n".join(lines) + "\n")
    return path


def _campaign(mlw: Shell, kills: int, seed: int, rows: int = 3000) -> None:
    generator = random.Random(seed)
    table = _table(mlw.folder, rows)
    command = ["run", str(table), "--target", "left", "--key", "id", "--budget", "1s"]
    mlw.good("init")
    began = time.monotonic()
    reference = Shell(mlw.folder / "reference")
    reference.folder.mkdir()
    whole = reference.good(*command)
    seconds = time.monotonic() - began
    checkpoint = mlw.folder / "checkpoint.txt"
    for turn in range(kills):
        mlw("audit", "checkpoint", "--out", checkpoint)
        process = subprocess.Popen(
            # Another seed each time, so that there is always work left to be killed in.
            [sys.executable, "-m", "mlwright", *command, "--seed", str(turn)],
            cwd=mlw.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(generator.uniform(0.2, 1.0) * seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if turn % 5 == 4 or turn == kills - 1:
            proof = mlw("prove", "audit", "--checkpoint", checkpoint, "--json")
            assert proof.code == 0, proof.out
            assert mlw.good("doctor", "--rebuild")["well"] is True
    made = mlw.good(*command)
    assert made["model"]["id"] == whole["model"]["id"] or made["plan"] != whole["plan"]
    assert mlw.good("doctor")["well"] is True


def _promote_campaign(mlw: Shell, kills: int, seed: int) -> None:
    generator = random.Random(seed)
    table = _table(mlw.folder, 1000)
    run = ["run", str(table), "--target", "left", "--key", "id", "--models", "linear"]
    refs = [mlw.good(*run, "--budget", "1s", "--seed", s)["model"]["ref"] for s in (1, 2)]
    mlw.good("promote", refs[0], "--to", "live", "--reason", "first")
    began = time.monotonic()
    Shell(mlw.folder).good("ls", "endpoints")
    seconds = time.monotonic() - began
    checkpoint = mlw.folder / "checkpoint.txt"
    live, acknowledged = refs[0], 0
    for _ in range(kills):
        mlw("audit", "checkpoint", "--out", checkpoint)
        target = refs[1 - refs.index(live)]
        command = ["promote", target, "--to", "live", "--reason", "next"]
        process = subprocess.Popen(
            [sys.executable, "-m", "mlwright", *command],
            cwd=mlw.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(generator.uniform(0.2, 1.2) * seconds)
        process.send_signal(signal.SIGKILL)
        done = process.wait() == 0
        found = mlw.good("ls", "endpoints")["endpoints"][0]["live"]
        assert found in ((target,) if done else (live, target))
        live, acknowledged = found, acknowledged + done
        assert mlw("prove", "audit", "--checkpoint", checkpoint).code == 0
    assert mlw.good("doctor", "--rebuild")["well"] is True
    if kills >= 50:
        assert 0 < acknowledged < kills, "the kills fell all before or all after the commit"


def test_a_killed_promotion_happened_wholly_or_not_at_all(mlw: Shell) -> None:
    _promote_campaign(mlw, 3, seed=3)


@pytest.mark.deep
def test_sixty_killed_promotions_happened_wholly_or_not_at_all(mlw: Shell) -> None:
    _promote_campaign(mlw, 60, seed=4)


def test_three_kills_lose_no_event_and_leave_no_half_object(mlw: Shell) -> None:
    _campaign(mlw, 3, seed=1, rows=1000)


@pytest.mark.deep
def test_two_hundred_kills_lose_no_event_and_leave_no_half_object(mlw: Shell) -> None:
    _campaign(mlw, 200, seed=2)
