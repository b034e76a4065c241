"""Whatever strangers send: no fault, no value altered, each refusal told, the worker as it was."""

from __future__ import annotations

import json
import re
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT

from mlwright.core.errors import MlwrightError
from mlwright.scoring.scorer import Scorer
from mlwright.serve.lookup import find, label

from .conftest import Start, Trained, Worker
from .strangers import Case, case_of
from .strict_json import NoRowsError, rows_in

SEED = 20261121


def told_codes() -> dict[int, set[str]]:
    """The codes of each status, as the reference tells them."""
    page = (ROOT / "docs" / "reference" / "http.md").read_text().split("## Refusals")[1]
    rows = re.findall(r"^\| (\d{3}) \| (.+) \|$", page, re.M)
    told: dict[int, set[str]] = {}
    for status, codes in rows:
        told.setdefault(int(status), set()).update(re.findall(r"`([a-z-]+)`", codes))
    return told


CODES = told_codes()


def check_refusal(status: int, kind: str, content: bytes) -> str:
    """Return the code of a refusal, which has to be a problem document with a way out."""
    assert 400 <= status < 500, status
    assert kind == "application/problem+json", kind
    problem = json.loads(content)
    assert problem["status"] == status
    assert problem["code"] in CODES[status], problem
    assert problem["type"] == f"urn:mlwright:error:{problem['code']}"
    assert problem["title"]
    assert problem["detail"]
    assert problem["fix"]
    assert len(content) < 4_000, f"{len(content)} bytes of problem"
    return str(problem["code"])


class Line:
    """A connection that is opened again when it was closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._wire: socket.socket | None = None

    def exchange(self, wire: bytes) -> tuple[int, dict[str, str], bytes]:
        for fresh in (self._wire is None, True):
            if self._wire is None:
                self._wire = socket.create_connection(("127.0.0.1", self._port), timeout=60)
                self._wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                self._wire.sendall(wire)
                response = HTTPResponse(self._wire)
                response.begin()
            except (ConnectionError, OSError):
                self.close()
                if fresh:
                    raise
                continue
            headers = {name.lower(): value for name, value in response.getheaders()}
            content = response.read()
            if response.will_close:
                self.close()
            return response.status, headers, content
        raise AssertionError("unreachable")

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None


def answers_to(port: int, wire: bytes) -> Iterator[tuple[int, str, bytes]]:
    """Send bytes on a connection of their own; yield what comes back until nothing does."""
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        try:
            line.sendall(wire)
            line.settimeout(0.5)
            while part := line.recv(65_536):
                heard += part
        except (TimeoutError, ConnectionError):
            pass
    while heard:
        head, _, heard = heard.partition(b"\r\n\r\n")
        status = int(head.split(b" ")[1])
        if status == 100:
            continue
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        size = 0 if wire.startswith(b"HEAD") else int(fields[b"content-length"])
        yield status, fields[b"content-type"].decode(), heard[:size]
        heard = heard[size:]


class Judge:
    """Holds each answer against the model's own, on a reading of the body that is not ours."""

    def __init__(self, scorer: Scorer, records: Path) -> None:
        self.scorer = scorer
        self.records = records
        self.ids: list[str] = []
        self.seen: Counter[str] = Counter()

    def prediction(self, case: Case, status: int, headers: dict[str, str], content: bytes) -> None:
        kind = headers["content-type"]
        try:
            rows = rows_in(case.body)
        except NoRowsError:
            self.seen[check_refusal(status, kind, content)] += 1
            return
        try:
            expected = [self.scorer.predict_row(row) for row in rows]
        except MlwrightError:
            code = check_refusal(status, kind, content)
            assert code in {_code(self.scorer, row) for row in rows}
            self.seen[code] += 1
            return
        assert (status, kind) == (200, "application/json"), content
        answer = json.loads(content)
        told = answer.get("predictions", [answer])
        assert ("predictions" in answer) is not _is_one_row(case.body)
        assert [_bits(each["probability"].values()) for each in told] == [*map(_bits, expected)]
        for row, each in zip(rows, told, strict=True):
            for flag in each["flags"]:
                value = row[flag["column"]]
                assert (type(flag["value"]), flag["value"]) == (type(value), value)
        self._read_back(case, [each["id"] for each in told], expected)
        self.seen["answered"] += 1

    def label(self, case: Case, status: int, headers: dict[str, str], content: bytes) -> None:
        if status != 200:
            self.seen[check_refusal(status, headers["content-type"], content)] += 1
            return
        answer = json.loads(content)
        told = answer.get("labels", [answer])
        for row, each in zip(rows_in(case.body), told, strict=True):
            kept = label(each["id"], self.records, _unsealed)
            assert (type(kept.value), kept.value) == (type(row["value"]), row["value"])
            assert kept.prediction == row.get("id")
            assert kept.endpoint == row.get("endpoint")
        self.seen["labelled"] += 1

    def _read_back(
        self, case: Case, ids: Sequence[str], expected: Sequence[tuple[float, ...]]
    ) -> None:
        """The record says what was sent and what was answered; one row of a request is enough."""
        place = case.number % len(ids)
        kept = find(ids[place], self.records, _unsealed)
        assert (kept.id, kept.row, kept.rows) == (ids[place], place, len(ids))
        assert kept.body == case.body
        assert _bits(kept.answer) == _bits(expected[place])
        self.ids.append(ids[0])


def _unsealed(number: int) -> None:
    return None


def _bits(numbers: Any) -> tuple[str, ...]:
    return tuple(float(number).hex() for number in numbers)


def _is_one_row(body: bytes) -> bool:
    found = json.loads(body)
    return isinstance(found, dict) and not any(isinstance(v, list) for v in found.values())


def _code(scorer: Scorer, row: dict[str, Any]) -> str:
    try:
        scorer.predict_row(row)
    except MlwrightError as error:
        return error.code
    return ""


def memory(worker: Worker) -> int:
    """The megabytes a worker holds in memory."""
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) // 1024


def campaign(worker: Worker, trained: Trained, cases: range) -> Judge:
    """Send the cases of some numbers and judge what comes back."""
    judge = Judge(trained.scorer("churn@1"), worker.folder / "records")
    line = Line(worker.port)
    rows = trained.rows[:40]
    apart: list[Case] = []
    before = 0
    for number in cases:
        case = case_of(number, SEED, rows, judge.ids)
        if not case.whole:
            apart.append(case)
            continue
        check = judge.prediction if case.path == "/churn/predict" else judge.label
        try:
            check(case, *line.exchange(case.wire))
        except Exception as error:
            error.add_note(f"case {number}: {case.body[:500]!r}")
            raise
        if len(judge.ids) == 200:
            before = memory(worker)
    line.close()
    with ThreadPoolExecutor(16) as threads:
        heard = threads.map(lambda each: [*answers_to(worker.port, each.wire)], apart)
        for case, answers in zip(apart, heard, strict=True):
            try:
                for status, kind, content in answers:
                    if status >= 400:
                        judge.seen[check_refusal(status, kind, content)] += 1
                    else:
                        assert status == 200
                        judge.seen["apart"] += 1
            except Exception as error:
                error.add_note(f"case {case.number}: {case.wire[:500]!r} got {answers!r}")
                raise
    after = memory(worker)

    assert worker.process.poll() is None
    assert worker.log.read_text() == ""
    worker.close()  # it may have been idle for longer than the worker keeps a connection
    metrics = worker.ask("/metrics").content.decode()
    assert 'status="200"' in metrics
    assert 'status="5' not in metrics
    assert worker.ask("/churn/predict", rows[0]).status == 200
    assert after - before < MOST_GROWTH, f"{before} MB became {after} MB"
    print(f"{before} MB, {after} MB; {judge.seen}")
    return judge


MOST_GROWTH = 24  # MB; SQLite's cache and the journal's next segment are part of it


@pytest.fixture(scope="module")
def open_door(start: Start) -> Worker:
    """A worker that waits for no disk: what is looked at here is what it reads."""
    return start(log="crash-safe", timeout=2.0)


def test_two_thousand_bad_requests_meet_no_fault_and_alter_no_value(
    open_door: Worker, trained: Trained
) -> None:
    judge = campaign(open_door, trained, range(2_000))

    assert judge.seen["answered"] > 500
    assert judge.seen["labelled"] > 10
    whole = {
        *("request-encoding", "request-syntax", "request-duplicate", "request-number"),
        *("request-text", "request-name", "request-depth", "request-shape", "request-http"),
        *("request-method", "request-media-type", "request-empty", "request-ragged"),
        *("column-missing", "value-kind", "label-form", "endpoint-unknown", "route-unknown"),
    }
    assert whole - set(judge.seen) == set()


def test_what_strangers_call_their_columns_is_not_kept(open_door: Worker) -> None:
    """Two hundred names of two hundred thousand bytes each, which no name of a table is."""
    before = memory(open_door)

    for number in range(200):
        reply = open_door.ask("/churn/predict", {f"{'é' * 100_000}{number}": 1})
        assert (reply.status, reply.code) == (422, "column-missing")

    after = memory(open_door)
    assert after - before < MOST_GROWTH, f"{before} MB became {after} MB"


@pytest.mark.deep
def test_twenty_thousand_bad_requests_meet_no_fault_and_alter_no_value(
    open_door: Worker, trained: Trained
) -> None:
    campaign(open_door, trained, range(2_000, 25_000))
