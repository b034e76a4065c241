"""The shape of a rule: a name, a sentence, and a function from a column or sheet to its marks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from mlwright.data.column import Column, Places
from mlwright.data.records import Scalar
from mlwright.data.sheet import Sheet


def nowhere() -> Places:
    """Return the places of a finding that is about a column and not about single rows."""
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """What a rule found in one column.

    ``places`` are positions of rows; ``whys`` say of each what is wrong, or are empty where
    ``why``, the sentence about all of them, says it. ``values`` are shown instead of the cells;
    ``meant`` are what probably should stand there, where a rule can tell.
    """

    column: str | None
    why: str
    places: Places = field(default_factory=nowhere)
    whys: Sequence[str] = ()
    values: Sequence[Scalar] = ()
    meant: Sequence[Scalar | None] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: ``about`` says in a sentence what it finds.

    ``each`` looks at one column at a time, which is let go afterwards; ``find``, after all columns
    were looked at, at the sheet. A rule fits what it needs on ``sheet.fitted`` rows alone and may
    mark any row. What it says ``beside`` others neither hides what they say of the same cell nor
    is hidden by it; what it says of the ``rest`` is of rows in which no other found anything.
    """

    name: str
    about: str
    find: Callable[[Sheet], Iterator[Marks]] | None = None
    each: Callable[[Column], Iterator[Marks]] | None = None
    beside: bool = False
    rest: bool = False


def where(mask: pl.Series) -> Places:
    """Return the positions at which a mask is true."""
    return mask.fill_null(value=False).arg_true().to_numpy().astype(np.int64)


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def share(part: float) -> str:
    """Return a share of one in percent.

    >>> share(0.12345), share(0.00004)
    ('12.3 %', '0.004 %')
    """
    return f"{100 * part:.3g} %"


def shown(value: object, most: int = 60) -> str:
    """Return a cell as a person reads it in a sentence, unseen characters written out."""
    text = (
        repr(value)
        if isinstance(value, str)
        else f"{value:.12g}"
        if isinstance(value, float)
        else str(value)
    )
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return text if len(text) <= most else text[:most] + "…"
