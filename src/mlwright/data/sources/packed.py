"""Compressed files, unpacked as they are read: gzip, bzip2, xz and zstd, told by first bytes."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import BinaryIO, cast

from mlwright.core.errors import DataError
from mlwright.data.sources.raw import Readable
from mlwright.data.sources.steady import SteadyFile

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_Opener = Callable[[Readable], AbstractContextManager[BinaryIO]]
_FAULTS = (EOFError, OSError, zlib.error, lzma.LZMAError, zstd.ZstdError)
_MARKS = {
    b"\x1f\x8b": ("gzip", gzip.open),
    b"BZh": ("bzip2", bz2.open),
    b"\xfd7zXZ\0": ("xz", lzma.open),
    b"\x28\xb5\x2f\xfd": ("zstd", zstd.open),
}


class UnpackedFile:
    """What a compressed file holds; its name is without the ending that says so."""

    def __init__(self, source: SteadyFile, packing: str, opener: _Opener) -> None:
        self.packing = packing
        self.name = source.name
        self._source = source
        self._file = opener(source).__enter__()
        self._ahead = b""

    def head(self, count: int) -> bytes:
        """Return the first bytes, still to be read."""
        self._ahead = self._unpacked(count)
        return self._ahead

    def read(self, count: int = -1) -> bytes:
        """Return up to ``count`` bytes, all that are left by default; none at the end."""
        ahead = self._ahead
        if count < 0:
            self._ahead = b""
            return ahead + self._unpacked(-1)
        if ahead:
            self._ahead = ahead[count:]
            return ahead[:count]
        return self._unpacked(count)

    def _unpacked(self, count: int) -> bytes:
        try:
            return self._file.read(count)
        except _FAULTS as error:
            raise DataError(
                "source-packed",
                f"{self._source.name} is no whole {self.packing} file: {error}",
                fix="pack or copy it again, or give the unpacked table",
                facts={"path": self._source.name, "packing": self.packing},
            ) from error


def unpacked(source: SteadyFile) -> SteadyFile | UnpackedFile:
    """Return what a file holds when it is compressed, else the file itself."""
    head = source.head(16)
    for mark, (packing, opener) in _MARKS.items():
        if head.startswith(mark):
            return UnpackedFile(source, packing, cast("_Opener", opener))
    return source
