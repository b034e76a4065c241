"""Reads the text of a step from left to right; a mistake is told with a caret under it."""

from __future__ import annotations

import unicodedata
from typing import NoReturn

from mlwright.checks.grammar import parse as parse_rule
from mlwright.checks.records import Rule
from mlwright.checks.tokens import Token, TokenKind, is_word, pointed, quoted, tokens
from mlwright.core.errors import UsageError, nearest
from mlwright.data.records import Kind, Scalar
from mlwright.data.repair.step import Condition

NULL = "null"
_TRUTH = {"true": True, "false": False}
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # as in the names of columns
_RESERVED = (NULL, *_TRUTH)


class Reader:
    """The tokens of one step, and the place reached in them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._place = 0
        try:
            self._tokens = tokens(text)
        except UsageError as error:
            self._fail_as(error, 0)

    def verb(self) -> Token:
        """Return the first word."""
        if self._next().kind is not TokenKind.WORD:
            self.fail("a step begins with a verb, such as trim or fill")
        return self._take()

    def name(self, what: str = "a column") -> str:
        """Return a name: a word, or anything else in quotes."""
        token = self._next()
        if token.kind not in (TokenKind.WORD, TokenKind.TEXT):
            self.fail(f"expected {what}; a name with spaces stands in quotes")
        self._take()
        if not token.content:
            self.fail("a name cannot be empty", token)
        for character in token.content:
            if unicodedata.category(character) in _INVISIBLE:
                self.fail(f"the name holds U+{ord(character):04X}, which nobody sees", token)
        return token.content

    def text_value(self, what: str) -> str:
        """Return a text in quotes."""
        if self._next().kind is not TokenKind.TEXT:
            self.fail(f"expected {what} in quotes")
        return self._take().content

    def value(self) -> Scalar:
        """Return a number, a truth value, a word or a text in quotes."""
        token = self._next()
        if token.kind is TokenKind.WORD and token.content == NULL:
            self.fail(f"{NULL} cannot stand here; for the text write '{NULL}'")
        found = self.value_or_null()
        assert found is not None, "null was told before"
        return found

    def value_or_null(self) -> Scalar | None:
        """Return a value, or None where the word is null."""
        token = self._next()
        if token.kind is TokenKind.NUMBER:
            return self.number()
        if token.kind is TokenKind.TEXT:
            return self._take().content
        if token.kind is not TokenKind.WORD:
            self.fail("expected a value: a number, a word, a text in quotes, true, false or null")
        content = self._take().content
        return None if content == NULL else _TRUTH.get(content, content)

    def number(self) -> int | float:
        """Return a number: whole where it is written so."""
        token = self._next()
        if token.kind is not TokenKind.NUMBER:
            self.fail("expected a number")
        self._take()
        written = token.content
        if written.lstrip("+-").isdigit():
            return int(written)
        found = float(written)
        if found in (float("inf"), float("-inf")):
            self.fail("this number is too large", token)
        return found

    def kind(self) -> Kind:
        """Return the kind a word names."""
        token = self._next()
        kinds = {each.value: each for each in Kind}
        if token.kind is not TokenKind.WORD or token.content not in kinds:
            near = nearest(token.content, kinds)
            hint = f"; did you mean {near}?" if near else ""
            self.fail(f"expected a kind ({', '.join(kinds)}){hint}")
        return kinds[self._take().content]

    def condition(self) -> Condition:
        """Return the condition that is the rest of the text."""
        start = self._next().start
        if self._next().kind in (TokenKind.WORD, TokenKind.TEXT) and self._is_word("is", ahead=1):
            column = self.name()
            self._take()
            self.word("missing")
            return Condition(column, None)
        rest = self.text[start:]
        try:
            rule = parse_rule(rest)
        except UsageError as error:
            self._fail_as(error, start)
        self._check_rule(rule, start)
        self._place = len(self._tokens) - 1
        return Condition(rule.term.name, rule)

    def _check_rule(self, rule: Rule, start: int) -> None:
        if rule.term.function is not None or rule.warns or rule.name != rule.term.name:
            self.fail_at(start, "a condition is about the cells of a column, such as age < 0")

    def word(self, wanted: str) -> None:
        """Take a word that has to stand here."""
        if not self._is_word(wanted):
            self.fail(f"expected {wanted!r}")
        self._take()

    def take_word(self, wanted: str) -> bool:
        """Take a word if it stands here."""
        if not self._is_word(wanted):
            return False
        self._take()
        return True

    def symbol(self, wanted: str) -> None:
        """Take a symbol that has to stand here."""
        if not self.take_symbol(wanted):
            self.fail(f"expected {wanted}")

    def take_symbol(self, wanted: str) -> bool:
        """Take a symbol if it stands here."""
        token = self._next()
        if token.kind is not TokenKind.SYMBOL or token.content != wanted:
            return False
        self._take()
        return True

    def peek(self) -> Token:
        """Return the next token and leave it."""
        return self._next()

    def end(self) -> None:
        """Refuse what stands after a whole step."""
        if self._next().kind is not TokenKind.END:
            self.fail("the step is complete before this")

    def fail(self, problem: str, at: Token | None = None) -> NoReturn:
        """Refuse the text at a token, by default the next."""
        self.fail_at((at or self._next()).start, problem)

    def fail_at(self, place: int, problem: str) -> NoReturn:
        """Refuse the text at a character."""
        raise UsageError(
            "repair-syntax",
            f"{problem} (character {place + 1})\n{pointed(self.text, place)}",
            fix='write a step such as "trim city", "map plan: Pro -> pro", "clip age to [0, 120]", '
            '"fill income with median" or "quarantine where age < 0"',
            facts={"text": self.text, "position": place},
        )

    def _fail_as(self, error: UsageError, start: int) -> NoReturn:
        """Tell a mistake that the grammar of checks found in a part of the text."""
        problem = error.message.partition(" (character ")[0]
        self.fail_at(start + int(str(error.facts["position"])), problem)

    def _is_word(self, word: str, *, ahead: int = 0) -> bool:
        token = self._next(ahead)
        return token.kind is TokenKind.WORD and token.content == word

    def _next(self, ahead: int = 0) -> Token:
        return self._tokens[min(self._place + ahead, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._next()
        self._place += 1
        return token


def written_name(name: str) -> str:
    """Return a name as it is read back: in quotes unless it is a plain word.

    >>> written_name("age"), written_name("Total Charges")
    ('age', "'Total Charges'")
    """
    return name if is_word(name) and name not in _RESERVED else quoted(name)


def written_value(value: Scalar | None) -> str:
    """Return a value as it is read back, to the last bit of a float.

    >>> written_value(None), written_value("null"), written_value(0.1), written_value(True)
    ('null', "'null'", '0.1', 'true')
    """
    if value is None:
        return NULL
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    return repr(value)
