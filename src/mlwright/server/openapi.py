"""The API's description, OpenAPI 3.1: written here, beside the routes it tells of."""

from __future__ import annotations

from collections.abc import Mapping

from mlwright import __version__
from mlwright.server.label_description import label_paths
from mlwright.server.paging import MOST, NOUNS, USUAL

Object = dict[str, object]

_WHATS = {
    "data": "versions of tables",
    "checks": "verdicts of checks",
    "runs": "runs",
    "models": "model versions",
    "endpoints": "endpoints with the versions that hold their roles",
    "predictions": "recorded predictions",
    "labels": "recorded truths",
    "events": "entries of the log",
}
_DOCUMENT: Object = {
    "type": "object",
    "required": ["schema"],
    "properties": {"schema": {"type": "string"}},
}
_PROBLEM: Object = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "fix", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what happened, with the offending value"},
        "code": {"type": "string", "description": "stable; docs/reference/errors.md lists them"},
        "fix": {"type": "string", "description": "the next step"},
        "looked": {"type": "array", "items": {"type": "string"}},
        "instance": {"type": "string"},
    },
}
_LIMIT = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}


def description() -> Object:
    """Return the OpenAPI document of the control plane."""
    paths: Object = {}
    for noun in NOUNS:
        paths[f"/api/v1/{noun}"] = {"get": _listing(noun)}
        paths[f"/api/v1/{noun}/{{ref}}"] = {"get": _single(noun)}
    paths |= label_paths(_operation)
    why = _operation("why", "Explain any id, model or step.", _ref("any id or name"))
    paths["/why/{ref}.json"] = {"get": why}
    again = _operation("prove", "Do it again, compare and record the outcome.", _ref("any id"))
    proofs = _operation("proofs", "The proofs recorded for it.", _ref("any id"))
    paths["/prove/{ref}.json"] = {"get": proofs, "post": again}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mlwright control plane",
            "version": __version__,
            "description": "Reads one project's ledger; each page has a JSON twin beside it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": {"problem": _PROBLEM}},
    }


def _listing(noun: str) -> Object:
    found: Object = {
        "type": "object",
        "required": ["schema", noun, "next"],
        "properties": {
            "schema": {"const": f"mlwright/list/{noun}/1"},
            noun: {"type": "array", "items": {"type": "object"}},
            "next": {"type": ["string", "null"], "description": "the next page's address"},
            "unread": {
                "type": "array",
                "items": {"type": "object"},
                "description": "damaged segments of records whose rows are missing; only where any",
            },
        },
    }
    limit = _query("limit", "How many at most.", _LIMIT)
    cursor = _query("cursor", "Where the page begins: next of the one before.", {"type": "string"})
    summary = f"The {_WHATS[noun]}, newest first."
    if noun != "runs":
        return _operation(f"list_{noun}", summary, limit, cursor, found=found)
    where = _query("where", "What must hold, as in mlw ls runs --where.", {"type": "string"})
    sort = _query("sort", "What to order by, -FIELD the largest first.", {"type": "string"})
    return _operation(f"list_{noun}", summary, where, sort, limit, cursor, found=found)


def _single(noun: str) -> Object:
    which = {"models": "a name, NAME@VERSION or id", "endpoints": "the endpoint's name"}
    ref = _ref(which.get(noun, "an id, or its beginning"))
    return _operation(f"get_{noun}", f"One of the {_WHATS[noun]}, whole.", ref)


def _operation(
    name: str, summary: str, *parameters: Object, found: Mapping[str, object] = _DOCUMENT
) -> Object:
    return {
        "operationId": name,
        "summary": summary,
        "parameters": list(parameters),
        "responses": {
            "200": {
                "description": "found",
                "content": {"application/json": {"schema": dict(found)}},
            },
            "default": {
                "description": "a problem document of RFC 9457",
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}
                },
            },
        },
    }


def _ref(what: str) -> Object:
    schema = {"type": "string", "minLength": 1}
    return {"name": "ref", "in": "path", "required": True, "description": what, "schema": schema}


def _query(name: str, what: str, schema: Mapping[str, object]) -> Object:
    return {"name": name, "in": "query", "description": what, "schema": dict(schema)}
