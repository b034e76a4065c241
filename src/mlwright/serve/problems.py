"""Refusals as problem documents of RFC 9457, each with its code, its fix and its status."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import quote

import msgspec

from mlwright.core.errors import DataError, MlwrightError, NotFoundError, RefusedError, UsageError

MEDIA_TYPE = b"application/problem+json"

STATUS: Mapping[str, int] = MappingProxyType(
    {
        "request-encoding": 400,
        "request-syntax": 400,
        "request-duplicate": 400,
        "request-number": 400,
        "request-text": 400,
        "request-name": 400,
        "request-depth": 400,
        "request-shape": 400,
        "request-http": 400,
        "request-cut": 400,
        "request-upgrade": 400,
        "request-method": 405,
        "request-slow": 408,
        "labels-off": 409,
        "request-rows": 413,
        "request-too-large": 413,
        "request-media-type": 415,
        "records-busy": 429,
        "requests-busy": 429,
        "foreign-busy": 429,
        "records-unavailable": 503,
        "records-slow": 503,
        "answer-slow": 503,
        "foreign-slow": 503,
        "foreign-ended": 503,
        "not-ready": 503,
    }
)
"""The status of the codes whose class does not say it."""

_OF_CLASS = ((NotFoundError, 404), (DataError, 422), (UsageError, 400), (RefusedError, 403))
_AGAIN_AFTER = b"1"  # seconds; a full queue is empty again after a few commits

_LONGEST_INSTANCE = 200


def status_of(error: MlwrightError) -> int:
    """Return the HTTP status an error is told with."""
    found = STATUS.get(error.code)
    if found is None:
        found = next((status for kind, status in _OF_CLASS if isinstance(error, kind)), 500)
    return found


def document(error: MlwrightError, *, status: int, instance: str) -> bytes:
    """Return the problem document of an error."""
    return msgspec.json.encode(
        {
            "type": f"urn:mlwright:error:{error.code}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": _written(error.message),
            "code": error.code,
            "fix": _written(error.fix),
            "looked": [_written(each) for each in error.looked],
            "instance": quote(instance[:_LONGEST_INSTANCE], errors="replace"),
        }
    )


def headers_of(error: MlwrightError, status: int) -> list[tuple[bytes, bytes]]:
    """Return the headers that go with a status beside the usual ones."""
    headers = [(b"content-type", MEDIA_TYPE)]
    if status in (429, 503):
        headers.append((b"retry-after", _AGAIN_AFTER))
    if status == 405:
        headers.append((b"allow", str(error.facts["allow"]).encode()))
    return headers


def _written(text: str) -> str:
    """Return text that UTF-8 can hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
