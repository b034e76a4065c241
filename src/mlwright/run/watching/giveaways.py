"""The calls that give a step what is not among its inputs: clock, chance, process and machine."""

from __future__ import annotations

import ast
import datetime
import dis
import os
import random
import time
from collections.abc import Mapping
from functools import cache
from types import FrameType
from typing import Any

CLOCK, CHANCE, FILE, FOLDER, NETWORK = "clock", "randomness", "file", "folder", "network"
PROGRAM, VARIABLE, MACHINE = "program", "variable", "machine"
HASH, ADDRESS, THREADS = "hash", "address", "threads"

SHARED = "the generator of random"
"""What the functions of ``random`` draw from: everybody's, unless it is seeded."""

_WHOLE = {
    **{getattr(time, n): (CLOCK, f"time.{n}") for n in ("time", "time_ns")},
    **{
        getattr(time, n): (CLOCK, f"time.{n}")
        for n in (
            *("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"),
            *("process_time", "process_time_ns", "thread_time", "thread_time_ns"),
        )
        if hasattr(time, n)
    },
    os.urandom: (CHANCE, "os.urandom"),
    os.getpid: (MACHINE, "os.getpid"),
    os.getcwd: (MACHINE, "os.getcwd"),
    os.cpu_count: (MACHINE, "os.cpu_count"),
    os.uname: (MACHINE, "os.uname"),
    hash: (HASH, "hash"),
    id: (ADDRESS, "id"),
}
"""Functions that give it whatever they are called with."""

_UNTIL = {
    time.localtime: ("time.localtime", 0),
    time.gmtime: ("time.gmtime", 0),
    time.ctime: ("time.ctime", 0),
    time.asctime: ("time.asctime", 0),
    time.strftime: ("time.strftime", 1),
}
"""Functions that read the clock when they are given no more than so many arguments."""

_NOW = frozenset({"now", "utcnow", "today"})
_THROUGH_PYTHON = {
    CLOCK: {"datetime", "_pydatetime", "calendar", "email"},
    CHANCE: {"random", "secrets", "uuid"},
    VARIABLE: {"os", "collections"},
}
"""Modules of Python through which a call is still the caller's own, by what they give."""


def given_by(function: Any, caller: FrameType) -> tuple[str, str] | None:
    """Return what a compiled function gives its caller that is no input, and its name."""
    found = _WHOLE.get(function)
    if found is not None:
        return found
    if function in _UNTIL:
        name, most = _UNTIL[function]
        count = _arguments(caller)
        return (CLOCK, name) if count is not None and count <= most else None
    bound = getattr(function, "__self__", None)
    if isinstance(bound, type):
        if function.__name__ in _NOW and issubclass(bound, datetime.date):
            return CLOCK, f"{bound.__name__}.{function.__name__}"
    elif bound is _PYTHONS and function.__name__ in ("random", "getrandbits"):
        return CHANCE, SHARED
    return None


_PYTHONS: Any = random._inst
"""Who is asked by ``random.random()``."""


def counts_as_own(kind: str, python: tuple[str, ...]) -> bool:
    """Tell whether a call through modules of Python is still the caller's own."""
    passed = {name.partition(".")[0].removeprefix("_") for name in python}
    allowed = _THROUGH_PYTHON.get(kind)
    return allowed is None or passed <= {name.removeprefix("_") for name in allowed}


def _arguments(caller: FrameType) -> int | None:
    """Return how many arguments the call gives that a frame stands at, None where it is unknown."""
    at = caller.f_lasti
    for each in dis.get_instructions(caller.f_code):
        if each.offset == at:
            known = each.opname in ("CALL", "PRECALL", "CALL_KW")
            return each.arg if known else None
    return None


_CALLED_NOW = (("Timestamp", "now"), ("Timestamp", "today"), ("Timestamp", "utcnow"))
_GIVEN_NOW = ("datetime64", "to_datetime", "Timestamp")


@cache
def clocks_in(text: str) -> Mapping[int, str]:
    r"""Return the lines of a text that read the clock through compiled code, which does not show.

    >>> dict(clocks_in("import numpy as np\nnow = np.datetime64('now')"))
    {2: "datetime64('now')"}
    """
    found = {}
    for node in _nodes(text):
        if not isinstance(node, ast.Call):
            continue
        names = _dotted(node.func)
        told = ".".join(names[-2:]) if names[-2:] in _CALLED_NOW else None
        first = node.args[0] if node.args else None
        if told is None and names and names[-1] in _GIVEN_NOW and isinstance(first, ast.Constant):
            told = f"{names[-1]}({first.value!r})" if first.value in ("now", "today") else None
        if told is not None:
            found[node.lineno] = told
    return found


@cache
def sets_in(text: str) -> tuple[int, ...]:
    r"""Return the lines of a text on which a set is made.

    >>> sets_in("names = set(words)\nfor name in names:\n    print(name)")
    (1,)
    """
    found = set()
    for node in _nodes(text):
        called = _dotted(node.func) if isinstance(node, ast.Call) else ()
        made = isinstance(node, ast.Set | ast.SetComp) or called in (("set",), ("frozenset",))
        if made and isinstance(node, ast.expr):
            found.add(node.lineno)
    return tuple(sorted(found))


def _nodes(text: str) -> list[ast.AST]:
    try:
        return list(ast.walk(ast.parse(text)))
    except SyntaxError:
        return []


def _dotted(node: ast.expr) -> tuple[str, ...]:
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (*((node.id,) if isinstance(node, ast.Name) else ()), *reversed(names))
