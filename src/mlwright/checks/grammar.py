"""The one grammar of rules: text to rule and back.

::

    rule       = ["warn" ":"] [name ":"] term comparison
    term       = name | word "(" name ")"
    comparison = (">=" | "<=" | ">" | "<" | "==" | "!=") limit
               | "in" ("[" | "(") limit "," limit ("]" | ")")
               | "in" "{" member {"," member} "}"
    limit      = number [unit]              units: % ms s m h d w y B kB MB GB TB
    member     = limit | word | text
    name       = word | text                a word, or anything else in quotes

An entry of the spec has its name outside (``auc = ">= 0.7"``): then the rule may leave out the
term, which is the name itself, and has no name of its own.
"""

from __future__ import annotations

import unicodedata
from typing import NoReturn

from mlwright.checks.records import Choice, Comparator, Limit, Range, Rule, Term
from mlwright.checks.tokens import Token, TokenKind, is_word, quoted, syntax_error, tokens
from mlwright.core.quantities import UNITS, scale, written

_WARN = "warn"
_IN = Comparator.IN.value
_RESERVED = frozenset({_WARN, _IN})
_SYMBOLS = {each.value: each for each in Comparator if each is not Comparator.IN}
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # as in the names of columns


def parse(text: str, *, name: str | None = None) -> Rule:
    """Return the rule a text means.

    Parameters
    ----------
    name
        The rule's name where it stands outside the text, as in the spec.

    Raises
    ------
    UsageError
        ``check-syntax``; the message shows the text with a caret under the mistake.

    >>> parse(">= 0.70", name="auc").term
    Term(function=None, name='auc')
    >>> render(parse("warn: null(age)<=5 %"))
    'warn: null(age) <= 5%'
    """
    return _Parser(text, name).rule()


def render(rule: Rule) -> str:
    """Return a rule in its one canonical form, which :func:`parse` reads back as the same rule.

    >>> render(parse("tpr_gap<=.10", name="fairness.gender"))
    'fairness.gender: tpr_gap <= 0.1'
    """
    label = "" if rule.name == term_text(rule.term) else f"{_name(rule.name)}: "
    warn = f"{_WARN}: " if rule.warns else ""
    return f"{warn}{label}{render_term(rule.term)} {rule.comparator.value} {_bound(rule.bound)}"


def render_term(term: Term) -> str:
    """Return a term as it is written in a rule.

    >>> render_term(Term("null", "Total Charges"))
    "null('Total Charges')"
    """
    return term_text(Term(term.function, _name(term.name)))


def term_text(term: Term) -> str:
    """Return a term as people read it, without quotes.

    >>> term_text(Term("null", "Total Charges"))
    'null(Total Charges)'
    """
    return term.name if term.function is None else f"{term.function}({term.name})"


def render_limit(value: float, unit: str | None) -> str:
    """Return a value in base units as a limit is written.

    >>> render_limit(0.02, "ms")
    '20ms'
    """
    return written(value, UNITS[unit] if unit else None) + (unit or "")


def _name(name: str) -> str:
    return name if is_word(name) and name not in _RESERVED else quoted(name)


def _bound(bound: Limit | Range | Choice) -> str:
    if isinstance(bound, Limit):
        return render_limit(bound.value, bound.unit)
    if isinstance(bound, Range):
        start, end = "(" if bound.low_open else "[", ")" if bound.high_open else "]"
        return f"{start}{_bound(bound.low)}, {_bound(bound.high)}{end}"
    members = (*map(_bound, bound.numbers), *map(quoted, bound.texts))
    return f"{{{', '.join(members)}}}"


class _Parser:
    """Reads one rule from left to right; it holds the place."""

    def __init__(self, text: str, name: str | None) -> None:
        self._text = text
        self._given = name
        self._tokens = tokens(text, name=name)
        self._place = 0

    def rule(self) -> Rule:
        if self._given is not None:
            self._check_name(self._given, 0)
        warns = self._is_word(_WARN) and self._is_symbol(":", ahead=1)
        if warns:
            self._place += 2
        name = self._label()
        term = self._term()
        comparator = self._comparator()
        bound = self._membership() if comparator is Comparator.IN else self._limit()
        if self._next().kind is not TokenKind.END:
            self._fail("the rule is complete before this")
        return Rule(self._text, name or term_text(term), term, comparator, bound, warns)

    def _label(self) -> str | None:
        labelled = self._is_name() and self._is_symbol(":", ahead=1)
        if labelled and self._given is not None:
            self._fail("the rule has its name already")
        if not labelled:
            return self._given
        name = self._take_name()
        self._place += 1
        return name

    def _term(self) -> Term:
        if self._given is not None and (self._is_comparator() or self._is_word(_IN)):
            return term_of(self._given)
        if not self._is_name():
            self._fail("expected what the rule is about, such as auc or null(age)")
        if self._next().kind is TokenKind.WORD and self._is_symbol("(", ahead=1):
            function = self._take().content
            self._place += 1
            if not self._is_name():
                self._fail("expected a name")
            term = Term(function, self._take_name())
            self._expect(")")
            return term
        return Term(None, self._take_name())

    def _comparator(self) -> Comparator:
        if self._is_word(_IN):
            self._place += 1
            return Comparator.IN
        if self._is_symbol("="):
            self._fail("a comparison is written ==")
        if not self._is_comparator():
            self._fail("expected >=, <=, >, <, ==, != or in")
        return _SYMBOLS[self._take().content]

    def _membership(self) -> Range | Choice:
        if self._is_symbol("{"):
            return self._choice()
        if not (self._is_symbol("[") or self._is_symbol("(")):
            self._fail("expected a range such as [17, 90] or a set such as {'a', 'b'}")
        return self._range()

    def _range(self) -> Range:
        opening = self._take()
        low = self._limit()
        self._expect(",")
        at_high = self._next()
        high = self._limit()
        if not (self._is_symbol("]") or self._is_symbol(")")):
            self._fail("expected ] or )")
        closed = opening.content == "[" and self._is_symbol("]")
        bound = Range(low, high, opening.content == "(", self._is_symbol(")"))
        self._place += 1
        self._check_alike(low, high, at_high)
        if high.value < low.value or (high.value == low.value and not closed):
            self._fail("no number is in this range", opening)
        return bound

    def _choice(self) -> Choice:
        self._place += 1
        numbers: dict[float, Limit] = {}
        texts: set[str] = set()
        while True:
            token = self._next()
            if token.kind in (TokenKind.TEXT, TokenKind.WORD):
                texts.add(self._take().content)
            else:
                number = self._limit()
                self._check_alike(next(iter(numbers.values()), number), number, token)
                numbers.setdefault(number.value, number)
            if not self._is_symbol(","):
                break
            self._place += 1
        if self._next().kind is TokenKind.WORD:
            self._fail("expected , or }; a text of several words stands in quotes")
        self._expect("}")
        return Choice(tuple(numbers[value] for value in sorted(numbers)), tuple(sorted(texts)))

    def _limit(self) -> Limit:
        if self._next().kind is not TokenKind.NUMBER:
            self._fail("expected a number")
        token = self._take()
        unit = self._unit()
        try:
            return Limit(scale(token.content, UNITS[unit] if unit else None), unit)
        except ValueError:
            self._fail("this number is too large", token)

    def _unit(self) -> str | None:
        token = self._next()
        if token.kind is not TokenKind.WORD and token.content != "%":
            return None
        if token.content not in UNITS:
            self._fail(f"{quoted(token.content)} is no unit: use {', '.join(UNITS)}")
        return self._take().content

    def _check_alike(self, first: Limit, second: Limit, at: Token) -> None:
        measures = {UNITS[each.unit].quantity if each.unit else None for each in (first, second)}
        if len(measures) > 1:
            self._fail("this number measures something else than the one before", at)

    def _take_name(self) -> str:
        token = self._take()
        self._check_name(token.content, token.start)
        return token.content

    def _check_name(self, name: str, start: int) -> None:
        if not name:
            self._fail_at(start, "a name cannot be empty")
        for character in name:
            if unicodedata.category(character) in _INVISIBLE:
                self._fail_at(start, f"the name holds U+{ord(character):04X}, which nobody sees")

    def _is_name(self) -> bool:
        token = self._next()
        if token.kind is TokenKind.WORD:
            return token.content not in _RESERVED
        return token.kind is TokenKind.TEXT

    def _is_word(self, word: str) -> bool:
        return self._next().kind is TokenKind.WORD and self._next().content == word

    def _is_symbol(self, symbol: str, *, ahead: int = 0) -> bool:
        token = self._next(ahead)
        return token.kind is TokenKind.SYMBOL and token.content == symbol

    def _is_comparator(self) -> bool:
        return self._next().kind is TokenKind.SYMBOL and self._next().content in _SYMBOLS

    def _expect(self, symbol: str) -> None:
        if not self._is_symbol(symbol):
            self._fail(f"expected {symbol}")
        self._place += 1

    def _next(self, ahead: int = 0) -> Token:
        return self._tokens[min(self._place + ahead, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._next()
        self._place += 1
        return token

    def _fail(self, problem: str, at: Token | None = None) -> NoReturn:
        self._fail_at((at or self._next()).start, problem)

    def _fail_at(self, place: int, problem: str) -> NoReturn:
        raise syntax_error(self._text, place, problem, name=self._given)


def term_of(name: str) -> Term:
    """Return the term a rule's outside name means; ``null(age)`` is a function, all else a name.

    >>> term_of("null(age)"), term_of("age")
    (Term(function='null', name='age'), Term(function=None, name='age'))
    """
    function, parenthesis, rest = name.partition("(")
    if parenthesis and rest[:-1] and rest.endswith(")") and _name(function) == function:
        return Term(function, rest[:-1])
    return Term(None, name)
