"""A worker answers over HTTP what its model answers, refuses by code, and lives on."""

from __future__ import annotations

import json
import select
import signal
import socket
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from .conftest import Start, Trained, Worker


def test_a_row_is_answered_to_the_bit_with_an_id_and_the_versions_name(
    worker: Worker, trained: Trained
) -> None:
    scorer = trained.scorer("churn@1")

    for row in trained.rows[:50]:
        reply = worker.ask("/churn/predict", row)

        numbers = scorer.predict_row(row)
        assert reply.status == 200, reply
        found = reply.json
        assert [p.hex() for p in found["probability"].values()] == [n.hex() for n in numbers]
        assert found["value"] == scorer.decide_row(numbers)
        assert found["model"] == reply.headers["x-model"] == "churn@1"
        assert found["id"] == reply.headers["x-prediction-id"]
        assert found["id"].startswith("p_")
        assert reply.headers["x-log"] == "durable"


def test_rows_and_columns_are_answered_as_each_row_alone(worker: Worker, trained: Trained) -> None:
    rows = [{**row, "customer": f"é{place}"} for place, row in enumerate(trained.rows)]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    scorer = trained.scorer("churn@1")

    by_rows = worker.ask("/churn/predict", rows).json["predictions"]
    by_columns = worker.ask("/churn/predict", columns).json["predictions"]

    alone = [scorer.predict_row(row) for row in trained.rows]
    for found in (by_rows, by_columns):
        assert [tuple(each["probability"].values()) for each in found] == alone
        assert len({each["id"] for each in found}) == len(rows)


def test_a_large_batch_is_answered_as_a_small_one(worker: Worker, trained: Trained) -> None:
    many = [*trained.rows] * 10
    assert len(json.dumps(many)) > 250_000

    found = worker.ask("/churn/predict", many).json["predictions"]

    few = worker.ask("/churn/predict", list(trained.rows)).json["predictions"]
    expected = [each["probability"] for each in few] * 10
    assert [each["probability"] for each in found] == expected


def test_a_cell_out_of_contract_is_flagged(worker: Worker, trained: Trained) -> None:
    row = {**trained.rows[0], "tenure": 10_000, "Contract": "Five years"}

    found = worker.ask("/churn/predict", row).json

    flags = {each["column"]: each for each in found["flags"]}
    assert flags["tenure"] == {
        "column": "tenure", "breach": "out-of-range", "value": 10_000, "clipped": False,
    }  # fmt: skip
    assert flags["Contract"]["breach"] == "unseen"


def typed(kind: str) -> dict[str, Any]:
    return {"raw": b"a=1", "headers": {"Content-Type": kind}}


ZIPPED: dict[str, Any] = {"raw": b"{}", "headers": {"Content-Encoding": "gzip"}}
REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("/churn/predict", {"raw": b"{"}, 400, "request-syntax"),
    ("/churn/predict", {"raw": b""}, 400, "request-syntax"),
    ("/churn/predict", {"raw": b'{"tenure":1,"tenure":2}'}, 400, "request-duplicate"),
    ("/churn/predict", {"raw": b'{"tenure":NaN}'}, 400, "request-number"),
    ("/churn/predict", {"raw": b"[" * 50}, 400, "request-syntax"),
    ("/churn/predict", {"raw": b"[" * 50 + b"]" * 50}, 400, "request-depth"),
    ("/churn/predict", {"body": {"tenure": 1}}, 422, "column-missing"),
    ("/churn/predict", {"body": []}, 422, "request-empty"),
    ("/churn/predict", {"raw": b'{"tenure":"\\ud800"}'}, 400, "request-text"),
    ("/churn/predict", {}, 405, "request-method"),
    ("/churn/predict", {"raw": b"{}", "method": "PUT"}, 405, "request-method"),
    ("/churm/predict", {"body": {}}, 404, "endpoint-unknown"),
    ("/%FF%2e/predict", {"body": {}}, 404, "endpoint-unknown"),
    ("/nowhere", {}, 404, "route-unknown"),
    ("/metrics", {"raw": b""}, 405, "request-method"),
    ("/churn/predict", typed("application/x-www-form-urlencoded"), 415, "request-media-type"),
    ("/churn/predict", typed("application/json; charset=latin-1"), 415, "request-media-type"),
    ("/churn/predict", ZIPPED, 415, "request-media-type"),
    ("/labels", {"body": {"id": "p_1", "value": 1}}, 422, "label-form"),
    ("/labels", {"body": {"endpoint": "churn", "key": "7"}}, 422, "label-form"),
    ("/labels", {"body": {"endpoint": "churn", "key": 1.5, "value": 1}}, 422, "label-form"),
    ("/labels", {"body": {"endpoint": "chum", "key": "7", "value": 1}}, 404, "endpoint-unknown"),
]  # fmt: skip


def test_every_refusal_is_a_problem_with_its_code_and_the_connection_lives_on(
    worker: Worker, trained: Trained
) -> None:
    for path, asked, status, code in REFUSED:
        reply = worker.ask(path, **asked)

        assert (reply.status, reply.code) == (status, code), (path, asked, reply)

    row = {**trained.rows[0], "tenure": "long"}
    wrong_kind = worker.ask("/churn/predict", [trained.rows[0], row])
    assert (wrong_kind.status, wrong_kind.code) == (422, "value-kind")
    assert wrong_kind.json["detail"].startswith("row 2: the column 'tenure' holds 'long': not a")
    few = worker.ask("/churn/predict", [trained.rows[0], {"tenure": 1, "Contrat": ""}])
    assert few.json["detail"].startswith("row 2: the columns 'MonthlyCharges', 'TotalCharges', 'C")
    nested = worker.ask("/churn/predict", [trained.rows[0], {"tenure": [1]}])
    assert nested.json["detail"].startswith("'tenure' of row 2 holds an array")
    assert "churn" in worker.ask("/churm/predict", {}).json["detail"]
    assert worker.ask("/churn/predict", {}, method="DELETE").headers["allow"] == "POST"
    assert worker.ask("/churn/predict", trained.rows[0]).status == 200


def test_what_is_no_http_is_told_as_a_problem(worker: Worker) -> None:
    with socket.create_connection(("127.0.0.1", worker.port), timeout=60) as wire:
        wire.sendall(b"HELLO\r\n\r\n")
        answer = wire.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"request-http" in answer


def test_the_body_of_a_request_for_another_protocol_is_never_a_request(worker: Worker) -> None:
    head = b"POST /churn/predict HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n"
    hidden = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", worker.port), timeout=60) as wire:
        wire.sendall(head + b"content-length: %d\r\n\r\n" % len(hidden))
        wire.sendall(hidden)
        heard = wire.makefile("rb").read()

    assert heard.startswith(b"HTTP/1.1 400 ")
    assert heard.count(b"\r\ncontent-length: ") == 1
    assert b"request-upgrade" in heard
    assert b"alive" not in heard


def test_a_label_is_recorded_and_gets_an_id(worker: Worker, trained: Trained) -> None:
    asked = worker.ask("/churn/predict", trained.rows[0]).json["id"]

    one = worker.ask("/labels", {"id": asked, "value": "Yes"})
    several = worker.ask(
        "/labels",
        [{"id": asked, "value": "No"}, {"endpoint": "churn", "key": 17, "value": "Yes"}],
    )

    assert one.status == several.status == 200
    assert one.json["id"].startswith("l_")
    assert len({each["id"] for each in several.json["labels"]}) == 2


def test_health_readiness_metrics_and_openapi_tell_what_is(
    worker: Worker, trained: Trained
) -> None:
    worker.ask("/churn/predict", trained.rows[0])
    worker.ask("/churn/predict", {})

    assert worker.ask("/healthz").status == 200
    assert worker.ask("/readyz").json["endpoints"] == {"churn": "churn@1"}
    document = worker.ask("/openapi.json").json
    assert "/churn/predict" in document["paths"]
    assert document["openapi"].startswith("3.1")
    text = worker.ask("/metrics").content.decode()
    counts = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
    answered = float(counts['mlwright_requests_total{endpoint="churn",status="200"}'])
    seconds = float(counts['mlwright_request_seconds_count{endpoint="churn"}'])
    assert 0 < answered < seconds
    assert float(counts['mlwright_worker_ready{worker="0"}']) == 1
    head = worker.ask("/healthz", method="HEAD")
    assert (head.status, head.content) == (200, b"")


def test_bodies_are_limited_in_size_and_in_time(start: Start, trained: Trained) -> None:
    worker = start(max_body=20_000.0, timeout=1.0)

    told = worker.ask("/churn/predict", raw=b" " * 20_001)
    chunked = _exchange(
        worker,
        b"POST /churn/predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        + b"5000\r\n" + b" " * 0x5000 + b"\r\n",
    )  # fmt: skip
    slow = _exchange(
        worker, b"POST /churn/predict HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"
    )

    assert (told.status, told.code) == (413, "request-too-large")
    assert told.headers["connection"] == "close"
    assert chunked.startswith(b"HTTP/1.1 413 ")
    assert slow.startswith(b"HTTP/1.1 408 ")
    assert b"request-slow" in slow
    assert worker.ask("/churn/predict", trained.rows[0]).status == 200


def test_many_rows_that_take_too_long_are_refused_as_that(start: Start, trained: Trained) -> None:
    worker = start(timeout=0.3, max_body=50e6)
    body = json.dumps([trained.rows[0]] * 40_000).encode()
    head = b"POST /churn/predict HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
    request = head + b"content-length: %d\r\n\r\n" % len(body) + body
    seen: list[bytes] = []
    # They are answered one after the other, beside the loop.
    threads = [Thread(target=lambda: seen.append(_exchange(worker, request))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    refused = [answer for answer in seen if not answer.startswith(b"HTTP/1.1 200 ")]
    assert any(b"answer-slow" in answer for answer in refused)
    assert {answer[9:12] for answer in refused} <= {b"503", b"408"}, "and none is a fault"
    worker.until(lambda: worker.ask("/churn/predict", trained.rows[0]).status == 200)


def test_large_bodies_that_never_end_take_no_more_memory_than_was_given(
    start: Start, trained: Trained
) -> None:
    worker = start(queue_size=4e6, timeout=60.0)
    head = b"POST /churn/predict HTTP/1.1\r\nhost: x\r\ncontent-length: 9000000\r\n\r\n"

    with ExitStack() as stack:
        wires = [
            stack.enter_context(socket.create_connection(("127.0.0.1", worker.port), timeout=60))
            for _ in range(3)
        ]
        for wire in wires:
            wire.sendall(head + b" " * 1_900_000)
        # Two fit; whichever comes third is refused at once, the others wait for their bodies.
        told, _, _ = select.select(wires, [], [], 50.0)
        assert len(told) == 1
        refused = b""
        while b'"instance"' not in refused:
            more = told[0].recv(4096)
            assert more, "it was closed without a word"
            refused += more
        assert refused.startswith(b"HTTP/1.1 429 ")
        assert b"requests-busy" in refused
        assert worker.ask("/churn/predict", trained.rows[0]).status == 200
    worker.until(lambda: worker.ask("/churn/predict", [trained.rows[0]] * 8_000).status == 200)


@pytest.mark.parametrize("path", ["/churn/predict", "/labels"])
def test_a_page_of_another_origin_cannot_ask_or_tell(
    path: str, worker: Worker, trained: Trained
) -> None:
    for site in ("cross-site", "same-site"):
        reply = worker.ask(path, trained.rows[0], headers={"Sec-Fetch-Site": site})
        assert (reply.status, reply.code) == (403, "origin-foreign")
    own = worker.ask("/churn/predict", trained.rows[0], headers={"Sec-Fetch-Site": "same-origin"})
    assert own.status == 200
    # What a name that was made to lead here looks like: no TLS, so no more than an origin.
    for origin in ("http://evil.example:7700", "null", "http://[", "http://localhost.evil.example"):
        reply = worker.ask(path, trained.rows[0], headers={"Origin": origin, "Host": origin[7:]})
        assert (reply.status, reply.code) == (403, "origin-foreign"), origin
    for origin in ("http://127.0.0.1:7700", "http://localhost:7700", "http://[::1]:7700"):
        assert (
            worker.ask("/churn/predict", trained.rows[0], headers={"Origin": origin}).status == 200
        )
    proxied = {"Origin": "https://ours.example", "Sec-Fetch-Site": "same-origin"}
    assert worker.ask("/churn/predict", trained.rows[0], headers=proxied).status == 200


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/openapi.json"])
def test_nothing_is_read_by_a_name_that_was_made_to_lead_here(path: str, worker: Worker) -> None:
    for host in ("evil.example:7700", "localhost.evil.example", "[", "", "http://127.0.0.1"):
        reply = worker.ask(path, headers={"Host": host})
        assert (reply.status, reply.code) == (403, "host-unknown"), host
    for host in ("127.0.0.1:7700", "LOCALHOST", "[::1]:1", "127.0.0.1"):
        assert worker.ask(path, headers={"Host": host}).status == 200, host


def test_a_policy_refuses_or_clips(start: Start, trained: Trained) -> None:
    worker = start(out_of_range="clip", unseen="refuse")
    far = {**trained.rows[0], "tenure": 10_000}
    scorer = trained.scorer("churn@1")

    clipped = worker.ask("/churn/predict", far).json
    refused = worker.ask("/churn/predict", {**far, "Contract": "Five years"})

    (flag,) = clipped["flags"]
    assert flag["clipped"] is True
    numbers = scorer.predict_row({**far, "tenure": 72})
    assert tuple(clipped["probability"].values()) == numbers
    assert (refused.status, refused.code) == (422, "contract-broken")


def test_with_the_log_off_answers_have_no_id_and_labels_are_refused(
    start: Start, trained: Trained
) -> None:
    worker = start(log="off")

    reply = worker.ask("/churn/predict", trained.rows[0])
    label = worker.ask("/labels", {"endpoint": "churn", "key": "7", "value": "Yes"})

    assert reply.status == 200
    assert "id" not in reply.json
    assert "x-prediction-id" not in reply.headers
    assert reply.headers["x-log"] == "off"
    assert (label.status, label.code) == (409, "labels-off")


def test_a_role_change_takes_effect_without_a_dropped_request_and_a_broken_one_does_not(
    start: Start, trained: Trained
) -> None:
    worker = start()
    seen: list[str] = []

    def answered_by(ref: str) -> bool:
        reply = worker.ask("/churn/predict", trained.rows[0])
        assert reply.status == 200
        seen.append(reply.json["model"])
        return seen[-1] == ref

    assert answered_by("churn@1")
    worker.roles(churn="churn@2", other="churn@1")
    worker.until(lambda: answered_by("churn@2"))
    assert seen == sorted(seen)
    assert worker.ask("/other/predict", trained.rows[0]).json["model"] == "churn@1"
    (worker.folder / "roles.json").write_text("{")
    worker.until(lambda: worker.ask("/readyz").status == 503)
    assert answered_by("churn@2")
    assert "roles-unreadable" in worker.log.read_text()
    forgetful = {"live": {"ref": "churn@3", "package": "no digest"}}
    document = {"format": 1, "endpoints": {"churn": forgetful}}
    (worker.folder / "roles.json").write_text(json.dumps(document))
    worker.until(lambda: "churn@3" in worker.ask("/readyz").content.decode())
    assert answered_by("churn@2")
    worker.roles(churn="churn@1")
    worker.until(lambda: answered_by("churn@1"))
    assert worker.ask("/readyz").status == 200
    worker.roles(churn=None)
    worker.until(lambda: worker.ask("/churn/predict", trained.rows[0]).status == 503)
    assert worker.ask("/churn/predict", trained.rows[0]).code == "not-ready"


@pytest.mark.parametrize("way", ["signal", "parent"])
def test_a_worker_that_is_told_to_leave_answers_what_it_has_begun(
    start: Start, trained: Trained, way: str
) -> None:
    worker = start()
    body = json.dumps(trained.rows[0]).encode()
    with socket.create_connection(("127.0.0.1", worker.port), timeout=60) as wire:
        wire.sendall(
            b"POST /churn/predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
        )
        worker.until(lambda: worker.ask("/healthz").status == 200)
        worker.close()
        if way == "signal":
            worker.process.send_signal(signal.SIGTERM)
        else:
            worker.parent.close()
        worker.until(lambda: _refuses(worker.port))
        wire.sendall(body)
        answer = wire.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert worker.process.wait(60) == 0
    assert worker.log.read_text() == ""


def test_while_nothing_can_be_recorded_nothing_is_answered_and_then_it_is(
    start: Start, trained: Trained, tmp_path: Path
) -> None:
    obstacle = tmp_path / "records"
    obstacle.write_text("a file where the folder belongs")
    worker = start(records=obstacle)

    ready, asked = worker.ask("/readyz"), worker.ask("/churn/predict", trained.rows[0])
    obstacle.unlink()
    worker.until(lambda: worker.ask("/readyz").status == 200)

    assert (ready.status, ready.code) == (503, "not-ready")
    assert (asked.status, asked.code) == (503, "records-unavailable")
    assert asked.headers["retry-after"] == "1"
    assert worker.ask("/healthz").status == 200
    assert worker.ask("/churn/predict", trained.rows[0]).status == 200


def test_more_than_may_wait_is_told_to_come_again(start: Start, trained: Trained) -> None:
    worker = start(queue=1)
    body = json.dumps(trained.rows[0]).encode()
    request = b"POST /churn/predict HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
    request += b"content-length: %d\r\n\r\n%s" % (len(body), body)

    def once() -> list[bytes]:
        wires = [socket.create_connection(("127.0.0.1", worker.port)) for _ in range(40)]
        for wire in wires:
            wire.sendall(request)
        answers = [wire.makefile("rb").read() for wire in wires]
        for wire in wires:
            wire.close()
        return answers

    seen: list[bytes] = []
    worker.until(lambda: any(b" 429 " in a[:13] for a in seen.extend(once()) or seen))

    busy = next(answer for answer in seen if b" 429 " in answer[:13])
    assert b"records-busy" in busy
    assert b"retry-after: 1" in busy
    assert {answer[9:12] for answer in seen} == {b"200", b"429"}


def test_a_fault_inside_a_request_is_recorded_and_the_worker_lives_on(
    start: Start, trained: Trained
) -> None:
    worker = start()
    (worker.folder / "metrics" / "1.names").write_text("mlwright_labels_total{}\n")

    reply = worker.ask("/metrics")

    assert (reply.status, reply.code) == (500, "fault")
    said = worker.log.read_text()
    assert reply.json["detail"].rsplit(" ", 1)[1] in said
    assert "FileNotFoundError" in said
    assert worker.ask("/churn/predict", trained.rows[0]).status == 200


def _refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=60).close()
    except ConnectionRefusedError:
        return True
    return False


def _exchange(worker: Worker, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", worker.port), timeout=60) as wire:
        wire.sendall(sent)
        return wire.makefile("rb").read()
