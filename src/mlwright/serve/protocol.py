"""HTTP as uvicorn speaks it: an answer in one write, refusals that arrive, no endless waits.

What is no HTTP is refused by a problem document like everything else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mlwright.core.errors import DataError
from mlwright.serve.problems import MEDIA_TYPE, document

_HEAD = b"HTTP/1.1 200 "
_LINGER = 2.0  # seconds in which a client that was refused may stop sending and read why


class Protocol(HttpToolsProtocol):
    """One connection.

    Parameters
    ----------
    patience
        Seconds the head of a request may take to arrive.
    """

    def __init__(self, *arguments: Any, patience: float, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._patience = patience
        self._late: asyncio.TimerHandle | None = None
        self._left = False  # whether the client wished to go on in another protocol

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, its writes held together."""
        self._corked = Corked(transport, self._linger)
        super().connection_made(cast("asyncio.Transport", self._corked))
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes; those that follow a refusal are not looked at."""
        if self._corked.lingering or self._left:
            return
        super().data_received(data)
        if self.cycle is None or self.cycle.scope is not self.scope:
            if self._late is None:
                self._wait_for_head()
        elif self._late is not None:
            self._late.cancel()
            self._late = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything: timers and rings would keep the connection's memory for long."""
        super().connection_lost(exc)
        self._corked.let_go()
        self._unset_keepalive_if_required()
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _wait_for_head(self) -> None:
        self._late = self.loop.call_later(self._patience, self._head_is_late)

    def _head_is_late(self) -> None:
        self._late = None
        if self.cycle is not None and not self.cycle.response_complete:
            self._wait_for_head()  # the request before it is being answered
        else:
            self.transport.close()

    def _linger(self) -> bool:
        """Tell whether the client is still sending, and see to it that it may for a moment.

        Closed now, the system would answer what arrives with a reset, and the client would lose
        the refusal it has not read.
        """
        sending = self.cycle is not None and (self.cycle.more_body or self._left)
        if not sending or self.transport.is_closing():
            return False
        self.flow.resume_reading()
        self.loop.call_later(_LINGER, self._corked.close)
        return True

    def _unsupported_upgrade_warning(self) -> None:
        """Answer what was asked and close: what follows is no request, though it may look like one.

        The parser ends at the head where another protocol is wished for, before the body.
        """
        self._left = True
        self.cycle.keep_alive = False

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

    __slots__ = ("_held", "_inner", "_linger", "_write", "lingering")

    def __init__(self, inner: asyncio.Transport, linger: Callable[[], bool]) -> None:
        self.lingering = False
        self._inner = inner
        self._write = inner.write
        self._held = b""
        self._linger: Callable[[], bool] | None = linger

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
        """Send what is held, then close: to a client that is still sending at first one way."""
        self.flush()
        if not self.lingering and self._linger is not None and self._linger():
            self.lingering = True
            self._inner.write_eof()
        else:
            self._inner.close()

    def let_go(self) -> None:
        """Forget the connection, which is gone."""
        self._linger = None

    def is_closing(self) -> bool:
        """Tell whether it is being closed."""
        return self.lingering or self._inner.is_closing()
