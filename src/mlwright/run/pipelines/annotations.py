"""What annotations say of the values that pass from step to step, before anything runs.

Only what is surely wrong is refused: an annotation that is missing, cannot be looked up or says
nothing of a class agrees with everything.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import inspect
import numbers
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from mlwright.run.artefacts import is_own

UNKNOWN: Any = typing.Any
_WIDER: Mapping[type, type] = {
    int: numbers.Integral,
    float: numbers.Real,
    complex: numbers.Complex,
}
"""What counts as a number of a class: a library's own numbers too."""
_LISTS = (list, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection)
_MAPPINGS = (dict, collections.abc.Mapping)
_CARRIED = ("numpy", "polars", "datetime", "decimal", "types", "typing", "numbers")
"""Modules whose classes are carried, or of which it is not known before there is a value."""
_NO_TYPE = (UNKNOWN, object, typing.Any)


def hints(function: Callable[..., object]) -> dict[str, Any]:
    """Return a function's annotations by parameter, and of ``return``; those unknown left out.

    An annotation that is known to the type checker alone is unknown here.
    """
    found = {}
    for name, written in getattr(function, "__annotations__", {}).items():
        if isinstance(written, str):
            try:
                # As typing.get_type_hints does; one by one, for one may name what is not there.
                known = eval(written, getattr(function, "__globals__", {}))  # noqa: S307 - the module's own annotation
            except (NameError, AttributeError, TypeError, SyntaxError):
                continue
        else:
            known = written
        found[name] = type(None) if known is None else known
    return found


def agrees(given: Any, wanted: Any) -> bool:
    """Tell whether what is annotated as ``given`` may be what is ``wanted``.

    >>> agrees(list[int], list[float]), agrees(dict, list), agrees(int, int | None)
    (True, False, True)
    """
    given, wanted = _bare(given), _bare(wanted)
    if given in _NO_TYPE or wanted in _NO_TYPE:
        return True
    if _is_union(given):
        return any(agrees(each, wanted) for each in typing.get_args(given))
    if _is_union(wanted):
        return any(agrees(given, each) for each in typing.get_args(wanted))
    if typing.get_origin(given) is typing.Literal:
        return _literals_agree(typing.get_args(given), wanted)
    if typing.get_origin(wanted) is typing.Literal:
        return any(agrees(given, type(each)) for each in typing.get_args(wanted))
    return _classes_agree(given, wanted)


def item_of(wanted: Any) -> tuple[Any, bool] | None:
    """Return what a list or a mapping by name is of, and whether it is a mapping; else None.

    >>> item_of(list[int]), item_of(dict[str, float]), item_of(int)
    ((<class 'int'>, False), (<class 'float'>, True), None)
    """
    origin = typing.get_origin(wanted) or wanted
    items = typing.get_args(wanted)
    if origin in _LISTS:
        return (items[0] if items else UNKNOWN), False
    if origin in _MAPPINGS and (not items or items[0] is str):
        return (items[1] if items else UNKNOWN), True
    return None


def may_pass(annotation: Any) -> bool:
    """Tell whether values of an annotated class may have canonical bytes, so that they can pass.

    >>> may_pass(dict[str, float]), may_pass(Callable)
    (True, False)
    """
    bare = _bare(annotation)
    if bare in _NO_TYPE:
        return True
    if _is_union(bare):
        return any(map(may_pass, typing.get_args(bare)))
    kind = typing.get_origin(bare) or bare
    if kind is collections.abc.Callable:
        return False
    if not isinstance(kind, type) or kind.__module__ in ("builtins", "collections.abc"):
        return kind not in (type, object, property)
    return (
        kind.__module__.partition(".")[0] in _CARRIED
        or dataclasses.is_dataclass(kind)
        or issubclass(kind, Enum | tuple | Mapping)
        or bool(getattr(kind, "_is_protocol", False))
        or inspect.isabstract(kind)
        or is_own(kind)
        or any(map(may_pass, kind.__subclasses__()))
    )


def told(annotation: Any) -> str:
    """Return an annotation as a person would write it."""
    if isinstance(annotation, type) and not typing.get_args(annotation):
        home = annotation.__module__.partition(".")[0]
        return (
            annotation.__qualname__ if home == "builtins" else f"{home}.{annotation.__qualname__}"
        )
    return str(annotation).replace("typing.", "")


def _bare(annotation: Any) -> Any:
    """Return an annotation without what says nothing of the value's class."""
    if typing.get_origin(annotation) is typing.Annotated:
        return _bare(typing.get_args(annotation)[0])
    if isinstance(annotation, typing.NewType):
        return _bare(annotation.__supertype__)
    if isinstance(annotation, str | typing.TypeVar | typing.ForwardRef):
        return UNKNOWN
    return type(None) if annotation is None else annotation


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def _literals_agree(values: tuple[object, ...], wanted: Any) -> bool:
    if typing.get_origin(wanted) is typing.Literal:
        return bool(set(values) & set(typing.get_args(wanted)))
    return any(agrees(type(each), wanted) for each in values)


def _classes_agree(given: Any, wanted: Any) -> bool:
    has, asked = typing.get_origin(given) or given, typing.get_origin(wanted) or wanted
    if not (isinstance(has, type) and isinstance(asked, type)):
        return True
    try:
        if not issubclass(has, (asked, _WIDER.get(asked, asked))):
            return False
    except TypeError:  # A protocol or a typed dictionary, whose instances only a checker knows.
        return True
    items, asked_items = typing.get_args(given), typing.get_args(wanted)
    if has is tuple or len(items) != len(asked_items):
        return True
    return all(map(agrees, items, asked_items))
