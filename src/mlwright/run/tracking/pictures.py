"""Pictures as files: arrays as PNG, figures as SVG, and what other libraries save themselves."""

from __future__ import annotations

import struct
import sys
import zlib
from contextlib import nullcontext
from io import BytesIO
from typing import Any

from mlwright.core.errors import UsageError

PNG, JPEG, SVG, GIF, WEBP = "image/png", "image/jpeg", "image/svg+xml", "image/gif", "image/webp"

_STARTS = ((b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG), (b"GIF8", GIF))
_COLOURS = {1: 0, 3: 2, 4: 6}  # PNG's word for grey, colour, and colour with transparency
_LARGEST = 20_000
_LEVEL = 6


def media_of_bytes(content: bytes) -> str | None:
    """Return the media type of a picture by its first bytes, None for what is none we know."""
    for start, media in _STARTS:
        if content.startswith(start):
            return media
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return WEBP
    head = content[:1000].lstrip()
    return SVG if head.startswith((b"<svg", b"<?xml")) and b"<svg" in head else None


def picture(value: object) -> tuple[bytes, str]:
    """Return a picture's bytes and media type.

    Parameters
    ----------
    value
        The bytes of a PNG, JPEG, GIF, WebP or SVG, an array or tensor (rows x columns, or with 1,
        3 or 4 colours first or last; whole numbers to 255, or 0.0 to 1.0), a Pillow image or a
        matplotlib figure.

    Raises
    ------
    UsageError
        ``image-form``
    """
    if isinstance(value, bytes | bytearray | memoryview):
        content = bytes(value)
        media = media_of_bytes(content)
        if media is None:
            raise _unfit(f"{len(content):,} bytes that begin with {content[:8]!r}")
        return content, media
    if is_figure(value):
        return figure(value), SVG
    if hasattr(value, "save") and hasattr(value, "mode"):
        return _saved(value), PNG
    if hasattr(value, "__array__") or isinstance(value, list):
        return _array(value), PNG
    raise _unfit(f"a {type(value).__qualname__}")


def is_figure(value: object) -> bool:
    """Tell whether something is a matplotlib figure, or a plot that has one."""
    return hasattr(value, "savefig") or hasattr(getattr(value, "figure", None), "savefig")


def figure(value: object) -> bytes:
    """Return a matplotlib figure, or the one an axes belongs to, as SVG.

    The same figure gives the same bytes: no date, and names that follow from the content.
    """
    drawn: Any = value if hasattr(value, "savefig") else getattr(value, "figure", None)
    library: Any = sys.modules.get("matplotlib")
    settled = nullcontext() if library is None else library.rc_context({"svg.hashsalt": "mlwright"})
    held = BytesIO()
    with settled:
        drawn.savefig(held, format="svg", metadata={"Date": None}, bbox_inches="tight")
    return held.getvalue()


def _saved(image: Any) -> bytes:
    held = BytesIO()
    image.save(held, format="PNG")
    return held.getvalue()


def _array(value: Any) -> bytes:
    import numpy as np

    if hasattr(value, "detach"):
        value = value.detach().cpu()
    found = np.asarray(value)
    if found.ndim == 3 and found.shape[2] not in _COLOURS and found.shape[0] in _COLOURS:
        found = np.moveaxis(found, 0, 2)
    if found.ndim == 2:
        found = found[:, :, None]
    shape = tuple(np.shape(value))
    if found.ndim != 3 or found.shape[2] not in _COLOURS or 0 in found.shape:
        raise _unfit(f"an array of {' x '.join(map(str, shape))}")
    if max(found.shape[:2]) > _LARGEST:
        raise _unfit(f"an array of {' x '.join(map(str, shape))}: more than {_LARGEST:,} a side")
    if found.dtype.kind == "f":
        # NaN is drawn as nothing; what lies outside is drawn as the end it lies beyond.
        found = np.nan_to_num(np.clip(found, 0.0, 1.0)) * 255 + 0.5
    elif found.dtype.kind == "b":
        found = found * 255
    elif found.dtype.kind in "iu":
        found = np.clip(found, 0, 255)
    else:
        raise _unfit(f"an array of {found.dtype}")
    return _png(np.ascontiguousarray(found.astype(np.uint8)))


def _png(pixels: Any) -> bytes:
    height, width, depth = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOURS[depth], 0, 0, 0)
    return b"".join(
        (
            _STARTS[0][0],
            _chunk(b"IHDR", head),
            _chunk(b"IDAT", zlib.compress(rows, _LEVEL)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def _unfit(what: str) -> UsageError:
    return UsageError(
        "image-form",
        f"{what} cannot be kept as a picture",
        fix="give PNG, JPEG or SVG bytes, an array of rows x columns (x 3 or 4 colours), a Pillow "
        "image or a matplotlib figure; t.artefact keeps anything else",
        facts={"what": what},
    )
