"""The way back of an id as a picture: source, data, run, model, and what came of it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import PurePath

from mlwright.core.ids import short
from mlwright.govern.graph import Node, graph
from mlwright.govern.records import Link, Why
from mlwright.server.links import address

_INPUTS = ("data", "code", "environment", "plan")
_MOST = 4  # boxes of one kind in a column; the table below the picture lists all


def lineage(why: Why, *, name: str) -> str:
    """Draw the way back of a model or prediction, as far as its explanation names it."""
    by_kind: dict[str, list[Link]] = {}
    for link in why.lineage:
        by_kind.setdefault(link.kind, []).append(link)
    sources = [Node("source", PurePath(a.id).name, None) for a in by_kind.get("source", [])[:_MOST]]
    inputs = [_node(link) for kind in _INPUTS for link in by_kind.get(kind, [])[:1]]
    runs = [_node(link) for link in by_kind.get("run", [])[:1]]
    subject = Node(why.kind, name, None, emphasis=True)
    models = [_node(link) for link in by_kind.get("model", [])[:1]]
    spine = [[node] for node in (*runs, *(models if why.kind != "model" else []), subject)]
    results = [_node(link) for link in by_kind.get("check", [])[:_MOST]]
    results += [
        Node("made live", short(link.id), address(link.id))
        for link in why.lineage
        if link.relation == "made live in"
    ][-1:]
    edges = [(source, node) for source in sources for node in inputs if node.kind == "data"]
    edges += [(node, spine[0][0]) for node in inputs]
    edges += [(a[0], b[0]) for a, b in pairwise(spine)]
    edges += [(subject, node) for node in results]
    return graph([sources, inputs, *spine, results], edges, title=f"Where {name} comes from")


def _node(link: Link) -> Node:
    if link.kind in ("code", "environment", "plan"):
        return Node(link.kind, _said(link), None)
    name = link.what.partition(":")[0] if link.kind == "check" else short(link.id)
    return Node(link.kind, name, address(link.id))


def _said(link: Link) -> str:
    if link.kind == "environment":
        return link.what.partition(" on ")[0]
    if link.kind == "code" and link.what.startswith("git commit "):
        return f"commit {link.what.removeprefix('git commit ')[:10]}"
    return link.id.removeprefix("sha256:")[:16]
