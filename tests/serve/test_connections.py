"""Hostile and odd clients get what they asked for in its order, or a refusal; others get theirs."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from statistics import median
from threading import Thread
from time import monotonic, sleep

from mlwright.serve.connection import Connections, Request

from .conftest import Start, Trained, Worker

HOST = b"host: localhost\r\n"
ALIVE = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
NOWHERE = b"GET /nowhere HTTP/1.1\r\n" + HOST + b"\r\n"
DESCRIBE = b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"\r\n"
GARBAGE = b"HELLO\r\n\r\n"
CHUNKED = b"transfer-encoding: chunked"


def _post(body: bytes, *headers: bytes, path: bytes = b"/churn/predict") -> bytes:
    """A request whose headers say how long its body is, unless some are given."""
    lines = headers or (b"content-length: %d" % len(body),)
    return b"POST %b HTTP/1.1\r\n%b%b\r\n\r\n%b" % (path, HOST, b"\r\n".join(lines), body)


def _in_chunks(body: bytes, trailer: bytes = b"") -> bytes:
    return _post(b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(body), body, trailer), CHUNKED)


@contextmanager
def _wire(worker: Worker, receives: int = 0) -> Iterator[socket.socket]:
    with socket.socket() as wire:
        wire.settimeout(60)
        if receives:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        wire.connect(("127.0.0.1", worker.port))
        yield wire


def _heard(worker: Worker, *parts: bytes, ends: bool = True) -> list[tuple[int, str, bytes]]:
    """Send parts and return the answers up to the end: status, code and content of each."""
    with _wire(worker) as wire:
        for place, part in enumerate(parts):
            sleep(0.05 if place else 0)
            wire.sendall(part)
        if ends:
            wire.shutdown(socket.SHUT_WR)
        return _answers(wire.makefile("rb").read())


def _answers(heard: bytes) -> list[tuple[int, str, bytes]]:
    found = []
    while heard:
        head, _, heard = heard.partition(b"\r\n\r\n")
        status = int(head.split(b" ")[1])
        if status == 100:
            found.append((100, "", b""))
            continue
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
        made = parsedate_to_datetime(fields[b"date"].decode())
        assert abs((datetime.now(UTC) - made).total_seconds()) < 60
        size = int(fields[b"content-length"])
        content, heard = heard[:size], heard[size:]
        assert len(content) == size
        code = json.loads(content)["code"] if b"problem" in fields[b"content-type"] else ""
        found.append((status, code, content))
    return found


def _counts(worker: Worker, family: str) -> dict[str, float]:
    lines = worker.ask("/metrics").content.decode().splitlines()
    told = dict(line.rsplit(" ", 1) for line in lines if line.startswith(family))
    return {name.removeprefix(family): float(value) for name, value in told.items()}


def test_good_requests_are_answered_in_order_whatever_comes_behind_them_and_each_is_counted_once(
    worker: Worker, trained: Trained
) -> None:
    row = json.dumps(trained.rows[0]).encode()
    good, cut = _post(row), _post(row)[:-5]
    before = _counts(worker, "mlwright_requests_total")

    broken = _post(b"5\r\nabcde\r\nzz\r\n", CHUNKED)
    expecting = _post(b"", b"expect: 100-continue", b"content-length: %d" % len(row))
    found = {
        "garbage": _heard(worker, NOWHERE + good * 2 + NOWHERE + GARBAGE, ends=False),
        "garbage later": _heard(worker, NOWHERE + good, GARBAGE, ends=False),
        "broken": _heard(worker, good + NOWHERE + broken, ends=False),
        "broken and refused": _heard(worker, broken.replace(b"churn", b"churm"), ends=False),
        "cut": _heard(worker, good + cut),
        "half closed": _heard(worker, ALIVE + NOWHERE + good * 3 + NOWHERE),
        "expecting": _heard(worker, NOWHERE + expecting, row),
        "expecting of old": _heard(worker, expecting.replace(b"1.1", b"1.0"), row),
    }

    statuses = {way: [status for status, _, _ in answers] for way, answers in found.items()}
    assert statuses == {
        "garbage": [404, 200, 200, 404, 400],
        "garbage later": [404, 200, 400],
        "broken": [200, 404, 400],
        "broken and refused": [404],
        "cut": [200, 400],
        "half closed": [200, 404, 200, 200, 200, 404],
        "expecting": [404, 100, 200],
        "expecting of old": [200],
    }
    last = {way: answers[-1][1] for way, answers in found.items()}
    assert last["garbage"] == last["garbage later"] == last["broken"] == "request-http"
    assert last["cut"] == "request-cut"
    after = _counts(worker, "mlwright_requests_total")
    told = {name: after[name] - before.get(name, 0) for name in after}
    assert told.pop('{endpoint="",status="200"}') == 2  # one of them for the counts themselves
    assert {name: times for name, times in told.items() if times} == {
        '{endpoint="churn",status="200"}': 10,
        '{endpoint="churn",status="400"}': 1,
        '{endpoint="",status="400"}': 3,  # what breaks while it stands in line is nobody's
        '{endpoint="",status="404"}': 8,
    }
    assert worker.log.read_text() == ""


def test_what_two_readers_could_take_for_different_requests_is_refused_and_ends_there(
    worker: Worker,
) -> None:
    body, chunks = b"{}", b"2\r\n{}\r\n0\r\n\r\n"
    lengths = (
        b"content-length: 2\r\ncontent-length: 2", b"content-length: 2\r\ncontent-length: 3",
        b"content-length: 2, 2", b"content-length: +2", b"content-length: 0x2",
        b"content-length:", b"content-length : 2", b"content-length: -2", b"content-length: 2_0",
        b"content-length:\r\n 2", b"content-length: 18446744073709551618",
        b"content-length: 2\r\ntransfer-encoding: chunked", b"x: y\ncontent-length: 2",
        b"x: y\rcontent-length: 2", b"x: \x00\r\ncontent-length: 2",
    )  # fmt: skip
    codings = (
        b"transfer-encoding: gzip", b"transfer-encoding: chunked, gzip",
        b"transfer-encoding: xchunked", b"transfer-encoding: \x0bchunked",
        b"transfer-encoding: chunked\x00", b"transfer-encoding: identity",
        b"transfer-encoding: chunked\r\ntransfer-encoding: chunked", b"transfer-encoding : chunked",
        b"transfer-encoding:\r\n chunked", b"transfer-encoding: chunked\r\ncontent-length: 12",
    )  # fmt: skip
    spoilt = (
        b"0x2\r\n{}\r\n0\r\n\r\n", b"+2\r\n{}\r\n0\r\n\r\n", b" 2\r\n{}\r\n0\r\n\r\n",
        b"2 \r\n{}\r\n0\r\n\r\n", b"2\n{}\n0\n\n", b"2\r\n{}0\r\n\r\n", b"0\r\nx\r\n\r\n",
        b"2;a\nb\r\n{}\r\n0\r\n\r\n", b"1ffffffffffffffff\r\n{}", b"-1\r\n{}", b"\r\n{}",
    )  # fmt: skip
    asked = {header: _post(body, header) for header in lengths}
    asked |= {header: _post(chunks, header) for header in codings}
    asked |= {chunk: _post(chunk, CHUNKED) for chunk in spoilt}
    asked |= {target: b"GET %b HTTP/1.1\r\n\r\n" % target for target in (b"/a b", b"x:1", b"/\xe9")}
    asked[b"bare"] = b"GET / HTTP/1.1\n\n"

    for way, sent in asked.items():
        found = _heard(worker, sent + ALIVE, ends=False)
        assert [(status, code) for status, code, _ in found] == [(400, "request-http")], way
    # What is merely odd: as many zeros as one likes, and what follows a body is no header.
    zeros = _post(body, b"content-length: " + b"0" * 5_000 + b"2")
    foreign = b"origin: http://evil.example\r\ncontent-type: text/plain\r\n"
    odd = _heard(worker, zeros + _in_chunks(body, foreign) * 2 + _post(body))
    assert [(status, code) for status, code, _ in odd] == [(422, "column-missing")] * 4
    assert worker.log.read_text() == ""


def test_hundreds_of_requests_at_once_are_answered_in_order_and_keep_nobody_waiting(
    start: Start, trained: Trained
) -> None:
    worker = start(log="off")
    scorer = trained.scorer("churn@1")
    rows = [{**trained.rows[0], "tenure": place % 70} for place in range(300)]
    # More than is read at once, so that some head is cut there.
    wanted = [_post(json.dumps(row).encode().ljust(1_200)) + NOWHERE for row in rows]

    found = _heard(worker, b"".join(wanted))
    with _wire(worker) as wire:
        Thread(target=_send, args=(wire, DESCRIBE * 1_500), daemon=True).start()
        assert wire.recv(1)
        waits = [_seconds(lambda: worker.ask("/healthz")) for _ in range(10)]
        wire.shutdown(socket.SHUT_WR)
        heard = wire.makefile("rb").read()

    assert [status for status, _, _ in found] == [200, 404] * len(rows)
    told = [json.loads(content)["probability"] for status, _, content in found if status == 200]
    assert [tuple(each.values()) for each in told] == [scorer.predict_row(row) for row in rows]
    assert heard.count(b"TTP/1.1 200") == 1_500
    assert median(waits) < 0.1, f"others waited {waits} s"


def test_nobody_holds_memory_by_sending_without_end_or_by_never_reading(
    start: Start,
) -> None:
    worker = start(timeout=1.5, log="off")
    endless = {
        "head": b"GET /healthz HTTP/1.1\r\na: ",
        "trailer": _post(b"2\r\n{}\r\n0\r\na: ", CHUNKED),
        "name of a chunk": _post(b"2;", CHUNKED),
        "trailer of what was refused": _post(b"2\r\n{}\r\n0\r\na: ", CHUNKED, path=b"/nowhere"),
    }
    for way, begun in endless.items():
        with _wire(worker) as wire:
            wire.sendall(begun)
            for _ in range(12):
                sleep(0.002)
                _send(wire, b"x" * 16_384)
            answers = _answers(wire.makefile("rb").read())
        assert [status for status, _, _ in answers] == [404 if "refused" in way else 400], way
    with ExitStack() as stack:
        slow = stack.enter_context(_wire(worker, 65_536))
        worker.ask("/healthz")
        before = _opened(worker)
        silent = stack.enter_context(_wire(worker, 4_096))
        for wire in (silent, slow):
            Thread(target=_send, args=(wire, DESCRIBE * 1_000), daemon=True).start()
        heard = stack.enter_context(slow.makefile("rb"))
        began = monotonic()
        for _ in range(80):
            sleep(0.04)
            heard.read(10_240)
        assert monotonic() - began > 2 * 1.5, "it has read for too short a time"
        worker.until(lambda: _opened(worker) <= before)
        slow.shutdown(socket.SHUT_WR)
        rest = heard.read()

    assert rest.count(b"HTTP/1.1 200 OK") > 900
    assert worker.leave() == 0
    assert worker.log.read_text() == ""


def test_a_worker_told_to_leave_answers_lines_and_half_heads_and_waits_for_nobody_else(
    start: Start, trained: Trained
) -> None:
    worker = start(drain=60.0)
    good = _post(json.dumps(trained.rows[0]).encode())
    with ExitStack() as stack:
        line, half, idle, refused = (stack.enter_context(_wire(worker)) for _ in range(4))
        half.sendall(good[:60])
        refused.sendall(_post(b"{", b"content-length: 9", path=b"/nowhere"))
        assert refused.recv(12) == b"HTTP/1.1 404"
        line.sendall((good + NOWHERE) * 20)
        assert line.recv(1) == b"H"

        began = monotonic()
        worker.close()
        worker.process.send_signal(signal.SIGTERM)
        assert idle.recv(1) == b""
        half.sendall(good[60:])
        answered = {"line": b"H" + line.makefile("rb").read(), "half": half.makefile("rb").read()}

    assert worker.process.wait(60) == 0
    assert monotonic() - began < 45.0
    assert [status for status, _, _ in _answers(answered["line"])] == [200, 404] * 20
    assert [status for status, _, _ in _answers(answered["half"])] == [200]
    for heard in answered.values():
        assert heard.count(b"connection: close") == 1
    assert worker.log.read_text() == ""


class _Faulty:
    """An application that breaks its promise not to raise, when somebody waits for too long."""

    def __init__(self) -> None:
        self.forgotten = 0

    def admit(self, request: Request) -> None: ...

    def receive(self, request: Request) -> None: ...

    def answer(self, request: Request) -> None: ...

    def overdue(self, request: Request) -> None:
        raise RuntimeError(f"overdue: {request.path}")

    def cut(self, request: Request) -> None: ...

    def unreadable(self, request: Request) -> None: ...

    def forget(self, request: Request) -> None:
        self.forgotten += 1


def test_a_fault_with_one_connection_is_told_and_ends_no_look_at_the_others() -> None:
    async def campaign() -> tuple[list[str], list[bytes], int]:
        loop = asyncio.get_running_loop()
        told: list[str] = []
        loop.set_exception_handler(lambda _, context: told.append(str(context["exception"])))
        application = _Faulty()
        connections = Connections(application, timeout=0.0, now=loop.time, loop=loop)
        server = await loop.create_server(connections.open, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        wires = [await asyncio.open_connection("127.0.0.1", port) for _ in range(6)]
        for place, (_, writer) in enumerate(wires):
            writer.write(_post(b"", b"content-length: 9") if place % 2 else ALIVE[:20])
        await asyncio.sleep(0.05)
        connections.look(b"")
        ended = [await reader.read() for reader, _ in wires[::2]]
        for _, writer in wires:
            writer.close()
        await asyncio.sleep(0.05)
        server.close()
        return told, ended, application.forgotten

    told, ended, forgotten = asyncio.run(campaign())

    assert told == ["overdue: /churn/predict"] * 3
    assert ended == [b""] * 3
    assert forgotten == 3


def _send(wire: socket.socket, sent: bytes) -> None:
    """Send to somebody who may have had enough."""
    with suppress(OSError):
        wire.sendall(sent)


def _seconds(work: Callable[[], object]) -> float:
    began = monotonic()
    work()
    return monotonic() - began


def _opened(worker: Worker) -> int:
    return sum(1 for _ in Path(f"/proc/{worker.process.pid}/fd").iterdir())
