"""The way back of an id as a picture: source, data, run, model, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import PurePath

from mlwright.core.ids import short
from mlwright.govern.graph import Node, graph
from mlwright.govern.records import Link, Why
from mlwright.server.links import address

_INPUTS = ("data", "code", "environment", "plan")
_MOST = 4  # boxes of one kind in a column; the table below the picture lists all


def lineage(why: Why, *, name: str) -> str:
    """Draw the way back of a run, model or prediction, as far as its explanation names it."""
    by_kind: dict[str, list[Link]] = {}
    for link in why.lineage:
        by_kind.setdefault(link.kind, []).append(link)
    sources = [Node("source", PurePath(a.id).name, None) for a in by_kind.get("source", [])[:_MOST]]
    inputs = [_node(link) for kind in _INPUTS for link in by_kind.get(kind, [])[:1]]
    subject = Node(why.kind, name, None, emphasis=True)
    made_by, results = _around(why, by_kind)
    spine = [*made_by, subject]
    edges = [(source, node) for source in sources for node in inputs if node.kind == "data"]
    edges += [(node, spine[0]) for node in inputs]
    edges += pairwise(spine)
    edges += [(subject, node) for node in results]
    columns = [sources, inputs, *([node] for node in spine), results]
    return graph(columns, edges, title=f"Where {name} comes from")


def _around(why: Why, by_kind: Mapping[str, Sequence[Link]]) -> tuple[list[Node], list[Node]]:
    """Return what stands between the inputs and the subject, and what came of the subject."""

    def nodes(kind: str, most: int) -> list[Node]:
        return [_node(link) for link in by_kind.get(kind, ())[:most]]

    if why.kind == "run":
        return [], nodes("model", _MOST)
    if why.kind == "model":
        moves = [link for link in why.lineage if link.relation == "made live in"]
        lived = [Node("made live", short(link.id), address(link.id)) for link in moves[-1:]]
        return nodes("run", 1), [*nodes("check", _MOST), *lived]
    return [*nodes("run", 1), *nodes("model", 1)], nodes("label", _MOST)


def _node(link: Link) -> Node:
    if link.kind in ("code", "environment", "plan"):
        return Node(link.kind, _said(link), None)
    name = str(link.facts.get("ref") or short(link.id))
    if link.kind == "check":
        name = link.what.partition(":")[0]
    return Node(link.kind, name, address(link.id))


def _said(link: Link) -> str:
    if link.kind == "environment":
        return link.what.partition(" on ")[0]
    if link.kind == "code" and link.what.startswith("git commit "):
        return f"commit {link.what.removeprefix('git commit ')[:10]}"
    return link.id.removeprefix("sha256:")[:12]
