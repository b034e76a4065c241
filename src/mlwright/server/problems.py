"""Errors as answers: a problem document of RFC 9457, or a plain page that says the same."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mlwright.core.errors import ExitCode, MlwrightError
from mlwright.server.records import Page
from mlwright.server.rendering import render

_STATUS = {
    ExitCode.USAGE: 400,
    ExitCode.NOT_FOUND: 404,
    ExitCode.REFUSED: 403,
    ExitCode.CHECK_FAILED: 409,
}
_TITLES = {
    400: "This cannot be asked like that",
    403: "Refused",
    404: "Not found",
    405: "Not a way to ask for this",
    409: "Not now",
    500: "A fault",
}


def status_of(error: MlwrightError) -> int:
    """Return the HTTP status an error is told with."""
    return 409 if error.code == "proof-running" else _STATUS.get(error.exit_code, 500)


def document(error: MlwrightError, *, status: int, instance: str) -> dict[str, object]:
    """Return the problem document of an error."""
    return {
        "type": f"urn:mlwright:error:{error.code}",
        "title": _TITLES.get(status, "A fault"),
        "status": status,
        "detail": error.message,
        "code": error.code,
        "fix": error.fix,
        "looked": list(error.looked),
        "instance": instance,
    }


def problem_response(error: MlwrightError, *, instance: str, status: int | None = None) -> Response:
    """Return the problem document of an error as an answer."""
    status = status or status_of(error)
    content = json.dumps(document(error, status=status, instance=instance), ensure_ascii=False)
    return Response(content, status, media_type="application/problem+json")


def problem_page(
    error: MlwrightError, surroundings: Mapping[str, object], *, status: int | None = None
) -> Response:
    """Return a plain page that tells of an error and the next step."""
    status = status or status_of(error)
    title = _TITLES.get(status, "A fault")
    page = Page("problem.html", "problem", title, {"error": error}, {"status": status})
    return HTMLResponse(render(page, surroundings), status)


def wants_json(request: Request) -> bool:
    """Tell whether a request is for JSON: by its ending, by where it goes, or by its header."""
    path = request.url.path
    if path.endswith(".json") or path.startswith("/api/"):
        return True
    accepted = request.headers.get("accept", "")
    return "json" in accepted and "text/html" not in accepted
