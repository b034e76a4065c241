"""Parameters, tags and names as users give them, and as events hold them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any

from mlwright.core.errors import UsageError

_LONGEST_NAME = 200
_LONGEST = 4_000
_MOST = 2_000
_EXACT = 1 << 63


def params_of(given: object) -> dict[str, object]:
    """Return parameters by name as JSON holds them; what lies within others is named with a dot.

    Parameters
    ----------
    given
        A mapping, a dataclass or an object with attributes, such as what argparse returns.

    Raises
    ------
    UsageError
        ``param-name``, ``param-value`` or ``param-many``.

    >>> params_of({"depth": 5, "opt": {"lr": float("inf"), "betas": (0.9, 0.99)}})
    {'depth': 5, 'opt.lr': {'float': 'inf'}, 'opt.betas': '[0.9, 0.99]'}
    """
    found: dict[str, object] = {}
    for name, value in _flat(_mapping(given), ""):
        found[name] = value
        if len(found) > _MOST:
            raise UsageError(
                "param-many",
                f"a run has at most {_MOST:,} parameters, and more were given",
                fix="keep them as a file: t.artefact(values, 'params')",
                facts={"most": _MOST},
            )
    return found


def tags_of(given: Mapping[str, object]) -> dict[str, str | None]:
    """Return tags by name as text; None takes a tag away.

    Raises
    ------
    UsageError
        ``tag-name`` or ``tag-value``.
    """
    return {
        _name("tag", name): None if value is None else _tag(name, value)
        for name, value in given.items()
    }


def text_of(text: object, what: str) -> str:
    """Return a note or a run's name, which is some text.

    Raises
    ------
    UsageError
        ``text-form``
    """
    if isinstance(text, str) and text.strip() and len(text) <= 100_000 and _is_unicode(text):
        return text
    raise UsageError(
        "text-form",
        f"the {what} is {repr(text)[:60]}, and not some text",
        fix=f"give the {what} as text of at most 100,000 characters",
        facts={"what": what},
    )


def file_name(name: object) -> str:
    """Return the name of something a run keeps: parts with slashes between, as in a path.

    Raises
    ------
    UsageError
        ``artefact-name``
    """
    if isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME and name.isprintable():
        parts = name.split("/")
        if all(part.strip() == part and part not in ("", ".", "..") for part in parts):
            return name
    raise UsageError(
        "artefact-name",
        f"a run cannot keep something named {str(name)[:60]!r}",
        fix="give it a name such as 'model.onnx' or 'plots/roc.svg'",
        facts={"name": str(name)[:_LONGEST_NAME]},
    )


def _mapping(given: object) -> Mapping[Any, object]:
    if isinstance(given, Mapping):
        return given
    if is_dataclass(given) and not isinstance(given, type):
        return {each.name: getattr(given, each.name) for each in fields(given)}
    if hasattr(given, "__dict__") and not isinstance(given, type):
        return dict(vars(given))
    raise UsageError(
        "param-value",
        f"parameters are given by name, not as {repr(given)[:60]}",
        fix='params={"depth": 5}',
        facts={"type": type(given).__name__},
    )


def _flat(given: Mapping[Any, object], before: str) -> Iterator[tuple[str, object]]:
    for name, value in given.items():
        full = _name("param", f"{before}{name}")
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{full}.")
        else:
            yield full, _param(full, value)


def _param(name: str, value: object) -> object:
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", None) == 0:
        value = item()  # a scalar of numpy or torch
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < _EXACT else str(value)
    if isinstance(value, float):
        value = float(value)
        return value if math.isfinite(value) else {"float": str(value)}
    if isinstance(value, str | PurePath):
        text = str(value)
    elif isinstance(value, Sequence | set | frozenset | Mapping):
        text = repr(list(value)) if isinstance(value, tuple) else repr(value)
    elif isinstance(value, type) or callable(value):
        text = getattr(value, "__qualname__", type(value).__qualname__)
    else:
        raise UsageError(
            "param-value",
            f"the parameter {name!r} is a {type(value).__qualname__}, which cannot be written down",
            fix="give a number, a text, a truth value, or lists of them; keep all else as a file",
            facts={"param": name, "type": type(value).__qualname__},
        )
    if not _is_unicode(text) or len(text) > _LONGEST:
        raise UsageError(
            "param-value",
            f"the parameter {name!r} is a text of {len(text):,} characters, or no text at all",
            fix=f"give at most {_LONGEST:,}, or keep it as a file: t.artefact(value, {name!r})",
            facts={"param": name, "characters": len(text)},
        )
    return text


def _tag(name: str, value: object) -> str:
    text = str(value)
    if isinstance(value, str | int | float | bool) and len(text) <= _LONGEST and _is_unicode(text):
        return text
    raise UsageError(
        "tag-value",
        f"the tag {name!r} is {text[:60]!r}: a tag is a text of at most {_LONGEST:,} characters",
        fix="write longer texts as a note: t.note(text)",
        facts={"tag": name},
    )


def _name(what: str, name: object) -> str:
    if isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME and _is_plain(name):
        return name
    message = f"a {what} cannot be named {str(name)[:60]!r}"
    fix = f"name it with 1 to {_LONGEST_NAME} printable characters, without a space at either end"
    facts = {"name": str(name)[:_LONGEST_NAME]}
    if what == "tag":
        raise UsageError("tag-name", message, fix=fix, facts=facts)
    raise UsageError("param-name", message, fix=fix, facts=facts)


def _is_plain(name: str) -> bool:
    return name.isprintable() and name.strip() == name


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
