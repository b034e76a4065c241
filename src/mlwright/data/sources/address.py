"""What a source is called: a path, a folder, a reference to the environment, an address."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePath
from urllib.parse import parse_qsl, unquote, urlsplit

from mlwright.core.errors import NotFoundError, UsageError, nearest


class Place(str, Enum):
    """Where a table can lie."""

    PATH = "path"
    GLOB = "glob"
    REFERENCE = "env"
    BUILT_IN = "sklearn"
    WEB = "http"
    SQLITE = "sqlite"
    POSTGRES = "postgresql"
    FRAME = "frame"


PACKED_ENDINGS = (".gz", ".bz2", ".xz", ".zst")
TABLE_ENDINGS = (
    *(".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson"),
    *(".parquet", ".pq", ".arrow", ".arrows", ".feather", ".ipc"),
    *(".xls", ".xlsx", ".xlsm", ".xlsb", ".ods", ".db", ".sqlite", ".sqlite3"),
)

_SCHEMES = {
    "env": Place.REFERENCE,
    "sklearn": Place.BUILT_IN,
    "http": Place.WEB,
    "https": Place.WEB,
    "sqlite": Place.SQLITE,
    "postgresql": Place.POSTGRES,
    "postgres": Place.POSTGRES,
    "frame": Place.FRAME,
}
_REFERRED = {
    scheme: place
    for scheme, place in _SCHEMES.items()
    if place in (Place.WEB, Place.SQLITE, Place.POSTGRES)
}
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):(?P<rest>.*)", re.DOTALL)
_SECRET = re.compile(r"sig|token|key|secret|passw|credential|auth", re.IGNORECASE)
_SHORTEST_SECRET = 3


@dataclass(frozen=True, slots=True)
class Address:
    """A source as it may be told and recorded; ``target`` is what is opened.

    ``target`` may hold a password and is never printed; ``text`` is what the user wrote.
    """

    place: Place
    text: str
    target: str

    def __repr__(self) -> str:
        return f"Address({self.place.value!r}, {self.text!r})"


def parse_address(text: str, environ: Mapping[str, str]) -> Address:
    """Tell what a source is, and look a reference to the environment up.

    Raises
    ------
    UsageError
        ``source-scheme`` for an address nothing here reads; ``source-secret`` for one that holds
        a password in the open.
    NotFoundError
        ``source-variable`` when the environment has no such variable.
    """
    place = _place(text)
    if place is Place.REFERENCE:
        target = _looked_up(text, environ)
        found = _REFERRED.get(target.partition(":")[0].lower())
        if found is None or (found is not Place.SQLITE and "://" not in target):
            # What it holds is not told: it may be a password that was written wrongly.
            raise UsageError(
                "source-scheme",
                f"{text} holds no address that is read",
                fix="let the variable hold postgresql://user:password@host/base, https://… or "
                "sqlite:PATH",
                facts={"source": text},
            )
        return Address(found, text, target)
    if place is Place.POSTGRES or (place is Place.WEB and _holds_secret(text)):
        raise _in_the_open(text)
    return Address(place, text, text)


def absolute(text: str, folder: Path) -> str:
    """Return a path as an absolute one; what is no path stays as it is."""
    place = _place(text)
    if place is Place.PATH:
        return str((folder / Path(text).expanduser()).resolve())
    if place is Place.GLOB:
        return str(folder / Path(text).expanduser())
    if place is Place.SQLITE:
        return f"sqlite:{folder / Path(sqlite_path(text)).expanduser()}"
    return text


def is_table_name(text: str) -> bool:
    """Tell whether a text is written as a table's address or path, not as an id or a name."""
    ending = PurePath(bare_name(text)).suffix.lower()
    return os.sep in text or ending in TABLE_ENDINGS or _place(text) is not Place.PATH


def bare_name(name: str) -> str:
    """Return a file's name without the ending that says how it is compressed.

    >>> bare_name("sales.csv.gz"), bare_name("sales.csv")
    ('sales.csv', 'sales.csv')
    """
    for ending in PACKED_ENDINGS:
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name


def sqlite_path(target: str) -> str:
    """Return the path in ``sqlite:path``, ``sqlite:///path`` or ``sqlite:////path``."""
    rest = target.partition(":")[2]
    return rest.removeprefix("///") if rest.startswith("///") else rest.removeprefix("//")


def without(message: str, secret: str) -> str:
    """Return a message of somebody else's with every part of a secret address taken out.

    >>> without('no user "ann" at 10.0.0.7, port 1', "postgresql://ann:p%40ss@10.0.0.7:1/base")
    'no user "…" at …, port 1'
    """
    for part in sorted(_parts(secret), key=len, reverse=True):
        message = message.replace(part, "…")
    return message


def _place(text: str) -> Place:
    found = _SCHEME.fullmatch(text)
    if found is not None:
        scheme = found["scheme"].lower()
        if scheme in _SCHEMES:
            return _SCHEMES[scheme]
        if found["rest"].startswith("//"):
            close = nearest(scheme, _SCHEMES)
            raise UsageError(
                "source-scheme",
                f"nothing here reads {scheme}:// addresses"
                + (f"; did you mean {close}?" if close else ""),
                fix="give a file, a folder, http://, https://, sqlite:, sklearn:, or env:NAME for "
                "a database",
                facts={"scheme": scheme, "nearest": close},
                looked=[", ".join(f"{each}:" for each in _SCHEMES)],
            )
    if any(letter in text for letter in "*?[") and not Path(text).exists():
        return Place.GLOB
    return Place.PATH


def _looked_up(text: str, environ: Mapping[str, str]) -> str:
    name = text.partition(":")[2]
    target = environ.get(name, "").strip()
    if not target:
        close = nearest(name, environ)
        raise NotFoundError(
            "source-variable",
            f"the environment variable {name!r} is not set"
            + (f"; did you mean {close!r}?" if close else ""),
            fix=f"export {name or 'NAME'}=postgresql://user:password@host/base",
            facts={"variable": name, "nearest": close},
            looked=["the environment"],
        )
    return target


def _holds_secret(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    return "@" in parts.netloc or any(_SECRET.search(name) for name in names)


def _in_the_open(text: str) -> UsageError:
    scheme = text.partition(":")[0]
    return UsageError(
        "source-secret",
        f"an address of {scheme}: that can hold a password stands in the open",
        fix="put it into an environment variable and name that: export WAREHOUSE_URL=…, then "
        "env:WAREHOUSE_URL as the source",
        facts={"scheme": scheme},
    )


def _parts(secret: str) -> set[str]:
    found = {secret}
    try:
        split = urlsplit(secret)
        found |= {split.netloc, split.hostname or "", split.username or "", split.password or ""}
        found |= {split.path.lstrip("/"), split.query}
        found |= {value for _, value in parse_qsl(split.query)}
    except ValueError:
        found |= set(re.split(r"[/@:?&=\s]+", secret))
    found |= set(re.findall(r"[^\s=']+", secret.partition("://")[2]))
    found |= {unquote(part) for part in found}
    return {part for part in found if len(part) >= _SHORTEST_SECRET}
