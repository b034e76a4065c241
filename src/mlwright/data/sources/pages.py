"""Whether the headers of a Parquet file agree with each other, before a decoder believes them.

A decoder reserves what a header asks for; Polars ends the whole process when a damaged header
asks for more than there is. So sizes and counts are compared with the file first. The headers
are Thrift structures in the compact protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from mmap import mmap

_MAGIC = b"PAR1"
_DEEPEST = 32
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_INTEGERS = (4, 5, 6)

# Numbers of fields in the format's Thrift file.
_ROWS, _GROUPS = 3, 4
_COLUMNS, _GROUP_ROWS = 1, 3
_METADATA = 3
_VALUES, _CHUNK_SIZE, _OFFSETS = 5, 7, (9, 11)
_RAW_SIZE, _PAGE_SIZE = 2, 3
_OLD_PAGE, _DICTIONARY_PAGE, _NEW_PAGE = 5, 7, 8
_PAGE_VALUES, _NEW_PAGE_COUNTS, _LEVEL_SIZES = 1, (2, 3), (5, 6)

Struct = Mapping[int, object]


class DamagedError(Exception):
    """The headers contradict each other or the file; the message says where."""


@dataclass
class _Reader:
    """Reads Thrift's compact protocol from a place in the file on."""

    content: bytes | mmap
    place: int
    depth: int = 0

    def byte(self) -> int:
        if not 0 <= self.place < len(self.content):
            raise DamagedError("a header goes beyond the end of the file")
        self.place += 1
        return self.content[self.place - 1]

    def unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise DamagedError("a number in a header is too long")

    def integer(self) -> int:
        value = self.unsigned()
        return (value >> 1) ^ -(value & 1)

    def skip(self, count: int) -> None:
        if count > len(self.content) - self.place:
            raise DamagedError("a header asks for more than the file holds")
        self.place += count

    def struct(self) -> Struct:
        self.deeper()
        fields: dict[int, object] = {}
        number = 0
        while head := self.byte():
            number = number + (head >> 4) if head >> 4 else self.integer()
            fields[number] = self.value(head & 0x0F, in_list=False)
        self.depth -= 1
        return fields

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise DamagedError("headers are nested too deeply")

    def value(self, kind: int, *, in_list: bool) -> object:
        if kind in (_TRUE, _FALSE):
            return self.byte() == _TRUE if in_list else kind == _TRUE
        if kind == _BYTE:
            return self.byte()
        if kind in _INTEGERS:
            return self.integer()
        if kind == _STRUCT:
            return self.struct()
        if kind in (_LIST, _SET):
            return self.items()
        if kind in (_BINARY, _DOUBLE):
            self.skip(self.unsigned() if kind == _BINARY else 8)
            return None
        raise DamagedError("a header holds a value of no known kind")

    def items(self) -> list[object]:
        head = self.byte()
        count = self.unsigned() if head >> 4 == 0x0F else head >> 4
        if count > len(self.content) - self.place:
            raise DamagedError("a header lists more than the file holds")
        self.deeper()
        found = [self.value(head & 0x0F, in_list=True) for _ in range(count)]
        self.depth -= 1
        return found


def check_pages(content: bytes | mmap) -> list[int]:
    """Compare every page's header with its column's, and every column's with the file.

    Returns the rows of each row group.

    Raises
    ------
    DamagedError
        When they contradict each other.
    """
    if len(content) < 12 or content[:4] != _MAGIC or content[-4:] != _MAGIC:
        raise DamagedError("it does not begin and end as Parquet does")
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    footer = _Reader(content, start).struct()
    groups = []
    for group in _structs(footer, _GROUPS):
        held = _number(group, _GROUP_ROWS)
        for column in _structs(group, _COLUMNS):
            _check_column(content, _struct(column, _METADATA), held)
        groups.append(held)
    if sum(groups) != _number(footer, _ROWS):
        raise DamagedError("its parts do not have the rows it should have")
    return groups


def _check_column(content: bytes | mmap, column: Struct, rows: int) -> None:
    values = _number(column, _VALUES)
    size = _number(column, _CHUNK_SIZE)
    if not 0 <= rows <= values or size < 0:
        raise DamagedError("a column has fewer values than rows")
    # Some writers give 0 as the place of a dictionary that is not there.
    offsets = [_number(column, each) for each in _OFFSETS if column.get(each)]
    if not values or not offsets:
        return
    reader = _Reader(content, min(offsets))
    end = reader.place + size
    if not 0 < reader.place <= end <= len(content):
        raise DamagedError("a column lies outside the file")
    while reader.place < end:
        header = reader.struct()
        size = _number(header, _PAGE_SIZE)
        if size < 0 or reader.place + size > end:
            raise DamagedError("a page lies outside its column")
        values -= _check_page(header, size, values)
        reader.skip(size)


def _check_page(header: Struct, size: int, most: int) -> int:
    """Return how many of the column's values a page holds."""
    raw = _number(header, _RAW_SIZE)
    if not 0 <= raw < 1 << 31:
        raise DamagedError("a page has no possible size")
    if _DICTIONARY_PAGE in header:
        # A value of a dictionary is at least one byte.
        _within(_number(_struct(header, _DICTIONARY_PAGE), _PAGE_VALUES), raw)
        return 0
    if _NEW_PAGE in header:
        page = _struct(header, _NEW_PAGE)
        levels = [_number(page, each) for each in _LEVEL_SIZES]
        _within(min(levels), size)
        _within(sum(levels), size)
        for each in _NEW_PAGE_COUNTS:
            _within(_number(page, each), most)
    elif _OLD_PAGE in header:
        page = _struct(header, _OLD_PAGE)
    else:
        return 0
    held = _number(page, _PAGE_VALUES)
    _within(held, most)
    return held


def _within(count: int, most: int) -> None:
    if not 0 <= count <= most:
        raise DamagedError(f"a page counts {count:,} where at most {most:,} can be")


def _number(struct: Struct, name: int) -> int:
    value = struct.get(name)
    if not isinstance(value, int):
        raise DamagedError("a header lacks a number it must have")
    return value


def _struct(struct: Struct, name: int) -> Struct:
    value = struct.get(name)
    if not isinstance(value, dict):
        raise DamagedError("a header lacks a part it must have")
    return value


def _structs(struct: Struct, name: int) -> list[Struct]:
    value = struct.get(name)
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise DamagedError("a header lacks a list it must have")
    return value
