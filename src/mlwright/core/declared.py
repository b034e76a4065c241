"""The settings of a section, as its dataclass declares them."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from functools import cache

if typing.TYPE_CHECKING:
    from mlwright.core.quantities import Quantity


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
