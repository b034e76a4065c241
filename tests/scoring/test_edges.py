"""The rows at the edges try every column."""

from __future__ import annotations

from mlwright.data.records import Column, Kind
from mlwright.scoring.cast import cast_row
from mlwright.scoring.edges import edge_rows

INPUTS = tuple(Column(kind.value, kind) for kind in Kind)


def test_every_column_is_null_once_alone() -> None:
    base = dict.fromkeys(("boolean", "integer", "float"), 1)

    rows = [row for _, row in edge_rows(base, INPUTS[:3])]

    for name in base:
        assert {**base, name: None} in rows


def test_every_edge_is_let_in() -> None:
    base = dict.fromkeys(column.name for column in INPUTS)

    for _, row in edge_rows(base, INPUTS):
        assert len(cast_row(row, INPUTS)) == len(INPUTS)


def test_a_wide_table_gets_as_many_edges_as_can_be_tried_quickly() -> None:
    wide = [Column(f"c{place}", Kind.FLOAT) for place in range(400)]

    edges = edge_rows(dict.fromkeys((c.name for c in wide), 1.0), wide)

    assert len(edges) < 600
    assert all(any(row[c.name] is None for _, row in edges) for c in wide)


def test_no_column_has_no_edges() -> None:
    assert edge_rows({}, ()) == []
