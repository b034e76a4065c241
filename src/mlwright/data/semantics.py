"""What the cells of a column mean, beyond the kind of value they hold: told from some of them.

A meaning needs 95 % of the cells that are looked at. Of texts nearly any meaning can be told by
their form; numbers are sums of money where the column's name says so.
"""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from mlwright.data.column import NEARLY_ALL, Column
from mlwright.data.records import Kind, Semantic
from mlwright.data.shapes import usual_shapes

EMAIL = r"^[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,}$"
"""How an e-mail address is written."""

_MONEY = r"[$€£¥₹₽₩]|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN"
_AMOUNT = r"[+-]?[0-9][0-9.,' ]*"
_FORMS = (
    (Semantic.EMAIL, EMAIL),
    (Semantic.WEB_ADDRESS, r"^(?:https?://|www\.)[^\s]+$"),
    (Semantic.CURRENCY, rf"^(?:[+-]?(?:{_MONEY})\s?{_AMOUNT}|{_AMOUNT}\s?(?:{_MONEY}))$"),
    (Semantic.PERCENTAGE, rf"^{_AMOUNT}\s?%$"),
    (
        Semantic.PHONE,
        r"^(?:\+|00)[0-9][0-9 ()/.-]{6,18}$|^\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4}$",
    ),
)
_MONEY_NAMES = re.compile(
    "amount|balance|bill|charges?|costs?|credit|debt|earnings|fares?|fees?|income|payments?|"
    "premium|prices?|revenue|salary|sales|spend|usd|eur|gbp|wages?"
)
_TRUTHS = (
    {"yes", "no"},
    {"y", "n"},
    {"true", "false"},
    {"t", "f"},
    {"on", "off"},
    {"0", "1"},
    {"ja", "nein"},
    {"oui", "non"},
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LOOKED_AT = 1_000
_FREE_WORDS = 3.0
_DAY = 86_400_000_000


def semantic(column: Column) -> Semantic:
    """Return what a column's known cells mean."""
    if not len(column.known):
        return Semantic.EMPTY
    if column.kind is Kind.BOOLEAN:
        return Semantic.TRUTH
    if column.kind is Kind.DATE:
        return Semantic.DATE
    if column.kind is Kind.DATETIME:
        at = column.some.to_physical().to_numpy()
        return Semantic.DATE if not np.any(at % _DAY) else Semantic.MOMENT
    if column.identifies:
        if column.kind is not Kind.STRING:
            return Semantic.ID
        return _form(column.some) or (Semantic.FREE_TEXT if _is_free(column.some) else Semantic.ID)
    return _of_text(column) if column.kind is Kind.STRING else _of_numbers(column)


def _of_numbers(column: Column) -> Semantic:
    if column.kind is Kind.INTEGER and set(column.some.unique().head(3)) == {0, 1}:
        return Semantic.TRUTH
    return Semantic.CURRENCY if is_money(column.name) else Semantic.NUMBER


def _of_text(column: Column) -> Semantic:
    some = column.some.filter(~column.some.is_in(column.missing.implode()))
    if not len(some):
        return Semantic.EMPTY
    if (found := _form(some)) is not None:
        return found
    if column.is_numeric:
        return _of_numbers(column)
    if column.days is not None:
        return Semantic.DATE
    if some.n_unique() == 2 and set(some.str.to_lowercase().unique()) in _TRUTHS:
        return Semantic.TRUTH
    if column.is_category:
        return Semantic.CATEGORY
    if _is_free(some):
        return Semantic.FREE_TEXT
    if next(usual_shapes(pl.DataFrame({"text": some, "fitted": 1})), None) is not None:
        return Semantic.CODE
    return Semantic.TEXT


def _form(some: pl.Series) -> Semantic | None:
    texts = some.gather_every(max(1, len(some) // _LOOKED_AT)).str.strip_chars()
    for meaning, form in _FORMS:
        if float(str(texts.str.contains(form).mean() or 0)) >= NEARLY_ALL:
            return meaning
    return None


def _is_free(some: pl.Series) -> bool:
    return float(str(some.str.count_matches(r"\S+").mean())) > _FREE_WORDS


def is_money(name: str) -> bool:
    """Tell whether a column's name speaks of sums of money.

    >>> is_money("MonthlyCharges"), is_money("total_price"), is_money("priced")
    (True, True, False)
    """
    return any(_MONEY_NAMES.fullmatch(word.lower()) for word in _WORD.findall(name))
