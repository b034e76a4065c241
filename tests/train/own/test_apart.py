"""Kept models of the user's own: what their process may do, and what becomes of it."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mlwright.core.errors import FaultError, UsageError
from mlwright.train.own.content import head_of, joined
from mlwright.train.own.kept import Kept, rested
from mlwright.train.own.process import FIT, Apart

PROBE = """
import ctypes, os, socket, subprocess, threading, time

def does(act):
    try:
        act()
    except OSError:
        return 0.0
    return 1.0

class Probe:
    def predict(self, X):
        return [self.one(*row) for row in X]

    def one(self, what, port):
        if what == 0:
            return does(lambda: open(PATH, "w"))
        if what == 1:
            return does(lambda: socket.create_connection(("127.0.0.1", int(port)), 1))
        if what == 2:
            return does(lambda: subprocess.run(["true"]))
        if what == 3:
            return does(os.fork)
        if what == 4:
            return does(lambda: os.unlink(PATH + ".there"))
        if what == 5:
            return does(lambda: os.kill(os.getppid(), 0))
        if what == 6:
            return does(lambda: os.rename(PATH + ".there", PATH))
        if what == 7:
            return float(open(PATH + ".there").read())
        if what == 8:
            seen = []
            thread = threading.Thread(target=lambda: seen.append(8.0))
            thread.start()
            thread.join()
            return seen[0]
        if what == 9:
            os._exit(3)
        if what == 10:
            time.sleep(60)
        if what == 11:
            raise ValueError("no such row")
        return float("SECRET" in os.environ)
"""


@pytest.fixture
def kept() -> Iterator[Kept]:
    """A confined process, ended with the test."""
    found = Kept()
    yield found
    found.close()


def _content(folder: Path) -> bytes:
    """Return a kept model whose predict tries what a pickle might try when it is opened."""
    head = {
        "name": "probe",
        "kept": "pickle",
        "kind": "prober:Probe",
        "outputs": 1,
        "columns": [],
        "block": 1,
        "modules": [
            {
                "name": "prober",
                "package": False,
                "text": f"PATH = {str(folder / 'file')!r}\n" + PROBE,
            }
        ],
        "parts": [],
        "libraries": {},
        "python": "3",
    }
    return joined(head, b"cprober\nProbe\n)R.")


def _ask(kept: Kept, content: bytes, *whats: int, port: int = 0) -> list[float]:
    X = np.array([[what, port] for what in whats], dtype=np.float64)
    return [float(each) for each in kept.ask(content, X, timeout=120.0)[:, 0]]


@pytest.mark.skipif(sys.platform != "linux", reason="the filter of system calls is Linux's")
def test_a_kept_model_reads_and_computes_and_can_neither_write_nor_connect_nor_start_anything(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "1")
    (tmp_path / "file.there").write_text("7")
    content = _content(tmp_path)

    with socket.create_server(("127.0.0.1", 0)) as server:
        tried = _ask(kept, content, 0, 1, 2, 3, 4, 5, 6, port=server.getsockname()[1])
    allowed = _ask(kept, content, 7, 8, 12)

    assert tried == [0.0] * 7
    assert allowed == [7.0, 8.0, 0.0]
    assert [each.name for each in tmp_path.iterdir()] == ["file.there"]
    assert all(kept.confined.values())


def test_a_process_that_was_killed_is_started_again_with_the_next_question(
    kept: Kept, tmp_path: Path
) -> None:
    (tmp_path / "file.there").write_text("7")
    content = _content(tmp_path)
    first = _ask(kept, content, 7)
    killed = kept.pid
    assert killed is not None

    os.kill(killed, signal.SIGKILL)
    again = _ask(kept, content, 7)

    assert first == again == [7.0]
    assert kept.pid not in (None, killed)


def test_a_model_that_ends_its_process_or_never_answers_or_raises_is_told_and_others_go_on(
    kept: Kept, tmp_path: Path
) -> None:
    content = _content(tmp_path)
    codes = []

    for what, timeout in ((9, 120.0), (10, 0.5), (11, 120.0)):
        with pytest.raises((FaultError, UsageError, Exception)) as raised:
            kept.ask(content, np.array([[what, 0.0]]), timeout=timeout)
        codes.append(getattr(raised.value, "code", type(raised.value).__name__))

    assert codes == ["foreign-ended", "foreign-slow", "own-model-refused"]
    assert _ask(kept, content, 12) == [0.0]


def test_a_head_is_read_without_opening_the_model(tmp_path: Path) -> None:
    content = _content(tmp_path)[:-3] + b"what no pickle is"

    head = head_of(content)

    assert (head.name, head.kept, head.outputs) == ("probe", "pickle", 1)


def test_a_fit_gives_the_same_bytes_in_another_process_and_what_it_keeps_answers_row_by_row(
    kept: Kept,
) -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(90, 3))
    y = (X[:, 0] + random.normal(size=90) > 0).astype(np.float64)
    text = """
import json, random
import numpy as np

class Weights:
    def __init__(self, weights): self.weights = weights
    def predict_proba(self, X):
        shares = 1 / (1 + np.exp(-(X @ np.array(self.weights))))
        return np.column_stack([1 - shares, shares])
    def to_bytes(self): return json.dumps(self.weights).encode()
    @classmethod
    def from_bytes(cls, held): return cls(json.loads(held))

def fit(train, valid, params, ctx):
    assert train.names == ("a", "b", "c") and ctx.classes == ("no", "yes")
    assert train.y.dtype.kind == "i" and valid is None and ctx.final
    drawn = random.Random(ctx.seed).random() + np.random.rand()
    return Weights([*np.linalg.lstsq(train.X, train.y)[0][:2], drawn * params["scale"]])
"""
    own = {
        "name": "weights",
        "blueprint": '{"fit":"weighing:fit"}',
        "pickle": False,
        "parts": [],
        "modules": [{"name": "weighing", "package": False, "text": text}],
        "distributions": {},
    }
    fold = {"X": 0, "y": 1, "weight": None, "frame": None}
    asked = {"own": own, "params": {"scale": 2.0}, "seed": 5, "classes": 2}
    asked |= {"labels": ["no", "yes"], "names": ["a", "b", "c"], "train": fold, "valid": None}

    contents = []
    for _ in range(2):
        apart = Apart(FIT, "weights")
        contents += apart.ask(asked, [X.tobytes(), y.tobytes()])
        apart.close()
    together = kept.ask(contents[0], X)
    alone = np.concatenate([kept.ask(contents[0], X[place : place + 1]) for place in range(90)])

    assert contents[0] == contents[1]
    assert head_of(contents[0]).kept == "to_bytes"
    assert together.tobytes() == alone.tobytes()
    assert together.shape == (90, 2)


def test_what_the_users_code_raises_is_told_with_its_place() -> None:
    own = {
        "name": "broken",
        "blueprint": '{"fit":"breaking:fit"}',
        "pickle": False,
        "parts": [],
        "modules": [
            {
                "name": "breaking",
                "package": False,
                "text": "def fit(train, valid, params, ctx):\n    return params['depth']\n",
            }
        ],
        "distributions": {},
    }
    fold = {"X": 0, "y": 1, "weight": None, "frame": None}
    asked = {"own": own, "params": {}, "seed": 5, "classes": 0, "labels": []}
    asked |= {"names": ["a"], "train": fold, "valid": None}
    apart = Apart(FIT, "broken")

    with pytest.raises(UsageError) as raised:
        apart.ask(asked, [np.ones(3).tobytes(), np.ones(3).tobytes()])
    apart.close()

    assert raised.value.code == "own-model-failed"
    assert "KeyError: 'depth'" in raised.value.message
    assert any(line.endswith("in fit") for line in raised.value.looked)


def test_a_process_that_rests_is_taken_by_the_next_and_ended_where_somebody_serves(
    tmp_path: Path,
) -> None:
    content = _content(tmp_path)
    first = rested(content)
    asked = np.array([[8.0, 0.0]])
    answered = first.ask(content, asked)
    process = first.pid
    first.rest()

    again = rested(content)
    assert (again is first, again.pid) == (True, process)
    assert (again.ask(content, asked, timeout=60.0) == answered).all()
    again.rest()
    assert again.pid is None
    assert rested(content) is not again
