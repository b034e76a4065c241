"""Words, numbers, texts and symbols of a rule, each with its exact place in the text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto

from mlwright.core.errors import UsageError
from mlwright.core.quantities import NUMBER

_MARGIN = 40
"""How many characters a message shows on each side of a mistake."""


class TokenKind(Enum):
    """What a token is."""

    WORD = auto()
    NUMBER = auto()
    TEXT = auto()
    SYMBOL = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a rule; ``content`` is what it stands for, without quotes and escapes."""

    kind: TokenKind
    content: str
    start: int
    end: int


_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[^\W\d]\w*(?:[.-]\w+)*")
_SIGNED = re.compile(rf"[+-]?(?:{NUMBER.pattern})")
_SYMBOL = re.compile(r"->|>=|<=|==|!=|[<>()\[\]{},:%=≥≤]")
_SAME = {"≥": ">=", "≤": "<="}
_ESCAPE = re.compile(r"""\\(?:([\\'"])|u\{([0-9a-f]{1,6})\})""")
_QUOTES = "'\""


def tokens(text: str, *, name: str | None = None) -> tuple[Token, ...]:
    """Return the tokens of a rule, the last of them the end.

    Parameters
    ----------
    name
        What the rule is called outside its text; only messages use it.

    Raises
    ------
    UsageError
        ``check-syntax`` at a character that starts no token.
    """
    found: list[Token] = []
    place = _after_space(text, 0)
    while place < len(text):
        token = _token(text, place, name)
        found.append(token)
        place = _after_space(text, token.end)
    return (*found, Token(TokenKind.END, "", len(text), len(text)))


def _after_space(text: str, place: int) -> int:
    space = _SPACE.match(text, place)
    return space.end() if space else place


def _token(text: str, place: int, name: str | None) -> Token:
    if text[place] in _QUOTES:
        return _quoted(text, place, name)
    for kind, pattern in (
        (TokenKind.WORD, _WORD),
        (TokenKind.NUMBER, _SIGNED),
        (TokenKind.SYMBOL, _SYMBOL),
    ):
        if found := pattern.match(text, place):
            return Token(kind, _SAME.get(found[0], found[0]), place, found.end())
    raise syntax_error(text, place, f"{_shown(text[place])} has no meaning here", name=name)


def _quoted(text: str, start: int, name: str | None) -> Token:
    quote, place, content = text[start], start + 1, ""
    while place < len(text):
        character = text[place]
        if character == quote:
            return Token(TokenKind.TEXT, content, start, place + 1)
        if character == "\\":
            escape = _ESCAPE.match(text, place)
            code = int(escape[2], 16) if escape and escape[2] else 0
            if escape is None or code > 0x10FFFF:
                problem = r"a backslash starts \\, \', \" or \u{hex digits}"
                raise syntax_error(text, place, problem, name=name)
            content += escape[1] or chr(code)
            place = escape.end()
        else:
            content += character
            place += 1
    raise syntax_error(text, start, "this quote is never closed", name=name)


def is_word(text: str) -> bool:
    """Tell whether a name can be written without quotes."""
    return _WORD.fullmatch(text) is not None


def quoted(text: str) -> str:
    r"""Return a text in quotes, such that what does not print is written as an escape.

    >>> print(quoted("it's"), quoted("a\u202eb"))
    "it's" 'a\u{202e}b'
    """
    quote = '"' if "'" in text and '"' not in text else "'"
    return quote + "".join(_escaped(character, quote) for character in text) + quote


def _escaped(character: str, quote: str) -> str:
    if character in (quote, "\\"):
        return f"\\{character}"
    return character if character.isprintable() else f"\\u{{{ord(character):x}}}"


def syntax_error(text: str, place: int, problem: str, *, name: str | None) -> UsageError:
    """Return the error for a mistake at a place of a rule, which the message points at."""
    label = f"check {_printable(name)}: " if name is not None else ""
    return UsageError(
        "check-syntax",
        f"{label}{problem} (character {place + 1})\n{pointed(text, place)}",
        fix='write a rule such as "auc >= 0.7", "null(age) <= 5%", "age in [17, 90]" or '
        "\"plan in {'a', 'b'}\"",
        facts={"text": text, "position": place, "name": name},
    )


def pointed(text: str, place: int) -> str:
    """Return the part of a text around a place, and below it a caret at the place."""
    start, end = max(0, place - _MARGIN), min(len(text), place + _MARGIN)
    before = ("…" if start else "") + _printable(text[start:place])
    after = _printable(text[place:end]) + ("…" if end < len(text) else "")
    return f"    {before}{after}\n    {' ' * _width(before)}^"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _shown(character: str) -> str:
    return repr(character) if character.isprintable() else f"U+{ord(character):04X}"


def _width(text: str) -> int:
    """Return how many columns a terminal gives a text, so that the caret stands right."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) != 0 for c in text)
