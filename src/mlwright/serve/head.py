"""What the head of a request has to say before its body is read: who asks, and what will come."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from mlwright.core.errors import DataError, RefusedError, UsageError

Headers = list[tuple[bytes, bytes]]

_LOOKED_AT = frozenset(
    (b"content-type", b"content-length", b"content-encoding", b"sec-fetch-site", b"origin")
)
_JSON = b"application/json"


def check_body_head(headers: Headers, *, most_bytes: int, names: Collection[str]) -> None:
    """Refuse a body that is no JSON or too large, and pages of other origins.

    Parameters
    ----------
    most_bytes
        The largest body that is read.
    names
        What a page that may ask says to be of, beside addresses that are numbers.

    Raises
    ------
    DataError
        ``request-media-type``, ``request-too-large``.
    RefusedError
        ``origin-foreign``.
    """
    origin, site = b"", b""
    for name, value in headers:
        if name not in _LOOKED_AT:
            continue
        if name == b"content-type":
            if value != _JSON:
                _check_media_type(value)
        elif name == b"content-length":
            # A number of 64 bits, which the parser saw to, behind any number of zeros.
            if int(value.lstrip(b"0") or b"0") > most_bytes:
                raise too_large(most_bytes)
        elif name == b"sec-fetch-site":
            site = value
        elif name == b"origin":
            origin = value
        elif value.lower() != b"identity":
            raise _media_type(f"the body is encoded as {_shown(value)}")
    if site:
        if site not in (b"same-origin", b"none"):
            raise _foreign(site)
    elif origin and not _is_ours(origin, names):
        raise _foreign(origin)


def check_host(headers: Headers, names: Collection[str]) -> None:
    """Refuse to be read by a name that is not this machine's, where only this machine asks.

    A page elsewhere can make a name of its own lead here (DNS rebinding) and then read what it
    gets; its browser still names it. A program that names no host is no page.

    Raises
    ------
    RefusedError
        ``host-unknown``.
    """
    for name, value in headers:
        if name == b"host" and not _is_ours(b"//" + value, names):
            host = value[:60].decode("latin-1")
            raise RefusedError(
                "host-unknown",
                f"the data plane does not answer to the host name {host!r}",
                fix="ask it by the address that mlw serve prints; a proxy before it sends "
                "Host: localhost",
                facts={"host": host},
            )


def is_local(host: str) -> bool:
    """Tell whether only this machine can reach what is listened at.

    >>> is_local("127.0.0.1"), is_local("localhost"), is_local("0.0.0.0"), is_local("10.0.0.7")
    (True, True, False, False)
    """
    return host == "localhost" or (_is_number(host) and ip_address(host).is_loopback)


def check_method(method: str, *allowed: str) -> None:
    """Refuse a method an address is not asked with.

    Raises
    ------
    UsageError
        ``request-method``.
    """
    if method not in allowed:
        allow = ", ".join(allowed)
        raise UsageError(
            "request-method",
            f"this address cannot be asked with {method}",
            fix=f"use {allow}",
            facts={"method": method, "allow": allow},
        )


def too_large(most_bytes: int) -> DataError:
    """Return the refusal of a body that is too large."""
    return DataError(
        "request-too-large",
        f"the body is larger than {most_bytes:,} bytes",
        fix="send fewer rows at once, or score a file: mlw predict",
        facts={"limit": most_bytes},
    )


def _check_media_type(value: bytes) -> None:
    kind, _, parameters = value.lower().partition(b";")
    charset = parameters.strip().replace(b'"', b"")
    if kind.strip() != _JSON or charset not in (b"", b"charset=utf-8"):
        raise _media_type(f"the body is said to be {_shown(value)}")


def _media_type(what: str) -> DataError:
    return DataError(
        "request-media-type",
        f"{what}, and only JSON in UTF-8 is read",
        fix="send the header Content-Type: application/json (curl: --json)",
    )


def _is_ours(origin: bytes, names: Collection[str]) -> bool:
    """Tell whether a page's origin is this machine, by its number or a name of its own.

    A page elsewhere can make a name of its own lead here (DNS rebinding): its browser then
    takes it for a page of ours, but names it, and sends no ``sec-fetch-site`` without TLS.
    """
    try:
        name = urlsplit(origin.decode("latin-1")).hostname or ""
    except ValueError:
        return False
    return name in names or _is_number(name)


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _foreign(site: bytes) -> RefusedError:
    return RefusedError(
        "origin-foreign",
        f"a page of another origin ({_shown(site)}) asked, through a browser of someone who may",
        fix="ask from a program, or from a page of the same origin, through a proxy",
        facts={"site": _shown(site)},
    )


def _shown(value: bytes) -> str:
    return repr(value[:60].decode("latin-1"))
