"""Addresses: only the host that was named, only so much, only so long."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from mlwright.core.errors import MlwrightError
from mlwright.data.ingest import read_source
from mlwright.data.settings import DataSettings
from mlwright.data.sources.outside import Outside
from mlwright.data.sources.raw import RawTable

TABLE = b"a,b\n1,x\n2,y\n"
HEARD: list[tuple[str, str | None]] = []


class Host(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        HEARD.append((self.path, self.headers["Authorization"]))
        port = self.server.server_address[1]
        moved = {
            "/near": "/t.csv?x=1",
            "/far": f"http://localhost:{port}/t.csv",
            "/round": "/round",
            "/odd": "ftp://127.0.0.1/t.csv",
        }
        if self.path in moved:
            self.send_response(302)
            self.send_header("Location", moved[self.path])
            self.end_headers()
            return
        self.send_response(200)
        if self.path == "/short":
            self.send_header("Content-Length", "99")
        self.end_headers()
        with suppress(OSError):  # whoever asked may have heard enough
            if self.path == "/endless":
                for _ in range(1000):
                    self.wfile.write(b"1," * 5000)
            for place in range(len(TABLE)) if self.path == "/slow" else [slice(None)]:
                self.wfile.write(TABLE[place : place + 1] if isinstance(place, int) else TABLE)
                time.sleep(0.02 if self.path == "/slow" else 0)


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def read() -> Callable[..., RawTable]:
    def read(place: str, environ: dict[str, str] | None = None, **settings: float) -> RawTable:
        outside = Outside(environ or {}, time.perf_counter)
        return read_source(place, DataSettings(**settings), outside=outside)  # type: ignore[arg-type]

    return read


def test_a_redirect_is_followed_at_the_same_host_only(
    host: str, read: Callable[..., RawTable]
) -> None:
    assert read(f"http://{host}/near").frame.height == 2
    for path, code in (("far", "source-elsewhere"), ("odd", "source-elsewhere")):
        HEARD.clear()
        with pytest.raises(MlwrightError) as caught:
            read(f"http://{host}/{path}")
        assert caught.value.code == code
        assert [path for path, _ in HEARD] == [f"/{path}"]
    with pytest.raises(MlwrightError, match="leads on more than 5 times"):
        read(f"http://{host}/round")


def test_what_is_cut_off_too_long_or_too_slow_is_no_table(
    host: str, read: Callable[..., RawTable]
) -> None:
    for path, settings, said in (
        ("short", {}, "12 of 99 bytes"),
        ("endless", {"max_download": 20_000.0}, "more than 20kB"),
        ("slow", {"timeout": 0.1}, "longer than 0.1s (data.timeout)"),
    ):
        with pytest.raises(MlwrightError) as caught:
            read(f"http://{host}/{path}", **settings)
        assert said in caught.value.message


def test_a_login_comes_from_the_environment_and_is_told_to_the_host_alone(
    host: str, read: Callable[..., RawTable]
) -> None:
    HEARD.clear()
    environ = {"EXPORT": f"http://ann:p%40ss@{host}/near", "WRONG": f"http://ann:pass@{host}:x/"}

    found = read("env:EXPORT", environ)
    with pytest.raises(MlwrightError) as caught:
        read("env:WRONG", environ)

    assert found.frame.columns == ["a", "b"]
    assert HEARD == [("/near", "Basic YW5uOnBAc3M="), ("/t.csv?x=1", "Basic YW5uOnBAc3M=")]
    assert "pass" not in repr((caught.value, caught.value.facts))
    assert caught.value.facts["source"] == "env:WRONG"
