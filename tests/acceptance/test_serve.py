"""Serving: moves of roles, kills and ends, with clients that ask all the while."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest
from tests.acceptance.conftest import Shell, Within
from tests.acceptance.serving import Load, ask, serving

from mlwright.api.project import Project
from mlwright.cli.demo_traffic import ask_about, server
from mlwright.flows.excerpt import rows_from
from mlwright.flows.recording import find_prediction

ANY = ("--port", 0, "--ui-port", 0)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, dataset: Callable[[str], Path]) -> Shell:
    """A project with two versions of one model, the first live."""
    mlw = Within(tmp_path_factory.mktemp("served"))
    question = (dataset("breast_cancer"), "--target", "target", "--name", "tumour")
    for models in ("linear", "lightgbm"):
        mlw.good("run", *question, "--models", models, "--budget", "1s", "--check", "auc > 0.5")
    mlw.good("promote", "tumour@1", "--to", "live", "--reason", "first")
    return Shell(mlw.folder)


def _row(said: str) -> object:
    return json.loads(shlex.split(said)[-1])


def test_a_role_moves_and_a_worker_is_killed_under_load(built: Shell) -> None:
    with serving(built.folder, "serve", *ANY[:2], "--no-ui", "--workers", 2) as server:
        load = Load(server, "tumour", _row(server.said["example"]))
        with load.running():
            load.until_all_hear("tumour@1")
            built.good("promote", "tumour@2", "--to", "live", "--reason", "better")
            load.until_all_hear("tumour@2")
            built.good("rollback", "tumour", "--reason", "worse")
            load.until_all_hear("tumour@1")
            again = built("serve", *ANY, "--json")

        assert load.dropped == []
        assert {status for _, status, _, _ in load.answers} == {200}
        for line in load.lines:
            assert [ref for ref, _ in groupby(line)] == ["tumour@1", "tumour@2", "tumour@1"]
        assert (again.code, again.json["error"]["code"]) == (2, "serve-running")
        assert again.json["error"]["facts"]["pid"] == server.process.pid

        killed = server.workers()
        os.kill(killed[0], signal.SIGKILL)
        start = time.monotonic()
        connection = server.connect()
        status, _, after_kill = ask(connection, "tumour", load.row)
        connection.close()
        back = time.monotonic() - start

        assert (status, len(killed)) == (200, 2)
        assert back < 20.0, f"back after {back:.2f} s"
        while len(set(server.workers()) - {killed[0]}) < 2:
            assert time.monotonic() - start < 60.0, "the killed worker was not started again"
            time.sleep(0.05)
        assert server.end() == 0

    acknowledged = {identifier for _, _, _, identifier in load.answers} | {after_kill}
    assert len(acknowledged) == len(load.answers) + 1
    with Project.open(built.folder) as project:
        ledger = project.workspace.ledger
        sealed = [event.facts for event in ledger.events(kind="segment.sealed")]
        assert sum(int(str(facts["predictions"])) for facts in sealed) == len(acknowledged)
        for identifier in sorted(acknowledged)[:: max(1, len(acknowledged) // 5)]:
            assert find_prediction(identifier, project.workspace).segment.sealed
        kinds = [event.kind for event in ledger.events()]
        assert kinds.index("serve.started") < kinds.index("serve.stopped")


def test_a_killed_server_starts_again_at_once_and_seals_what_was_left(built: Shell) -> None:
    with serving(built.folder, "serve", "tumour", *ANY[:2], "--no-ui", "--workers", 1) as server:
        port = server.address.rpartition(":")[2]
        row = _row(server.said["example"])
        connection = server.connect()
        first = [ask(connection, "tumour", row)[2] for _ in range(20)]
        (worker,) = server.workers()
        server.process.kill()
        server.process.wait()
        connection.close()

    start = time.monotonic()
    with serving(built.folder, "serve", "--port", port, "--no-ui", "--workers", 1) as server:
        taken = time.monotonic() - start
        connection = server.connect()
        status, _, later = ask(connection, "tumour", row)
        connection.close()

        assert (status, server.address.rpartition(":")[2]) == (200, port)
        assert taken < 60.0, f"started after {taken:.1f} s"
        deadline = time.monotonic() + 60
        while Path(f"/proc/{worker}").exists():
            assert time.monotonic() < deadline, "a worker outlived its server"
            time.sleep(0.05)
        with Project.open(built.folder) as project:
            while not find_prediction(first[0], project.workspace).segment.sealed:
                assert time.monotonic() < deadline, "what was left is not sealed"
                time.sleep(0.1)
            found = [find_prediction(each, project.workspace) for each in [*first, later]]
        assert [each.id for each in found] == [*first, later]
        assert server.end(signal.SIGINT) == 130


def test_the_demo_asks_tells_the_truth_and_chooses_an_answer_that_is_proved(
    built: Shell, dataset: Callable[[str], Path]
) -> None:
    table = dataset("breast_cancer")
    rows = rows_from(table, column="mean_radius", day="15", limit=100)

    with server(built.folder) as served:
        week = ask_about(served.address, "tumour", rows, target="target")
        proof = built.good("prove", str(week.chosen.id))
    why = built.good("why", str(week.chosen.id))

    assert (week.asked, week.likeliest, served.process.returncode) == (100, 10, 0)
    assert week.truths == sum(bool(row["target"]) for row in rows)
    assert week.hits >= week.likeliest * week.truths / week.asked
    assert proof["verdict"] == "exact"
    assert str(week.chosen.id) in str(why)


def test_run_serve_answers_the_curl_line_it_prints_and_pages_beside_it(
    mlw: Shell, dataset: Callable[[str], Path]
) -> None:
    question = ("run", dataset("wine"), "--target", "target", "--name", "wine", "--budget", "1s")

    refused = mlw(*question, "--models", "linear", "--check", "accuracy > 0.999", "--serve", *ANY)
    nothing = mlw("serve", *ANY, "--json")
    unknown = mlw("serve", "wien", *ANY, "--json")
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = mlw(*question, "--serve", "--port", other.getsockname()[1], "--json")

    assert refused.code == 3
    assert (nothing.code, nothing.json["error"]["code"]) == (4, "nothing-live")
    assert "mlw promote wine@" in nothing.json["error"]["fix"]
    assert (unknown.code, unknown.json["error"]["facts"]["nearest"]) == (4, "wine")
    assert (taken.code, taken.json["error"]["code"]) == (1, "port-taken")

    with serving(mlw.folder, *question, "--models", "linear", "--serve", *ANY) as server:
        curl = subprocess.run(server.said["example"], shell=True, capture_output=True, text=True)
        pages = subprocess.run(
            ["curl", "-sS", f"{server.said['ui']}/index.json"], capture_output=True, text=True
        )
        assert server.end() == 0

    answer = json.loads(curl.stdout)
    assert answer["model"].startswith("wine@")
    assert answer["id"].startswith("p_")
    assert sum(answer["probability"].values()) == pytest.approx(1.0)
    assert json.loads(pages.stdout)
