"""How runs are asked for: `metrics.auc > 0.8 and params.depth = 5`, ordered by `-metrics.auc`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from mlwright.checks.tokens import pointed
from mlwright.core.errors import UsageError, nearest
from mlwright.ledger.questions import Compared, Condition, Field, Has, Not, Order, Together
from mlwright.ledger.searching import ASPECTS, OWN

_KINDS = {
    "metrics": "metric",
    "metric": "metric",
    "params": "param",
    "param": "param",
    "tags": "tag",
    "tag": "tag",
}
_OWN = {name: name for name in OWN} | {"run": "id", "by": "actor"}
_QUOTED = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`"""
_TOKEN = re.compile(
    rf"""\s*(?:
    (?P<symbol><=|>=|!=|==|<>|=~|[<>=~(),])
  | (?P<quoted>{_QUOTED})
  | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
  | (?P<word>(?:\w|[_/.@:%+*\#-])+(?:(?<=\.)(?:{_QUOTED})(?:\.\w+)?)?)
  )""",
    re.VERBOSE,
)
_NAMED = re.compile(
    r"""(?P<kind>\w+)\.(?P<quote>["'`])(?P<name>.*)(?P=quote)(?:\.(?P<aspect>\w+))?""", re.DOTALL
)
_SAME = {"==": "=", "<>": "!=", "=~": "~"}
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=", "~")
_NUMBERS = {"nan": math.nan, "inf": math.inf, "+inf": math.inf, "-inf": -math.inf}
_CONSTANTS = {"true": True, "false": False, "none": None, "null": None}
_DEEPEST = 50
_MOST = 200  # comparisons: SQLite's own limits are not far beyond
_FIX = "write it such as \"metrics.auc > 0.8 and params.depth = 5 and not tags.team = 'risk'\""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int


def parse_where(text: str) -> Condition:
    """Return the condition behind its text.

    Raises
    ------
    UsageError
        ``where-syntax``, pointing at the mistake.

    >>> parse_where("metrics.auc > 0.8")
    Compared(field=Field(of='metric', name='auc', aspect='last'), operator='>', value=0.8)
    """
    return _Reader(text).whole()


def parse_sort(text: str) -> tuple[Order, ...]:
    """Return an order behind its text: fields with commas between, ``-`` before the falling ones.

    Raises
    ------
    UsageError
        ``where-syntax``

    >>> parse_sort("-metrics.auc, started")[0].descending
    True
    """
    found = []
    for piece in _split(text):
        start = text.index(piece)
        bare = piece.strip()
        descending = bare.startswith("-")
        bare = bare.removeprefix("-").strip()
        if not bare:
            raise _wrong(text, start, "a field to order by is missing here")
        found.append(Order(_field(bare, text, start), descending))
    if len(found) > len(_OWN):
        raise _wrong(text, 0, f"more than {len(_OWN)} fields to order by")
    return tuple(found)


def _split(text: str) -> list[str]:
    return re.findall(r"""(?:[^,"'`]|"[^"]*"|'[^']*'|`[^`]*`)+|(?<=,)$|^$""", text) or [text]


class _Reader:
    """Reads a condition from left to right: ``or`` of ``and`` of ``not`` of comparisons."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0
        self._count = 0

    def whole(self) -> Condition:
        found = self._either()
        if self._peek().kind != "end":
            raise self._wrong("'and' or 'or' is missing before this")
        return found

    def _either(self) -> Condition:
        return self._several("or", self._both, every=False)

    def _both(self) -> Condition:
        return self._several("and", self._single, every=True)

    def _several(self, word: str, part: object, *, every: bool) -> Condition:
        assert callable(part)
        parts = [part()]
        while self._is_word(word):
            self._at += 1
            parts.append(part())
        return parts[0] if len(parts) == 1 else Together(every, tuple(parts))

    def _single(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong(f"more than {_DEEPEST} levels of brackets and 'not'")
        try:
            if self._is_word("not"):
                self._at += 1
                return Not(self._single())
            if self._takes("("):
                found = self._either()
                if not self._takes(")"):
                    raise self._wrong("a closing bracket is missing here")
                return found
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Condition:
        self._count += 1
        if self._count > _MOST:
            raise self._wrong(f"more than {_MOST} comparisons")
        token = self._peek()
        if token.kind != "word":
            raise self._wrong("a field such as metrics.auc, params.depth or status belongs here")
        self._at += 1
        field = _field(token.text, self._text, token.start)
        if self._is_word("in"):
            self._at += 1
            return self._listed(field)
        if self._peek().kind != "symbol" or self._peek().text not in _COMPARISONS:
            return Has(field)
        operator = self._peek().text
        self._at += 1
        return self._compared(field, operator)

    def _listed(self, field: Field) -> Condition:
        if not self._takes("("):
            raise self._wrong("values in brackets belong here: in (1, 2)")
        parts = [self._compared(field, "=")]
        while self._takes(","):
            parts.append(self._compared(field, "="))
        if not self._takes(")"):
            raise self._wrong("a closing bracket is missing here")
        return Together(every=False, parts=tuple(parts))

    def _compared(self, field: Field, operator: str) -> Condition:
        start = self._peek().start
        value = self._value()
        is_number = isinstance(value, float)
        if field.of == "metric" and not is_number:
            raise _wrong(self._text, start, "a metric is compared with a number")
        if operator == "~" and not isinstance(value, str):
            raise _wrong(self._text, start, "~ tells whether a text is contained: ~ 'text'")
        if isinstance(value, float) and math.isnan(value) and operator not in ("=", "!="):
            raise _wrong(self._text, start, "nan is neither less nor more: = nan, != nan")
        if field.of in ("tag", "run") and field.name != "steps" and not isinstance(value, str):
            raise _wrong(self._text, start, f"{field.name} is a text: write it in quotes")
        return Compared(field, operator, value)

    def _value(self) -> str | float | bool | None:
        token = self._peek()
        self._at += 1
        if token.kind == "number":
            return float(token.text)
        if token.kind == "quoted":
            return _unquoted(token.text)
        low = token.text.lower()
        if token.kind == "word" and low in _NUMBERS:
            return _NUMBERS[low]
        if token.kind == "word" and low in _CONSTANTS:
            return _CONSTANTS[low]
        if token.kind == "word" and low not in ("and", "or", "not", "in"):
            return token.text
        self._at -= 1
        raise self._wrong("a number or a text belongs here")

    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _is_word(self, word: str) -> bool:
        return self._peek().kind == "word" and self._peek().text.lower() == word

    def _takes(self, symbol: str) -> bool:
        if self._peek().kind == "symbol" and self._peek().text == symbol:
            self._at += 1
            return True
        return False

    def _wrong(self, problem: str) -> UsageError:
        return _wrong(self._text, self._peek().start, problem)


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _wrong(text, at + len(text[at:]) - len(text[at:].lstrip()), "this has no meaning")
        kind = match.lastgroup
        token = match[kind]
        found.append(_Token(kind, _SAME.get(token, token), match.start(kind)))
        at = match.end()
    return [*found, _Token("end", "", end)]


def _field(text: str, whole: str, start: int) -> Field:
    if named := _NAMED.fullmatch(text):
        kind, name, aspect = named["kind"], _unescaped(named["name"]), named["aspect"] or "last"
    else:
        kind, dot, name = text.partition(".")
        aspect = "last"
        if not dot:
            if kind.lower() in _OWN:
                return Field("run", _OWN[kind.lower()])
            raise _unknown(kind, whole, start)
        front, dot, last = name.rpartition(".")
        if _KINDS.get(kind.lower()) == "metric" and dot and last in ASPECTS:
            name, aspect = front, last
    of = _KINDS.get(kind.lower())
    if of is None:
        raise _unknown(kind, whole, start)
    if not name:
        raise _wrong(whole, start, f"the name of the {of} is missing after the dot")
    if aspect not in ASPECTS or (aspect != "last" and of != "metric"):
        raise _wrong(whole, start, f"a metric has {', '.join(ASPECTS)}, not {aspect!r}")
    return Field(of, name, aspect)


def _unknown(name: str, whole: str, start: int) -> UsageError:
    known = [*_OWN, "metrics", "params", "tags"]
    near = nearest(name, known)
    hint = f"; did you mean {near!r}?" if near else ""
    return _wrong(whole, start, f"{name!r} is no field of a run{hint}")


def _unquoted(text: str) -> str:
    return text[1:-1] if text[0] == "`" else _unescaped(text[1:-1])


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _wrong(text: str, place: int, problem: str) -> UsageError:
    return UsageError(
        "where-syntax",
        f"{problem} (character {place + 1})\n{pointed(text, place)}",
        fix=_FIX,
        facts={"text": text, "position": place},
    )
