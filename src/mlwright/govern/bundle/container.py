"""Write the file of a bundle: a ZIP of stored members whose every byte follows from its parts."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mlwright.core.chosen import chosen
from mlwright.core.files import disk_faults, make_folder_durably, sync_folder
from mlwright.govern.bundle.verifier import ending, listed, local_header

_CHUNK = 1 << 20

Member = tuple[str, Path | bytes]
"""A member's name, and its bytes or the file that holds them."""


def write_container(file: BinaryIO, members: Iterable[Member]) -> None:
    """Write members one behind the other, then the table of contents.

    Nothing is compressed and no clock is asked, so the same members give the same bytes with any
    version of any library; what is large in them is compressed already.
    """
    table = []
    for name, content in members:
        offset = file.tell()
        crc, size = _checksum(content)
        file.write(local_header(name, crc, size))
        for chunk in _chunks(content):
            file.write(chunk)
        table.append((name, crc, size, offset))
    at = file.tell()
    contents = b"".join(listed(*entry) for entry in table)
    file.write(contents + ending(len(table), len(contents), at))


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Give a file to write that becomes ``target`` once the block is through, or never was."""
    staged = target.parent / f".mlwright-{os.getpid()}-{os.urandom(8).hex()}"
    with disk_faults(target), chosen(target):
        make_folder_durably(target.parent)
        try:
            yield staged
            with staged.open("rb") as file:
                os.fsync(file.fileno())
            staged.replace(target)
        finally:
            staged.unlink(missing_ok=True)
        sync_folder(target.parent)


def _checksum(content: Path | bytes) -> tuple[int, int]:
    crc = size = 0
    for chunk in _chunks(content):
        crc = zlib.crc32(chunk, crc)
        size += len(chunk)
    return crc, size


def _chunks(content: Path | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
