"""What a setting may hold: its declaration in a dataclass, and raw values made to fit it."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mlwright.core.quantities import EXAMPLES, Quantity, format_quantity, parse_quantity

_LARGEST = 2**63 - 1  # what TOML promises to keep; NaN fails the comparison


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of the spec as a stage's settings dataclass declares it.

    The field's ``metadata`` gives ``doc`` and, where they apply, ``quantity``, ``choices``,
    ``minimum``, ``maximum``, ``length`` and ``secret``.
    """

    section: str
    name: str
    kind: type
    optional: bool
    default: object
    doc: str
    quantity: Quantity | None
    choices: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    length: int | None
    secret: bool

    @property
    def key(self) -> str:
        """The key as people write it, such as ``search.budget``."""
        return f"{self.section}.{self.name}" if self.section else self.name


def declared(section: str, kind: type) -> tuple[Setting, ...]:
    """Return the settings a dataclass declares, in order."""
    asked: typing.Any = kind  # a class is hashable, which its type does not say
    return _declared(section, asked)


@cache
def _declared(section: str, kind: type) -> tuple[Setting, ...]:
    hints = typing.get_type_hints(kind)
    return tuple(
        _declaration(section, field, hints[field.name]) for field in dataclasses.fields(kind)
    )


def _declaration(section: str, field: dataclasses.Field[object], hint: object) -> Setting:
    metadata = field.metadata
    kinds = [hint]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        kinds = [each for each in typing.get_args(hint) if each is not type(None)]
    base = typing.get_origin(kinds[0]) or kinds[0]
    if len(kinds) != 1 or base not in (str, int, float, bool, tuple):
        raise TypeError(f"{section}.{field.name} has a type no setting can have: {hint}")
    secret = bool(metadata.get("secret", False))
    if secret and field.repr:
        raise TypeError(f"{section}.{field.name} is secret: declare it with repr=False")
    return Setting(
        section=section,
        name=field.name,
        kind=typing.cast("type", base),
        optional=kinds[0] is not hint,
        default=field.default,
        doc=metadata["doc"],
        quantity=metadata.get("quantity"),
        choices=tuple(metadata.get("choices", ())),
        minimum=metadata.get("minimum"),
        maximum=metadata.get("maximum"),
        length=metadata.get("length"),
        secret=secret,
    )


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


def flatten(table: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    """Return the entries of nested tables with dotted names, in the order they were written.

    >>> flatten({"auc": ">= 0.7", "fairness": {"gender": "tpr_gap <= 0.1"}})
    [('auc', '>= 0.7'), ('fairness.gender', 'tpr_gap <= 0.1')]
    """
    entries: list[tuple[str, object]] = []
    for name, value in table.items():
        # An empty table is kept: what is unknown must not vanish because it holds nothing.
        if isinstance(value, Mapping) and value:
            entries.extend(flatten(value, f"{prefix}{name}."))
        else:
            entries.append((prefix + name, value))
    return entries
