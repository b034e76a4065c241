"""Durations, shares and sizes as text: the one place where a number meets its unit."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from enum import Enum
from types import MappingProxyType


class Quantity(str, Enum):
    """What a unit measures; in memory a value is in seconds, bytes or a share of one."""

    DURATION = "duration"
    SIZE = "size"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit's spelling, what it measures and how many base units one of it is."""

    name: str
    quantity: Quantity
    factor: Decimal


def _units(quantity: Quantity, factors: Mapping[str, str]) -> dict[str, Unit]:
    return {name: Unit(name, quantity, Decimal(text)) for name, text in factors.items()}


UNITS: Mapping[str, Unit] = MappingProxyType(
    {
        **_units(Quantity.SHARE, {"%": "0.01"}),
        **_units(
            Quantity.DURATION,
            {
                "us": "0.000001",
                "ms": "0.001",
                "s": "1",
                "m": "60",
                "h": "3600",
                "d": "86400",
                "w": "604800",
                "y": "31557600",  # 365.25 days, so that 7y is never shorter than seven years
            },
        ),
        **_units(
            Quantity.SIZE,
            {"B": "1", "kB": "1e3", "MB": "1e6", "GB": "1e9", "TB": "1e12"},
        ),
    }
)

NUMBER = re.compile(r"[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?|\.[0-9]{1,40}")
"""An unsigned number as people write it; the lengths are bounded so that reading is quick."""

_WRITTEN = re.compile(rf"({NUMBER.pattern})\s*([A-Za-z%]*)")
_EXACT = Context(prec=400)


def scale(number: str, unit: Unit | None) -> float:
    """Return a written number in base units, rounded once (``57 %`` is 0.57 to the bit).

    Raises
    ------
    ValueError
        When a float cannot hold it.

    >>> scale("57", UNITS["%"])
    0.57
    """
    value = _in_base_units(Decimal(number), unit)
    if not math.isfinite(value):
        raise ValueError(f"{number} is too large")
    return value + 0.0  # no negative zero


def _in_base_units(number: Decimal, unit: Unit | None) -> float:
    return float(_EXACT.multiply(number, unit.factor if unit else Decimal(1)))


def written(value: float, unit: Unit | None) -> str:
    """Return the shortest number that :func:`scale` reads back to ``value``, without its unit.

    >>> written(0.57, UNITS["%"]), written(90.0, None)
    ('57', '90')
    """
    exact = _EXACT.divide(Decimal(value), unit.factor if unit else Decimal(1))
    for digits in range(1, 40):
        short = Context(prec=digits).plus(exact)
        if _in_base_units(short, unit) == value:
            return _decimal_text(short)
    raise ValueError(f"{value!r} cannot be written")


def _decimal_text(number: Decimal) -> str:
    text = format(number.normalize(), "f")
    return text if len(text) <= 22 else format(number.normalize(), "e")


def pattern(quantity: Quantity) -> str:
    """Return the regular expression of a quantity's texts, for a JSON Schema."""
    names = "|".join(unit.name for unit in UNITS.values() if unit.quantity is quantity)
    optional = "?" if quantity is Quantity.SHARE else ""
    return rf"\s*(?:{NUMBER.pattern})\s*(?:{names}){optional}\s*"


def parse_quantity(text: str, quantity: Quantity) -> float:
    """Return a text such as ``10m``, ``5%`` or ``20 MB`` in seconds, as a share, or in bytes.

    Raises
    ------
    ValueError
        When it is no such quantity; the message says what was expected.

    >>> parse_quantity("10m", Quantity.DURATION), parse_quantity("0.5%", Quantity.SHARE)
    (600.0, 0.005)
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a {quantity.value} such as {EXAMPLES[quantity]}")
    number, name = found.groups()
    unit = UNITS.get(name)
    if name and (unit is None or unit.quantity is not quantity):
        raise ValueError(f"{name!r} is no unit of a {quantity.value}: use {_spellings(quantity)}")
    if not name and quantity is not Quantity.SHARE:
        raise ValueError(f"{text!r} needs a unit: {_spellings(quantity)}")
    return scale(number, unit)


def format_quantity(value: float, quantity: Quantity) -> str:
    """Return the text of a quantity in the largest unit that writes it shortest.

    >>> format_quantity(600.0, Quantity.DURATION), format_quantity(90.0, Quantity.DURATION)
    ('10m', '90s')
    """
    units = [unit for unit in UNITS.values() if unit.quantity is quantity]
    texts = [written(value, unit) + unit.name for unit in reversed(units)]
    return min(texts, key=len)


EXAMPLES: Mapping[Quantity, str] = MappingProxyType(
    {Quantity.DURATION: "30s, 10m or 1h", Quantity.SIZE: "20MB", Quantity.SHARE: "0.05 or 5%"}
)


def _spellings(quantity: Quantity) -> str:
    return ", ".join(unit.name for unit in UNITS.values() if unit.quantity is quantity)
