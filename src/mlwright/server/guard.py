"""What stands before every answer: which host was meant, who asks to change, what a page may do."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlwright.core.errors import RefusedError
from mlwright.server.problems import problem_response

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Refuses foreign host names and foreign pages' changes; adds the headers to every answer.

    A page elsewhere can make a name of its own lead to this machine and then read what it
    answers (DNS rebinding): so only names that are this machine's are answered to, and numbers,
    which cannot be made to lead anywhere else. A form
    elsewhere can post here with the reader's browser: so a browser's change must come from a
    page of ours, which its own headers tell. A program that is no browser sends neither header.
    """

    def __init__(self, app: ASGIApp, *, names: Iterable[str]) -> None:
        self.app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        if refusal is None:
            await self.app(scope, receive, sealed)
        else:
            await problem_response(refusal, instance=scope["path"])(scope, receive, sealed)

    def _refusal(self, method: str, headers: Headers) -> RefusedError | None:
        host = headers.get("host", "")
        name = _name(host)
        if name not in self._names and not _is_number(name):
            return RefusedError(
                "host-unknown",
                f"the control plane does not answer to the host name {host!r}",
                fix="open it by the address that mlw ui or mlw serve prints, or by this machine's "
                "number",
                facts={"host": host},
            )
        if method in _READING:
            return None
        site = headers.get("sec-fetch-site")
        origin = headers.get("origin")
        foreign = site != "same-origin" if site else origin not in (None, f"http://{host}")
        if not foreign:
            return None
        return RefusedError(
            "origin-foreign",
            f"a page of another origin ({origin or site}) asked for a change",
            fix="ask from a page of the control plane, or from a program",
            facts={"origin": origin, "site": site},
        )


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
