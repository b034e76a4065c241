"""`mlw serve` as a process of a test, and clients that ask it without pause."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Server:
    """A command that serves: what it printed when it was ready, and its process."""

    process: subprocess.Popen[str]
    said: Any

    @property
    def address(self) -> str:
        return str(self.said["address"])

    def connect(self) -> HTTPConnection:
        place = urlsplit(self.address)
        assert place.hostname is not None
        return HTTPConnection(place.hostname, place.port, timeout=60)

    def workers(self) -> list[int]:
        """The process numbers of its workers."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [
            int(child)
            for child in children
            if b"mlwright.serve.worker" in Path(f"/proc/{child}/cmdline").read_bytes()
        ]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(120)


@contextmanager
def serving(folder: Path, *arguments: object) -> Iterator[Server]:
    """Run a command that serves, and wait for its one document."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mlwright", *(str(a) for a in arguments), "--json"],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        document = json.loads(line)
        yield Server(process, document.get("serving", document))
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(120)
        process.stdout.close()
        process.stderr.close()


def ask(connection: HTTPConnection, endpoint: str, row: object) -> tuple[int, str, str]:
    """Return the status, the version and the id of one answer."""
    content = json.dumps(row)
    connection.request(
        "POST", f"/{endpoint}/predict", content, {"content-type": "application/json"}
    )
    answer = connection.getresponse()
    answer.read()
    headers = answer.headers
    return answer.status, headers.get("X-Model", ""), headers.get("X-Prediction-Id", "")


@dataclass
class Load:
    """Clients that ask one after the other; ``answers`` holds when each was sent and got.

    ``lines`` holds for each client the versions that answered it, in order.
    """

    server: Server
    endpoint: str
    row: object
    answers: list[tuple[float, int, str, str]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    lines: list[list[str]] = field(default_factory=list)
    _ending: Event = field(default_factory=Event)

    @contextmanager
    def running(self, clients: int = 3) -> Iterator[Load]:
        """Ask with some clients for the block."""
        self.lines = [[] for _ in range(clients)]
        threads = [Thread(target=self._client, args=(line,)) for line in self.lines]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._ending.set()
            for thread in threads:
                thread.join()

    def until_all_hear(self, version: str, seconds: float = 60.0) -> None:
        """Wait until the newest answer of every client is a version's."""
        latest = time.monotonic() + seconds
        while not self.lines or any(line[-1:] != [version] for line in self.lines):
            assert time.monotonic() < latest, f"not all heard {version}: {self.dropped}"
            time.sleep(0.01)

    def _client(self, line: list[str]) -> None:
        connection = self.server.connect()
        try:
            while not self._ending.is_set():
                sent = time.time()
                try:
                    answer = ask(connection, self.endpoint, self.row)
                    self.answers.append((sent, *answer))
                    line.append(answer[1])
                except OSError as error:
                    self.dropped.append(repr(error))
                    connection.close()
        finally:
            connection.close()
