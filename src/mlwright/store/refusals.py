"""The errors every store gives, so that all of them say the same."""

from __future__ import annotations

from collections.abc import Iterable

from mlwright.core.digest import Digest, digest_bytes
from mlwright.core.errors import BrokenError, FaultError, NotFoundError, RefusedError


def missing(digest: Digest, looked: Iterable[str]) -> NotFoundError:
    """Return the error for an object that is in none of the places looked at."""
    return NotFoundError(
        "object-missing",
        f"there is no object {digest}",
        fix="restore it from a copy of the project, or make it again: mlw why on the id that "
        "names it tells which run did",
        facts={"digest": digest},
        looked=looked,
    )


def corrupt(digest: Digest, content: bytes, where: str) -> BrokenError:
    """Return the error for an object whose bytes have another digest; ``where`` they lie now."""
    return BrokenError(
        "object-corrupt",
        f"object {digest} was changed after it was written: its bytes are now "
        f"{digest_bytes(content)}; they lie in {where}",
        fix="restore the object from a copy of the project, then run the same command again",
        facts={"digest": digest, "actual": digest_bytes(content), "where": where},
        looked=(where,),
    )


def unreadable(digest: Digest, error: OSError, where: str) -> FaultError:
    """Return the error for an object the machine would not read."""
    return FaultError(
        "object-unreadable",
        f"object {digest} could not be read from {where}: {error.strerror}",
        fix="look at the disk and at the folder's permissions, then run the same command again",
        facts={"digest": digest, "errno": error.errno},
        looked=(where,),
    )


def read_only(where: str) -> RefusedError:
    """Return the error for a write to a view that may not write."""
    return RefusedError(
        "store-read-only",
        f"{where} is open for reading only",
        fix="write to the store itself, or to the top of an overlay",
        facts={"where": where},
    )
