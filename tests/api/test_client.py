"""The client keeps its connection, says what went wrong, and changes no value on the way."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import polars as pl
import pytest

import mlwright as mw
from mlwright.core.errors import DataError, FaultError, NotFoundError, UsageError

Reply = Callable[[str, Any], tuple[int, Any]]


class _Peer:
    """A server of the standard library that hears requests and answers what a test tells it."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.connections = 0
        self.close_after_answer = False
        self.reply: Reply = lambda path, body: (200, {"model": "m@1", "value": 1.5, "id": "p_a"})
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                peer.connections += 1

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                peer.heard.append((self.path, body))
                status, answer = peer.reply(self.path, body)
                content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                # Closed without saying so, as a server does whose patience ended.
                self.close_connection = peer.close_after_answer

            def log_message(self, *args: object) -> None:
                """Say nothing on standard error."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def peer() -> Iterator[_Peer]:
    made = _Peer()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_one_connection_carries_several_requests(peer: _Peer) -> None:
    with mw.Client(peer.url) as client:
        for _ in range(3):
            assert client.predict("churn", {"age": 40}).value == 1.5

    assert peer.connections == 1
    assert peer.heard == [("/churn/predict", {"age": 40})] * 3


def test_a_connection_that_the_server_closed_meanwhile_is_opened_again(peer: _Peer) -> None:
    peer.close_after_answer = True

    with mw.Client(peer.url) as client:
        answers = [client.predict("churn", {"age": 40}) for _ in range(3)]

    assert [answer.id for answer in answers] == ["p_a"] * 3
    assert len(peer.heard) == 3


def test_threads_share_a_client_and_not_a_connection(peer: _Peer) -> None:
    with mw.Client(peer.url) as client:
        threads = [
            threading.Thread(target=client.predict, args=("churn", {"age": age}))
            for age in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(body["age"] for _, body in peer.heard) == list(range(8))


def test_threads_that_come_and_go_leave_no_connection_behind(peer: _Peer) -> None:
    with mw.Client(peer.url) as client:
        for age in range(20):
            thread = threading.Thread(target=client.predict, args=("churn", {"age": age}))
            thread.start()
            thread.join()

    assert len(peer.heard) == 20
    assert peer.connections == 1


def test_values_of_python_numpy_and_polars_arrive_as_they_are(peer: _Peer) -> None:
    peer.reply = lambda path, body: (200, {"model": "m@1", "predictions": []})
    columns = {
        "float": np.array([0.1, np.nan]),
        "int": pl.Series([2**62 + 1, None]),
        "day": [date(2026, 1, 31), datetime(2026, 1, 31, 8, 30)],
        "text": ["é\u2028", "\\u0041"],
        "truth": [np.True_, False],
    }

    with mw.Client(peer.url) as client:
        client.predict_rows("churn", columns)

    assert peer.heard[0][1] == {
        "float": [0.1, None],
        "int": [2**62 + 1, None],
        "day": ["2026-01-31", "2026-01-31T08:30:00"],
        "text": ["é\u2028", "\\u0041"],
        "truth": [True, False],
    }


@pytest.mark.parametrize("value", [float("inf"), -np.inf, 3 + 1j, object()])
def test_a_value_json_cannot_carry_is_refused_with_its_column(peer: _Peer, value: object) -> None:
    with mw.Client(peer.url) as client, pytest.raises(DataError) as refused:
        client.predict("churn", {"age": value})

    assert refused.value.code == "value-not-sendable"
    assert refused.value.facts["column"] == "age"
    assert not peer.heard


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, NotFoundError), (422, DataError), (429, FaultError), (503, FaultError)],
)
def test_a_problem_document_is_raised_as_the_error_it_was_made_from(
    peer: _Peer, status: int, kind: type[mw.MlwrightError]
) -> None:
    peer.reply = lambda path, body: (status, {"code": "some-code", "detail": "x", "fix": "y"})

    with mw.Client(peer.url) as client, pytest.raises(kind) as raised:
        client.predict("churn", {"age": 40})

    assert (raised.value.code, raised.value.message, raised.value.fix) == ("some-code", "x", "y")


@pytest.mark.parametrize("content", [b"<html>", b"[1]", b""])
def test_an_answer_of_another_kind_of_server_is_told(peer: _Peer, content: bytes) -> None:
    peer.reply = lambda path, body: (200, content)

    with mw.Client(peer.url) as client, pytest.raises(FaultError) as raised:
        client.predict("churn", {"age": 40})

    assert raised.value.code == "answer-unreadable"


def test_several_rows_where_one_belongs_are_refused(peer: _Peer) -> None:
    peer.reply = lambda path, body: (200, {"model": "m@1", "predictions": [{}, {}]})

    with mw.Client(peer.url) as client, pytest.raises(UsageError) as raised:
        client.predict("churn", [{"age": 40}, {"age": 41}])  # type: ignore[arg-type]

    assert raised.value.code == "rows-for-a-row"


def test_no_server_and_a_silent_server_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with mw.Client(url, timeout=0.05) as client, pytest.raises(FaultError) as late:
            client.predict("churn", {"age": 40})
    with mw.Client(url) as client, pytest.raises(FaultError) as gone:
        client.predict("churn", {"age": 40})

    assert (late.value.code, gone.value.code) == ("server-timeout", "server-unreachable")
    assert "mlw serve" in gone.value.fix


@pytest.mark.parametrize("url", ["127.0.0.1:7700", "ftp://host", "http://", "http://h/?q=1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        mw.Client(url)

    assert refused.value.code == "server-address"
