"""A file's text as blocks of UTF-8, whatever its encoding was; what is no text is refused."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from mlwright.core.errors import DataError, UsageError
from mlwright.data.sources.raw import Readable

BLOCK = 8 << 20
_BOMS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Encodings in which bytes below 128 are ASCII, so that a block of such bytes needs no decoding.
_ASCII_BELOW_128 = {"ascii", "utf-8", "iso8859-1", "iso8859-15", "cp1252"}


# Codecs Python counts as text encodings although no file is written in them.
_NO_FILES = {"unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined"}


def utf8_blocks(source: Readable, encoding: str | None) -> tuple[str, Iterator[bytes]]:
    """Give the encoding, and the text in blocks, as UTF-8 without a byte order mark.

    Where no encoding is named, a byte order mark tells it; without one the text must be UTF-8.

    Raises
    ------
    UsageError
        ``encoding-unknown`` for a name that is no text encoding.
    DataError
        ``data-encoding`` with the offset of the first byte that does not fit; ``data-nul-byte``.
    """
    first = source.read(BLOCK)
    used = encoding if encoding is not None else _marked(first) or "utf-8"
    name = _codec(used)
    _check_mark(first, name, used)
    return used, _blocks(first, source, name, used)


def _blocks(first: bytes, source: Readable, name: str, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(name)(errors="strict")
    offset = 0
    raw = first
    while True:
        held = bool(decoder.getstate()[0])
        if raw and not held and name in _ASCII_BELOW_128 and raw.isascii():
            block = raw
        else:
            block = _decoded(decoder, raw, offset, encoding)
        if offset == 0:
            block = block.removeprefix(codecs.BOM_UTF8)
        if (nul := block.find(b"\0")) >= 0:
            raise _nul(block, nul)
        if block:
            yield block
        if not raw:
            return
        offset += len(raw)
        raw = source.read(BLOCK)


def _marked(first: bytes) -> str | None:
    return next((name for mark, name in _BOMS.items() if first.startswith(mark)), None)


def _codec(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
        "".encode(encoding)
    except (LookupError, ValueError):
        name = "undefined"
    if name.replace("_", "-") in _NO_FILES:
        raise UsageError(
            "encoding-unknown",
            f"{encoding!r} is no text encoding",
            fix="name one such as utf-8, latin-1, cp1252 or utf-16: --encoding latin-1",
            facts={"encoding": encoding},
        )
    return "utf-8" if name == "utf-8-sig" else name


def _check_mark(raw: bytes, name: str, encoding: str) -> None:
    for mark, says in _BOMS.items():
        if raw.startswith(mark):
            if not name.startswith(says):
                raise DataError(
                    "data-encoding",
                    f"the first bytes ({mark.hex(' ')}) say that this is {says}, not {encoding}",
                    fix=f"--encoding {says}",
                    facts={"offset": 0, "encoding": encoding, "likely": says},
                )
            return


def _decoded(decoder: codecs.IncrementalDecoder, raw: bytes, offset: int, encoding: str) -> bytes:
    held = len(decoder.getstate()[0])
    try:
        return decoder.decode(raw, not raw).encode()
    except UnicodeError as error:
        place = offset - held + (error.start if isinstance(error, UnicodeDecodeError) else 0)
        text = raw[max(place - offset, 0) :][:1].hex() or "the end of the file"
        raise DataError(
            "data-encoding",
            f"byte {place:,} (0x{text}) is not {encoding}",
            fix="name the file's own encoding, such as --encoding latin-1 or --encoding cp1252",
            facts={"offset": place, "encoding": encoding},
        ) from None


def _nul(block: bytes, place: int) -> DataError:
    before = block[:place].rpartition(b"\n")[2][-40:].decode("utf-8", "replace")
    return DataError(
        "data-nul-byte",
        f"there is a NUL character after {before!r}: this is no text, or damaged text",
        fix="give a table; for UTF-16 text name it: --encoding utf-16",
        facts={"after": before},
    )
