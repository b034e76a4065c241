"""Killed at any moment under 64 connections, serving loses no answer and is back at once."""

from __future__ import annotations

import json
import os
import random
import shlex
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest
from tests.acceptance.conftest import Shell, Within
from tests.acceptance.serving import Server, serving
from tests.serve.load import NUMBER, Answer, Load

from mlwright.api.project import Project
from mlwright.flows.recording import find_prediction, seals_of
from mlwright.serve import lookup, segments
from mlwright.serve.records import Filter, Prediction

BACK = 2.0
"""Seconds for which nobody is answered after a kill, as promised."""

CONNECTIONS = 64
WORKERS = 2


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, dataset: Callable[[str], Path]) -> Shell:
    """A project whose model is live."""
    mlw = Within(tmp_path_factory.mktemp("served"))
    question = (dataset("breast_cancer"), "--target", "target", "--name", "tumour")
    mlw.good("run", *question, "--models", "linear", "--budget", "1s", "--check", "auc > 0.5")
    mlw.good("promote", "tumour@1", "--to", "live", "--reason", "first")
    return Shell(mlw.folder)


@dataclass
class Victim:
    """A project that is served at one port, killed and started again."""

    folder: Path
    stack: ExitStack
    port: int = 0
    silence: dict[str, list[float]] = field(default_factory=dict)

    def start(self) -> Server:
        arguments = ("--port", self.port, "--no-ui", "--workers", WORKERS)
        server = self.stack.enter_context(serving(self.folder, "serve", *arguments))
        self.port = int(server.address.rpartition(":")[2])
        return server

    def kill(self, server: Server, what: str, load: Load, among: random.Random) -> Server:
        """Kill a worker, all workers, the server alone or everything, and wait for an answer."""
        workers = server.workers()
        chosen = {
            "worker": [among.choice(workers)] if workers else [],
            "workers": workers,
            "server": [server.process.pid],
            "everything": [server.process.pid, *workers],
        }[what]
        killed = since = time.monotonic()
        for process in chosen:
            os.kill(process, signal.SIGKILL)
        if server.process.pid in chosen:
            server.process.wait()
            server = self.start()
            since = time.monotonic()  # its orphans answered what they had begun
        while load.answered_after(since) is None:
            assert time.monotonic() < since + 30, f"no answer after {what} was killed"
            time.sleep(0.005)
        self.silence.setdefault(what, []).append(_longest_silence(load, killed))
        return server


def _longest_silence(load: Load, since: float) -> float:
    """Return the longest time since a moment in which nobody was answered."""
    moments = [since, *sorted(answer.got for answer in load.good if answer.got > since)]
    return max(later - earlier for earlier, later in pairwise(moments))


def _campaign(built: Shell, kills: Sequence[str], seed: int) -> None:
    among = random.Random(seed)
    with ExitStack() as stack:
        victim = Victim(built.folder, stack)
        server = victim.start()
        row = json.loads(shlex.split(server.said["example"])[-1])
        load = Load(victim.port, "tumour", row, clients=CONNECTIONS, pause=0.02)
        with load.running():
            for what in kills:
                time.sleep(among.uniform(0.02, 0.5))
                server = victim.kill(server, what, load, among)
            time.sleep(0.3)
            cut_by_kills = len(load.dropped)
            asked = time.monotonic()
            code = server.end()
            ended = time.monotonic() - asked
            time.sleep(0.1)

    print(f"{len(load.good)} answers, {cut_by_kills} cut; seconds without an answer after a kill:")
    for what, silence in victim.silence.items():
        print(f"  of {what}: {' '.join(f'{each:.2f}' for each in sorted(silence))}")
    assert {answer.status for answer in load.answers} <= {200, 503}
    assert (code, ended < 10.0) == (0, True), f"exit {code} after {ended:.1f} s"
    assert segments.numbers(built.folder / ".mlwright" / "records") == []
    recorded = _none_is_lost(built, load.good)
    begun = {number for number, _ in load.dropped[cut_by_kills:]} & recorded
    assert not begun, f"cut in the middle of ending in order: {begun}"
    for identifier in among.sample([answer.id for answer in load.good], 4):
        assert built.good("why", identifier)["id"] == identifier
    built.good("prove", "audit")
    silences = [each for every in victim.silence.values() for each in every]
    assert median(silences) < BACK, victim.silence


def _none_is_lost(built: Shell, answers: Sequence[Answer]) -> set[int]:
    """Look up every answer's id, hold the record against it; return all recorded numbers."""
    assert len({answer.id for answer in answers}) == len(answers)
    with Project.open(built.folder) as project:
        workspace = project.workspace
        found: dict[str, Prediction] = {
            each.id: each
            for each in lookup.scan(workspace.records, Filter(), seals_of(workspace.ledger))
        }
        for one in (answers[0], answers[len(answers) // 2], answers[-1]):
            assert find_prediction(one.id, workspace) == found[one.id]
    lost = [answer for answer in answers if answer.id not in found]
    assert not lost, f"{len(lost)} of {len(answers)} lost, such as {lost[0]}"
    for answer in answers:
        prediction = found[answer.id]
        assert json.loads(prediction.body)[NUMBER] == answer.number
        assert prediction.answer == tuple(answer.json["probability"].values())
    return {json.loads(each.body)[NUMBER] for each in found.values()}


TURNS = ("worker", "worker", "workers", "worker", "workers", "worker", "server", "worker",
         "workers", "everything")  # fmt: skip


def test_ten_kills_lose_no_answer_and_it_is_back_in_two_seconds(built: Shell) -> None:
    _campaign(built, TURNS, seed=1)


def test_a_worker_that_stands_still_delays_only_its_own_clients(built: Shell) -> None:
    arguments = ("--port", 0, "--no-ui", "--workers", WORKERS)
    with serving(built.folder, "serve", *arguments) as server:
        port = int(server.address.rpartition(":")[2])
        row = json.loads(shlex.split(server.said["example"])[-1])
        workers = server.workers()
        load = Load(port, "tumour", row, clients=CONNECTIONS, pause=0.02, first=50_000_000)
        late = Load(port, "tumour", row, clients=20, pause=0.02, first=60_000_000)
        with load.running():
            time.sleep(0.5)
            stopped = time.monotonic()
            os.kill(workers[0], signal.SIGSTOP)
            time.sleep(0.5)
            with late.running():
                time.sleep(2.5)
                went_on = len(late.answers)
                os.kill(workers[0], signal.SIGCONT)
            resumed = time.monotonic()
            time.sleep(0.3)
        still = [
            answer for answer in load.answers if stopped < answer.sent and answer.got < resumed
        ]

        assert sorted(server.workers()) == sorted(workers)
        assert server.end() == 0

    for each in (load, late):
        assert each.dropped == []
        assert {answer.status for answer in each.answers} == {200}
    assert len(still) > 100, "the other worker's clients waited too"
    assert went_on > 100, "clients that came meanwhile waited too"
    assert max(answer.got - answer.sent for answer in load.answers) > 2.0, "nobody was stopped"
    _none_is_lost(built, [*load.answers, *late.answers])


@pytest.mark.deep
def test_two_hundred_kills_lose_no_answer(built: Shell) -> None:
    _campaign(built, TURNS * 20, seed=2)
