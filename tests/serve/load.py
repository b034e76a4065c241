"""Many connections that ask without pause, each request with a number of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic
from typing import Any

NUMBER = "request_number"
"""The column that tells requests apart; it is recorded, and no model reads it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: to which request, when that was sent and this was here, and what it says."""

    number: int
    sent: float
    got: float
    status: int
    id: str
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass
class Load:
    """Clients that keep their connections, and connect anew when one breaks.

    ``dropped`` are the numbers of the requests that were cut, and how.

    Parameters
    ----------
    pause
        Seconds each client rests between an answer and its next request.
    first
        The number of the first request.
    """

    port: int
    endpoint: str
    row: Mapping[str, object]
    clients: int = 64
    pause: float = 0.01
    first: int = 0
    answers: list[Answer] = field(default_factory=list)
    dropped: list[tuple[int, str]] = field(default_factory=list)
    _ending: bool = False
    _asked: int = 0

    @contextmanager
    def running(self) -> Iterator[Load]:
        """Ask for the block; what is in flight at its end is waited for."""
        thread = Thread(target=lambda: asyncio.run(self._all()))
        thread.start()
        try:
            yield self
        finally:
            self._ending = True
            thread.join()

    @property
    def good(self) -> list[Answer]:
        """The answers with status 200: what was acknowledged."""
        return [answer for answer in self.answers if answer.status == 200]

    def answered_after(self, moment: float) -> Answer | None:
        """Return the first answer of status 200 to what was sent after a moment."""
        later = [a for a in self.answers if a.sent >= moment and a.status == 200]
        return min(later, key=lambda answer: answer.got, default=None)

    async def _all(self) -> None:
        await asyncio.gather(*(self._client() for _ in range(self.clients)))

    async def _client(self) -> None:
        while not self._ending:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.01)  # nobody listens; that nothing is answered is told
                continue
            try:
                await self._ask(reader, writer)
            finally:
                writer.close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not self._ending:
            number = self.first + self._asked
            self._asked += 1
            sent = monotonic()
            writer.write(request(self.endpoint, {**self.row, NUMBER: number}))
            try:
                status, headers, content = await response(reader)
            except (OSError, EOFError) as error:
                self.dropped.append((number, repr(error)))
                return
            identifier = headers.get("x-prediction-id", "")
            self.answers.append(Answer(number, sent, monotonic(), status, identifier, content))
            if headers.get("connection") == "close":
                return
            await asyncio.sleep(self.pause)


def request(endpoint: str, row: Mapping[str, object]) -> bytes:
    """Return the bytes of one request."""
    body = json.dumps(row).encode()
    return (
        b"POST /%s/predict HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%s" % (endpoint.encode(), len(body), body)
    )


async def response(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Return the status, the headers and the content of the next answer."""
    start, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines if line)
    }
    content = await reader.readexactly(int(headers["content-length"]))
    return int(start.split()[1]), headers, content
