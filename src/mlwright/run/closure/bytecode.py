"""What a code object refers to: names with their attribute chains, imports, and its digest.

Read once for each code object. Line tables and file names take no part: a comment or a blank
line changes neither the digest nor the references. The text of a docstring does, for code may
read it.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any, NamedTuple

from mlwright.core.digest import Digest
from mlwright.core.encoding import digest_of, encode
from mlwright.run.closure.recalled import RECALLED, Told, name_of


@dataclass(frozen=True, slots=True)
class Chain:
    """A name and the attributes read from it at once: ``package.module.function``.

    ``literal`` is the one text argument of a call that follows at once.
    """

    root: str
    attributes: tuple[str, ...]
    literal: str | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """An import inside a function.

    ``name`` is what ``from module import name`` takes; ``chains`` are the attributes read from
    the variables it is bound to, an empty one where the module is handed on whole.
    """

    module: str
    level: int
    name: str | None
    chains: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class References:
    """Everything a code object, and the code nested in it, refers to.

    ``attributes`` are the names of all attributes read, of whatever object.
    """

    digest: Digest
    globals: tuple[Chain, ...]
    free: tuple[Chain, ...]
    imports: tuple[Import, ...]
    attributes: frozenset[str]


# By identity: comparing code objects compares line tables, and costs more than reading one.
_read: dict[int, tuple[CodeType, References]] = {}


def references(code: CodeType) -> References:
    """Return what a code object refers to."""
    known = _read.get(id(code))
    if known is not None:
        return known[1]
    name = name_of(code)
    told = RECALLED.look_up(name)
    if told is not None:
        found = _retold(told)
    else:
        found = _references(code)
        RECALLED.learn(name, _told(found))
    _read[id(code)] = (code, found)
    return found


def _told(found: References) -> Told:
    """Return references as plain values."""
    return (
        str(found.digest),
        tuple((each.root, each.attributes, each.literal) for each in found.globals),
        tuple((each.root, each.attributes, each.literal) for each in found.free),
        tuple((each.module, each.level, each.name, each.chains) for each in found.imports),
        tuple(sorted(found.attributes)),
    )


def _retold(told: Told) -> References:
    digest, globals_, free, imports, attributes = told
    return References(
        Digest(digest),
        tuple(Chain(*each) for each in globals_),
        tuple(Chain(*each) for each in free),
        tuple(Import(*each) for each in imports),
        frozenset(attributes),
    )


_KINDS = {
    "global": {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"},
    "local": {
        "LOAD_FAST",
        "LOAD_FAST_CHECK",
        "LOAD_FAST_BORROW",
        "LOAD_FAST_AND_CLEAR",
        "LOAD_DEREF",
        "LOAD_CLASSDEREF",
        "LOAD_FROM_DICT_OR_DEREF",
    },
    "attribute": {"LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"},
    "store": {"STORE_FAST", "STORE_DEREF", "STORE_NAME", "STORE_GLOBAL"},
    "import": {"IMPORT_NAME"},
    "from": {"IMPORT_FROM"},
    "constant": {"LOAD_CONST", "LOAD_SMALL_INT"},
    "call": {"CALL"},
}
_PAIRS = {"LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW"}
_SILENT = {"EXTENDED_ARG", "CACHE", "PRECALL", "NOP", "RESUME", "PUSH_NULL", "SWAP", "POP_TOP"}


class _Event(NamedTuple):
    kind: str
    name: object


def _references(code: CodeType) -> References:
    streams = [list(_events(nested)) for nested in _nested(code)]
    bound = [found for events in streams for found in _imports(events)]
    variables = {variable for _, _, _, variable in bound}
    chains = [found for events in streams for found in _chains(events)]
    free = set(code.co_freevars)
    of_variable: dict[str, dict[tuple[str, ...], None]] = {}
    for _, chain in chains:
        if chain.root in variables:
            of_variable.setdefault(chain.root, {})[chain.attributes] = None
    imports = [
        Import(module, level, name, tuple(sorted(of_variable.get(variable, {}))))
        for module, level, name, variable in bound
    ]
    return References(
        digest=_digest(code),
        globals=tuple(dict.fromkeys(c for kind, c in chains if kind == "global")),
        free=tuple(dict.fromkeys(c for kind, c in chains if kind == "local" and c.root in free)),
        imports=tuple(dict.fromkeys(imports)),
        attributes=frozenset(
            str(event.name) for events in streams for event in events if event.kind == "attribute"
        ),
    )


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


def _events(code: CodeType) -> Iterator[_Event]:
    """Give the few kinds of instruction that matter here, alike for all versions of Python."""
    return _decoded(code) if _SHIFTED is not None else _disassembled(code)


def _disassembled(code: CodeType) -> Iterator[_Event]:
    for instruction in dis.get_instructions(code):
        name = instruction.opname
        if name in _PAIRS:
            for variable in instruction.argval:
                yield _Event("local", variable)
        elif name == "STORE_FAST_LOAD_FAST":
            yield _Event("store", instruction.argval[0])
            yield _Event("local", instruction.argval[1])
        elif (kind := _kind_of(name)) is not None:
            yield _Event(kind, None if kind == "other" else instruction.argval)


def _kind_of(instruction: str) -> str | None:
    """Return the kind of an instruction, None for one that does not matter."""
    if instruction in _SILENT:
        return None
    return next((kind for kind, names in _KINDS.items() if instruction in names), "other")


# How far the arguments of instructions are shifted to be places of names, in the versions of Python
# whose code is read here without the disassembler, which takes five times as long.
_SHIFTED = {
    (3, 11): {"LOAD_GLOBAL": 1},
    (3, 12): {"LOAD_GLOBAL": 1, "LOAD_ATTR": 1, "LOAD_SUPER_ATTR": 2},
}.get(sys.version_info[:2])
_KIND_OF = tuple(map(_kind_of, dis.opname))
_SHIFT_OF = tuple((_SHIFTED or {}).get(name, 0) for name in dis.opname)
_OF_NAMES, _OF_CONSTANTS = frozenset(dis.hasname), frozenset(dis.hasconst)
_OF_VARIABLES = frozenset((*dis.haslocal, *dis.hasfree))


def _decoded(code: CodeType) -> Iterator[_Event]:
    given: Any = code
    variable, names, constants = given._varname_from_oparg, code.co_names, code.co_consts
    other, raw, more = _Event("other", None), code.co_code, 0
    for at in range(0, len(raw), 2):
        operation, argument = raw[at], raw[at + 1] | more
        more = argument << 8 if operation == dis.EXTENDED_ARG else 0
        kind = _KIND_OF[operation]
        if kind is None:
            continue
        if kind == "other":
            yield other
        elif operation in _OF_NAMES:
            yield _Event(kind, names[argument >> _SHIFT_OF[operation]])
        elif operation in _OF_VARIABLES:
            yield _Event(kind, variable(argument))
        else:
            yield _Event(kind, constants[argument] if operation in _OF_CONSTANTS else argument)


def _imports(events: list[_Event]) -> Iterator[tuple[str, int, str | None, str]]:
    """Give module, level, name and the variable it is bound to, for each import."""
    for at, event in enumerate(events):
        if event.kind != "import":
            continue
        level, names = events[at - 2].name, events[at - 1].name
        module = str(event.name)
        assert isinstance(level, int)
        following = events[at + 1 :]
        if not names:
            # ``import a.b`` binds a; ``import a.b as c`` goes down to b first and binds that.
            deep = following[0].kind == "from"
            store = next(e for e in following if e.kind == "store")
            if not deep and "." in module:
                yield module, level, None, ""
            yield (module if deep else module.partition(".")[0]), level, None, str(store.name)
            continue
        for taken, store in zip(following[::2], following[1::2], strict=False):
            if (taken.kind, store.kind) != ("from", "store"):
                break
            yield module, level, str(taken.name), str(store.name)


def _chains(events: list[_Event]) -> Iterator[tuple[str, Chain]]:
    for at, event in enumerate(events):
        if event.kind not in ("global", "local"):
            continue
        end = at + 1
        while end < len(events) and events[end].kind == "attribute":
            end += 1
        attributes = tuple(str(e.name) for e in events[at + 1 : end])
        literal = None
        if [e.kind for e in events[end : end + 2]] == ["constant", "call"]:
            argument = events[end].name
            if isinstance(argument, str) and events[end + 1].name == 1:
                literal = argument
        yield event.kind, Chain(str(event.name), attributes, literal)


def _digest(code: CodeType) -> Digest:
    shape = (
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_flags,
        code.co_code,
        code.co_exceptiontable,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        tuple(_constant(constant) for constant in code.co_consts),
    )
    return digest_of(shape, tag="mlwright/code/1")


def _constant(constant: object) -> object:
    if isinstance(constant, CodeType):
        return ("code", constant.co_name, references(constant).digest)
    if isinstance(constant, tuple):
        return ("tuple", *(_constant(item) for item in constant))
    if isinstance(constant, frozenset):
        return ("set", *sorted(encode(_constant(item)) for item in constant))
    if isinstance(constant, complex):
        return ("complex", constant.real, constant.imag)
    if constant is Ellipsis:
        return ("ellipsis",)
    return constant
