"""Clients that are slow, half there, old-fashioned or hasty get their answer or their refusal."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse
from time import monotonic, sleep
from typing import BinaryIO

from .conftest import Start, Trained, Worker
from .load import NUMBER, Load, request

MOST = 10_000_000
PATH = b"POST /churn/predict HTTP/1.1\r\nhost: test\r\n"


@contextmanager
def _wire(worker: Worker) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", worker.port), timeout=60) as wire:
        yield wire


def _read(wire: socket.socket) -> tuple[HTTPResponse, bytes]:
    response = HTTPResponse(wire)
    response.begin()
    return response, response.read()


def _content(heard: BinaryIO) -> bytes:
    """Return the content of the next answer; a reader of one answer may swallow of the next."""
    length = 0
    while (line := heard.readline().strip()) != b"":
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return heard.read(length)


def test_a_body_one_byte_too_large_is_refused_and_the_refusal_arrives(
    worker: Worker, trained: Trained
) -> None:
    row = json.dumps(trained.rows[0]).encode()
    heads = {
        "told": b"content-length: %d\r\n\r\n" % (MOST + 1),
        "expecting": b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n" % (MOST + 1),
        "in chunks": b"transfer-encoding: chunked\r\n\r\n%x\r\n" % (MOST + 1),
    }
    for way, head in heads.items():
        with _wire(worker) as wire:
            wire.sendall(PATH + head)
            wire.sendall(row.ljust(MOST + 1))

            response, content = _read(wire)

        assert (way, response.status) == (way, 413)
        assert json.loads(content)["code"] == "request-too-large"
    with _wire(worker) as wire:
        wire.sendall(PATH + b"content-length: %d\r\n\r\n" % MOST)
        wire.sendall(row.ljust(MOST))
        assert _read(wire)[0].status == 200


def test_old_careful_and_piecemeal_requests_are_answered(worker: Worker, trained: Trained) -> None:
    row = json.dumps(trained.rows[0]).encode()
    length = b"content-length: %d\r\n\r\n" % len(row)

    with _wire(worker) as wire:
        wire.sendall(b"POST /churn/predict HTTP/1.0\r\n" + length + row)
        old, _ = _read(wire)
        assert wire.recv(1) == b""
    with _wire(worker) as wire:
        wire.sendall(PATH + b"expect: 100-continue\r\n" + length)
        assert wire.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(row)
        careful, _ = _read(wire)
    with _wire(worker) as wire:
        wire.sendall(PATH + b"transfer-encoding: chunked\r\n\r\n")
        for place in range(0, len(row), 7):
            part = row[place : place + 7]
            wire.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        wire.sendall(b"0\r\n\r\n")
        piecemeal, _ = _read(wire)
    with _wire(worker) as wire:
        for byte in PATH + length + row:
            wire.sendall(bytes([byte]))
        bytewise, _ = _read(wire)

    for response in (old, careful, piecemeal, bytewise):
        assert response.status == 200
        assert response.headers["x-prediction-id"].startswith("p_")


def test_requests_sent_at_once_are_answered_in_their_order(
    worker: Worker, trained: Trained
) -> None:
    scorer = trained.scorer("churn@1")
    rows = [{**row, NUMBER: place} for place, row in enumerate(trained.rows[:100])]

    with _wire(worker) as wire:
        wire.sendall(b"".join(request("churn", row) for row in rows))
        heard = wire.makefile("rb")
        found = [json.loads(_content(heard)) for _ in rows]

    expected = [scorer.predict_row(row) for row in rows]
    assert [tuple(each["probability"].values()) for each in found] == expected
    assert len({each["id"] for each in found}) == len(rows)


def test_clients_that_never_finish_are_let_go_and_delay_nobody(
    start: Start, trained: Trained
) -> None:
    worker = start(timeout=1.0)
    row = trained.rows[0]
    begun = {
        "nothing": b"",
        "half a head": PATH + b"content-ty",
        "half a body": PATH + b"content-length: 100\r\n\r\n{",
        "a head after an answer": request("churn", row) + PATH,
    }
    load = Load(worker.port, "churn", row, clients=8, pause=0.01)

    with ExitStack() as stack:
        waiting = []
        for way, sent in begun.items():
            for _ in range(50):
                wire = stack.enter_context(_wire(worker))
                wire.sendall(sent)
                waiting.append((way, wire))
        with load.running():
            sleep(0.5)
        began = monotonic()
        for way, wire in waiting:
            left = wire.makefile("rb").read()
            assert (b"408" in left) == (way == "half a body"), (way, left)
        taken = monotonic() - began

    assert taken < 25.0, f"let go after {taken:.1f} s"
    assert load.dropped == []
    assert {answer.status for answer in load.answers} == {200}
    assert worker.leave() == 0
    assert worker.log.read_text() == ""
