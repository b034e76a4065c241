"""What the API's description says of label queues."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Object = dict[str, object]

_TEXT = {"type": "string", "minLength": 1, "maxLength": 10_000, "pattern": r"\S"}
_VALUE = {
    "type": ["string", "number", "boolean"],
    "description": "a class of the target, or a number",
}
_PERSON = {**_TEXT, "description": "who answers; recorded as claimed"}
_ROW = {**_TEXT, "description": "a row's id"}


def label_paths(operation: Callable[..., Object]) -> Object:
    """Return the paths of label queues; ``operation`` makes one from its name and parameters."""
    queue = _parameter("queue", "path", "the queue's number", {"type": "string", "minLength": 1})
    person = _parameter("person", "query", "who is asked", _TEXT, required=True)
    level = _parameter(
        "level", "query", "how far apart answers are",
        {"enum": ["nominal", "ordinal", "interval"]},
    )  # fmt: skip
    seed = _parameter(
        "seed", "query", "draws the intervals",
        {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    )  # fmt: skip
    one = "/api/v1/labels/queues/{queue}"
    who = {"row": _ROW, "person": _PERSON}
    return {
        "/api/v1/labels/queues": {"get": operation("list_queues", "The label queues.")},
        one: {"get": operation("get_queue", "A label queue and where it stands.", queue)},
        f"{one}/next": {"get": operation("next_row", "A person's next row, blind.", queue, person)},
        f"{one}/agreement": {
            "get": operation("agreement", "How far annotators agree.", queue, level, seed)
        },
        f"{one}/answers": {
            "post": {
                **operation("answer_row", "Record an answer, or skip the row.", queue),
                "requestBody": _body(
                    {
                        "anyOf": [
                            _object({"row": _ROW, "person": _PERSON, "value": _VALUE}, "note"),
                            _object(
                                {"row": _ROW, "person": _PERSON, "skip": {"const": True}}, "note"
                            ),
                        ]
                    }
                ),
            }
        },
        f"{one}/decisions": {
            "post": {
                **operation("decide_row", "Decide a row whose answers differ.", queue),
                "requestBody": _body(_object({**who, "value": _VALUE, "reason": _TEXT})),
            }
        },
        f"{one}/apply": {
            "post": operation("apply_labels", "Write what is settled into a data version.", queue)
        },
    }


def _object(needed: Mapping[str, object], *free: str) -> Object:
    properties = {**needed, **dict.fromkeys(free, _TEXT)}
    return {
        "type": "object",
        "required": list(needed),
        "properties": properties,
        "additionalProperties": False,
    }


def _body(schema: Object) -> Object:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _parameter(
    name: str, where: str, what: str, schema: Mapping[str, object], *, required: bool = False
) -> Object:
    return {
        "name": name,
        "in": where,
        "required": required or where == "path",
        "description": what,
        "schema": dict(schema),
    }
