"""What a program gives as a source: the name of a table, or the table itself."""

from __future__ import annotations

from pathlib import Path

from mlwright.core.errors import UsageError
from mlwright.data.sources.address import absolute


def given(source: object, folder: Path) -> tuple[str, object | None]:
    """Return what stands for a source in the settings, and the frame where it is one.

    Raises
    ------
    UsageError
        ``frame-kind`` for what is neither a name nor a table.
    """
    if isinstance(source, str | Path):
        return absolute(str(source), folder), None
    from mlwright.data.sources.frames import address_of, is_frame

    if not is_frame(source):
        kind = type(source).__qualname__
        raise UsageError(
            "frame-kind",
            f"a {kind} cannot be read as a table",
            fix="give a polars, pandas or Arrow table, or the path of a file",
            facts={"type": kind},
        )
    return address_of(source), source
