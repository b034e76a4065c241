"""Ids of predictions and labels: where the record lies, then bits nobody can guess.

An id is 26 characters of base32: ten for the place (segment and sequence, 48 bits behind two
zeros), sixteen for 80 random bits. The ten that people read, :func:`mlwright.core.ids.short`,
hold the place whole, so a short id is unique.
"""

from __future__ import annotations

import re

from mlwright.core.ids import Noun
from mlwright.serve.records import Place

SEQUENCES = 1 << 22
SEGMENTS = 1 << 26
RANDOM_BYTES = 10

_PLACE = 10
_WHOLE = 26
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_DIGITS = {letter: digit for digit, letter in enumerate(_ALPHABET)}
_TEXT = re.compile(f"[pl]_[{_ALPHABET}]{{1,{_WHOLE}}}")


def encode(noun: Noun, place: Place) -> str:
    """Return the id of the record at a place.

    >>> encode(Noun.PREDICTION, Place(1, 2, bytes(10)))
    'p_aaaaaeaaacaaaaaaaaaaaaaaaa'
    """
    return f"{noun.value}_{place_text(place.segment, place.sequence)}{random_text(place.random)}"


def decode(text: str) -> Place:
    """Return the place a whole id names.

    Raises
    ------
    ValueError
        When the text is no whole id of a prediction or a label.
    """
    if not is_whole(text):
        raise ValueError(f"no whole id of a prediction or a label: {text!r}")
    place = _number(text[2 : 2 + _PLACE])
    if place >= SEGMENTS * SEQUENCES:
        raise ValueError(f"no segment can have made {text!r}")
    random = _number(text[2 + _PLACE :]).to_bytes(RANDOM_BYTES, "big")
    return Place(place // SEQUENCES, place % SEQUENCES, random)


def is_whole(text: str) -> bool:
    """Tell whether a text is an id of a prediction or a label with all its characters."""
    return len(text) == 2 + _WHOLE and _TEXT.fullmatch(text) is not None


def place_of_prefix(text: str) -> tuple[Place, Place]:
    """Return the first and the last place whose id can begin like ``text``, without random bits.

    Raises
    ------
    ValueError
        When no id of a prediction or a label begins like this.

    >>> first, last = place_of_prefix("p_aaaaaeaaac")
    >>> (first.segment, first.sequence) == (last.segment, last.sequence) == (1, 2)
    True
    """
    if _TEXT.fullmatch(text) is None:
        raise ValueError(f"no id of a prediction or a label begins like {text!r}")
    given = text[2 : 2 + _PLACE]
    missing = 5 * (_PLACE - len(given))
    low = _number(given) << missing
    high = low + (1 << missing) - 1
    if low >= SEGMENTS * SEQUENCES:
        raise ValueError(f"no segment can have made {text!r}")
    high = min(high, SEGMENTS * SEQUENCES - 1)
    return _place(low), _place(high)


def place_text(segment: int, sequence: int) -> str:
    """Return the ten characters that hold a place."""
    place = segment << 22 | sequence
    pairs = _PAIRS
    return (
        pairs[place >> 40]
        + pairs[place >> 30 & 1023]
        + pairs[place >> 20 & 1023]
        + pairs[place >> 10 & 1023]
        + pairs[place & 1023]
    )


def random_text(random: bytes) -> str:
    """Return the sixteen characters that hold the random bits."""
    number = int.from_bytes(random, "big")
    pairs = _PAIRS
    return (
        pairs[number >> 70]
        + pairs[number >> 60 & 1023]
        + pairs[number >> 50 & 1023]
        + pairs[number >> 40 & 1023]
        + pairs[number >> 30 & 1023]
        + pairs[number >> 20 & 1023]
        + pairs[number >> 10 & 1023]
        + pairs[number & 1023]
    )


def _place(number: int) -> Place:
    return Place(number // SEQUENCES, number % SEQUENCES, b"")


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number << 5 | _DIGITS[letter]
    return number
