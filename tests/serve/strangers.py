"""Requests of strangers: rows spoilt in every way there is, and bytes that are no request.

Everything follows from a seeded source of randomness, so a case is made again from its number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

Members = list[tuple[str, str]]
"""Names and values of one object, each as it is written in the body."""

VALUES = (
    *("NaN", "Infinity", "-Infinity", "nan", "1e999", "-1e999", "1e308", "1e-400", "5e-324"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808"),
    *("-9223372036854775809", "1" * 40, "9" * 5000, "-0", "-0.0", "0e5", "3.0", "3.5", "1E2"),
    *("01", "+1", ".5", "1.", "1e", "0x10", "1_000", "--1", "1e5", "9007199254740993"),
    *("12345678901234567890.0", "0." + "1" * 400, "true", "false", "null", "None", "True", "NULL"),
    *("undefined", "", '""', '"text"', '"12"', '"12.5"', '"NaN"', '"null"', "'single'", '"half'),
    *(r'"\ud800"', r'"\udc00\ud800"', r'"\ud83d\ude00"', r'"\u0000"', '"\x00"', '"\t"', '"\n"'),
    *(r'"\x"', r'"\u12"', r'"\u003a"', r'"a\u003ab:"', '"1:2"', '"\u202eabc"', '"e\u0301"'),
    *('"\U0001f600"', '"\\"', r'"\/\b\f\n\r\t"', '"' + "x" * 10_000 + '"', '"2026-01-31"'),
    *("[]", "{}", "[1]", "[null]", '{"a":1}', "[[1]]", '[{"a":[1,2]}]', "{1:2}", "[1,]", "(1)"),
    *("[" * depth + "]" * depth for depth in (30, 31, 32, 33, 100, 3000)),
    *('{"a":' * depth + "1" + "}" * depth for depth in (31, 32, 33, 3000)),
    *("1 2", "/* x */ 1", "1 // x", "1;", "-", "e5", "NaN1", "tru", "nulll", "\u0661", "\uff11"),
)
"""What may stand where a value belongs; some of it is right."""

UNSEEN = "\u202e\u200b\u2066\ufeff\u2028\x7f\x85\u00ad"
"""Characters that nobody sees."""

BAD_UTF8 = (
    b"\xff",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xf5\x80\x80\x80",
    b"\x80",
    b"\xe2\x82",
    b"\xfe",
)
WHOLE = (b"", b" ", b"5", b"null", b'"x"', b"[]", b"{}", b"[{}]", b"[[]]", b"[null]", b"[1,2]",
    b'{"":1}', b"nul", b"{]", b"[}", b"]", b",", b":", b'{"a"}', b'{"a":1,}', b"{,}", b"\x00",
    b"\xef\xbb\xbf{}", b"{}{}", b"[" * 100_000, b'{"a":' * 50_000, b"[]" * 3, b"\xff\xfe{\x00}\x00",
    b"<html>", b"a=1&b=2", b"--x\r\n", b"0" * 5000, b"-" * 5000, b'"' + b"\\" * 5001)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One request as it goes on the wire."""

    number: int
    path: str
    body: bytes
    wire: bytes
    whole: bool
    """Whether it is HTTP as it should be, so that there has to be an answer."""


def body_of(random: Random, rows: Sequence[dict[str, Any]]) -> bytes:
    """Return a row, rows or columns, most of them spoilt."""
    if random.random() < 0.03:
        return random.choice(WHOLE)
    count = 1 if random.random() < 0.6 else random.randint(1, 4)
    taken = [_members(random.choice(rows)) for _ in range(count)]
    for _ in range(random.choice((0, 1, 1, 1, 2))):
        random.choice(_SPOILS)(random, random.choice(taken))
    form = random.random()
    if count == 1 and form < 0.75:
        text = _object(random, taken[0])
    elif form < 0.6:
        text = "[" + ",".join(_object(random, each) for each in taken) + "]"
    else:
        text = _columns(random, taken)
    body = text.encode("utf-8", "surrogatepass")
    return random.choice(_BREAKS)(random, body) if random.random() < 0.15 else body


def label_of(random: Random, ids: Sequence[str]) -> bytes:
    """Return a label, or labels, most of them spoilt."""
    identifier = random.choice((*ids[-20:], "p_", "p_" + "a" * 26, "l_" + "a" * 26, "", "\u202e"))
    told: Members = [('"id"', json.dumps(identifier)), ('"value"', random.choice(VALUES))]
    if random.random() < 0.4:
        endpoint = random.choice(('"churn"', '"churn"', '"chum"', "null", "7", '"\\u0063hurn"'))
        told = [
            ('"endpoint"', endpoint),
            ('"key"', random.choice(('"7590-X"', "17", "1.5", "true", *VALUES))),
            ('"value"', random.choice(('"Yes"', "1", "0.5", "false", *VALUES))),
        ]
    if random.random() < 0.5:
        random.choice(_SPOILS)(random, told)
    text = _object(random, told)
    if random.random() < 0.3:
        text = f"[{text}]"
    return text.encode("utf-8", "surrogatepass")


def request(method: str, path: str, body: bytes, *headers: str) -> bytes:
    """Return a request as HTTP should be."""
    lines = (
        f"{method} {path} HTTP/1.1",
        "host: localhost",
        f"content-length: {len(body)}",
        *headers,
    )
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def case_of(number: int, seed: int, rows: Sequence[dict[str, Any]], ids: Sequence[str]) -> Case:
    """Return the case of a number."""
    random = Random(f"{seed}/{number}")
    way = random.random()
    if way < 0.80:
        path, body = "/churn/predict", body_of(random, rows)
        return Case(number, path, body, request("POST", path, body, JSON), whole=True)
    if way < 0.88:
        path, body = "/labels", label_of(random, ids)
        return Case(number, path, body, request("POST", path, body, JSON), whole=True)
    body = json.dumps(random.choice(rows)).encode()
    if way < 0.95:
        method, path, headers = random.choice(_METHODS), "/churn/predict", [JSON]
        if random.random() < 0.5:
            path = random.choice(_PATHS)
        else:
            headers = [random.choice(_HEADERS)]
        return Case(number, path, body, request(method, path, body, *headers), whole=False)
    return Case(number, "", b"", random.choice(_WIRES)(random, body), whole=False)


JSON = "content-type: application/json"

_METHODS = ("POST", "POST", "POST", "POST", "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")
_PATHS = (
    "/", "//", "/churn", "/churn/predict/", "//churn/predict", "/churn//predict", "/Churn/predict",
    "/churm/predict", "/churn%2Fpredict", "/%63hurn/predict", "/churn/predict?x=1", "/predict",
    "/churn/../churn/predict", "/churn%00/predict", "/%FF/predict", "/%zz/predict", "/churn/pr%",
    "/" + "a" * 5000 + "/predict", "/labels/", "/metrics", "/healthz", "/readyz", "/openapi.json",
    "/%E2%80%AE/predict", "/%ED%A0%80/predict", "*", "http://x/churn/predict", "x:80", "churn",
    "/churn/predict#a", "/;/predict", "/'\"<b>/predict", "/\xe9/predict",
)  # fmt: skip
_HEADERS = (
    "content-type: text/plain", "content-type: application/json; charset=latin-1",
    "content-type: application/json;charset=\"UTF-8\"", "content-type:", "content-type: \xff",
    "content-type: multipart/form-data", "content-encoding: gzip", "content-encoding: br, gzip",
    "content-encoding: identity", "transfer-encoding: chunked", "transfer-encoding: gzip",
    "content-length: 5", "content-length: -1", "content-length: 99999999999999999999999",
    "content-length: 1e3", "content-length: +5", "content-length: 999999999", "expect: tea",
    "expect: 100-continue", "upgrade: websocket\r\nconnection: upgrade", "upgrade: h2c",
    "connection: close", "connection: upgrade, keep-alive", "accept: text/html", "x y: 1", ": 1",
    "x: " + "y" * 20_000,
    "host: y", "cookie: " + "a=b; " * 500, "bare", "x:\x00", "x: a\r\n b", "origin: http://evil",
)  # fmt: skip


def _members(row: dict[str, Any]) -> Members:
    return [(json.dumps(name), json.dumps(value)) for name, value in row.items()]


def _object(random: Random, members: Members) -> str:
    gap = random.choice(("", "", " ", "\n\t", "  "))
    return "{" + f"{gap},{gap}".join(f"{n}{gap}:{gap}{v}" for n, v in members) + gap + "}"


def _columns(random: Random, taken: list[Members]) -> str:
    names = [name for name, _ in max(taken, key=len)]
    columns: Members = []
    for place, name in enumerate(names):
        cells = [row[place][1] for row in taken if place < len(row)]
        if random.random() < 0.01:
            cells = cells[:-1] if random.random() < 0.5 else [*cells, "null"]
        columns.append((name, "[" + ",".join(cells) + "]"))
    return _object(random, columns)


def _value(random: Random, members: Members) -> None:
    place = random.randrange(len(members))
    members[place] = (members[place][0], random.choice(VALUES))


def _renamed(random: Random, members: Members) -> None:
    place = random.randrange(len(members))
    name, value = members[place]
    plain = name.strip('"')
    at = random.randrange(len(plain) + 1)
    hidden = random.choice(UNSEEN)
    ways = (
        plain + " ", plain.upper(), plain[1:], plain[:at] + hidden + plain[at:], "", "\\ud800",
        plain[:at] + f"\\u{ord(hidden):04x}" + plain[at:], plain[:at] + "\\u0000" + plain[at:],
        "".join(f"\\u{ord(c):04X}" for c in plain), plain[:at] + ":" + plain[at:], plain * 50,
        plain[:at] + "\x01" + plain[at:], plain[:at] + "e\u0301" + plain[at:], "n" * 20_000,
    )  # fmt: skip
    members[place] = (f'"{random.choice(ways)}"', value)


def _twice(random: Random, members: Members) -> None:
    name, value = random.choice(members)
    plain = name.strip('"')
    escaped = f"\\u{ord(plain[0]):04x}{plain[1:]}" if plain else plain
    again = random.choice((name, f'"{escaped}"', f"{name} ", f"\n{name}\t"))
    other = random.choice((value, "1", '"x:y"', '"\\u003a"', "null"))
    members.insert(random.randrange(len(members) + 1), (again, other))


def _dropped(random: Random, members: Members) -> None:
    if len(members) > 1:
        del members[random.randrange(len(members))]


def _added(random: Random, members: Members) -> None:
    name = random.choice(("customerID", "x", "a:b", "\u00e9", "\\u0078", "\U0001f600", "__proto__"))
    value = random.choice(('"7590-VHVEG"', "1", "null", '"a:b\\u003a"', random.choice(VALUES)))
    members.append((f'"{name}"', value))


def _exact(random: Random, members: Members) -> None:
    """Write a number in another way that says the same."""
    numbers = [place for place, (_, value) in enumerate(members) if value.isdigit()]
    if numbers:
        place = random.choice(numbers)
        name, value = members[place]
        members[place] = (name, random.choice((f"{value}.0", f"{value}e0", f"{value}0E-1")))


def _shuffled(random: Random, members: Members) -> None:
    random.shuffle(members)


_SPOILS: tuple[Callable[[Random, Members], None], ...] = (
    *(_value, _value, _value, _renamed, _twice, _dropped, _added, _exact, _shuffled),
)


def _cut(random: Random, body: bytes) -> bytes:
    return body[: random.randrange(len(body) + 1)]


def _flipped(random: Random, body: bytes) -> bytes:
    place = random.randrange(len(body))
    return body[:place] + bytes([random.randrange(256)]) + body[place + 1 :]


def _inserted(random: Random, body: bytes) -> bytes:
    place = random.randrange(len(body) + 1)
    what = random.choice((*BAD_UTF8, b",", b":", b'"', b"\\", b"}", b"[", b"\x00", b"\r", b" "))
    return body[:place] + what + body[place:]


def _around(random: Random, body: bytes) -> bytes:
    return random.choice(
        (b"\xef\xbb\xbf" + body, body + body, body + b"\n", b" \t\r\n" + body, body + b"\x00",
         body + b",", b"[" + body, body + b"]", body.decode("utf-8", "replace").encode("utf-16"),
         b"{\"rows\":" + body + b"}", b"[" + body + b",null]", b"[" * 40 + body + b"]" * 40)
    )  # fmt: skip


_BREAKS: tuple[Callable[[Random, bytes], bytes], ...] = (_cut, _flipped, _inserted, _around)


def _noise(random: Random, body: bytes) -> bytes:
    return random.randbytes(random.randrange(1, 400))


def _spoilt_head(random: Random, body: bytes) -> bytes:
    wire = request("POST", "/churn/predict", body, JSON)
    end = wire.index(b"\r\n\r\n")
    place = random.randrange(end)
    return wire[:place] + random.randbytes(random.randrange(3)) + wire[place + 1 :]


def _odd_head(random: Random, body: bytes) -> bytes:
    return random.choice(
        (b"GET /\r\n\r\n", b"\r\n\r\n\r\n", b"GET / HTTP/0.9\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
         b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
         b"POST /churn/predict HTTP/1.1\n\n", b"CONNECT x:80 HTTP/1.1\r\nhost: x\r\n\r\n",
         b"GET /healthz HTTP/1.1\r\n" + b"a: b\r\n" * 5000 + b"\r\n",
         b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
         b"GET /healthz HTTP/1.0\r\n\r\n", b"HEAD /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n",
         b"POST /churn/predict HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
         b"POST /churn/predict HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}\r\n0\r\n\r\n",
         b"POST /labels HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
         request("POST", "/churn/predict", body, JSON)[:-5],
         request("POST", "/churn/predict", body, JSON) * 3,
         request("GET", "/healthz", b"") * 20 + b"junk")
    )  # fmt: skip


def _chunked(random: Random, body: bytes) -> bytes:
    head = b"POST /churn/predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    size = random.randrange(1, 64)
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return head + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


_WIRES: tuple[Callable[[Random, bytes], bytes], ...] = (_noise, _spoilt_head, _odd_head, _chunked)
