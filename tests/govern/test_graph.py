"""A lineage graph is well-formed, names every box and leads where it says."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from mlwright.govern.graph import Node, graph
from mlwright.govern.layout import lay_out

printable = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=40
)
nodes = st.builds(Node, kind=printable, name=printable, href=st.none() | printable)


@given(st.lists(st.lists(nodes, max_size=4), max_size=5))
def test_a_graph_is_well_formed_and_every_box_leads_where_it_should(
    columns: list[list[Node]],
) -> None:
    everything = [node for column in columns for node in column]
    edges = list(pairwise(everything))

    svg = ElementTree.fromstring(graph(columns, edges, title="a < b"))

    boxes = set(everything)
    assert len(svg.findall(".//rect")) == len(boxes)
    links = [link.get("href") for link in svg.iter("a")]
    assert sorted(map(str, links)) == sorted(n.href for n in boxes if n.href is not None)
    assert svg.get("aria-label") == "a < b"


def test_no_box_lies_outside_the_picture_or_on_another() -> None:
    columns = [[Node("run", f"{column}{row}", None) for row in range(3)] for column in range(4)]

    svg = ElementTree.fromstring(graph(columns, [], title="t"))

    _, _, width, height = map(float, str(svg.get("viewBox")).split())
    boxes = [
        tuple(float(str(box.get(name))) for name in ("x", "y", "width", "height"))
        for box in svg.iter("rect")
    ]
    for x, y, wide, high in boxes:
        assert 0 <= x < x + wide <= width
        assert 0 <= y < y + high <= height
    assert len({(x, y) for x, y, *_ in boxes}) == 12


def test_an_edge_that_others_say_is_left_out_and_none_passes_behind_a_box() -> None:
    names = {name: Node("step", name, None) for name in "abcdef"}
    columns = [[names[n] for n in column] for column in ("a", "bc", "d", "ef")]
    edges = [(names[a], names[b]) for a, b in ("ab", "ac", "bd", "ad", "de", "af", "ce", "cf")]

    laid = lay_out(columns, edges, box=40.0)
    svg = ElementTree.fromstring(graph(columns, edges, title="t"))

    said = {f"{a.name}{b.name}" for a, b in laid.ways}
    assert said == {"ab", "ac", "bd", "de", "ce", "cf"}
    assert len(svg.findall("path")) == len(said)
    passing = {f"{a.name}{b.name}": way for (a, b), way in laid.ways.items() if len(way) == 3}
    assert set(passing) == {"ce", "cf"}
    top = laid.tops[names["d"]]
    assert all(not top <= middle <= top + 40.0 for _, middle, _ in passing.values())
    assert laid.tops[names["e"]] < laid.tops[names["f"]]
