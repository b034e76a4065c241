"""What the data plane can be asked, as OpenAPI 3.1 made from the live models' signatures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from mlwright import __version__
from mlwright.data.promises import values_told
from mlwright.data.records import Column, FeatureContract, Kind, Scalar
from mlwright.serve.requests import is_unseen
from mlwright.serve.roles import LoadedModel

Schema = dict[str, Any]

_INTEGER = {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
_KINDS: Mapping[Kind, Schema] = {
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.INTEGER: _INTEGER,
    Kind.FLOAT: {"type": "number"},
    Kind.STRING: {"type": "string"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.DATETIME: {"type": "string", "format": "date-time"},
}
_CELL: Schema = {"type": ["boolean", "number", "string", "null"]}
_PROBLEM: Schema = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "fix", "looked", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, with the offending value."},
        "code": {"type": "string", "description": "Stable."},
        "fix": {"type": "string", "description": "The next step."},
        "looked": {"type": "array", "items": {"type": "string"}},
        "instance": {"type": "string"},
    },
}
_FLAG: Schema = {
    "type": "object",
    "required": ["column", "breach", "value", "clipped"],
    "properties": {
        "column": {"type": "string"},
        "breach": {"enum": ["unseen", "out-of-range", "null"]},
        "value": _CELL,
        "clipped": {"type": "boolean"},
    },
}
_PREDICTION: Schema = {"type": "string", "pattern": "^p_[a-z2-7]{26}$"}
_LABELLED: Schema = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string", "pattern": "^l_[a-z2-7]{26}$"}},
}


def openapi(models: Iterable[LoadedModel]) -> Schema:
    """Return the document of the endpoints that are live now."""
    paths: Schema = {}
    live = sorted(models, key=lambda each: each.endpoint)
    schemas: Schema = {
        "Problem": _PROBLEM,
        "Flag": _FLAG,
        "Label": _label(live),
        "Labelled": _LABELLED,
    }
    for model in live:
        name = model.endpoint
        schemas[f"{name}.row"] = _row(model)
        schemas[f"{name}.columns"] = _columns(model)
        schemas[f"{name}.answer"] = _answer(model)
        paths[f"/{name}/predict"] = {"post": _predict(model)}
    paths["/labels"] = {"post": _labels()}
    for path, what in _LOOKS.items():
        paths[path] = {"get": _look(path, what)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "mlwright: predictions and labels", "version": __version__},
        "paths": paths,
        "components": {"schemas": schemas},
    }


_LOOKS = {
    "/healthz": "Whether the worker is alive.",
    "/readyz": "Whether predictions can be answered and recorded.",
    "/metrics": "Counts of all workers, as Prometheus reads them.",
    "/openapi.json": "This document.",
}


def _look(path: str, what: str) -> Schema:
    kind = "text/plain" if path == "/metrics" else "application/json"
    answers: Schema = {"200": {"description": "As it is.", "content": {kind: {}}}}
    if path == "/readyz":
        answers["503"] = _refusal("Not ready; the document says why.")
    return {"operationId": path.strip("/"), "summary": what, "responses": answers}


def _predict(model: LoadedModel) -> Schema:
    name = model.endpoint
    return {
        "operationId": f"predict_{name}",
        "summary": f"Ask {model.ref}, which is live for {name}.",
        "requestBody": {
            "required": True,
            # No schema can say that arrays agree in length, so columns are told in words: a
            # program that made bodies of it would be refused.
            "description": "One row or rows. Columns are read too: an object of arrays of the same "
            f"length, one for each column, as the schema {name}.columns says.",
            "content": {
                "application/json": {
                    "schema": {
                        "anyOf": [
                            _ref(f"{name}.row"),
                            {"type": "array", "minItems": 1, "items": _ref(f"{name}.row")},
                        ]
                    }
                }
            },
        },
        "responses": {
            "200": {
                "description": "The answer, on disk as the log's mode promises.",
                "headers": {
                    "X-Model": {"schema": {"type": "string"}},
                    "X-Log": {"schema": {"enum": ["durable", "crash-safe", "off"]}},
                    "X-Prediction-Id": {"schema": {"type": "string"}},
                },
                "content": {"application/json": {"schema": _ref(f"{name}.answer")}},
            },
            **_REFUSALS,
        },
    }


def _label(models: Sequence[LoadedModel]) -> Schema:
    """Describe a label: about a prediction of any endpoint, or about a row of one of them."""
    kinds = {each.endpoint: _truth_kinds(each) for each in models}
    every = sorted({kind for some in kinds.values() for kind in some})
    return {
        "anyOf": [
            _object({"id": _PREDICTION, "value": _any(every)}),
            *(
                _object(
                    {
                        "endpoint": {"const": name},
                        "key": {"anyOf": [{"type": "string"}, _INTEGER]},
                        "value": _any(some),
                    }
                )
                for name, some in kinds.items()
            ),
        ]
    }


def _truth_kinds(model: LoadedModel) -> list[str]:
    classes = model.scorer.package.task.classes
    return sorted({_JSON_KINDS[type(each)] for each in classes} or {"number"})


def _any(kinds: Sequence[str]) -> Schema:
    # More than 64 bits are refused, and no schema tells a whole number from one with a point.
    numbers = {"minimum": _INTEGER["minimum"], "maximum": _INTEGER["maximum"]}
    return {"type": list(kinds), **(numbers if "number" in kinds else {})}


_JSON_KINDS = {bool: "boolean", int: "number", float: "number", str: "string"}


def _object(properties: Schema) -> Schema:
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def _labels() -> Schema:
    return {
        "operationId": "labels",
        "summary": "Tell the truth about a prediction, or about a row.",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "anyOf": [
                            _ref("Label"),
                            {"type": "array", "minItems": 1, "items": _ref("Label")},
                        ]
                    }
                }
            },
        },
        "responses": {
            "200": {
                "description": "The labels' ids.",
                "content": {
                    "application/json": {
                        "schema": {
                            "anyOf": [
                                _ref("Labelled"),
                                {
                                    "type": "object",
                                    "required": ["labels"],
                                    "properties": {
                                        "labels": {"type": "array", "items": _ref("Labelled")}
                                    },
                                },
                            ]
                        }
                    }
                },
            },
            **_REFUSALS,
            "409": _refusal("Nothing is recorded here."),
        },
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _refusal(what: str) -> Schema:
    content = {"application/problem+json": {"schema": _ref("Problem")}}
    return {"description": what, "content": content}


_REFUSALS: Schema = {
    "400": _refusal("No JSON, or JSON that is not strict."),
    "404": _refusal("No such endpoint."),
    "405": _refusal("Another method is needed."),
    "408": _refusal("The body did not arrive in time."),
    "413": _refusal("The body is too large, or has too many rows."),
    "415": _refusal("The body is said to be no JSON."),
    "422": _refusal("A value does not fit the model's signature or its contract."),
    "429": _refusal("Too much waits for the disk."),
    "503": _refusal("Nothing can be recorded now."),
}


def _row(model: LoadedModel) -> Schema:
    inputs = model.scorer.package.signature.inputs
    return {
        "type": "object",
        "required": [column.name for column in inputs],
        "properties": {column.name: _cell(column, _promise(model, column)) for column in inputs},
        "propertyNames": {"pattern": _seen_names()},
        "additionalProperties": _CELL,
    }


def _columns(model: LoadedModel) -> Schema:
    inputs = model.scorer.package.signature.inputs
    return {
        "type": "object",
        "description": "Every array has the same length.",
        "required": [column.name for column in inputs],
        "properties": {
            column.name: {"type": "array", "minItems": 1, "items": _cell(column, None)}
            for column in inputs
        },
        "propertyNames": {"pattern": _seen_names()},
        "additionalProperties": {"type": "array", "items": _CELL},
    }


_PLANES = (range(0x20000), range(0xE0000, 0xE1000))
"""Where characters are that nobody sees: what lies between are ideographs, or nothing."""


@cache
def _seen_names() -> str:
    """Return the pattern of names without a character that nobody sees."""
    unseen = (code for plane in _PLANES for code in plane if is_unseen(chr(code)))
    return f"^[^{''.join(map(_written, unseen))}]*$"


def _written(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else chr(code)


def _promise(model: LoadedModel, column: Column) -> FeatureContract | None:
    features = model.scorer.package.contract.features
    return next((each for each in features if each.name == column.name), None)


def _cell(column: Column, promise: FeatureContract | None) -> Schema:
    kind = _KINDS[column.kind]
    schema = {**kind, "type": [kind["type"], "null"]}
    if promise is not None:
        told = []
        if promise.categories is not None:
            told.append(f"the contract promises one of {', '.join(map(repr, promise.categories))}")
        if promise.low is not None and promise.high is not None:
            told.append(f"the contract promises {values_told(promise)}")
        if not promise.nullable:
            told.append("the contract lets no cell be empty")
        if told:
            schema["description"] = "; ".join(told)
    return schema


def _answer(model: LoadedModel) -> Schema:
    package = model.scorer.package
    one: Schema = {
        "id": {"type": "string", "pattern": "^p_[a-z2-7]{26}$"},
        "value": {"enum": list(package.task.classes)}
        if package.task.classes
        else {"type": "number"},
        "flags": {"type": "array", "items": _ref("Flag")},
    }
    required = ["value", "flags"]
    if package.task.classes:
        what = package.signature.outputs[0].partition(":")[0]
        one[what] = {
            "type": "object",
            "properties": {_text(each): {"type": "number"} for each in package.task.classes},
        }
        required.append(what)
    told = {"type": "string"}
    return {
        "anyOf": [
            {
                "type": "object",
                "required": ["model", *required],
                "properties": {**one, "model": told},
            },
            {
                "type": "object",
                "required": ["model", "predictions"],
                "properties": {
                    "model": told,
                    "predictions": {
                        "type": "array",
                        "items": {"type": "object", "required": required, "properties": one},
                    },
                },
            },
        ]
    }


def _text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
