"""Texts taken apart into terms, the vocabulary of a column, and one text's weights of terms.

A text is in lower case, and so many characters of it are read that a row stays quick. Its terms are
words and pairs of neighbouring words, or runs of characters with the spaces around words.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from mlwright.data.records import Column, Kind

if TYPE_CHECKING:
    import polars as pl

_READ = 2_000  # characters of a text: what follows seldom changes an answer and costs time
_READ_CLOSELY = 120  # the same where each run of characters is a term
_RUNS = (3, 4)  # characters in a run
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")

Terms = Callable[[str], list[str]]


def words_of(text: str) -> list[str]:
    """Return the words of a text.

    >>> words_of("Don't PANIC, mate")
    ["don't", 'panic', 'mate']
    """
    return _WORD.findall(text[:_READ].lower())


def phrases_of(text: str) -> list[str]:
    """Return the words of a text and its pairs of neighbouring words.

    >>> phrases_of("not very good")
    ['not', 'very', 'good', 'not very', 'very good']
    """
    words = words_of(text)
    return words + [f"{first} {second}" for first, second in pairwise(words)]


def runs_of(text: str) -> list[str]:
    """Return the runs of characters of a text, each word with a space before and after it.

    >>> runs_of("Mr X")
    [' mr', 'mr ', 'r x', ' x ', ' mr ', 'mr x', 'r x ']
    """
    spaced = f" {' '.join(text[:_READ_CLOSELY].lower().split())} "
    return [spaced[i : i + n] for n in _RUNS for i in range(len(spaced) - n + 1)]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Terms, most frequent first, and what an occurrence of each weighs: rare ones more."""

    terms: tuple[str, ...]
    weights: tuple[float, ...]


def vocabulary(texts: Iterable[str], terms_of: Terms, *, least: int, most: int) -> Vocabulary:
    """Return the terms that ``least`` texts or more hold, but not nearly all do."""
    held: Counter[str] = Counter()
    rows = 0
    for text in texts:
        held.update(set(terms_of(text)))
        rows += 1
    found = sorted(
        (-count, term) for term, count in held.items() if least <= count <= _NEARLY_ALL * rows
    )[:most]
    # Rounded, because the last bits of a logarithm differ between mathematical libraries.
    weights = [round(math.log((1 + rows) / (1 - count)) + 1.0, 9) for count, _ in found]
    return Vocabulary(tuple(term for _, term in found), tuple(weights))


_NEARLY_ALL = 0.9


def weighed(
    text: str, terms_of: Terms, places: dict[str, int], weights: Sequence[float]
) -> list[tuple[int, float]]:
    """Return the places of the known terms in a text, each with its weight; they have length 1.

    A term counts by the root of how often it occurs.
    """
    counts: dict[int, int] = {}
    for term in terms_of(text):
        place = places.get(term)
        if place is not None:
            counts[place] = counts.get(place, 0) + 1
    found = [(place, math.sqrt(counts[place]) * weights[place]) for place in sorted(counts)]
    squares = 0.0
    for _, weight in found:
        squares += weight * weight
    length = math.sqrt(squares)
    return [(place, weight / length) for place, weight in found]


@lru_cache(maxsize=256)
def places_of(terms: tuple[str, ...]) -> dict[str, int]:
    """Return the place of each term."""
    return {term: place for place, term in enumerate(terms)}


_SAMPLE = 2_000
_FEWEST_WORDS = 3.0  # of a text on average: fewer are names, codes and labels
_FEWEST_KNOWN = 5
_OWN_TEXTS = 0.3  # texts that come again this seldom are categories no longer


def is_text(series: pl.Series, column: Column) -> bool:
    """Tell whether a column holds prose: several words a cell, which come again in other cells."""
    if column.kind is not Kind.STRING:
        return False
    known = series.drop_nulls()
    if known.len() < _FEWEST_KNOWN or known.n_unique() <= _OWN_TEXTS * known.len():
        return False
    step = max(1, known.len() // _SAMPLE)
    some = [words_of(text) for text in known.gather_every(step).to_list()]
    if sum(map(len, some)) < _FEWEST_WORDS * len(some):
        return False
    held = Counter(word for words in some for word in set(words))
    least = max(2, len(some) // 200)
    return sum(least <= count <= _NEARLY_ALL * len(some) for count in held.values()) >= (
        _FEWEST_KNOWN
    )
