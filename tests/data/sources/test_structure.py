from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.errors import DataError
from mlwright.data.sources.structure import MAX_CELL, Records, header_end, newlines, records

CELLS = st.text(alphabet='ab,"\n\r é', max_size=6)


def cut(text: bytes, sizes: list[int], width: int, *, keep_blank: bool = False) -> list[Records]:
    blocks, start = [], 0
    for size in sizes:
        blocks.append(text[start : start + size])
        start += size
    blocks.append(text[start:])
    return list(records(iter(blocks), ",", width, 2, keep_blank))


def written(rows: list[list[str]], line_end: str) -> str:
    text = io.StringIO(newline="")
    # Python quotes only the line end it writes, although its own reader ends a line at either.
    ends = any(set(cell) & {"\r", "\n"} for row in rows for cell in row)
    quoting = csv.QUOTE_ALL if ends else csv.QUOTE_MINIMAL
    csv.writer(text, lineterminator=line_end, quoting=quoting).writerows(rows)
    return text.getvalue()


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], str]:
    width = draw(st.integers(2, 4))
    row = st.lists(CELLS, min_size=width, max_size=width)
    rows = draw(st.lists(row, min_size=1, max_size=8))
    return rows, draw(st.sampled_from(["\n", "\r\n", "\r"]))


@given(tables(), st.lists(st.integers(0, 20), max_size=10))
def test_text_cut_into_any_blocks_holds_the_records_that_were_written(
    table: tuple[list[list[str]], str], sizes: list[int]
) -> None:
    rows, line_end = table
    text = written(rows, line_end).encode()

    found = cut(text, sizes, len(rows[0]))

    joined = b"".join(each.content for each in found).decode()
    assert sum(each.count for each in found) == len(rows)
    assert list(csv.reader(io.StringIO(joined, newline=""))) == rows


@given(st.text(alphabet='a,"\n\r', max_size=40), st.lists(st.integers(0, 9), max_size=8))
def test_how_text_is_cut_into_blocks_never_decides_what_is_found_or_refused(
    text: str, sizes: list[int]
) -> None:
    def outcome(parts: list[int]) -> object:
        try:
            found = cut(text.encode(), parts, 2)
        except DataError:
            return "refused"
        return b"".join(each.content for each in found), sum(each.blank for each in found)

    assert outcome(sizes) == outcome([])


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (b"1,2\n1\n", "csv-ragged", 3),
        (b'"a\nb",2\n1,2,3\n', "csv-ragged", 4),
        (b'1,2\n5" pipe,2\n', "csv-quote", 3),
        (b'1,2\n"a"b,2\n', "csv-quote", 3),
        (b'1,2\n3,"open\n4,5\n', "csv-quote-open", 3),
        (b"1,2\n" + b"x" * (MAX_CELL + 2) + b",2\n", "csv-cell-too-large", 3),
    ],
)
def test_a_broken_record_is_refused_with_its_line(text: bytes, code: str, line: int) -> None:
    with pytest.raises(DataError) as caught:
        cut(text, [], 2)

    assert (caught.value.code, caught.value.facts["line"]) == (code, line)


def test_blank_lines_are_left_out_and_counted() -> None:
    found = cut(b"1,2\n\n\n3,4\n\n", [], 2)

    assert [(each.content, each.count, each.blank) for each in found] == [(b"1,2\n3,4\n", 2, 3)]


def test_a_blank_line_of_a_single_column_is_an_empty_cell() -> None:
    found = cut(b"1\n\n2", [], 1, keep_blank=True)

    assert [(each.count, each.blank) for each in found] == [(3, 0)]


def test_a_quoted_line_end_keeps_its_carriage_return() -> None:
    assert newlines(b'"a\r\nb",c\r\nd\re') == b'"a\r\nb",c\nd\ne'


def test_a_header_may_hold_a_quoted_line_end() -> None:
    assert header_end(b'"a\nb",c\n1,2\n') == len(b'"a\nb",c\n')
    assert header_end(b'"a\nb,c\n1,2\n') is None
