"""The data plane's application: routes, limits, records, answers.

A request goes one way, in steps that follow each other on the event loop: read and scored, put in
line for the disk, told when it is there. What takes long is done beside the loop.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVarTuple

import msgspec

from mlwright.core.errors import (
    DataError,
    FaultError,
    MlwrightError,
    NotFoundError,
    RefusedError,
)
from mlwright.core.seam import Seam
from mlwright.serve import metrics
from mlwright.serve.answering import Answered, answer, answer_at_once, is_long
from mlwright.serve.connection import Request, Stage
from mlwright.serve.head import check_body_head, check_host, check_method, is_local, too_large
from mlwright.serve.journal import Journal, Ticket
from mlwright.serve.labels import Classes, truths_of
from mlwright.serve.openapi import openapi
from mlwright.serve.problems import document, headers_of, status_of
from mlwright.serve.records import Truth
from mlwright.serve.roles import Endpoints, LoadedModel

Given = TypeVarTuple("Given")

_PREDICT = "/predict"
_LABELS = "/labels"
_OK = b"HTTP/1.1 200 OK\r\n"
_JSON = _OK + b"content-type: application/json\r\n"
_TEXT = _OK + b"content-type: text/plain; version=0.0.4; charset=utf-8\r\n"
_MANY = 1_000  # labels from which their ids are told beside the loop, so that others go on
_ROLE = "live"
_LOCALHOST = "localhost"


class App:
    """Answers requests; one worker has one, and all its methods run on the event loop.

    Implements :class:`mlwright.serve.connection.Application`.

    Parameters
    ----------
    journal
        Where every answer is recorded first; None where nothing is recorded.
    log
        The mode of the log, told with each answer.
    timeout
        Seconds a body may take to arrive, and its record to be on disk.
    most_bytes
        The largest body that is read.
    most_held
        How many bytes of large bodies are held at once.
    host
        What is listened at; a page that says to be of this name may ask.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        journal: Journal | None,
        meters: metrics.Meters,
        *,
        log: str,
        timeout: float,
        most_bytes: int,
        most_held: int,
        folder: Path,
        worker: int,
        seam: Seam,
        host: str,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.draining = False
        self._endpoints = endpoints
        self._journal = journal
        self._meters = meters
        self._log = b"x-log: %b\r\n" % log.encode()
        self._timeout = timeout
        self._most_bytes = most_bytes
        self._most_held = most_held
        self._held = 0
        self._holding = 0
        self._folder = folder
        self._worker = metrics.labelled(worker=str(worker))
        self._seam = seam
        self._now = seam.elapsed
        self._names = frozenset((_LOCALHOST, host.lower()))
        self._local = is_local(host.lower())
        self._loop = loop
        self._threads = ThreadPoolExecutor(1, "large")
        self._tallies: dict[str, _Tally] = {}
        self._routes: Mapping[str, Callable[[], tuple[bytes, bytes]]] = {
            "/healthz": self._health,
            "/readyz": self._readiness,
            "/metrics": self._metrics,
            "/openapi.json": self._openapi,
        }

    # What a connection tells.

    def admit(self, request: Request) -> None:
        """Look at a request whose head is there; refuse it at once, or let its body come."""
        self._try(request, self._admit, request)

    def receive(self, request: Request) -> None:
        """Count bytes of a body that comes in parts, until its request ends."""
        self._try(request, self._hold, request)

    def answer(self, request: Request) -> None:
        """Answer a request that is there whole, now or later."""
        self._try(request, self._answer, request)

    def overdue(self, request: Request) -> None:
        """Refuse a request that waits for too long."""
        self._try(request, self._refuse, request, _OVERDUE[request.stage](self._timeout))

    def cut(self, request: Request) -> None:
        """Refuse a request whose client has ended before its body is whole."""
        request.keep_alive = False
        self._try(request, self._refuse, request, _cut())

    def unreadable(self, request: Request) -> None:
        """Refuse what is no HTTP."""
        self._try(request, self._refuse, request, _no_http())

    def forget(self, request: Request) -> None:
        """Hear that a request is over: answered, or left by its client."""
        request.body = b""  # which may stand in line to be answered beside the loop
        if request.held:
            self._held -= request.held
            self._holding -= 1
            request.held = 0

    # What a worker asks.

    @property
    def why_not_ready(self) -> str:
        """Why predictions cannot be answered; empty when they can."""
        if self.draining:
            return "the worker is shutting down"
        if self._endpoints.why_not:
            return self._endpoints.why_not
        return self._journal.why_not if self._journal is not None else ""

    def gauge(self) -> None:
        """Write down how this worker is."""
        ready = 0.0 if self.why_not_ready else 1.0
        self._meters.set(f"mlwright_worker_ready{{{self._worker}}}", ready)
        if self._journal is not None:
            name = f"mlwright_records_waiting{{{self._worker}}}"
            self._meters.set(name, float(self._journal.waiting))

    def close(self) -> None:
        """Do nothing more beside the loop, since everybody who waited has gone."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for model in self._endpoints.live.values():
            if model.lane is not None:
                model.lane.close()

    # Any request.

    def _try(self, request: Request, work: Callable[[*Given], None], *given: *Given) -> None:
        """Take a step of a request; whatever happens in it is told to that one client."""
        try:
            work(*given)
        except MlwrightError as error:
            self._refuse(request, error)
        except Exception:  # noqa: BLE001 - the top of a request: recorded, and the worker lives on
            self._refuse(request, self._fault(request.path))

    def _admit(self, request: Request) -> None:
        path = request.path
        if path.endswith(_PREDICT):
            check_method(request.method, "POST")
            request.model = self._model(path[1 : -len(_PREDICT)])
        elif path == _LABELS:
            check_method(request.method, "POST")
            if self._journal is None:
                raise _labels_off()
        elif path in self._routes:
            check_method(request.method, "GET", "HEAD")
            if self._local:
                check_host(request.headers, self._names)
            return
        else:
            raise _unknown(path, self._routes)
        check_body_head(request.headers, most_bytes=self._most_bytes, names=self._names)

    def _answer(self, request: Request) -> None:
        route = self._routes.get(request.path)
        if route is not None:
            self._reply(request, *route())
            return
        if request.size > self._most_bytes:
            raise too_large(self._most_bytes)
        if not request.body and request.upgrade:
            raise _upgrade()
        request.stage = Stage.ANSWERING
        if request.path == _LABELS:
            self._label(request)
        else:
            self._predict(request)

    def _hold(self, request: Request) -> None:
        if request.size > self._most_bytes:
            raise too_large(self._most_bytes)
        held, request.held = request.held, request.size
        others = self._held - held
        if others and self._held + request.size - held > self._most_held:
            request.held = held
            raise FaultError(
                "requests-busy",
                f"{self._holding:,} large requests hold {self._held:,} bytes",
                fix="send it again a little later, or fewer rows at once",
                facts={"requests": self._holding, "bytes": self._held},
            )
        self._holding += not held
        self._held += request.size - held

    def _beside(
        self,
        request: Request,
        work: Callable[[], Any],
        then: Callable[[Any], None],
        submit: Callable[[Callable[[], Any]], Future[Any]] | None = None,
    ) -> None:
        """Do what takes long beside the loop, so that others go on, and then go on with it.

        Nothing of it is done when nobody waits any longer.
        """

        def go_on(future: Future[Any]) -> None:
            if not request.answered:
                self._try(request, lambda: then(future.result()))

        def done(future: Future[Any]) -> None:
            with suppress(RuntimeError):  # the loop has ended, and with it everybody who waits
                self._loop.call_soon_threadsafe(go_on, future)

        task = (submit or self._threads.submit)(lambda: None if request.answered else work())
        task.add_done_callback(done)

    # A prediction.

    def _model(self, endpoint: str) -> LoadedModel:
        model = self._endpoints.live.get(endpoint)
        if model is None:
            if not self._endpoints.live:
                raise _not_ready(self.why_not_ready)
            model = self._endpoints.find(endpoint)
        return model

    def _predict(self, request: Request) -> None:
        model, body = request.model, request.body
        if model.lane is not None:
            work = partial(_answers_to, request, model)
            self._beside(request, work, partial(self._record, request), model.lane.submit)
            return
        answered = answer_at_once(model, body) if is_long(body) else answer(model, body)
        if answered is None:
            work = partial(_answers_to, request, model)
            self._beside(request, work, partial(self._record, request))
        else:
            self._record(request, answered)

    def _record(self, request: Request, answered: Answered) -> None:
        model: LoadedModel = request.model
        if self._journal is None:
            self._write(request, answered, None)
            return
        ticket = self._journal.submit(
            model.endpoint,
            model.ref,
            model.model,
            _ROLE,
            answered.rows,
            request.body,
            answered.answers,
            answered.recorded_flags,
        )
        request.stage = Stage.RECORDING
        ticket.then(partial(self._recorded, request, answered, ticket))

    def _recorded(
        self, request: Request, answered: Answered, ticket: Ticket, error: MlwrightError | None
    ) -> None:
        if error is not None:
            self._refuse(request, error)
        elif not request.answered:
            self._try(request, self._write, request, answered, ticket)

    def _write(self, request: Request, answered: Answered, ticket: Ticket | None) -> None:
        """Write the answer to what is on disk, or to what is recorded nowhere."""
        tally = self._tally(request.model)
        slots = self._meters.slots
        slots[tally.predictions] += answered.rows
        slots[tally.flags] += answered.flags
        identify = None if ticket is None else ticket.id
        head = tally.head
        if ticket is not None:
            head = b"%bx-prediction-id: %b\r\n" % (head, ticket.id(0).encode())
        if answered.long:
            request.stage = Stage.ANSWERING
            work = partial(answered.write, identify)
            self._beside(request, work, partial(self._reply, request, head))
        else:
            self._reply(request, head, answered.write(identify))

    # Labels.

    def _label(self, request: Request) -> None:
        live = self._endpoints.live
        answers = {name: model.scorer.package.task.classes for name, model in live.items()}
        if is_long(request.body):
            work = partial(_truths_in, request, answers)
            self._beside(request, work, partial(self._record_labels, request))
        else:
            self._record_labels(request, truths_of(request.body, answers))

    def _record_labels(self, request: Request, read: tuple[list[Truth], bool]) -> None:
        assert self._journal is not None
        truths, alone = read
        ticket = self._journal.submit_labels(truths)
        request.stage = Stage.RECORDING
        tell = partial(_told, ticket, len(truths), alone)

        def recorded(error: MlwrightError | None) -> None:
            if error is not None:
                self._refuse(request, error)
                return
            self._meters.add("mlwright_labels_total{}", len(truths))
            if len(truths) > _MANY:
                request.stage = Stage.ANSWERING
                self._beside(request, tell, partial(self._reply, request, _JSON + self._log))
            else:
                self._try(request, lambda: self._reply(request, _JSON + self._log, tell()))

        ticket.then(recorded)

    # What is told.

    def _reply(self, request: Request, head: bytes, content: bytes) -> None:
        self._count(request, 200)
        request.reply(head, content)

    def _refuse(self, request: Request, error: MlwrightError) -> None:
        if request.answered:
            return
        status = status_of(error)
        lines = headers_of(error, status)
        if status in (408, 413):
            request.keep_alive = False  # what is still to come is not read
        head = b"HTTP/1.1 %d %b\r\n" % (status, HTTPStatus(status).phrase.encode())
        self._count(request, status)
        request.reply(
            head + b"".join(b"%b: %b\r\n" % line for line in lines),
            document(error, status=status, instance=request.path),
        )

    def _health(self) -> tuple[bytes, bytes]:
        lanes = {name: each.lane for name, each in sorted(self._endpoints.live.items())}
        slow = {name: lane.told for name, lane in lanes.items() if lane is not None}
        if not slow:
            return _JSON, b'{"status":"alive"}'
        return _JSON, msgspec.json.encode({"status": "alive", "slow": slow})

    def _readiness(self) -> tuple[bytes, bytes]:
        why_not = self.why_not_ready
        if why_not:
            raise _not_ready(why_not)
        refs = {name: model.ref for name, model in sorted(self._endpoints.live.items())}
        content = msgspec.json.encode({"status": "ready", "endpoints": refs})
        return _JSON + self._log, content

    def _metrics(self) -> tuple[bytes, bytes]:
        self.gauge()
        return _TEXT, metrics.text(self._folder).encode()

    def _openapi(self) -> tuple[bytes, bytes]:
        return _JSON, msgspec.json.encode(openapi(self._endpoints.live.values()))

    def _tally(self, model: LoadedModel) -> _Tally:
        found = self._tallies.get(model.endpoint)
        if found is None or found.ref != model.ref:
            found = self._tallies[model.endpoint] = _tally(self._meters, model, self._log)
        return found

    def _count(self, request: Request, status: int) -> None:
        if request.answered:
            return
        model = request.model
        if model is None:
            labels = metrics.labelled(endpoint="", status=str(status))
            self._meters.add(f"mlwright_requests_total{{{labels}}}")
            return
        tally = self._tally(model)
        tally.timer.add(self._now() - request.began)
        if status == 200:
            self._meters.slots[tally.answered] += 1.0
        else:
            labels = metrics.labelled(endpoint=model.endpoint, status=str(status))
            self._meters.add(f"mlwright_requests_total{{{labels}}}")

    def _fault(self, path: str) -> FaultError:
        """Record what went wrong inside and return what is told of it."""
        request = self._seam.random_bytes(8).hex()
        with suppress(OSError):  # where nothing can be written the client is told all the same
            print(  # noqa: T201 - the record of the fault, where the supervisor's is
                f"fault in request {request} to {path[:80]!r}\n{traceback.format_exc()}",
                file=sys.stderr,
                flush=True,
            )
        return FaultError(
            "fault",
            f"a fault of ours, recorded as request {request}",
            fix=f"report what the server wrote to standard error about request {request}",
            facts={"request": request},
        )


@dataclass(frozen=True, slots=True)
class _Tally:
    """Where the counts of one live version lie, and the head of its answers."""

    ref: str
    head: bytes
    answered: int
    predictions: int
    flags: int
    timer: metrics.Timer


def _tally(meters: metrics.Meters, model: LoadedModel, log: bytes) -> _Tally:
    endpoint = metrics.labelled(endpoint=model.endpoint)
    version = metrics.labelled(endpoint=model.endpoint, model=model.ref)
    ok = metrics.labelled(endpoint=model.endpoint, status="200")
    return _Tally(
        model.ref,
        b"%bx-model: %b\r\n%b" % (_JSON, model.ref.encode(), log),
        meters.place(f"mlwright_requests_total{{{ok}}}"),
        meters.place(f"mlwright_predictions_total{{{version}}}"),
        meters.place(f"mlwright_flags_total{{{endpoint}}}"),
        meters.timer(endpoint),
    )


# What waits to be done beside the loop holds no body: one whose client has left is let go.


def _answers_to(request: Request, model: LoadedModel) -> Answered:
    return answer(model, request.body)


def _truths_in(request: Request, answers: Mapping[str, Classes]) -> tuple[list[Truth], bool]:
    return truths_of(request.body, answers)


def _told(ticket: Ticket, labels: int, alone: bool) -> bytes:
    """Return what is told of labels that are on disk: the id of each."""
    told = [{"id": ticket.id(place)} for place in range(labels)]
    return msgspec.json.encode(told[0] if alone and labels == 1 else {"labels": told})


def _body_slow(timeout: float) -> MlwrightError:
    return DataError(
        "request-slow",
        f"the body had not arrived after {timeout:g} s",
        fix="send it in one go",
    )


def _answer_slow(timeout: float) -> MlwrightError:
    return FaultError(
        "answer-slow",
        f"the answer was not ready within {timeout:g} s",
        fix="send fewer rows at once, or score a file: mlw predict; the answer may "
        "be recorded all the same",
    )


def _record_slow(timeout: float) -> MlwrightError:
    return FaultError(
        "records-slow",
        f"the record was not on disk within {timeout:g} s",
        fix="look at the disk; the record may still be written, so an answer sent "
        "again may be recorded twice",
    )


_OVERDUE: Mapping[Stage, Callable[[float], MlwrightError]] = {
    Stage.RECEIVING: _body_slow,
    Stage.ANSWERING: _answer_slow,
    Stage.RECORDING: _record_slow,
}


def _cut() -> DataError:
    return DataError(
        "request-cut",
        "the client ended before its body had arrived",
        fix="send as many bytes as the head says, or the last chunk",
    )


def _no_http() -> DataError:
    return DataError("request-http", "this is no HTTP request", fix="send HTTP/1.1")


def _upgrade() -> DataError:
    """Tell why a body is empty: after a wish for another protocol HTTP/1.1 is read no further."""
    return DataError(
        "request-upgrade",
        "the request wishes for another protocol than HTTP/1.1, so its body was not read",
        fix="ask in HTTP/1.1 alone (Java: HttpClient.Version.HTTP_1_1; curl: --http1.1)",
    )


def _labels_off() -> RefusedError:
    return RefusedError(
        "labels-off",
        "nothing is recorded here, labels neither: the log is off",
        fix='serve with log = "durable" under [serve]',
    )


def _unknown(path: str, routes: Mapping[str, object]) -> NotFoundError:
    return NotFoundError(
        "route-unknown",
        f"there is nothing at {path[:80]!r}",
        fix="POST /ENDPOINT/predict, POST /labels, GET /healthz, /readyz, /metrics or "
        "/openapi.json",
        looked=["/ENDPOINT/predict", _LABELS, *routes],
    )


def _not_ready(why: str) -> FaultError:
    return FaultError(
        "not-ready",
        f"no prediction can be answered now: {why}",
        fix="ask again later; mlw promote NAME@VERSION --to live makes a version live",
        facts={"why": why},
    )
