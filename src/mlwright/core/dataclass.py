"""Frozen slotted dataclasses as the standard library makes them, in a third of its time.

A process of ours makes hundreds of them before it does anything. The standard library compiles
six methods for each; only ``__init__`` differs so much between classes that it must be. Whatever
asks for more than the plain case is left to the standard library.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

_PLAIN: tuple[dict[str, bool], ...] = (
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "eq": False},
)
_OWN = frozenset(
    {
        "__delattr__",
        "__eq__",
        "__getstate__",
        "__hash__",
        "__init__",
        "__repr__",
        "__setattr__",
        "__setstate__",
        "__slots__",
    }
)


def _made(cls: type, *, eq: bool) -> type:
    if cls.__doc__ is None:
        cls.__doc__ = cls.__name__  # or the standard library works out the signature for it
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    parameters = made.__dataclass_params__
    parameters.init = parameters.repr = parameters.frozen = True
    parameters.eq = eq
    fields = dataclasses.fields(made)
    names = tuple(field.name for field in fields)
    made.__init__ = _init(made, fields)
    made.__repr__ = _repr
    made.__setattr__, made.__delattr__ = _fixed(made, frozenset(names))
    made.__getstate__, made.__setstate__ = _getstate, _setstate
    if eq:
        made.__eq__, made.__hash__ = _compared(names)
    return made  # type: ignore[no-any-return]


def _init(made: Any, fields: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    """Return the function that fills the slots, once they are given by place or by name."""
    known: dict[str, object] = {"__name__": made.__module__, "_ABSENT": _ABSENT}
    taken, lines = ["self"], []
    for field in fields:
        name = value = field.name
        known[f"_set_{name}"] = getattr(made, name).__set__
        if field.default_factory is not dataclasses.MISSING:
            known[f"_new_{name}"] = field.default_factory
            taken.append(f"{name}=_ABSENT")
            value = f"_new_{name}() if {name} is _ABSENT else {name}"
        elif field.default is not dataclasses.MISSING:
            known[f"_usual_{name}"] = field.default
            taken.append(f"{name}=_usual_{name}")
        else:
            taken.append(name)
        lines.append(f"_set_{name}(self, {value})")
    if hasattr(made, "__post_init__"):
        lines.append("self.__post_init__()")
    body = "\n ".join(lines or ["pass"])
    exec(f"def __init__({', '.join(taken)}):\n {body}", known)  # noqa: S102 - names of fields
    init: Any = known["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    init.__annotations__ = {**{field.name: field.type for field in fields}, "return": None}
    return init  # type: ignore[no-any-return]


class _Absent:
    def __repr__(self) -> str:
        return "<factory>"


_ABSENT = _Absent()


@recursive_repr()
def _repr(self: Any) -> str:
    names = (field.name for field in dataclasses.fields(self))
    inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
    return f"{type(self).__qualname__}({inside})"


def _fixed(made: Any, names: frozenset[str]) -> tuple[Callable[..., None], Callable[..., None]]:
    def refuse_value(self: object, name: str, value: object) -> None:
        if type(self) is made or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(made, self).__setattr__(name, value)

    def refuse_deletion(self: object, name: str) -> None:
        if type(self) is made or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(made, self).__delattr__(name)

    return refuse_value, refuse_deletion


def _compared(names: tuple[str, ...]) -> tuple[Callable[..., Any], Callable[..., int]]:
    values: Callable[[object], tuple[object, ...]]
    if len(names) > 1:
        values = attrgetter(*names)
    else:
        # Of one name it would give the value itself; in a tuple, a NaN equals itself.
        def values(of: object) -> tuple[object, ...]:
            return tuple(getattr(of, name) for name in names)

    def equal(self: object, other: object) -> Any:
        if other.__class__ is self.__class__:
            return values(self) == values(other)
        return NotImplemented

    def hashed(self: object) -> int:
        return hash(values(self))

    return equal, hashed


def _getstate(self: Any) -> list[object]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _setstate(self: Any, state: list[object]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


def _is_plain(cls: type) -> bool:
    """Tell whether a class leaves everything to the decorator, and each field to its usual ways."""
    if any(dataclasses.is_dataclass(base) for base in cls.__mro__) or _OWN & cls.__dict__.keys():
        return False
    given = [each for each in vars(cls).values() if isinstance(each, dataclasses.Field)]
    usual = all(
        each.init
        and each.repr
        and each.compare
        and each.hash is None
        and each.kw_only is dataclasses.MISSING
        for each in given
    )
    return usual and not {"self", "_ABSENT"} & inspect.get_annotations(cls).keys()


def _dataclass(cls: type | None = None, /, **options: bool) -> Any:
    """Make a class a dataclass, as :func:`dataclasses.dataclass` does."""

    def decorated(cls: type) -> type:
        if options in _PLAIN and _is_plain(cls):
            return _made(cls, eq=options.get("eq", True))
        return dataclasses.dataclass(**options)(cls)

    return decorated if cls is None else decorated(cls)


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    dataclass = _dataclass
