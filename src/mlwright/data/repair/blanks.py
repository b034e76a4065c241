"""The characters that count as space, the same for a table and for a row."""

from __future__ import annotations

BLANKS = (
    "".join(
        map(
            chr,
            (*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)),
        )
    )
    + "\u2028\u2029\u202f\u205f\u3000"
)
"""What Unicode calls white space; Python's own ``strip`` and Polars' differ by a few of them."""
