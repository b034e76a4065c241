"""How texts are shaped: digits as 9, capitals as A, small letters as a; or runs of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

FEWEST = 100
"""Of fewer different texts no shape is told."""

_LIKELY = 0.95
_SOME = 2_000
_CLASSES = {"A": r"\p{Lu}", "a": r"\p{Ll}", "9": "[0-9]"}
_SHAPE_SHARE = 0.01
_MOST_SHAPES = 3


@dataclass(frozen=True, slots=True)
class Shape:
    """The few shapes nearly all texts have, as one pattern, with a text of the first of them."""

    pattern: str
    example: str


def usual_shapes(words: pl.DataFrame) -> Iterator[Shape]:
    """Give the shapes of nearly all texts, letter by letter and then in runs, told from some.

    ``words`` has the columns ``text`` and ``fitted``, how often it counts. Texts of letters alone
    have no shape that means anything.
    """
    if words.height < FEWEST:
        return
    some = words.gather_every(max(1, words.height // _SOME))
    for exact in (True, False):
        usual = _usual(some, exact=exact)
        if usual:
            pattern = "|".join(_pattern(shape, exact=exact) for shape in usual)
            example = some.filter(_shaped(some["text"], exact=exact) == usual[0])["text"].min()
            yield Shape(f"^(?:{pattern})$", str(example))


def _usual(words: pl.DataFrame, *, exact: bool) -> list[str]:
    """Return the few shapes that nearly all texts have, where all of them hold digits."""
    rows = int(words["fitted"].sum())
    counts = (
        pl.DataFrame({"shape": _shaped(words["text"], exact=exact), "fitted": words["fitted"]})
        .group_by("shape")
        .agg(pl.col("fitted").sum())
        .sort("fitted", "shape", descending=[True, False])
    )
    # Several exact shapes are numbers of several lengths, of which the next has another.
    most = 1 if exact else _MOST_SHAPES
    usual = counts.filter(pl.col("fitted") >= _SHAPE_SHARE * rows).head(most)
    coded = bool(usual["shape"].str.contains("9", literal=True).all())
    covers = int(usual["fitted"].sum()) >= _LIKELY * rows
    return usual["shape"].to_list() if coded and covers else []


def _pattern(shape: str, *, exact: bool) -> str:
    """Return the pattern of all texts of a shape."""
    more = "" if exact else "+"
    return "".join(f"{_CLASSES[c]}{more}" if c in _CLASSES else re.escape(c) for c in shape)


def _shaped(texts: pl.Series, *, exact: bool) -> pl.Series:
    more = "" if exact else "+"
    shaped = texts.str.replace_all(rf"\p{{Lu}}{more}", "A").str.replace_all(rf"\p{{Ll}}{more}", "a")
    return shaped.str.replace_all(rf"[0-9]{more}", "9")
