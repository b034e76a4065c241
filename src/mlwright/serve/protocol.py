"""HTTP as uvicorn speaks it, with two changes: one write an answer, and problems for no HTTP."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mlwright.core.errors import DataError
from mlwright.serve.problems import MEDIA_TYPE, document

_HEAD = b"HTTP/1.1 200 "


class Protocol(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, its writes held together."""
        self._corked = Corked(transport)
        super().connection_made(cast("asyncio.Transport", self._corked))

    def on_response_complete(self) -> None:
        """Send what is held: the head of an answer without a body."""
        self._corked.flush()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the caller's words
        """Refuse and close."""
        error = DataError("request-http", "this is no HTTP request", fix="send HTTP/1.1")
        content = document(error, status=400, instance="")
        self.transport.write(
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: %s\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n%s" % (MEDIA_TYPE, len(content), content)
        )
        self.transport.close()


class Corked:
    """A transport that sends the head of an answer along with what follows it.

    uvicorn writes them apart, and each write is a call of the system and a packet of its own.
    """

    __slots__ = ("_held", "_inner", "_write")

    def __init__(self, inner: asyncio.Transport) -> None:
        self._inner = inner
        self._write = inner.write
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def write(self, data: bytes) -> None:
        """Send bytes, or hold them when they are a head."""
        if self._held:
            data = self._held + data
            self._held = b""
        elif data.startswith(_HEAD):
            self._held = data
            return
        self._write(data)

    def flush(self) -> None:
        """Send what is held."""
        if self._held:
            held, self._held = self._held, b""
            self._write(held)

    def close(self) -> None:
        """Send what is held, then close."""
        self.flush()
        self._inner.close()

    def is_closing(self) -> bool:
        """Tell whether it is being closed."""
        return self._inner.is_closing()
