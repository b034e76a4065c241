"""Settings: read once at the edge, each value able to tell where it came from."""

from __future__ import annotations

import tomllib
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType

from mlwright.core.declared import Setting, declared
from mlwright.core.errors import UsageError, nearest
from mlwright.core.sections import Sections
from mlwright.core.toml import flatten

SPEC_FILE = "mlwright.toml"
PYPROJECT = "pyproject.toml"
STATE_FOLDER = ".mlwright"
TOP = ""
"""The section of the keys that stand above all tables, such as ``target``."""

_VARIABLE = "MLWRIGHT_"
_HIDDEN = "***"
_FLAG = "flag"
_DEFAULT = "default"

T = typing.TypeVar("T")


@dataclass(frozen=True, slots=True)
class FreeTable:
    """Base of a section whose keys are the user's own: one field maps each key to its text."""


@dataclass(frozen=True, slots=True)
class SettingOrigin:
    """A setting's value and where it came from; a secret's value is hidden."""

    key: str
    value: object
    origin: str

    @property
    def text(self) -> str:
        """The value as a run stores it: several with commas between them."""
        if isinstance(self.value, tuple):
            return ", ".join(str(each) for each in self.value)
        return str(self.value)


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """Every setting of a project, resolved; the only object that carries them.

    ``values`` are those that were given, by dotted key, ``sources`` where each came from; all
    others are at the defaults that the sections' classes declare.
    """

    kinds: Sections
    values: Mapping[str, object]
    sources: Mapping[str, str]
    document_name: str | None

    @property
    def sections(self) -> Mapping[str, object]:
        """Every section by its name."""
        return {name: _build(name, kind, self.values) for name, kind in self.kinds.items()}

    def section(self, kind: type[T]) -> T:
        """Return the section a settings dataclass describes."""
        name = self.kinds.name_of(kind)
        if name is None:
            raise KeyError(f"{kind.__name__} was not among the sections that were resolved")
        return _build(name, kind, self.values)

    def origins(self) -> tuple[SettingOrigin, ...]:
        """Return every setting with its value and origin, in the order of the spec."""
        known = {each.key: each for each in _every(self.kinds)}
        values = {key: each.default for key, each in known.items()} | dict(self.values)
        hidden = {key for key, each in known.items() if each.secret}
        return tuple(
            SettingOrigin(key, _HIDDEN if key in hidden else value, self.sources.get(key, _DEFAULT))
            for key, value in values.items()
        )

    def plain(self) -> dict[str, object]:
        """Return the settings as one mapping of dotted keys, secrets hidden: what a run stores."""
        return {each.key: each.value for each in self.origins()}

    def __repr__(self) -> str:
        return f"Settings({self.plain()!r})"


@dataclass(frozen=True, slots=True)
class Document:
    """A spec as it was found: its folder, its file (None with a state folder alone), its table."""

    folder: Path
    path: Path | None
    name: str
    table: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Given:
    """A raw value from one place; ``textual`` where numbers and lists arrive as text."""

    raw: object
    origin: str
    textual: bool


def resolve(
    sections: Mapping[str, type],
    *,
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    document: Mapping[str, object],
    document_name: str | None,
    planned: Sequence[str] = (),
    other_variables: Sequence[str] = ("MLWRIGHT_PROJECT",),
) -> Settings:
    """Return the settings: flag over environment over document over default.

    Parameters
    ----------
    sections
        Settings dataclasses by section name; ``""`` holds the top-level keys, and a
        :class:`FreeTable` takes any key.
    flags
        Values by dotted key (``search.budget``) or by a key's last part where only one section
        has it (``budget``); None means not given.
    environ
        The environment; ``MLWRIGHT_SEARCH_BUDGET`` sets ``search.budget``, an empty one nothing.
    document
        The spec's table; ``document_name`` is what messages call it.
    planned
        Documented keys and sections that this version does not act on, refused by that name.
    other_variables
        Variables of the same prefix that are no settings.

    Raises
    ------
    UsageError
        ``spec-unknown-key``, ``spec-not-built`` or ``spec-value``.

    >>> resolve({}, flags={}, environ={}, document={}, document_name=None).origins()
    ()
    """
    kinds = sections if isinstance(sections, Sections) else Sections(sections)
    keys = _Keys(kinds, frozenset(planned))
    given: dict[str, _Given] = {}
    name = document_name or "the spec"
    for key, raw in _document_keys(document, keys, name):
        given[keys.check(key, f"in {name}")] = _Given(raw, name, textual=False)
    for variable in sorted(each for each in environ if each.startswith(_VARIABLE)):
        text = environ[variable]
        if text and variable not in other_variables:
            key = keys.of_variable(variable)
            given[key] = _Given(text, f"environment {variable}", textual=True)
    for key, raw in flags.items():
        if raw is not None:
            full = keys.check(keys.full(key), "as a flag")
            given[full] = _Given(raw, _FLAG, textual=True)
    return Settings(
        kinds,
        values={key: _value(keys.setting(key), key, each) for key, each in given.items()},
        sources={key: each.origin for key, each in given.items()},
        document_name=document_name,
    )


def _fixed(section: str, kind: type) -> tuple[Setting, ...]:
    return () if issubclass(kind, FreeTable) else declared(section, kind)


def _every(kinds: Sections) -> Iterator[Setting]:
    return (setting for name, kind in kinds.items() for setting in _fixed(name, kind))


def _build(section: str, kind: type[T], values: Mapping[str, object]) -> T:
    prefix = f"{section}." if section else ""
    own = {k.removeprefix(prefix): v for k, v in values.items() if k.startswith(prefix)}
    if issubclass(kind, FreeTable):
        (table,) = fields(kind)
        return kind(**{table.name: MappingProxyType(own)})
    return kind(**{s.name: own[s.name] for s in declared(section, kind) if s.name in own})


def _value(setting: Setting | None, key: str, given: _Given) -> object:
    if setting is None:
        if not isinstance(given.raw, str):
            raise _bad_value(key, given, f'{given.raw!r} is not a rule in quotes such as ">= 0.7"')
        return given.raw
    from mlwright.core.setting_values import fit  # units and all: most values are not given

    try:
        return fit(setting, given.raw, textual=given.textual)
    except ValueError as error:
        # The cause quotes the value, so a secret's is neither repeated nor chained.
        what = "its value does not fit" if setting.secret else str(error)
        raise _bad_value(key, given, what, setting.doc) from None


def _bad_value(key: str, given: _Given, what: str, doc: str = "") -> UsageError:
    return UsageError(
        "spec-value",
        f"{key} ({given.origin}): {what}",
        fix=f"correct {_where(key, given)}" + (f": {doc}" if doc else ""),
        facts={"key": key, "origin": given.origin},
    )


def _where(key: str, given: _Given) -> str:
    """Return where a person set a key: a flag has the key's last part for its name."""
    return f"--{key.rpartition('.')[2]}" if given.origin == _FLAG else f"{key} in {given.origin}"


@dataclass(frozen=True, slots=True)
class _Keys:
    """What may be set, and the answer to what may not; a key loads its own section alone."""

    sections: Sections
    planned: frozenset[str]

    def setting(self, key: str) -> Setting | None:
        """Return the setting of a dotted key; None where a free table takes it, or nobody."""
        section = key.rpartition(".")[0]
        if section not in self.sections:
            return None
        fixed = _fixed(section, self.sections[section])
        return next((each for each in fixed if each.key == key), None)

    def is_free(self, section: str) -> bool:
        """Tell whether the keys of a section are the user's own."""
        return section in self.sections and issubclass(self.sections[section], FreeTable)

    def full(self, key: str) -> str:
        """Return the dotted key a flag means; a last part that one section has is enough."""
        found = [each.key for each in _every(self.sections) if each.name == key]
        return found[0] if len(found) == 1 and self.setting(key) is None else key

    def check(self, key: str, where: str) -> str:
        """Return ``key`` when it is known; raise the error that helps most when it is not."""
        section, _, rest = key.partition(".")
        if self.setting(key) is not None or (rest and self.is_free(section)):
            return key
        parts = key.split(".")
        for length in range(1, len(parts) + 1):
            planned = ".".join(parts[:length])
            if planned in self.planned:
                raise UsageError(
                    "spec-not-built",
                    f"{planned} {where} is part of the spec, but this version does not act on it",
                    fix=f"remove {planned}: a setting that is not carried out is never accepted",
                    facts={"key": key},
                )
        near = self._nearest(key)
        raise UsageError(
            "spec-unknown-key",
            f"{key} {where} is no setting",
            fix=f"did you mean {near}?" if near else "`mlw show settings` lists every key",
            facts={"key": key, "nearest": near},
        )

    def of_variable(self, variable: str) -> str:
        """Return the dotted key an environment variable sets."""
        name = variable.removeprefix(_VARIABLE).lower()
        for section in filter(self.is_free, self.sections):
            if name.startswith(f"{section}_"):
                return f"{section}.{name.removeprefix(f'{section}_')}"
        by_variable = {each.key.replace(".", "_"): each.key for each in _every(self.sections)}
        if name in by_variable:
            return by_variable[name]
        near = nearest(name, by_variable)
        meant = f"{_VARIABLE}{near.upper()}" if near else None
        raise UsageError(
            "spec-unknown-key",
            f"the environment variable {variable} is no setting",
            fix=f"did you mean {meant}?" if meant else f"unset {variable}",
            facts={"key": variable, "nearest": meant},
        )

    def _nearest(self, key: str) -> str | None:
        section, _, name = key.rpartition(".")
        known = tuple(_every(self.sections))
        elsewhere = [each.key for each in known if each.name == name]
        if elsewhere:
            return elsewhere[0]
        siblings = [each.name for each in known if each.section == section]
        if section and siblings:
            near = nearest(name, siblings)
            return f"{section}.{near}" if near else None
        return nearest(key, [*(each.key for each in known), *filter(None, self.sections)])


def _document_keys(
    document: Mapping[str, object], keys: _Keys, name: str
) -> Iterator[tuple[str, object]]:
    seen: set[str] = set()
    for top, value in document.items():
        table = value if isinstance(value, Mapping) else None
        if table is not None and top not in keys.sections:
            keys.check(top, f"in {name}")
        if top in keys.sections and table is None:
            raise UsageError(
                "spec-value",
                f"{top} in {name} is a section, not {value!r}",
                fix=f"write [{top}] and its keys below it",
                facts={"key": top},
            )
        for key, raw in [(top, value)] if table is None else flatten(table, f"{top}."):
            if key in seen:
                raise UsageError(
                    "spec-value",
                    f"{key} in {name} is written twice, once with quotes",
                    fix="keep one of the two",
                    facts={"key": key},
                )
            seen.add(key)
            yield key, raw


def find_document(folder: Path) -> Document | None:
    """Return the project's spec: the nearest one upwards from ``folder``, or None.

    A folder is a project when it holds ``mlwright.toml``, a ``pyproject.toml`` with
    ``[tool.mlwright]``, or ``.mlwright/`` (then the table is empty).

    Raises
    ------
    UsageError
        ``spec-syntax`` when the file is no TOML, ``spec-twice`` when one folder has two specs.
    """
    start = folder.resolve()
    for place in (start, *start.parents):
        spec, pyproject = place / SPEC_FILE, place / PYPROJECT
        table = _pyproject_table(pyproject) if pyproject.is_file() else None
        if spec.is_file():
            if table is not None:
                raise UsageError(
                    "spec-twice",
                    f"{place} has both {SPEC_FILE} and [tool.mlwright] in {PYPROJECT}",
                    fix="move every key into one of the two",
                    looked=(str(spec), str(pyproject)),
                )
            return Document(place, spec, SPEC_FILE, _read_toml(spec))
        if table is not None:
            return Document(place, pyproject, f"{PYPROJECT} [tool.mlwright]", table)
        if (place / STATE_FOLDER).is_dir():
            return Document(place, None, STATE_FOLDER, {})
    return None


def _pyproject_table(path: Path) -> Mapping[str, object] | None:
    # Someone else's broken pyproject.toml on the way up is not ours to complain about.
    if b"mlwright" not in _read(path):
        return None
    tool = _read_toml(path).get("tool")
    table = tool.get("mlwright") if isinstance(tool, Mapping) else None
    return table if isinstance(table, Mapping) else None


def _read_toml(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(_read(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        what = f"byte {error.start} is not UTF-8"
    except ValueError as error:  # TOMLDecodeError, or an integer of thousands of digits
        what = str(error)
    except RecursionError:
        what = "it is nested too deeply"
    raise UsageError(
        "spec-syntax",
        f"{path} is not valid TOML: {what}",
        fix=f"correct {path.name}; texts stand in quotes, a table starts with its [name]",
        facts={"path": str(path)},
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            "spec-unreadable",
            f"{path} cannot be read: {error.strerror}",
            fix=f"make {path.name} readable for this user",
            facts={"path": str(path)},
        ) from error
