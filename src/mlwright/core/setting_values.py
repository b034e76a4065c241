"""Raw values made to fit the settings they are given for."""

from __future__ import annotations

import typing

from mlwright.core.declared import Setting
from mlwright.core.quantities import EXAMPLES, Quantity, format_quantity, parse_quantity

_LARGEST = 2**63 - 1  # what TOML promises to keep; NaN fails the comparison


def fit(setting: Setting, raw: object, *, textual: bool) -> object:
    """Return a raw value as the type its setting declares.

    Parameters
    ----------
    textual
        True for flags and environment variables, where numbers and lists arrive as text.

    Raises
    ------
    ValueError
        When it does not fit; the message says what would.
    """
    if setting.optional and raw is None:
        return None
    value = _typed(setting, raw, textual=textual)
    if setting.choices and value not in setting.choices:
        raise ValueError(f"{raw!r} is not one of {', '.join(setting.choices)}")
    if setting.length is not None and len(typing.cast("str", value)) != setting.length:
        raise ValueError(f"{raw!r} must have {setting.length} character")
    if setting.minimum is not None and typing.cast("float", value) < setting.minimum:
        raise ValueError(f"{raw!r} is below the least value, {_limit(setting.minimum, setting)}")
    if setting.maximum is not None and typing.cast("float", value) > setting.maximum:
        raise ValueError(f"{raw!r} is above the greatest value, {_limit(setting.maximum, setting)}")
    return value


def _limit(value: float, setting: Setting) -> str:
    if setting.quantity is not None:
        return format_quantity(value, setting.quantity)
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def _typed(setting: Setting, raw: object, *, textual: bool) -> object:
    if setting.quantity is not None and isinstance(raw, str):
        amount = parse_quantity(raw, setting.quantity)
        return raw if setting.kind is str else amount
    if setting.kind is tuple:
        return _texts(raw, textual=textual)
    if setting.kind is str:
        if not isinstance(raw, str):
            raise ValueError(f"{raw!r} is not text{_hint(setting)}")
        return raw
    if textual and isinstance(raw, str):
        raw = _number_or_truth(setting.kind, raw)
    if setting.kind is bool:
        if not isinstance(raw, bool):
            raise ValueError(f"{raw!r} is neither true nor false")
        return raw
    if (
        isinstance(raw, bool)
        or not isinstance(raw, int if setting.kind is int else int | float)
        or not -_LARGEST <= raw <= _LARGEST
    ):
        raise ValueError(f"{raw!r} is not {_noun(setting)}{_hint(setting)}")
    if setting.quantity in (Quantity.DURATION, Quantity.SIZE):
        raise ValueError(f"{raw!r} has no unit: write {EXAMPLES[setting.quantity]}")
    return setting.kind(raw)


def _texts(raw: object, *, textual: bool) -> tuple[str, ...]:
    if textual and isinstance(raw, str):
        return tuple(each.strip() for each in raw.split(",") if each.strip())
    if not isinstance(raw, list | tuple) or not all(isinstance(each, str) for each in raw):
        raise ValueError(f'{raw!r} is not a list of texts such as ["a", "b"]')
    return tuple(raw)


def _number_or_truth(kind: type, raw: str) -> object:
    if kind is bool:
        return {"true": True, "1": True, "false": False, "0": False}.get(raw.strip().lower(), raw)
    try:
        return kind(raw)
    except ValueError:
        return raw


def _noun(setting: Setting) -> str:
    return "a whole number" if setting.kind is int else "a number"


def _hint(setting: Setting) -> str:
    return f", such as {EXAMPLES[setting.quantity]}" if setting.quantity else ""
