"""The closure of a function: everything in the user's code that can decide what it returns."""

from __future__ import annotations

import builtins
import dataclasses
import importlib
import importlib.util
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from enum import EnumMeta
from types import FunctionType
from typing import Any

from mlwright.run.closure import blindspots
from mlwright.run.closure.bytecode import Chain, Import, References, references
from mlwright.run.closure.forms import Form, compiled, form, form_digest
from mlwright.run.closure.members import (
    annotation_text,
    annotations_of,
    annotations_text,
    member_state,
    silent_names,
)
from mlwright.run.closure.origin import Home, origin, with_requirements
from mlwright.run.closure.trail import Trail
from mlwright.run.records import Closure

_MISSING = object()


def closure(function: Callable[..., object], types: Iterable[type] = ()) -> Closure:
    """Return the closure of a function, and of the classes in ``types``: those of its arguments.

    Followed into the user's modules, into mlwright and into code installed from a folder:
    bytecode, constants, globals, attribute chains through modules, imports inside functions,
    closure cells, defaults, decorators, classes with their bases. Third-party code enters as its
    distribution and version. The text of a docstring counts, for code can read it; comments,
    blank lines and the place of a function in its file do not.
    """
    walk = _Walk()
    walk.where = getattr(function, "__qualname__", type(function).__qualname__)
    try:
        root = form(function, walk)
        owner = _owner(function)
        roots = [root, None if owner is None else walk.klass(owner)]
        given = sorted(types, key=lambda kind: (kind.__module__, kind.__qualname__))
        roots.extend(walk.klass(kind) for kind in given)
        walk.read_all()
    except RecursionError:
        roots = [walk.blind("values nested too deeply to follow")]
    unseen = tuple(sorted(walk.unseen))
    terms = (tuple(roots), tuple(sorted(walk.parts.items())), unseen)
    return Closure(
        digest=form_digest(terms, tag="mlwright/closure/1"),
        parts=dict(sorted(walk.parts.items())),
        distributions=with_requirements(walk.distributions),
        modules=tuple(sorted(walk.modules)),
        unseen=unseen,
    )


def _owner(function: object) -> type | None:
    """Return the class a plain function was defined in: its ``self`` leads to all of it."""
    if not isinstance(function, types.FunctionType) or "." not in function.__qualname__:
        return None
    found: Any = sys.modules.get(function.__module__)
    for name in function.__qualname__.split(".")[:-1]:
        found = getattr(found, name, None)
    return found if isinstance(found, type) else None


class _Walk(Trail):
    """Reads functions, classes and modules one after the other, and all they refer to."""

    def function(self, value: types.FunctionType, above: tuple[int, ...]) -> Form:
        """Return the reference to a function, which will be read if it is the user's."""
        namespace = value.__globals__
        module = namespace.get("__name__")
        if not isinstance(module, str):
            module = "?"
        if self.touch(module, namespace.get("__file__")).home is Home.USER:
            return self.part(value, f"{module}:{value.__code__.co_qualname}()", self._read_function)
        if value.__closure__ is None and not value.__dict__:
            return self.library(f"{value.__module__ or module}.{value.__qualname__}")
        return self._library_closure(module, value, above)

    def klass(self, value: type) -> Form:
        """Return the reference to a class, which will be read if it is the user's."""
        if self.touch(value.__module__).home is Home.USER:
            if compiled(value):
                return self.extension(value.__module__, value.__qualname__)
            return self.part(
                value, f"class {value.__module__}:{value.__qualname__}", self._read_class
            )
        return self.library(f"{value.__module__}.{value.__qualname__}")

    def module(self, value: types.ModuleType) -> Form:
        """Return the reference to a whole module: it is handed on, so anything may be read."""
        if self.touch(value.__name__).home is Home.USER:
            return self.part(value, f"module {value.__name__}", self._read_module)
        return self.library(value.__name__)

    def _library_closure(
        self, module: str, value: types.FunctionType, above: tuple[int, ...]
    ) -> Form:
        """Return the form of a library's function made at run time, such as a decorator's."""
        if _is_global(module, value):
            return self.library(f"{value.__module__ or module}.{value.__qualname__}")
        code = value.__code__
        name = f"{module}.{code.co_qualname}"
        if module == "functools" and hasattr(value, "registry"):  # singledispatch
            registry = form(dict(value.registry), self, above)
            return ("dispatch", form_digest(registry, tag="mlwright/value/1"))
        held = {
            **dict(zip(code.co_freevars, map(_cell, value.__closure__ or ()), strict=True)),
            **{f".{key}": each for key, each in value.__dict__.items()},
        }
        defaults = (value.__defaults__, value.__kwdefaults__)
        inside = form((held, defaults), self, above)
        return ("closure", self.library(name), form_digest(inside, tag="mlwright/value/1"))

    def _read_function(self, label: str, value: types.FunctionType) -> Form:
        code = value.__code__
        found = references(code)
        namespace = value.__globals__
        module = str(namespace.get("__name__", "?"))
        cells = dict(zip(code.co_freevars, map(_cell, value.__closure__ or ()), strict=True))
        refers: list[Form] = [
            *((".".join((c.root, *c.attributes)), self._global(value, c)) for c in found.globals),
            *((c.root, self._free(label, cells[c.root], c)) for c in found.free),
            *self._silent_cells(label, cells, found),
            *(("." * i.level + i.module, self._import(namespace, i)) for i in found.imports),
            *self._blind_methods(found),
        ]
        return (
            "function",
            module,
            found.digest,
            annotations_of(value),
            tuple(refers),
            self._defaults(label, value),
            self._value(f"{label}.__dict__", value.__dict__) if value.__dict__ else None,
        )

    def _silent_cells(
        self, label: str, cells: dict[str, object], found: References
    ) -> Iterator[Form]:
        """Give the cells that only nested functions read."""
        for name in sorted(cells.keys() - {chain.root for chain in found.free}):
            yield name, self._value(f"{label}[{name}]", cells[name])

    def _blind_methods(self, found: References) -> Iterator[Form]:
        if "__subclasses__" in found.attributes:
            yield self.blind("__subclasses__ depends on which modules are imported")
        if not self.ours():
            for name in blindspots.reading_methods(found.attributes):
                yield self.blind(f"{name} {blindspots.OUTSIDE}")

    def _defaults(self, label: str, value: types.FunctionType) -> Form:
        code = value.__code__
        names = code.co_varnames[: code.co_argcount]
        positional = value.__defaults__ or ()
        given = dict(zip(names[len(names) - len(positional) :], positional, strict=True))
        given |= value.__kwdefaults__ or {}
        return tuple((n, self._value(f"{label}({n}=)", each)) for n, each in given.items())

    def _global(self, function: types.FunctionType, chain: Chain) -> Form:
        namespace = function.__globals__
        name = chain.root
        if name in namespace:
            value = namespace[name]
            if isinstance(value, types.ModuleType):
                return self._follow(value, chain)
            return self._named(str(namespace.get("__name__", "?")), name, value, chain)
        value = getattr(builtins, name, _MISSING)
        if value is _MISSING:
            return ("missing", name)
        if value is globals:
            loaded = sys.modules.get(str(namespace.get("__name__")))
            return self.blind("globals()") if loaded is None else self.module(loaded)
        return self.library(f"builtins.{name}")

    def _free(self, label: str, value: object, chain: Chain) -> Form:
        if isinstance(value, types.ModuleType):
            return self._follow(value, chain)
        return self._value(f"{label}[{chain.root}]", value)

    def _follow(self, value: object, chain: Chain) -> Form:
        """Follow attributes from module to module, to the first value that is none."""
        attributes = list(chain.attributes)
        owner = name = ""
        while isinstance(value, types.ModuleType):
            if self.touch(value.__name__).home is not Home.USER:
                return self._library_attribute(value, attributes, chain.literal)
            if not attributes:
                return self.module(value)
            owner, name = value.__name__, attributes.pop(0)
            try:
                value = _taken(value, owner, name)
            except ImportError:
                return ("missing", f"{owner}.{name}")
        return self._named(owner, name, value, chain)

    def _library_attribute(
        self, module: types.ModuleType, attributes: list[str], literal: str | None
    ) -> Form:
        name = ".".join((module.__name__, *attributes))
        if literal is not None and (found := self._by_literal(name, literal)) is not None:
            return found
        if attributes:
            # The user's own function, put into a library's module.
            held = vars(module).get(attributes[0])
            if isinstance(held, types.FunctionType):
                home = origin(str(held.__globals__.get("__name__"))).home
                if home is Home.USER:
                    return form(held, self)
        return self.library(name)

    def _named(self, owner: str, name: str, value: object, chain: Chain | None = None) -> Form:
        """Return the reference to a module-level value: a part of its own, by its name."""
        if chain is not None and chain.literal is not None and isinstance(value, FunctionType):
            called = f"{value.__module__}.{value.__qualname__}"
            if (found := self._by_literal(called, chain.literal)) is not None:
                return found
        return self._value(f"{owner}:{name}", value)

    def _by_literal(self, called: str, literal: str) -> Form | None:
        """Return the reference to a module that is imported or looked for by a written name."""
        if called == "importlib.import_module":
            return self._import({}, Import(literal, 0, None, ((),)))
        if called == "importlib.util.find_spec":
            self.touch(literal)
            return ("library", f"{called} {literal}")
        return None

    def _value(self, label: str, value: object) -> Form:
        if isinstance(value, types.FunctionType | types.ModuleType | type):
            return form(value, self)
        known = self.values.get((label, id(value)))
        if known is None:
            known = self.values[label, id(value)] = self.name_for(label)
            self.kept.append(value)
            where, self.where = self.where, known
            self.parts[known] = form_digest(form(value, self), tag="mlwright/value/1")
            self.where = where
        return ("part", known)

    def _import(self, namespace: dict[str, Any], each: Import) -> Form:
        package = namespace.get("__package__") or ""
        try:
            name = importlib.util.resolve_name("." * each.level + each.module, package)
        except ImportError:
            return ("missing", each.module)
        if self.touch(name).home is not Home.USER:
            taken = [name if each.name is None else f"{name}.{each.name}"]
            chains = [".".join((*taken, *chain)) for chain in each.chains] or taken
            return tuple(self.library(chain) for chain in chains)
        try:
            value: object = importlib.import_module(name)
            if each.name is not None:
                value = _taken(value, name, each.name)
        except ImportError as error:
            return self.blind(f"{name} cannot be imported: {type(error).__name__}")
        if not isinstance(value, types.ModuleType):
            return self._named(name, str(each.name), value)
        return tuple(self._follow(value, Chain("", chain)) for chain in each.chains)

    def _read_class(self, label: str, value: type) -> Form:
        bases = tuple(form(base, self) for base in value.__bases__ if base is not object)
        kind = None if type(value) is type else form(type(value), self)
        members: dict[str, Form] = {}
        skipped = silent_names(value)
        for name, each in sorted(vars(value).items()):
            if name not in skipped:
                members[name] = self._member(f"{label}.{name}", value, name, each)
        return ("class", bases, kind, tuple(members.items()), self._enum_members(label, value))

    def _member(self, label: str, owner: type, name: str, value: object) -> Form:
        if name == "__annotations__":
            return annotations_text(value)
        if name in ("__orig_bases__", "__parameters__"):
            return annotation_text(value)
        if name == "__dataclass_fields__":
            fields = dataclasses.fields(owner)
            return tuple(self._field(f"{label}.{each.name}", each) for each in fields)
        if name == "__dataclass_params__":
            return repr(value)
        if type(value) is types.MemberDescriptorType:
            return ("slot",)
        if name.startswith("__") and not callable(value):
            return form_digest(form(value, self), tag="mlwright/value/1")
        return self._value(label, value)

    def _field(self, label: str, field: dataclasses.Field[Any]) -> Form:
        held = [
            None if each is dataclasses.MISSING else self._value(f"{label} {what}", each)
            for what, each in (
                ("default", field.default),
                ("default_factory", field.default_factory),
                ("metadata", dict(field.metadata) or dataclasses.MISSING),
            )
        ]
        flags = (field.init, field.repr, field.hash, field.compare, field.kw_only)
        return (field.name, annotation_text(field.type), *map(str, flags), *held)

    def _enum_members(self, label: str, value: type) -> Form:
        if not isinstance(value, EnumMeta):
            return None
        members: Any = value.__members__
        return tuple(
            (name, member.name, self._value(f"{label}.{name}", member_state(member)))
            for name, member in members.items()
        )

    def _read_module(self, _label: str, value: types.ModuleType) -> Form:
        names = sorted(name for name in vars(value) if not name.startswith("__"))
        return (
            "module",
            tuple((n, self._named(value.__name__, n, vars(value)[n])) for n in names),
        )


def _cell(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # Not filled yet: a function that refers to itself before it is named.
        return None


def _is_global(module: str, value: types.FunctionType) -> bool:
    """Tell whether a library's module knows a function by its name: one of its own."""
    for name in (value.__module__, module):
        found: Any = sys.modules.get(name or "")
        for part in value.__qualname__.split("."):
            found = getattr(found, part, None)
        if found is value:
            return origin(name).home is not Home.USER
    return False


def _taken(module: Any, name: str, attribute: str) -> object:
    found = getattr(module, attribute, _MISSING)
    return importlib.import_module(f"{name}.{attribute}") if found is _MISSING else found
