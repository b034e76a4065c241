"""Any Python value as plain nested tuples for a digest: containers, instances, descriptors.

Functions, classes and modules are left to a walk, which gives each a place of its own; a form
only refers to them. What has no form is reported to the walk as unseen.
"""

from __future__ import annotations

import copyreg
import functools
import marshal
import operator
import re
import struct
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum
from typing import Any, Protocol

from mlwright.core.digest import Digest, digest_bytes
from mlwright.core.errors import UsageError
from mlwright.run.artefacts import pack
from mlwright.run.closure.origin import Home, Origin
from mlwright.run.steps.step import Step

Form = object
"""What a value is made of: None, numbers, text, bytes, and tuples that begin with a tag."""


class Walk(Protocol):
    """Follows what a form can only refer to."""

    def function(self, value: types.FunctionType, above: tuple[int, ...]) -> Form:
        """Return the reference to a function, which will be read too."""

    def klass(self, value: type) -> Form:
        """Return the reference to a class, which will be read too if it is the user's."""

    def module(self, value: types.ModuleType) -> Form:
        """Return the reference to a whole module."""

    def touch(self, module: str) -> Origin:
        """Note that a module takes part, and return where it comes from."""

    def library(self, name: str) -> Form:
        """Return the reference to something of Python or of a distribution, by dotted name."""

    def extension(self, module: str, name: str) -> Form:
        """Return the reference to something of a compiled module of the user's."""

    def blind(self, what: str) -> Form:
        """Report what cannot be seen through."""


def form_digest(found: Form, tag: str) -> Digest:
    """Return the digest of a form under a tag that names its kind."""
    # Version 2 is tagged, keeps every bit and writes equal forms alike, at the speed of C; from
    # version 3 on it tells whether two equal texts are the same object. A key holds the version
    # of Python, so that the format may change with it.
    return digest_bytes(tag.encode() + b"\0" + _written(found))


def _written(found: Any) -> bytes:
    try:
        return marshal.dumps(found, 2)
    except ValueError as error:
        raise RecursionError("a value is nested too deeply to be written") from error


Writer = Callable[[Any, Walk, tuple[int, ...]], Form]


def form(value: object, walk: Walk, above: tuple[int, ...] = ()) -> Form:
    """Return the form of a value; ``above`` are the values it lies in, by identity."""
    kind = type(value)
    if value is None or kind in _PLAIN:
        return value
    if isinstance(value, type):
        return walk.klass(value)
    if id(value) in above:
        return ("cycle", len(above) - above.index(id(value)))
    writer = _WRITERS.get(kind)
    if writer is not None:
        return writer(value, walk, (*above, id(value)))
    if isinstance(value, types.ModuleType):
        return walk.module(value)
    return _instance(value, walk, (*above, id(value)))


_PLAIN = frozenset({bool, int, float, str, bytes})


def _each(values: Any, walk: Walk, above: tuple[int, ...]) -> Iterator[Form]:
    for value in values:
        yield form(value, walk, above)


def _dict(value: Any, walk: Walk, above: tuple[int, ...]) -> Form:
    # In its own order: code that runs over a dictionary can tell.
    return (
        "dict",
        *((form(k, walk, above), form(each, walk, above)) for k, each in value.items()),
    )


def _set(value: Any, walk: Walk, above: tuple[int, ...]) -> Form:
    # Functions and classes get their names in the order they are met, so names sort first.
    named = sorted(value, key=lambda item: str(getattr(item, "__qualname__", "")))
    return ("set", *sorted(_written(each) for each in _each(named, walk, above)))


def _method(value: types.MethodType, walk: Walk, above: tuple[int, ...]) -> Form:
    return ("method", form(value.__func__, walk, above), form(value.__self__, walk, above))


def _builtin(value: Any, walk: Walk, above: tuple[int, ...]) -> Form:
    owner = value.__self__
    if owner is None or isinstance(owner, types.ModuleType):
        module = value.__module__ or getattr(owner, "__name__", "builtins")
        if walk.touch(module).home is Home.USER:
            return walk.extension(module, value.__qualname__)
        return walk.library(f"{module}.{value.__qualname__}")
    return ("method", value.__name__, form(owner, walk, above))


def _descriptor(value: Any, walk: Walk, _above: tuple[int, ...]) -> Form:
    return ("descriptor", walk.klass(value.__objclass__), value.__name__)


def _step(value: Any, walk: Walk, above: tuple[int, ...]) -> Form:
    return form(value.function, walk, above)


def _partial(value: Any, walk: Walk, above: tuple[int, ...]) -> Form:
    parts = (value.func, value.args, dict(sorted(value.keywords.items())), value.__dict__)
    return ("partial", *_each(parts, walk, above))


def _cached(value: Any, walk: Walk, above: tuple[int, ...]) -> Form:
    size = str(value.cache_parameters())
    return ("lru_cache", size, form(value.__wrapped__, walk, above))


_WRITERS: dict[type, Writer] = {
    tuple: lambda value, walk, above: ("tuple", *_each(value, walk, above)),
    list: lambda value, walk, above: ("list", *_each(value, walk, above)),
    dict: _dict,
    types.MappingProxyType: _dict,
    set: _set,
    frozenset: _set,
    bytearray: lambda value, *_: ("bytearray", bytes(value)),
    complex: lambda value, *_: ("complex", value.real, value.imag),
    type(Ellipsis): lambda *_: ("ellipsis",),
    type(NotImplemented): lambda *_: ("not implemented",),
    object: lambda *_: ("object",),
    types.FunctionType: lambda value, walk, above: walk.function(value, above),
    types.MethodType: _method,
    types.BuiltinFunctionType: _builtin,
    types.MethodWrapperType: _builtin,
    types.WrapperDescriptorType: _descriptor,
    types.MethodDescriptorType: _descriptor,
    types.ClassMethodDescriptorType: _descriptor,
    types.GetSetDescriptorType: _descriptor,
    types.MemberDescriptorType: _descriptor,
    staticmethod: lambda value, walk, above: ("static", form(value.__func__, walk, above)),
    classmethod: lambda value, walk, above: ("class", form(value.__func__, walk, above)),
    property: lambda value, walk, above: (
        "property",
        *_each((value.fget, value.fset, value.fdel), walk, above),
    ),
    re.Pattern: lambda value, *_: ("pattern", value.pattern, value.flags),
    struct.Struct: lambda value, *_: ("struct", value.format),
    functools.partial: _partial,
    functools._lru_cache_wrapper: _cached,
    Step: _step,
    # A lock orders threads; it holds nothing a result could depend on.
    type(threading.Lock()): lambda *_: ("lock",),
    type(threading.RLock()): lambda *_: ("lock",),
}


def _instance(value: Any, walk: Walk, above: tuple[int, ...]) -> Form:
    kind = type(value)
    if isinstance(value, Enum):
        return ("member", walk.klass(kind), value.name, form(value.value, walk, above))
    if isinstance(value, weakref.ref):
        return ("weak", form(value(), walk, above))
    library = kind.__module__.partition(".")[0]
    if library in ("numpy", "polars"):
        special = _of_library(value, walk)
        if special is not None:
            return special
    solid = next(each for each in kind.__mro__ if compiled(each))
    if solid is kind and callable(value) and (named := _by_name(value, walk)) is not None:
        return named
    users = walk.touch(kind.__module__).home is Home.USER
    reduces = any("__reduce__" in vars(k) or "__reduce_ex__" in vars(k) for k in kind.__mro__[:-1])
    if (reduces and not users) or not _transparent(solid):
        return _reduced(value, walk, above)
    return (
        "instance",
        walk.klass(kind),
        _content(value, solid, walk, above),
        *((name, form(each, walk, above)) for name, each in sorted(_state(value).items())),
    )


_HEAP = 1 << 9
_CLOSED = 1 << 8 | 1 << 7  # Immutable types, and types without instances of Python's making.


def compiled(kind: type) -> bool:
    """Tell whether a class was made in C, as :mod:`copyreg` does."""
    new = kind.__dict__.get("__new__")
    own = isinstance(new, types.BuiltinFunctionType) and new.__self__ is kind
    return not kind.__flags__ & _HEAP or bool(kind.__flags__ & _CLOSED) or own


_CONTAINERS: dict[type, Callable[[Any], object]] = {
    bool: int.__int__,
    int: int.__int__,
    float: float.__float__,
    str: str.__str__,
    bytes: bytes.__bytes__,
    list: lambda value: list(list.__iter__(value)),
    tuple: lambda value: tuple(tuple.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
    set: lambda value: set(set.__iter__(value)),
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
}


def _transparent(solid: type) -> bool:
    return solid is object or solid in _CONTAINERS or issubclass(solid, BaseException)


def _content(value: Any, solid: type, walk: Walk, above: tuple[int, ...]) -> Form:
    if solid in _CONTAINERS:
        return form(_CONTAINERS[solid](value), walk, above)
    return form(value.args, walk, above) if isinstance(value, BaseException) else None


def _state(value: object) -> dict[str, object]:
    """Return the attributes an instance holds in its dictionary and its slots."""
    state: dict[str, object] = {}
    for kind in type(value).__mro__:
        for name, found in kind.__dict__.items():
            if type(found) is types.MemberDescriptorType and not compiled(kind):
                try:
                    state[name] = found.__get__(value)
                except AttributeError:
                    continue  # A slot that was never filled.
    with suppress(AttributeError):
        state.update(object.__getattribute__(value, "__dict__"))
    return state


def _by_name(value: Any, walk: Walk) -> Form | None:
    """Return the reference to a compiled callable that its module knows, such as a ufunc."""
    for module in (getattr(value, "__module__", None), type(value).__module__):
        name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
        if not (isinstance(module, str) and isinstance(name, str) and module in sys.modules):
            continue
        try:
            found = operator.attrgetter(name)(sys.modules[module])
        except AttributeError:
            continue
        if found is value:
            if walk.touch(module).home is Home.USER:
                return walk.extension(module, name)
            return walk.library(f"{module}.{name}")
    return None


# How versions of polars mark a pickled Python function.
_PYTHON_INSIDE = (b"PLPY", b"Anonymous", b"pickle")


def _of_library(value: Any, walk: Walk) -> Form | None:
    kind = type(value)
    name = kind.__qualname__
    if name in ("ndarray", "DataFrame", "Series") or kind.__module__ == "numpy":
        try:
            packed = pack(value)
        except UsageError:
            return None
        walk.touch(kind.__module__)
        return ("artefact", packed.digest)
    if name == "LazyFrame":
        return walk.blind("a lazy frame reads its source when it is collected")
    if name == "Expr":
        written = value.meta.serialize()
        walk.touch(kind.__module__)
        if any(mark in written for mark in _PYTHON_INSIDE):
            return walk.blind("a polars expression calls a Python function")
        return ("expression", written)
    return None


def _reduced(value: Any, walk: Walk, above: tuple[int, ...]) -> Form:
    """Return the form of what pickling would keep, the one way to see into a compiled object."""
    from pickle import PicklingError  # most values show without it

    kind = type(value)
    described = f"{kind.__module__}.{kind.__qualname__}"
    reducer = copyreg.dispatch_table.get(kind)
    try:
        parts: Any = reducer(value) if reducer is not None else value.__reduce_ex__(4)
    except (TypeError, AttributeError, ValueError, NotImplementedError, PicklingError):
        return walk.blind(f"the inside of a {described} does not show")
    if isinstance(parts, str):
        return walk.library(f"{kind.__module__}.{parts}")
    made, arguments, *rest = parts
    state, items, pairs = (*rest, None, None, None)[:3]
    return (
        "reduced",
        form(made, walk, above),
        form(arguments, walk, above),
        form(state, walk, above),
        form(None if items is None else list(items), walk, above),
        form(None if pairs is None else dict(pairs), walk, above),
    )
