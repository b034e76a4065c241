"""Charts are well-formed SVG that shows what it is told, whatever the names and numbers."""

from __future__ import annotations

import math
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from mlwright.evaluate.records import Interval
from mlwright.govern.charts import Bar, Push, intervals, pushes

numbers = st.floats(-1e12, 1e12)
printable = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=20
)


@given(st.lists(st.tuples(printable, numbers, numbers, numbers), min_size=1, max_size=6))
def test_a_chart_is_well_formed_and_names_every_bar(
    rows: list[tuple[str, float, float, float]],
) -> None:
    bars = [Bar(n, Interval(sorted(v)[1], min(v), max(v)), emphasis=False) for n, *v in rows]

    svg = ElementTree.fromstring(intervals(bars, title="a < b & c"))

    texts = [element.text or "" for element in svg.iter() if element.tag.endswith("text")]
    assert all(name in texts for name, *_ in rows)
    assert svg.get("aria-label") == "a < b & c"


def test_a_bar_without_a_defined_value_is_left_out() -> None:
    good = Bar("good", Interval(0.5, 0.4, 0.6), emphasis=True)
    bad = Bar("bad", Interval(math.nan, math.nan, math.nan), emphasis=False)

    assert "bad" not in intervals([good, bad], title="t")


def test_a_chart_of_nothing_defined_says_so() -> None:
    undefined = Bar("model", Interval(math.nan, math.nan, math.nan), emphasis=True)
    infinite = Bar("dummy", Interval(math.inf, math.nan, math.nan), emphasis=False)

    svg = ElementTree.fromstring(intervals([undefined, infinite], title="t"))

    assert [e.text for e in svg.iter() if e.tag.endswith("text")] == ["not defined on these rows"]


@given(st.lists(st.tuples(printable, st.floats(-1e12, 1e12)), min_size=1, max_size=12))
def test_bars_of_reasons_keep_their_sign_their_order_of_length_and_their_place(
    rows: list[tuple[str, float]],
) -> None:
    svg = ElementTree.fromstring(pushes([Push(*row) for row in rows], title="a < b"))

    bars = svg.findall("rect")
    assert [bar.get("class") for bar in bars] == ["up" if v >= 0 else "down" for _, v in rows]
    widths = [float(str(bar.get("width"))) for bar in bars]
    for (_, one), wide in zip(rows, widths, strict=True):
        for (_, other), narrow in zip(rows, widths, strict=True):
            assert wide >= narrow - 0.1 or abs(one) < abs(other)
    assert all(0 <= float(str(bar.get("x"))) <= 640 for bar in bars)
    texts = [element.text or "" for element in svg.findall("text")]
    assert texts[::2] == [name for name, _ in rows]
    assert all(text[0] in "+-" for text in texts[1::2])


def test_a_reason_that_is_not_a_number_is_left_out() -> None:
    assert "not defined" in pushes([Push("gone", math.nan)], title="t")


def test_a_number_stands_in_full_where_it_fits_beside_its_bar() -> None:
    drawn = pushes([Push("carat", 12_111.4), Push("y", -738.46), Push("z", 3.2e11)], title="t")
    judged = intervals([Bar("m", Interval(18_806.2, 18_000.0, 19_000.0), emphasis=True)], title="t")

    assert all(f">{text}<" in drawn for text in ("+12,111", "-738.5", "+3.2e+11"))
    assert ">18,806<" in judged
