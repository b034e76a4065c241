"""A fitted model of the user's own as bytes: two lines that say what it is, and the model itself.

The first names the format, the second holds all that is needed to open it: the text of the user's
modules, how the model was kept, what its numbers are, and the libraries it needs by version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlwright.core.encoding import canonical_json
from mlwright.core.errors import BrokenError, UsageError
from mlwright.train.records import Module

FORMAT = "mlwright/foreign/1"
PICKLE, OWN_BYTES = "pickle", "to_bytes"

ALGORITHM = "foreign"
"""What a configuration calls every model of the user's own."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a kept model says of itself.

    ``kept`` is ``pickle`` or ``to_bytes``, the model's own form, and ``kind`` its class.
    ``columns`` are the classes its probabilities stand for; empty where it answers values, None
    where it names classes without probabilities. ``block`` is how many rows are asked at once, so
    that a row's bits do not depend on the others: 0 any number. ``libraries`` are what it was made
    with, by version.
    """

    name: str
    kept: str
    kind: str
    outputs: int
    columns: tuple[int, ...] | None
    block: int
    modules: tuple[Module, ...]
    parts: tuple[str, ...]
    libraries: Mapping[str, str]
    python: str


def words(head: Head) -> str:
    """Return what a kept model is, in words."""
    kept = "a pickle" if head.kept == PICKLE else "its own bytes"
    return (
        f"{head.name}, code of your own kept as {kept}, answers in a confined process: slowly, "
        "beside mlwright's own models"
    )


def joined(head: Mapping[str, Any], model: bytes) -> bytes:
    """Return a head and a model as one."""
    return b"\n".join((FORMAT.encode(), canonical_json(head), model))


def head_of(content: bytes) -> Head:
    """Return what a kept model says of itself; nothing of it is executed.

    Raises
    ------
    BrokenError
        ``predictor-broken`` when it says nothing that can be read.
    """
    name, _, rest = content.partition(b"\n")
    try:
        if name != FORMAT.encode():
            raise ValueError("another format")
        told = json.loads(rest[: rest.index(b"\n")])
        columns = told.pop("columns")
        modules = tuple(Module(**each) for each in told.pop("modules"))
        return Head(
            columns=None if columns is None else tuple(columns),
            modules=modules,
            parts=tuple(told.pop("parts")),
            **told,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenError(
            "predictor-broken",
            "the stored predictor cannot be read: it is no model of the user's own",
            fix="build the model again: mlw run",
            facts={"why": type(error).__name__},
        ) from error


def model_of(content: bytes) -> bytes:
    """Return the bytes of the model itself."""
    start = content.index(b"\n") + 1
    return content[content.index(b"\n", start) + 1 :]


def pickle_not_asked(name: str, kind: str) -> UsageError:
    """Return the error for a model that could only be kept as a pickle."""
    return UsageError(
        "pickle-not-asked",
        f"{name} is a {kind}, which can only be kept as a pickle: whoever opens one runs what is "
        "written in it",
        fix="ask for it by name: pickle = true under [search], or run(..., pickle=True); it is "
        "then opened only in a confined process. Or give the class to_bytes() and a class method "
        "from_bytes(bytes), or take an algorithm of mlwright's: --models auto",
        facts={"model": name, "class": kind},
    )
