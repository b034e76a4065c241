"""Texts and keys as TOML writes them."""

from __future__ import annotations

import json
import re

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
