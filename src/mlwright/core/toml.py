"""Texts and keys as TOML writes them, and its tables as one list."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def text(value: str) -> str:
    r"""Return a text in quotes, as TOML reads it back.

    >>> print(text('say "a"'), text("a\x7f"))
    "say \"a\"" "a\u007f"
    """
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def key(name: str) -> str:
    """Return a key, in quotes where it needs them.

    >>> print(key("age"), key("null(age)"))
    age "null(age)"
    """
    return name if _BARE.fullmatch(name) else text(name)


def flatten(table: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    """Return the entries of nested tables with dotted names, in the order they were written.

    >>> flatten({"auc": ">= 0.7", "fairness": {"gender": "tpr_gap <= 0.1"}})
    [('auc', '>= 0.7'), ('fairness.gender', 'tpr_gap <= 0.1')]
    """
    entries: list[tuple[str, object]] = []
    for name, value in table.items():
        # An empty table is kept: what is unknown must not vanish because it holds nothing.
        if isinstance(value, Mapping) and value:
            entries.extend(flatten(value, f"{prefix}{name}."))
        else:
            entries.append((prefix + name, value))
    return entries
