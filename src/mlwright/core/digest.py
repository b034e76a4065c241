"""The one digest: SHA-256, written ``sha256:<64 hex digits>``."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NewType

Digest = NewType("Digest", str)

_PREFIX = "sha256:"
_WRITTEN = re.compile("sha256:[0-9a-f]{64}")
_CHUNK = 1 << 20


def digest_bytes(content: bytes | memoryview) -> Digest:
    """Return the digest of some bytes.

    >>> digest_bytes(b"")[:14]
    'sha256:e3b0c44'
    """
    return Digest(_PREFIX + hashlib.sha256(content).hexdigest())


def digest_file(path: Path) -> Digest:
    """Return the digest of a file's bytes, read once in chunks."""
    state = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            state.update(chunk)
    return Digest(_PREFIX + state.hexdigest())


def from_raw(raw: bytes) -> Digest:
    """Return the written form of 32 raw digest bytes."""
    if len(raw) != 32:
        raise ValueError(f"a SHA-256 digest has 32 bytes, not {len(raw)}")
    return Digest(_PREFIX + raw.hex())


def to_raw(digest: Digest) -> bytes:
    """Return the 32 raw bytes of a digest."""
    return bytes.fromhex(hex_of(digest))


def hex_of(digest: Digest) -> str:
    """Return the 64 hex digits of a digest."""
    if not is_digest(digest):
        raise ValueError(f"not a digest: {digest!r}")
    return digest[len(_PREFIX) :]


def is_digest(text: str) -> bool:
    """Tell whether ``text`` is a digest in its one written form."""
    return _WRITTEN.fullmatch(text) is not None
