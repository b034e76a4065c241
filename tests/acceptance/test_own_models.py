"""A model of the user's own, from its file to the endpoint: asked slowly, killed, and proved."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.acceptance.conftest import Shell, Within
from tests.acceptance.serving import Server, ask, serving

MODELS = """
import json
import os
import time

import numpy as np

import mlwright as mw

SHARPNESS = 4.0
RELEASE = "PATH"


class Nearest:
    def __init__(self, centres):
        self.centres = np.array(centres)

    def predict_proba(self, X):
        if X[0, 0] > 100.0:
            until = time.monotonic() + 60.0
            while not os.path.exists(RELEASE) and time.monotonic() < until:
                time.sleep(0.01)
        away = ((X[:, None, :] - self.centres[None]) ** 2).mean(axis=2)
        shares = np.exp(-away * SHARPNESS)
        shares[shares.sum(axis=1) == 0.0] = 1.0
        return shares / shares.sum(axis=1, keepdims=True)

    def to_bytes(self):
        return json.dumps(self.centres.tolist()).encode()

    @classmethod
    def from_bytes(cls, held):
        return cls(json.loads(held))


@mw.train
def fit(train, valid, params, ctx):
    few = train.X[:: params["every"]], train.y[:: params["every"]]
    ctx.log("every", params["every"])
    ctx.log(rows=len(few[0]))
    return Nearest([few[0][few[1] == place].mean(axis=0) for place in range(len(ctx.classes))])


class Unkept:
    def __init__(self):
        self.mean = 0.0

    def predict(self, X):
        return np.zeros(len(X))


def unkept(train, valid, params, ctx):
    return Unkept()
"""
SPEC = """
target = "target"
[data]
source = "{source}"
[project]
name = "tumour"
[search]
budget = "1s"
models = ["mymodels:fit"]
[space."mymodels:fit"]
every = "1, 2"
[checks]
auc = ">= 0.9"
[serve]
slow_queue = 3
workers = 1
port = 0
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, dataset: Callable[[str], Path]) -> Shell:
    """A project whose live model is one of its own code."""
    mlw = Shell(tmp_path_factory.mktemp("own"))
    (mlw.folder / "mymodels.py").write_text(_models(mlw))
    (mlw.folder / "mlwright.toml").write_text(SPEC.format(source=dataset("breast_cancer")))
    mlw.good("run")
    Within(mlw.folder).good("promote", "tumour@1", "--to", "live", "--reason", "first")
    return mlw


def test_a_model_that_can_only_be_pickled_needs_that_to_be_asked_for(built: Shell) -> None:
    refused = built("run", "--models", "mymodels:fit", "--models", "mymodels:unkept", "--json")
    unknown = built("run", "--models", "mymodels:fitt", "--json")

    error = refused.json["error"]
    assert (refused.code, error["code"]) == (2, "pickle-not-asked")
    assert "pickle = true" in error["fix"]
    assert "to_bytes" in error["fix"]
    assert (unknown.code, unknown.json["error"]["facts"]["nearest"]) == (2, "fit")


def test_what_a_fit_logs_is_shown_with_the_run_and_again_where_the_search_is_kept(
    built: Shell,
) -> None:
    built.good("run")
    told_of = Within(built.folder)

    for each in told_of.good("ls", "runs")["runs"]:
        rows = {n: m["last"] for n, m in told_of.good("show", each["run"])["metrics"].items()}
        # How many are tried depends on how busy the machine was when the search was planned.
        searched = [name for name in rows if name.startswith("search/mymodels:fit(every=")]
        (fitted,) = [rows[name] for name in rows if name.startswith("model/mymodels:fit(every=")]
        assert searched
        assert all(name.endswith("/rows") and rows[name] < fitted for name in searched)
        every = searched[0].partition("every=")[2][0]
        told = f"mymodels:fit(every={every}), round 0: every {every}"
        assert told in told_of("show", each["run"], "--logs").out


def test_an_own_model_is_served_slowly_killed_and_proved_whatever_its_file_says_now(
    built: Shell,
) -> None:
    shown = Within(built.folder)("show", "tumour@1").out
    assert "answers in a confined process: slowly" in shown

    release = _release(built)
    release.unlink(missing_ok=True)
    with serving(built.folder, "serve", "--no-ui") as server:
        row = json.loads(shlex.split(str(server.said["example"]))[-1])
        slow_row = {**row, "mean_radius": 1e6}
        connection = server.connect()
        status, version, quick = ask(connection, "tumour", row)
        assert (status, version) == (200, "tumour@1")
        connection.request("GET", "/healthz")
        health = json.loads(connection.getresponse().read())
        assert "confined process" in health["slow"]["tumour"]
        assert "confined process" in server.said["models"][0]["slow"]

        # The loop goes on while the process thinks, and the line is bounded.
        with ThreadPoolExecutor(6) as clients:
            asked = [clients.submit(_once, server, slow_row) for _ in range(6)]
            _until(lambda: sum(each.done() for each in asked) >= 3)
            connection.request("GET", "/readyz")
            assert connection.getresponse().read()
            assert sum(each.done() for each in asked) == 3
            release.touch()
            answers = [each.result() for each in asked]
        assert sorted(status for status, _ in answers) == [200] * 3 + [429] * 3

        # Killed while it is idle, and while it answers: asked again, nobody is told of it.
        for busy in (False, True):
            (process,) = _processes(server)
            with ThreadPoolExecutor(1) as client:
                if busy:
                    release.unlink()
                    waiting = client.submit(_once, server, slow_row)
                    time.sleep(0.5)
                os.kill(process, signal.SIGKILL)
                if not busy:
                    waiting = client.submit(_once, server, row)
                release.touch()
                status, again = waiting.result()
            assert (status, bool(again)) == (200, True)

        # Who hangs up harms nobody, and is not worked for once it is their turn.
        release.unlink()
        for _ in range(3):
            _hang_up(server, slow_row)
        release.touch()
        _until(lambda: _once(server, row)[0] == 200)

        # What is in flight ends before the server does.
        release.unlink()
        begun = server.connect()
        assert ask(begun, "tumour", row)[0] == 200
        with ThreadPoolExecutor(1) as client:
            waiting = client.submit(ask, begun, "tumour", slow_row)
            time.sleep(0.3)
            connection.request("GET", "/readyz")
            assert connection.getresponse().read()
            server.process.send_signal(signal.SIGTERM)
            connection.close()
            release.touch()
            status, _, drained = waiting.result()
        begun.close()
        assert (status, server.process.wait(120)) == (200, 0)

    changed = _models(built).replace("SHARPNESS = 4.0", "SHARPNESS = 1.0")
    (built.folder / "mymodels.py").write_text(changed)
    for identifier in (quick, drained):
        proof = built.good("prove", identifier)
        assert proof["verdict"] == "exact", proof
    why = built("why", quick).out
    assert "the amounts do not add up to the score" in why
    assert "miss it by" in why


@pytest.mark.deep
def test_the_whole_model_is_made_again_from_the_text_that_was_recorded(built: Shell) -> None:
    changed = _models(built).replace("SHARPNESS = 4.0", "SHARPNESS = 1.0")
    (built.folder / "mymodels.py").write_text(changed)

    assert built.good("prove", "tumour@1")["verdict"] == "exact"


def _once(server: Server, row: object) -> tuple[int, str]:
    connection = server.connect()
    try:
        status, _, identifier = ask(connection, "tumour", row)
    finally:
        connection.close()
    return status, identifier


def _until(true: Callable[[], bool]) -> None:
    latest = time.monotonic() + 50.0  # less than a row is held for
    while not true():
        assert time.monotonic() < latest
        time.sleep(0.05)


def _release(built: Shell) -> Path:
    """The file for which a slow row is held."""
    return built.folder / "release"


def _models(built: Shell) -> str:
    return MODELS.replace("PATH", str(_release(built)))


def _hang_up(server: Server, row: object) -> None:
    place = urlsplit(server.address)
    body = json.dumps(row).encode()
    with socket.create_connection((str(place.hostname), int(place.port or 0))) as client:
        head = f"POST /tumour/predict HTTP/1.1\r\nhost: {place.netloc}\r\n"
        head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        client.sendall(head.encode() + body)


def _processes(server: Server) -> list[int]:
    """The processes apart of the server's workers."""
    return [
        int(child)
        for worker in server.workers()
        for task in Path(f"/proc/{worker}/task").iterdir()
        for child in (task / "children").read_text().split()
        if b"mlwright.train.own.child" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
