"""The JSON Schema of the spec, made from the settings dataclasses, for editors and other tools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from mlwright.core.declared import Setting, declared
from mlwright.core.quantities import Quantity, format_quantity, pattern
from mlwright.core.settings import TOP, FreeTable

_DRAFT = "http://json-schema.org/draft-07/schema#"  # the newest draft that TOML editors read
_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def spec_schema(sections: Mapping[str, type]) -> dict[str, object]:
    """Return the JSON Schema of a spec with these sections; an unknown key is invalid."""
    properties: dict[str, object] = {}
    for name, kind in sections.items():
        if name == TOP:
            properties.update(_properties(name, kind))
        else:
            properties[name] = _free(kind) if issubclass(kind, FreeTable) else _section(name, kind)
    return {
        "$schema": _DRAFT,
        "title": "mlwright.toml",
        "description": "The spec of an mlwright project; [tool.mlwright] of pyproject.toml alike.",
        **_object(properties),
        "definitions": {
            "rules": {
                "type": "object",
                "additionalProperties": {
                    "anyOf": [{"type": "string"}, {"$ref": "#/definitions/rules"}]
                },
            }
        },
    }


def _section(name: str, kind: type) -> dict[str, object]:
    return {"description": _summary(kind), **_object(_properties(name, kind))}


def _object(properties: Mapping[str, object]) -> dict[str, object]:
    return {"type": "object", "additionalProperties": False, "properties": dict(properties)}


def _free(kind: type) -> dict[str, object]:
    (table,) = fields(kind)
    return {"description": table.metadata["doc"], "allOf": [{"$ref": "#/definitions/rules"}]}


def _properties(section: str, kind: type) -> dict[str, object]:
    return {setting.name: _value(setting) for setting in declared(section, kind)}


def _value(setting: Setting) -> dict[str, object]:
    schema: dict[str, object] = {"description": setting.doc, **_form(setting)}
    if setting.choices:
        schema["enum"] = list(setting.choices)
    if setting.length is not None:
        schema["minLength"] = schema["maxLength"] = setting.length
    if setting.default is not None and not setting.secret:
        schema["default"] = _default(setting)
    return schema


def _form(setting: Setting) -> dict[str, object]:
    least = {} if setting.minimum is None else {"minimum": setting.minimum}
    if setting.maximum is not None:
        least["maximum"] = setting.maximum
    if setting.quantity is not None:
        text: dict[str, object] = {"type": "string", "pattern": f"^{pattern(setting.quantity)}$"}
        if setting.quantity is Quantity.SHARE:
            return {"anyOf": [{"type": "number", **least}, text]}
        return text
    if setting.kind is tuple:
        return {"type": "array", "items": {"type": "string"}}
    return {"type": _TYPES[setting.kind], **least}


def _default(setting: Setting) -> object:
    written = (Quantity.DURATION, Quantity.SIZE)  # a share may stand as a number
    if setting.quantity in written and isinstance(setting.default, float):
        return format_quantity(setting.default, setting.quantity)
    return list(setting.default) if isinstance(setting.default, tuple) else setting.default


def _summary(kind: type) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]
