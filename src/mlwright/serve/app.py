"""The data plane as one raw ASGI application: routes, limits, records, answers."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar, TypeVarTuple
from urllib.parse import urlsplit

import msgspec

from mlwright.core.errors import (
    DataError,
    FaultError,
    MlwrightError,
    NotFoundError,
    RefusedError,
    UsageError,
)
from mlwright.core.seam import Seam
from mlwright.serve import metrics
from mlwright.serve.answering import Answered, answer, is_long
from mlwright.serve.journal import Journal, Ticket
from mlwright.serve.labels import truths_of
from mlwright.serve.openapi import openapi
from mlwright.serve.problems import document, headers_of, status_of
from mlwright.serve.roles import Endpoints, LoadedModel

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Given = TypeVarTuple("Given")
Made = TypeVar("Made")

_PREDICT = "/predict"
_JSON = (b"content-type", b"application/json")
_MANY = 1_000  # labels from which their ids are told beside the loop, so that others go on
_SWEEP = 0.25
_GONE = "http.disconnect"
_ROLE = "live"
_LOCALHOST = "localhost"


class App:
    """Answers requests; one worker has one, and all its methods run on the event loop.

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
    ) -> None:
        self.draining = False
        self._endpoints = endpoints
        self._journal = journal
        self._meters = meters
        self._log = (b"x-log", log.encode())
        self._timeout = timeout
        self._most_bytes = most_bytes
        self._most_held = most_held
        self._held = 0
        self._holding: dict[asyncio.Task[Any], int] = {}
        self._folder = folder
        self._worker = metrics.labelled(worker=str(worker))
        self._seam = seam
        self._names = frozenset((_LOCALHOST, host.lower()))
        self._threads = ThreadPoolExecutor(1, "large")
        self._flights: dict[asyncio.Task[Any], float] = {}
        self._overdue: set[asyncio.Task[Any]] = set()
        self._tallies: dict[str, _Tally] = {}
        self._routes: Mapping[str, Callable[[], tuple[Headers, bytes]]] = {
            "/healthz": self._health,
            "/readyz": self._readiness,
            "/metrics": self._metrics,
            "/openapi.json": self._openapi,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens inside."""
        began = perf_counter()
        path: str = scope["path"]
        task = asyncio.current_task()
        assert task is not None
        self._flights[task] = began
        status, content = 500, b""
        headers: Headers
        model: LoadedModel | None = None
        try:
            if path.endswith(_PREDICT):
                model = self._endpoints.live.get(path[1 : -len(_PREDICT)])
                headers, content = await self._predict(path, model, scope, receive)
            else:
                headers, content = await self._other(path, scope, receive)
            status = 200
        except MlwrightError as error:
            status, headers, content = self._problem(error, path)
        except Exception:  # noqa: BLE001 - the top of a request: recorded, and the worker lives on
            status, headers, content = self._problem(self._fault(path), path)
        finally:
            del self._flights[task]
            self._overdue.discard(task)
            self._held -= self._holding.pop(task, 0)
        headers.append((b"content-length", str(len(content)).encode()))
        self._count(model, status, perf_counter() - began)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if scope["method"] == "HEAD":
            content = b""
        await send({"type": "http.response.body", "body": content})

    async def watch(self) -> None:
        """End requests that take too long, for ever."""
        while True:
            await asyncio.sleep(_SWEEP)
            self._gauge()
            latest = perf_counter() - self._timeout
            for task, began in self._flights.items():
                if began < latest and task not in self._overdue:
                    self._overdue.add(task)
                    task.cancel()

    @property
    def why_not_ready(self) -> str:
        """Why predictions cannot be answered; empty when they can."""
        if self.draining:
            return "the worker is shutting down"
        if self._endpoints.why_not:
            return self._endpoints.why_not
        return self._journal.why_not if self._journal is not None else ""

    async def _predict(
        self, path: str, model: LoadedModel | None, scope: Scope, receive: Receive
    ) -> tuple[Headers, bytes]:
        if scope["method"] != "POST":
            raise _method(scope["method"], "POST")
        if model is None:
            if not self._endpoints.live:
                raise _not_ready(self.why_not_ready)
            model = self._endpoints.find(path[1 : -len(_PREDICT)])
        body = await self._body(scope, receive)
        if is_long(body):
            answered = await self._beside(answer, model, body)
        else:
            answered = answer(model, body)
        journal = self._journal
        tally = self._tally(model)
        slots = self._meters.slots
        if journal is None:
            slots[tally.predictions] += answered.rows
            slots[tally.flags] += answered.flags
            return [_JSON, tally.header, self._log], await self._write(answered, None)
        ticket = journal.submit(
            model.endpoint,
            model.ref,
            model.model,
            _ROLE,
            answered.rows,
            body,
            answered.answers,
            answered.recorded_flags,
        )
        await self._written(ticket)
        slots[tally.predictions] += answered.rows
        slots[tally.flags] += answered.flags
        headers = [
            _JSON,
            (b"x-prediction-id", ticket.id(0).encode()),
            tally.header,
            self._log,
        ]
        return headers, await self._write(answered, ticket.id)

    async def _write(self, answered: Answered, identify: Callable[[int], str] | None) -> bytes:
        if answered.long:
            return await self._beside(answered.write, identify)
        return answered.write(identify)

    async def _beside(self, work: Callable[[*Given], Made], *given: *Given) -> Made:
        """Do what takes long beside the loop, so that others go on."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, work, *given)
        except asyncio.CancelledError:
            raise self._late(
                FaultError(
                    "answer-slow",
                    f"the answer was not ready within {self._timeout:g} s",
                    fix="send fewer rows at once, or score a file: mlw predict; the answer may "
                    "be recorded all the same",
                )
            ) from None

    async def _labels(self, scope: Scope, receive: Receive) -> tuple[Headers, bytes]:
        if scope["method"] != "POST":
            raise _method(scope["method"], "POST")
        if self._journal is None:
            raise RefusedError(
                "labels-off",
                "nothing is recorded here, labels neither: the log is off",
                fix='serve with log = "durable" under [serve]',
            )
        body = await self._body(scope, receive)
        if is_long(body):
            truths, alone = await self._beside(truths_of, body, self._endpoints.live)
        else:
            truths, alone = truths_of(body, self._endpoints.live)
        ticket = self._journal.submit_labels(truths)
        await self._written(ticket)
        self._meters.add("mlwright_labels_total{}", len(truths))
        if len(truths) > _MANY:
            return [_JSON, self._log], await self._beside(_told, ticket, len(truths), alone)
        return [_JSON, self._log], _told(ticket, len(truths), alone)

    async def _written(self, ticket: Ticket) -> None:
        try:
            await ticket.written()
        except asyncio.CancelledError:
            raise self._late(
                FaultError(
                    "records-slow",
                    f"the record was not on disk within {self._timeout:g} s",
                    fix="look at the disk; the record may still be written, so an answer sent "
                    "again may be recorded twice",
                )
            ) from None

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """Return the whole body, which has to be JSON, not too large and not too slow."""
        origin, site = b"", b""
        for name, value in scope["headers"]:
            if name == b"content-type":
                if value != b"application/json":
                    _check_media_type(value)
            elif name == b"content-length":
                if int(value) > self._most_bytes:
                    raise self._too_large()
            elif name == b"content-encoding" and value.lower() != b"identity":
                raise _media_type(f"the body is encoded as {_shown(value)}")
            elif name == b"sec-fetch-site":
                site = value
            elif name == b"origin":
                origin = value
        if site:
            if site not in (b"same-origin", b"none"):
                raise _foreign(site)
        elif origin and not self._is_ours(origin):
            raise _foreign(origin)
        try:
            parts: list[bytes] = []
            size = 0
            while True:
                message = await receive()
                if message["type"] == _GONE:
                    raise _cut()
                part: bytes = message.get("body", b"")
                size += len(part)
                if size > self._most_bytes:
                    raise self._too_large()
                if not message.get("more_body", False):
                    if not size:
                        _check_upgrade(scope)
                    return b"".join((*parts, part)) if parts else part
                parts.append(part)
                self._hold(len(part))
        except asyncio.CancelledError:
            raise self._late(
                DataError(
                    "request-slow",
                    f"the body had not arrived after {self._timeout:g} s",
                    fix="send it in one go",
                )
            ) from None

    def _is_ours(self, origin: bytes) -> bool:
        """Tell whether a page's origin is this machine, by its number or a name of its own.

        A page elsewhere can make a name of its own lead here (DNS rebinding): its browser then
        takes it for a page of ours, but names it, and sends no ``sec-fetch-site`` without TLS.
        """
        try:
            name = urlsplit(origin.decode("latin-1")).hostname or ""
        except ValueError:
            return False
        return name in self._names or _is_number(name)

    def _late(self, error: MlwrightError) -> BaseException:
        """Return what a cancelled request ends with: a problem if it was us who cancelled it."""
        task = asyncio.current_task()
        assert task is not None
        if task not in self._overdue:
            return asyncio.CancelledError()
        self._overdue.discard(task)
        task.uncancel()
        return error

    def _hold(self, size: int) -> None:
        """Count bytes of a body that comes in parts, until its request ends."""
        task = asyncio.current_task()
        assert task is not None
        mine = self._holding.get(task, 0)
        if self._held > mine and self._held + size > self._most_held:
            raise FaultError(
                "requests-busy",
                f"{len(self._holding):,} large requests hold {self._held:,} bytes",
                fix="send it again a little later, or fewer rows at once",
                facts={"requests": len(self._holding), "bytes": self._held},
            )
        self._holding[task] = mine + size
        self._held += size

    def _too_large(self) -> DataError:
        return DataError(
            "request-too-large",
            f"the body is larger than {self._most_bytes:,} bytes",
            fix="send fewer rows at once, or score a file: mlw predict",
            facts={"limit": self._most_bytes},
        )

    async def _other(self, path: str, scope: Scope, receive: Receive) -> tuple[Headers, bytes]:
        if path == "/labels":
            return await self._labels(scope, receive)
        route = self._routes.get(path)
        if route is None:
            raise NotFoundError(
                "route-unknown",
                f"there is nothing at {path[:80]!r}",
                fix="POST /ENDPOINT/predict, POST /labels, GET /healthz, /readyz, /metrics or "
                "/openapi.json",
                looked=["/ENDPOINT/predict", "/labels", *self._routes],
            )
        if scope["method"] not in ("GET", "HEAD"):
            raise _method(scope["method"], "GET, HEAD")
        return route()

    def _health(self) -> tuple[Headers, bytes]:
        return [_JSON], b'{"status":"alive"}'

    def _readiness(self) -> tuple[Headers, bytes]:
        why_not = self.why_not_ready
        if why_not:
            raise _not_ready(why_not)
        refs = {name: model.ref for name, model in sorted(self._endpoints.live.items())}
        return [_JSON, self._log], msgspec.json.encode({"status": "ready", "endpoints": refs})

    def _metrics(self) -> tuple[Headers, bytes]:
        self._gauge()
        content = metrics.text(self._folder).encode()
        return [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")], content

    def _openapi(self) -> tuple[Headers, bytes]:
        return [_JSON], msgspec.json.encode(openapi(self._endpoints.live.values()))

    def _gauge(self) -> None:
        ready = 0.0 if self.why_not_ready else 1.0
        self._meters.set(f"mlwright_worker_ready{{{self._worker}}}", ready)
        if self._journal is not None:
            name = f"mlwright_records_waiting{{{self._worker}}}"
            self._meters.set(name, float(self._journal.waiting))

    def _tally(self, model: LoadedModel) -> _Tally:
        found = self._tallies.get(model.endpoint)
        if found is None or found.ref != model.ref:
            found = self._tallies[model.endpoint] = _tally(self._meters, model)
        return found

    def _count(self, model: LoadedModel | None, status: int, seconds: float) -> None:
        if model is None:
            labels = metrics.labelled(endpoint="", status=str(status))
            self._meters.add(f"mlwright_requests_total{{{labels}}}")
            return
        tally = self._tally(model)
        tally.timer.add(seconds)
        if status == 200:
            self._meters.slots[tally.answered] += 1.0
        else:
            labels = metrics.labelled(endpoint=model.endpoint, status=str(status))
            self._meters.add(f"mlwright_requests_total{{{labels}}}")

    def _problem(self, error: MlwrightError, instance: str) -> tuple[int, Headers, bytes]:
        status = status_of(error)
        content = document(error, status=status, instance=instance)
        return status, headers_of(error, status), content

    def _fault(self, path: str) -> FaultError:
        """Record what went wrong inside and return what is told of it."""
        request = self._seam.random_bytes(8).hex()
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
    """Where the counts of one live version lie, and the header that names it."""

    ref: str
    header: tuple[bytes, bytes]
    answered: int
    predictions: int
    flags: int
    timer: metrics.Timer


def _tally(meters: metrics.Meters, model: LoadedModel) -> _Tally:
    endpoint = metrics.labelled(endpoint=model.endpoint)
    version = metrics.labelled(endpoint=model.endpoint, model=model.ref)
    ok = metrics.labelled(endpoint=model.endpoint, status="200")
    return _Tally(
        model.ref,
        (b"x-model", model.ref.encode()),
        meters.place(f"mlwright_requests_total{{{ok}}}"),
        meters.place(f"mlwright_predictions_total{{{version}}}"),
        meters.place(f"mlwright_flags_total{{{endpoint}}}"),
        meters.timer(endpoint),
    )


def _told(ticket: Ticket, labels: int, alone: bool) -> bytes:
    """Return what is told of labels that are on disk: the id of each."""
    told = [{"id": ticket.id(place)} for place in range(labels)]
    return msgspec.json.encode(told[0] if alone and labels == 1 else {"labels": told})


def _cut() -> DataError:
    return DataError(
        "request-cut", "the client left before its body had arrived", fix="send it again"
    )


def _check_upgrade(scope: Scope) -> None:
    """Tell why a body is empty: after a wish for another protocol HTTP/1.1 is read no further."""
    if any(name == b"upgrade" for name, _ in scope["headers"]):
        raise DataError(
            "request-upgrade",
            "the request wishes for another protocol than HTTP/1.1, so its body was not read",
            fix="ask in HTTP/1.1 alone (Java: HttpClient.Version.HTTP_1_1; curl: --http1.1)",
        )


def _check_media_type(value: bytes) -> None:
    kind, _, parameters = value.lower().partition(b";")
    charset = parameters.strip().replace(b'"', b"")
    if kind.strip() != b"application/json" or charset not in (b"", b"charset=utf-8"):
        raise _media_type(f"the body is said to be {_shown(value)}")


def _media_type(what: str) -> DataError:
    return DataError(
        "request-media-type",
        f"{what}, and only JSON in UTF-8 is read",
        fix="send the header Content-Type: application/json (curl: --json)",
    )


def _foreign(site: bytes) -> RefusedError:
    return RefusedError(
        "origin-foreign",
        f"a page of another origin ({_shown(site)}) asked, through a browser of someone who may",
        fix="ask from a program, or from a page of the same origin, through a proxy",
        facts={"site": _shown(site)},
    )


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _method(method: str, allow: str) -> UsageError:
    return UsageError(
        "request-method",
        f"this address cannot be asked with {method}",
        fix=f"use {allow}",
        facts={"method": method, "allow": allow},
    )


def _not_ready(why: str) -> FaultError:
    return FaultError(
        "not-ready",
        f"no prediction can be answered now: {why}",
        fix="ask again later; mlw promote NAME@VERSION --to live makes a version live",
        facts={"why": why},
    )


def _shown(value: bytes) -> str:
    return repr(value[:60].decode("latin-1"))
