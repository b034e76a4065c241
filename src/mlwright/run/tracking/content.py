"""What a run keeps, as bytes with a media type and a name that fits it."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from mlwright.core.encoding import plain
from mlwright.core.errors import UsageError
from mlwright.core.files import disk_faults
from mlwright.run.tracking.pictures import figure, is_figure, media_of_bytes, picture

JSON, TEXT, CSV = "application/json", "text/plain", "text/csv"
PARQUET = "application/vnd.apache.parquet"
BYTES = "application/octet-stream"
LARGEST = 2 << 30
"""Bytes of one file: it is held in memory while it is kept."""

_MOST = 1_000
_ENDINGS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/svg+xml": ".svg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    JSON: ".json",
    TEXT: ".txt",
    CSV: ".csv",
    PARQUET: ".parquet",
    BYTES: ".bin",
}


@dataclass(frozen=True, slots=True)
class Content:
    """A file to be kept."""

    name: str
    media: str
    content: bytes


def contents(value: object, name: str | None) -> Iterator[Content]:
    """Give what is to be kept of a value: a path's files, or the value written down.

    A text or a path names a file or a folder. Anything else is written as what it is: a figure as
    SVG, a table as Parquet, a Pillow image as PNG, bytes as they are, plain values and records as
    JSON. A name without an ending gets the one that fits.

    Raises
    ------
    UsageError
        ``artefact-missing``, ``artefact-form``, ``artefact-large``, ``artefact-unnamed``.
    """
    if isinstance(value, str | Path):
        yield from _files(Path(value), name)
        return
    if name is None:
        raise UsageError(
            "artefact-unnamed",
            f"a {type(value).__qualname__} needs a name to be kept under",
            fix='t.artefact(value, "name")',
            facts={"type": type(value).__qualname__},
        )
    content, media = _written(value, name)
    yield Content(with_ending(name, media), media, content)


def image(value: object, name: str) -> Content:
    """Return a picture under a name with the ending that fits."""
    if isinstance(value, str | Path):
        (found,) = _files(Path(value), name)
        value = found.content
    content, media = picture(value)
    return Content(with_ending(name, media), media, content)


def with_ending(name: str, media: str) -> str:
    """Return a name, with the ending of its media type where it has none.

    >>> with_ending("roc", "image/svg+xml"), with_ending("model.onnx", "application/octet-stream")
    ('roc.svg', 'model.onnx')
    """
    return name if Path(name).suffix else name + _ENDINGS.get(media, "")


def media_of_name(name: str) -> str:
    """Return the media type that a file's ending tells."""
    if name.endswith((".parquet", ".pq")):
        return PARQUET
    return mimetypes.guess_type(name, strict=False)[0] or BYTES


def _files(path: Path, name: str | None) -> Iterator[Content]:
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.is_file())
        if len(files) > _MOST:
            raise UsageError(
                "artefact-large",
                f"{path} holds {len(files):,} files; at most {_MOST:,} of a folder are kept",
                fix="pack them into one file, or keep fewer",
                facts={"path": str(path), "files": len(files)},
            )
        for each in files:
            inside = f"{name or path.resolve().name}/{each.relative_to(path).as_posix()}"
            yield _file(each, inside)
        return
    if not path.is_file():
        raise UsageError(
            "artefact-missing",
            f"there is no file {str(path)[:200]!r} to keep",
            fix="a text names a file; t.note(text) keeps a text, t.artefact(text.encode(), name) "
            "a file of it",
            facts={"path": str(path)[:200]},
            looked=[str(path.absolute())[:400]],
        )
    yield _file(path, name or path.name)


def _file(path: Path, name: str) -> Content:
    with disk_faults(path):
        size = path.stat().st_size
        if size > LARGEST:
            raise UsageError(
                "artefact-large",
                f"{path} has {size:,} bytes; at most {LARGEST:,} are kept of one file",
                fix="split it, or log where it lies: t.tag(weights='s3://…')",
                facts={"path": str(path), "bytes": size},
            )
        content = path.read_bytes()
    name = name if Path(name).suffix else name + path.suffix
    return Content(name, media_of_bytes(content) or media_of_name(name), content)


def _written(value: Any, name: str) -> tuple[bytes, str]:
    if isinstance(value, bytes | bytearray | memoryview):
        content = bytes(value)
        known = media_of_name(name)
        return content, media_of_bytes(content) or known
    if is_figure(value):
        return figure(value), "image/svg+xml"
    if hasattr(value, "save") and hasattr(value, "mode"):
        return picture(value)
    if (table := _table(value)) is not None:
        return table
    if type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, "dtype"):
        return _array(value), BYTES
    try:
        return _json(value), JSON
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            "artefact-form",
            f"a {type(value).__qualname__} cannot be written as a file: {error}",
            fix="save it with its own library, then t.artefact(path)",
            facts={"type": type(value).__qualname__},
        ) from error


def _json(value: object) -> bytes:
    text = json.dumps(plain(value), ensure_ascii=False, indent=2, allow_nan=False)
    return text.encode()


def _array(value: Any) -> bytes:
    import numpy as np

    held = BytesIO()
    np.save(held, np.asarray(value), allow_pickle=False)
    return held.getvalue()


def _table(value: Any) -> tuple[bytes, str] | None:
    """Return a polars, pandas or Arrow table as Parquet; pandas without its library for it, CSV."""
    library = type(value).__module__.partition(".")[0]
    if library == "pandas" and hasattr(value, "to_parquet"):
        return _of_pandas(value)
    if not hasattr(value, "__arrow_c_stream__"):
        return None
    import polars as pl

    held = BytesIO()
    pl.DataFrame(value).write_parquet(held)
    return held.getvalue(), PARQUET


def _of_pandas(value: Any) -> tuple[bytes, str]:
    held = BytesIO()
    try:
        value.to_parquet(held)
    except ImportError:
        return value.to_csv(index=type(value.index).__name__ != "RangeIndex").encode(), CSV
    return held.getvalue(), PARQUET
