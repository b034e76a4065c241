"""The application: addresses, what answers them, and how an answer is written."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from mlwright.core.encoding import plain
from mlwright.core.errors import FaultError, MlwrightError, NotFoundError, UsageError
from mlwright.server import api, labels
from mlwright.server.control import Control
from mlwright.server.guard import Guard
from mlwright.server.openapi import description
from mlwright.server.pages.diff import diff
from mlwright.server.pages.home import home
from mlwright.server.pages.lists import things
from mlwright.server.pages.model import model
from mlwright.server.pages.passport import passport
from mlwright.server.pages.prove import prove
from mlwright.server.pages.run import kept, run
from mlwright.server.pages.search import search
from mlwright.server.pages.why import why
from mlwright.server.problems import problem_page, problem_response, wants_json
from mlwright.server.records import Page
from mlwright.server.rendering import render

Handler = Callable[[Request, Control], Page]
Document = Callable[[Request, Control], Mapping[str, object]]

_TWIN = ".json"


def make_app(control: Control, *, names: Iterable[str]) -> Guard:
    """Return the control plane's application.

    Parameters
    ----------
    names
        The host names it answers to.
    """
    static = Path(str(files("mlwright.server").joinpath("static")))
    app = Starlette(
        routes=[
            *_pages("/", home, control, twin="/index.json"),
            *_pages("/search", search, control, answer=_found),
            *_pages("/models/{ref}", model, control),
            *_pages("/predictions/{ref}", passport, control),
            Route("/runs/{ref}/kept/{name:path}", _kept(control)),
            *_pages("/runs/{ref}", run, control),
            *_pages("/why/{ref:path}", why, control, answer=_sheet),
            *_pages("/diff/{first}/{second}", diff, control),
            *_pages("/prove/{ref}", prove, control, post=_proving(control)),
            *_pages("/list/{noun}", things, control),
            Route("/api/v1/openapi.json", _document(lambda *_: description(), control)),
            *_labels("/api/v1/labels/queues", control),
            Route("/api/v1/{noun}", _document(api.many, control)),
            Route("/api/v1/{noun}/{ref}", _document(api.one, control)),
            Mount("/static", _Static(directory=static)),
        ],
        middleware=[Middleware(GZipMiddleware, minimum_size=1_000, compresslevel=6)],
        exception_handlers={
            MlwrightError: _tell,
            HTTPException: _tell_http,
            Exception: _tell_fault,
        },
    )
    app.state.control = control
    return Guard(app, names=names)  # outermost: an answer to a fault is guarded too


class _Static(StaticFiles):
    """Our own files: they change with the version of mlwright alone."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]  # passed on
        response.headers["cache-control"] = "public, max-age=3600"
        return response


def _pages(
    path: str,
    handler: Handler,
    control: Control,
    *,
    twin: str | None = None,
    answer: Callable[[Request, Page, Control], Response] | None = None,
    post: Callable[[Request], Response] | None = None,
) -> list[Route]:
    """Return the routes of a page and of its twin, which tells the same as JSON.

    They are plain functions, so each request is worked on in a thread and none stalls another.
    """

    def twin_of(request: Request) -> Response:
        return _json(handler(request, control))

    def page_of(request: Request) -> Response:
        if wants_json(request):
            return twin_of(request)
        page = handler(request, control)
        return answer(request, page, control) if answer else _html(page, request, control)

    return [
        _route(twin or f"{path}{_TWIN}", twin_of, post),
        _route(path, page_of, post),
    ]


def _route(
    path: str, get: Callable[[Request], Response], post: Callable[[Request], Response] | None
) -> Route:
    """Return the one route of an address, so that a refusal names every method it has."""
    if post is None:
        return Route(path, get, methods=["GET"])

    def either(request: Request) -> Response:
        return (post if request.method == "POST" else get)(request)

    return Route(path, either, methods=["GET", "POST"])


def _html(page: Page, request: Request, control: Control) -> Response:
    twin = _twin(request.url.path) + (f"?{request.url.query}" if request.url.query else "")
    html = render(page, {**control.surroundings, "twin": twin})
    return HTMLResponse(html, page.status, headers={"vary": "accept"})


def _twin(path: str) -> str:
    return "/index.json" if path == "/" else path + _TWIN


def _json(page: Page) -> Response:
    return _written({"schema": f"mlwright/{page.schema}/1", **page.content}, page.status)


def _written(document: Mapping[str, object], status: int = 200) -> Response:
    content = json.dumps(plain(document), ensure_ascii=False, allow_nan=False)
    return Response(content, status, media_type="application/json", headers={"vary": "accept"})


def _document(make: Document, control: Control) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        return _written(make(request, control))

    return answer


def _kept(control: Control) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        return kept(request, control)

    return answer


def _labels(path: str, control: Control) -> list[Route]:
    """Return the routes about label queues."""
    one = path + "/{queue}"
    return [
        Route(path, _document(labels.queues, control)),
        Route(one, _document(labels.queue, control)),
        Route(f"{one}/next", _document(labels.next_row, control)),
        Route(f"{one}/agreement", _document(labels.agreement, control)),
        Route(f"{one}/answers", _posted(labels.answer, control), methods=["POST"]),
        Route(f"{one}/decisions", _posted(labels.decide, control), methods=["POST"]),
        Route(f"{one}/apply", _posted(labels.apply, control), methods=["POST"]),
    ]


def _posted(
    make: Callable[[Request, bytes, Control], Mapping[str, object]], control: Control
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        body = await labels.body_of(request)
        return _written(await run_in_threadpool(make, request, body, control))

    return answer


def _found(request: Request, page: Page, control: Control) -> Response:
    """Lead to the one thing a search means; show what it may mean else, and while it is typed."""
    exact = page.drawn["exact"]
    if exact and "hx-request" not in request.headers:
        return RedirectResponse(str(exact), 303)
    return _html(page, request, control)


def _sheet(request: Request, page: Page, control: Control) -> Response:
    """Lead to the sheet of a prediction, which says why and more; explain anything else here."""
    sheet = page.drawn["sheet"]
    return RedirectResponse(str(sheet), 303) if sheet else _html(page, request, control)


def _proving(control: Control) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        """Prove, then lead to the page that shows it; a program gets the proof itself."""
        proof = control.prove(request.path_params["ref"])
        if wants_json(request):
            return _written({"schema": "mlwright/prove/1", "proof": proof})
        return RedirectResponse(request.url.path, 303)

    return answer


def _tell(request: Request, error: Exception) -> Response:
    assert isinstance(error, MlwrightError)
    return _told(request, error, None)


def _tell_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 404:
        unknown = NotFoundError(
            "page-unknown",
            f"there is no page {path!r}",
            fix="begin at /, or give the search box an id or a name",
            facts={"path": path},
        )
        return _told(request, unknown, None)
    wrong = UsageError(
        "request-method",
        f"{path!r} cannot be asked with {request.method}",
        fix="see /api/v1/openapi.json",
        facts={"path": path, "method": request.method},
    )
    answer = _told(request, wrong, error.status_code)
    answer.headers.update(error.headers or {})  # which ways there are
    return answer


def _tell_fault(request: Request, error: Exception) -> Response:
    """Tell of a fault of ours; the server writes its traceback to its own log."""
    fault = FaultError(
        "fault",
        f"a fault of ours: {type(error).__name__}: {error}",
        fix="the server's own output has the traceback; report it with that",
        facts={"type": type(error).__name__},
    )
    return _told(request, fault, 500)


def _told(request: Request, error: MlwrightError, status: int | None) -> Response:
    if wants_json(request):
        return problem_response(error, instance=request.url.path, status=status)
    control: Control = request.app.state.control
    return problem_page(error, {**control.surroundings, "twin": None}, status=status)
