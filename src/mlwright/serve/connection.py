"""HTTP/1.1 on one connection: requests in their order, each answer in one write, no endless waits.

httptools reads the bytes. What is no HTTP is refused by a problem document like everything else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from fcntl import ioctl
from sys import byteorder
from termios import TIOCOUTQ
from typing import Any, Protocol
from urllib.parse import unquote

import httptools

Headers = list[tuple[bytes, bytes]]

LOOKS_EVERY = 0.25  # seconds between two looks at who waits too long
KEEP_ALIVE = 75.0  # seconds in which nothing need be asked
MOST_BARE = 65_536  # bytes that come one by one and end no head, or bring nothing of a body
_LINGER = 2.0  # seconds in which a client that was refused may stop sending and read why
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_NO_ADDRESS = (UnicodeDecodeError, httptools.HttpParserInvalidURLError)


class Stage(Enum):
    """What a request waits for."""

    RECEIVING = "its body"
    ANSWERING = "its answer"
    RECORDING = "the disk"


class Request:
    """One request, while it arrives and until it is answered.

    ``body`` is whole when ``complete``. ``began`` is the time at the end of the head, or of the
    answer before it, in seconds of the connections' clock; ``held`` the bytes that were counted
    while the body was not whole. What is not ``readable`` is no HTTP, or stopped being it.
    """

    __slots__ = (
        "_connection",
        "answered",
        "began",
        "body",
        "complete",
        "headers",
        "held",
        "keep_alive",
        "method",
        "model",
        "parts",
        "path",
        "readable",
        "size",
        "stage",
        "upgrade",
    )

    def __init__(
        self,
        connection: Connection,
        began: float,
        method: str,
        path: str,
        headers: Headers,
        *,
        keep_alive: bool,
        upgrade: bool,
    ) -> None:
        self._connection = connection
        self.began = began
        self.method = method
        self.path = path
        self.headers = headers
        self.keep_alive = keep_alive
        self.upgrade = upgrade
        self.body = b""
        self.parts: list[bytes] | None = None
        self.size = 0
        self.held = 0
        self.readable = True
        self.complete = False
        self.answered = False
        self.stage = Stage.RECEIVING
        self.model: Any = None

    def reply(self, head: bytes, content: bytes) -> None:
        """Send an answer: its status line and own headers, and its content; once, if anybody waits.

        What an answer's length is and when it was made is added.
        """
        if not self.answered:
            self.answered = True
            self._connection.send(self, head, content)


class Application(Protocol):
    """What answers requests; nothing of it raises."""

    def admit(self, request: Request) -> None:
        """Look at a request whose head is there; refuse it at once, or let its body come."""

    def receive(self, request: Request) -> None:
        """Hear that more of a body is there, and not yet the whole."""

    def answer(self, request: Request) -> None:
        """Answer a request that is there whole, now or later."""

    def overdue(self, request: Request) -> None:
        """Refuse a request that waits for too long."""

    def cut(self, request: Request) -> None:
        """Refuse a request whose client has ended before its body is whole."""

    def unreadable(self, request: Request) -> None:
        """Refuse what is no HTTP."""

    def forget(self, request: Request) -> None:
        """Hear that a request is over: answered, or left by its client."""


class Connections:
    """All connections of a worker.

    Parameters
    ----------
    timeout
        Seconds a head or a body may take to arrive, and a request to be answered.
    now
        Gives the seconds since some moment.
    loop
        Where all of them run.
    """

    def __init__(
        self,
        application: Application,
        *,
        timeout: float,
        now: Callable[[], float],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.application = application
        self.timeout = timeout
        self.now = now
        self.loop = loop
        self.date = b""
        self.leaving = False
        self.every: set[Connection] = set()
        self._ready: list[Request] = []
        self._outgoing: list[tuple[Any, bytes]] = []

    def open(self) -> Connection:
        """Return what takes the next connection."""
        return Connection(self)

    def later(self, request: Request) -> None:
        """Answer a request at the end of this turn of the loop, along with what else has come.

        First everybody is read, then everybody is answered, then everybody is written to: each
        call of the system leaves our code cold in the processor's caches, and the other way round.
        """
        if not self._ready:
            self.loop.call_soon(self._answer)
        self._ready.append(request)

    def post(self, transport: Any, data: bytes) -> None:
        """Send bytes at the end of this turn of the loop, along with what else is to be sent."""
        if not self._outgoing:
            self.loop.call_soon(self.flush)
        self._outgoing.append((transport, data))

    def flush(self) -> None:
        """Send now what is to be sent."""
        outgoing, self._outgoing = self._outgoing, []
        for transport, data in outgoing:
            if not transport.is_closing():
                transport.write(data)

    def _answer(self) -> None:
        ready, self._ready = self._ready, []
        for request in ready:
            if not request.answered:
                self.application.answer(request)
        self.flush()

    def look(self, date: bytes) -> None:
        """End what takes too long; called every ``LOOKS_EVERY`` s with the date of answers."""
        self.date = date
        now = self.now()
        for connection in tuple(self.every):
            # Each by itself: what goes wrong with one is told, and the others are looked at.
            self.loop.call_soon(connection.look, now)

    async def leave(self, patience: float) -> None:
        """Finish what was begun, for so many seconds, and let everybody go."""
        self.leaving = True
        self.flush()
        until = self.now() + patience
        while self.every and self.now() < until:
            for connection in tuple(self.every):
                connection.leave()
            await asyncio.sleep(0.01)
        for connection in tuple(self.every):
            connection.abort()
        await asyncio.sleep(0)  # in which they hear of it


class Connection(asyncio.Protocol):
    """One connection.

    Requests that come before the one before them is answered stand in line, and nothing more is
    read while one stands there, or while the client reads no answers: so it can make us hold no
    more than was read at once. Of a line one is answered in each turn of the loop, so that whoever
    asks for much at once keeps nobody else waiting.
    """

    __slots__ = (
        "_application",
        "_arriving",
        "_bare",
        "_connections",
        "_current",
        "_deaf",
        "_ended",
        "_headers",
        "_line",
        "_lingering",
        "_looks",
        "_now",
        "_parser",
        "_paused",
        "_served",
        "_stuck",
        "_transport",
        "_unsent",
        "_url",
    )

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._application = connections.application
        self._now = connections.now
        self._parser: Any = httptools.HttpRequestParser(self)
        self._url = b""
        self._headers: Headers = []
        self._bare = 0  # see _look_at_parts; 0 when nothing is begun
        self._arriving: Request | None = None  # whose body is not there whole
        self._current: Request | None = None  # whose turn it is, until it is the next one's
        self._line: deque[Request] = deque()
        self._paused = False
        self._stuck = False  # whether the client reads no answers
        self._unsent = 0  # bytes of answers the client had not taken when it was looked at
        self._deaf = False  # whether what still arrives is thrown away
        self._ended = False  # whether the client sends nothing more, and may still read
        self._lingering = False  # whether we have said our last and wait for the client to close
        self._served = False
        self._looks = 0  # how often it was looked at since something happened

    # What asyncio tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        self._transport: Any = transport
        self._connections.every.add(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes; those that follow a refusal are not looked at."""
        if self._deaf:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # The parser ends at the head: what follows is no request, though it may look like one.
            self._deaf = True
            return
        except httptools.HttpParserError as error:
            if isinstance(error, httptools.HttpParserCallbackError) and not isinstance(
                error.__context__, _NO_ADDRESS
            ):
                raise  # a fault of ours, told by the loop
            if not self._deaf:
                self._spoil()
            return
        if self._bare:
            self._look_at_parts(len(data))
        if self._line and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """Answer what is there whole to a client that sends nothing more, then close."""
        self._ended = self._deaf = True
        self._connections.flush()
        request = self._current
        if request is None:
            return False
        if not request.complete and not request.answered:
            self._application.cut(request)
        return request.complete

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """Forget everything about the connection."""
        self._connections.every.discard(self)
        self._deaf = True
        self._parser = None  # which holds us
        for request in (self._current, *self._line):
            if request is not None and not request.answered:
                request.answered = True
                self._application.forget(request)
        self._line.clear()
        self._current = self._arriving = None

    def pause_writing(self) -> None:
        """Begin no further answer and read no further: the client reads not those it has."""
        self._stuck = True
        self._looks = 0
        if not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        self._stuck = False
        if self._current is None:
            self._go_on()
        else:
            self._read_on()

    # What the parser tells.

    def on_message_begin(self) -> None:
        """Begin to read a request's head."""
        self._url = b""
        self._headers = []
        self._bare = 1
        self._looks = 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the address, as a rule the whole."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what follows a body in chunks is nobody's."""
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Take the request, which waits until those before it are answered."""
        parser = self._parser
        headers, self._headers = self._headers, []
        upgrade = parser.should_upgrade()
        self._arriving = request = Request(
            self,
            self._now(),
            parser.get_method().decode("ascii"),
            _path(self._url),
            headers,
            keep_alive=(
                parser.should_keep_alive()
                and not upgrade
                and parser.get_http_version() == "1.1"
                and not self._connections.leaving
            ),
            upgrade=upgrade,
        )
        if self._current is None and not self._line:
            self._take(request)
        else:
            self._line.append(request)

    def on_body(self, part: bytes) -> None:
        """Take a part of a body, as a rule the whole."""
        request = self._arriving
        assert request is not None
        self._bare = 1
        if request.answered:
            return
        request.size += len(part)
        if not request.body:
            request.body = part
        elif request.parts is None:
            request.parts = [request.body, part]
        else:
            request.parts.append(part)

    def on_message_complete(self) -> None:
        """Have the request answered when it is its turn."""
        request = self._arriving
        assert request is not None
        self._arriving = None
        self._bare = 0
        request.complete = True
        if request.parts is not None:
            request.body = b"".join(request.parts)
            request.parts = None
        if not request.keep_alive:
            self._deaf = True
        if request is self._current:
            if request.answered:
                self._connections.loop.call_soon(self._go_on)
            else:
                self._connections.later(request)

    # What we do.

    def send(self, request: Request, head: bytes, content: bytes) -> None:
        """Write the answer to the request whose turn it is."""
        self._served = True
        self._looks = 0
        self._application.forget(request)
        length = len(content)
        if request.method == "HEAD":
            content = b""
        if request.keep_alive:
            self._connections.post(
                self._transport,
                b"%bdate: %b\r\ncontent-length: %d\r\n\r\n%b"
                % (head, self._connections.date, length, content),
            )
            if self._line:
                if request.complete:
                    self._connections.loop.call_soon(self._go_on)
            elif request.complete:
                self._go_on()
        else:
            self._connections.flush()
            self._transport.write(
                b"%bdate: %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"
                % (head, self._connections.date, length, content)
            )
            self._close(
                sending=not request.complete
                or request.upgrade
                or self._paused
                or self._connections.leaving
            )

    def look(self, now: float) -> None:
        """End what takes too long."""
        self._looks += 1
        timeout = self._connections.timeout
        request = self._current
        if request is not None and not request.answered:
            if now - request.began > timeout:
                self._application.overdue(request)
            return
        unsent = _unsent(self._transport)
        if unsent < self._unsent:
            self._looks = 0  # it reads, however slowly
        self._unsent = unsent
        idle = self._served and request is None and not self._bare and not unsent
        if self._looks * LOOKS_EVERY > (KEEP_ALIVE if idle else timeout):
            self.abort()

    def leave(self) -> None:
        """Close when what is asked, or begun, is answered."""
        request = self._line[-1] if self._line else self._current
        if request is None:
            if not self._bare:
                self._transport.close()
        elif not request.answered:
            request.keep_alive = False
        elif not request.complete:
            self._close(sending=True)

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def _take(self, request: Request) -> None:
        """Let it be a request's turn."""
        self._current = request
        if not request.readable:
            self._application.unreadable(request)
            return
        self._application.admit(request)
        if request.answered or request.complete:
            return
        for name, value in request.headers:
            if name == b"expect":
                if value.lower() == b"100-continue" and self._parser.get_http_version() == "1.1":
                    self._connections.post(self._transport, _CONTINUE)
                break

    def _go_on(self) -> None:
        """Take the next request's turn, unless the client does not read what it has."""
        self._current = None
        if self._line and not self._stuck:
            request = self._line.popleft()
            request.began = self._now()
            self._take(request)
            if request.complete and not request.answered:
                self._connections.later(request)
        elif self._ended and not self._line:
            self._connections.flush()
            self._transport.close()
        if self._paused:
            self._read_on()

    def _read_on(self) -> None:
        if self._paused and not self._line and not self._stuck:
            self._paused = False
            self._transport.resume_reading()

    def _look_at_parts(self, size: int) -> None:
        """Look at a request that is not there whole after so many bytes more.

        Bytes that neither end a head nor bring a part of a body are counted: of both the parser
        keeps what it has, be it one header, a trailer or the name of a chunk. Those among which
        the head began, or was a part of the body, are not (1), and the later ones are (2 and more).
        """
        if self._bare == 1:
            self._bare = 2
        else:
            self._bare += size
            if self._bare > MOST_BARE:
                self._spoil()
                return
        if self._arriving is not None and not self._arriving.answered:
            self._application.receive(self._arriving)

    def _spoil(self) -> None:
        """Read no further, refuse what is no HTTP when those before it are answered, and close."""
        self._deaf = True
        request, self._arriving = self._arriving, None
        if request is None:
            request = Request(self, self._now(), "", "", [], keep_alive=False, upgrade=False)
        elif request.answered:
            self._close(sending=True)  # it has its refusal
            return
        request.keep_alive = request.readable = False
        if request is self._current or (self._current is None and not self._line):
            self._take(request)
        elif not self._line or request is not self._line[-1]:
            self._line.append(request)

    def _close(self, *, sending: bool) -> None:
        """Close; to a client that is still sending at first one way.

        Closed at once, the system would answer what arrives with a reset, and the client would
        lose the refusal it has not read.
        """
        self._deaf = True
        if not sending or self._ended or self._transport.is_closing():
            self._transport.close()
        elif not self._lingering:
            self._lingering = True
            self._connections.flush()
            self._transport.resume_reading()
            self._transport.write_eof()
            self._connections.loop.call_later(_LINGER, self._transport.close)


def _unsent(transport: Any) -> int:
    """Return how many bytes the client has not taken, if some of them still wait with us.

    Those the system holds count, of which it takes more only when a third of its room is free.
    """
    size: int = transport.get_write_buffer_size()
    if size:
        with suppress(OSError):  # where the system does not tell
            socket = transport.get_extra_info("socket").fileno()
            size += int.from_bytes(ioctl(socket, TIOCOUTQ, bytes(4)), byteorder)
    return size


def _path(url: bytes) -> str:
    """Return the path of an address; what is none is refused by the parser, which called us."""
    path = url.decode("ascii")
    if path.startswith("/") and "?" not in path and "%" not in path and "#" not in path:
        return path
    parsed: bytes = httptools.parse_url(url).path or b"/"
    return unquote(parsed.decode("ascii"))
