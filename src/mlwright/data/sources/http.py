"""A table fetched from an address: only from there, only so much, only so long."""

from __future__ import annotations

import http.client
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO
from urllib.parse import SplitResult, urljoin, urlsplit

from mlwright import __version__
from mlwright.core.errors import DataError, FaultError, MlwrightError, UsageError
from mlwright.core.quantities import Quantity, format_quantity
from mlwright.data.settings import DataSettings
from mlwright.data.sources.address import Address, without
from mlwright.data.sources.outside import Outside
from mlwright.data.sources.steady import SteadyFile

_BLOCK = 1 << 18
_MOST_REDIRECTS = 5
_MOVED = (301, 302, 303, 307, 308)


@contextmanager
def fetched(address: Address, settings: DataSettings, outside: Outside) -> Iterator[SteadyFile]:
    """Give what an address holds as a file that is gone afterwards.

    Raises
    ------
    UsageError
        ``source-scheme`` for what is no address.
    FaultError
        ``source-unreached``: no answer, none in time, or one that is no table.
    DataError
        ``source-too-large``; ``source-elsewhere`` where another host is to be asked.
    """
    until = outside.elapsed() + settings.timeout
    with tempfile.TemporaryFile() as file:
        target = address.target
        for _ in range(_MOST_REDIRECTS + 1):
            moved = _fetch(target, file, address, settings, outside, until)
            if moved is None:
                file.seek(0)
                yield SteadyFile(address.text, file)
                return
            target = _followed(target, moved, address)
        raise _unreached(address, f"it leads on more than {_MOST_REDIRECTS} times")


def _fetch(
    target: str,
    file: BinaryIO,
    address: Address,
    settings: DataSettings,
    outside: Outside,
    until: float,
) -> str | None:
    """Write what an address holds into a file, or return where it says to look instead."""
    parts = _parts(target, address)
    connection = _connection(parts, max(until - outside.elapsed(), 0.001))
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers=_headers(parts))
        with connection.getresponse() as answer:
            return _kept(answer, file, address, settings, outside, until)
    except MlwrightError:
        raise
    except TimeoutError:
        waited = format_quantity(settings.timeout, Quantity.DURATION)
        raise _unreached(address, f"it takes longer than {waited} (data.timeout)") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        said = without(str(error) or type(error).__name__, address.target)
        raise _unreached(address, said) from None
    finally:
        connection.close()


def _kept(
    answer: http.client.HTTPResponse,
    file: BinaryIO,
    address: Address,
    settings: DataSettings,
    outside: Outside,
    until: float,
) -> str | None:
    if answer.status in _MOVED and answer.getheader("Location"):
        return answer.getheader("Location")
    if answer.status != http.client.OK:
        raise _unreached(address, f"it answers {answer.status} {answer.reason}")
    expected = int(answer.getheader("Content-Length") or 0)
    if expected > settings.max_download:
        raise _too_large(address, settings)
    size = 0
    while block := answer.read1(_BLOCK):
        size += len(block)
        if size > settings.max_download:
            raise _too_large(address, settings)
        if outside.elapsed() > until:
            raise TimeoutError
        file.write(block)
    if size < expected:
        raise _unreached(address, f"it ended after {size:,} of {expected:,} bytes")
    return None


def _parts(target: str, address: Address) -> SplitResult:
    try:
        parts = urlsplit(target)
        _ = parts.port
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            "source-scheme",
            f"{address.text} is no address that can be fetched",
            fix="write it as http://host/table.csv or https://host/table.csv",
            facts={"source": address.text},
        )
    return parts


def _connection(parts: SplitResult, timeout: float) -> http.client.HTTPConnection:
    assert parts.hostname is not None
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=timeout, context=context
        )
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)


def _headers(parts: SplitResult) -> dict[str, str]:
    from base64 import b64encode
    from urllib.parse import unquote

    headers = {"User-Agent": f"mlwright/{__version__}", "Accept-Encoding": "identity"}
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + b64encode(login.encode()).decode()
    return headers


def _followed(target: str, moved: str, address: Address) -> str:
    """Return where to look next: at the same host, with the same login, and nowhere else."""
    before = urlsplit(target)
    after = urlsplit(urljoin(target, moved))
    if (after.scheme, after.hostname, after.port) != (before.scheme, before.hostname, before.port):
        raise DataError(
            "source-elsewhere",
            f"{address.text} leads to another host",
            fix="name the address it leads to, if you trust it",
            facts={"source": address.text},
        )
    return after._replace(netloc=before.netloc).geturl()


def _too_large(address: Address, settings: DataSettings) -> DataError:
    most = format_quantity(settings.max_download, Quantity.SIZE)
    return DataError(
        "source-too-large",
        f"{address.text} holds more than {most}",
        fix="raise max_download under [data], or fetch the file yourself and name it",
        facts={"source": address.text, "limit": int(settings.max_download)},
    )


def _unreached(address: Address, why: str) -> FaultError:
    return FaultError(
        "source-unreached",
        f"nothing could be read from {address.text}: {why}",
        fix="look at the address and whether this machine may reach it, then run it again",
        facts={"source": address.text},
    )
