"""Wheels: written from files, and made again, file by file checked, from what is installed."""

from __future__ import annotations

import csv
import io
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from configparser import ConfigParser
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from mlwright.core.digest import Digest
from mlwright.run.environments.lock import by_installer, files_digest_of

_EPOCH = (1980, 1, 1, 0, 0, 0)
_LEVEL = 1  # a store of wheels is written once and hardly read
_PLAIN, _EXECUTED = 0o100644, 0o100755


class UnkeptError(Exception):
    """Why no wheel can be made of what is installed."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a wheel: its path in the archive, its content, whether it is executed."""

    path: str
    content: bytes
    executed: bool = False


def write_wheel(members: Iterable[Member], info: str, out: IO[bytes]) -> None:
    """Write a wheel of some files, with its list of them; the same files give the same bytes.

    Parameters
    ----------
    info
        The name of the metadata folder, such as ``numpy-2.3.4.dist-info``.
    """
    rows = []
    with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for member in members:
            mode = _EXECUTED if member.executed else _PLAIN
            _add(archive, member.path, member.content, mode)
            rows.append((member.path, f"sha256={_hash(member.content)}", str(len(member.content))))
        rows.append((f"{info}/RECORD", "", ""))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        _add(archive, f"{info}/RECORD", text.getvalue().encode(), _PLAIN)


def _add(archive: ZipFile, path: str, content: bytes, mode: int) -> None:
    entry = ZipInfo(path, _EPOCH)
    entry.external_attr = mode << 16
    entry.compress_type = ZIP_DEFLATED
    archive.writestr(entry, content)


def _hash(content: bytes) -> str:
    return urlsafe_b64encode(sha256(content).digest()).decode().rstrip("=")


def wheel_name(info: Path) -> str:
    """Return the file name of the wheel a distribution was installed from.

    Raises
    ------
    UnkeptError
        Where it was installed from no wheel.
    """
    path = info / "WHEEL"
    if not path.is_file():
        raise UnkeptError("it was installed from no wheel")
    lines = path.read_text("utf-8", "replace").splitlines()
    build = "".join(f"-{line[7:].strip()}" for line in lines if line.startswith("Build: "))
    tags = [line[5:].strip().split("-") for line in lines if line.startswith("Tag: ")]
    parts = [".".join(dict.fromkeys(tag[at] for tag in tags if len(tag) == 3)) for at in range(3)]
    if not all(parts):
        raise UnkeptError("its wheel has no tags")
    return f"{info.name.removesuffix('.dist-info')}{build}-{'-'.join(parts)}.whl"


def repacked(info: Path, prefix: Path) -> Iterator[Member]:
    """Give the files of an installed distribution as its wheel had them.

    Each is held against the digest in the list of files. What installers write is left to the
    next one.

    Parameters
    ----------
    info
        The folder of its metadata.
    prefix
        The environment's folder, above ``lib`` and ``bin``.

    Raises
    ------
    UnkeptError
        When a file is gone, was changed since, or is in no list.
    """
    record = info / "RECORD"
    if not record.is_file():
        raise UnkeptError("its installer kept no list of files")
    scripts = _made_from_entry_points(info)
    data = f"{info.name.removesuffix('.dist-info')}.data"
    rows = record.read_text("utf-8").splitlines()
    for line in rows:
        path, digest, _ = next(csv.reader([line]))
        outside = path.startswith("..")
        if not (digest or path.endswith(".pyc") or path == f"{info.name}/RECORD"):
            raise UnkeptError(f"{path} is listed without a digest")
        if by_installer(line, info.name) and not (outside and digest):
            continue
        if outside:
            place = _place(info.parent, path, prefix)
            if place.parts[0] == "bin" and place.name in scripts:
                continue
            content = _checked(info.parent / path, path, digest)
            yield _of_data(data, place, content)
        else:
            content = _checked(info.parent / path, path, digest)
            yield Member(path, content, bool((info.parent / path).stat().st_mode & 0o100))


def _checked(file: Path, path: str, digest: str) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UnkeptError(f"{path} is gone") from error
    if digest != f"sha256={_hash(content)}":
        raise UnkeptError(f"{path} was changed since it was installed")
    return content


def _place(site: Path, path: str, prefix: Path) -> PurePosixPath:
    """Return where in its environment a file lies that lies outside the packages' folder."""
    parts: list[str] = []
    for part in (*site.parts, *PurePosixPath(path).parts):
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    place = PurePosixPath(*parts)
    if not place.is_relative_to(prefix):
        raise UnkeptError(f"{path} lies outside its environment")
    return place.relative_to(prefix)


def _of_data(data: str, place: PurePosixPath, content: bytes) -> Member:
    if place.parts[0] == "bin":
        # The installer writes its own interpreter into the first line again.
        content = re.sub(rb"\A#![^\n]*python[^\n]*", b"#!python", content)
        return Member(f"{data}/scripts/{place.name}", content, executed=True)
    if place.parts[:2] == ("include", "site") and len(place.parts) > 4:
        return Member(f"{data}/headers/{PurePosixPath(*place.parts[4:])}", content)
    return Member(f"{data}/data/{place}", content)


def _made_from_entry_points(info: Path) -> frozenset[str]:
    path = info / "entry_points.txt"
    if not path.is_file():
        return frozenset()
    found = ConfigParser(delimiters="=", interpolation=None, strict=False)
    found.optionxform = str  # type: ignore[assignment,method-assign] # names keep their case
    found.read_string(path.read_text("utf-8"))
    groups: Sequence[str] = ("console_scripts", "gui_scripts")
    return frozenset(name for group in groups if group in found for name in found[group])


def files_in_wheel(path: Path | IO[bytes]) -> Digest:
    """Return the digest of the files a wheel brings: that of ``Installed.files`` once installed."""
    with ZipFile(path) as archive:
        (record,) = (n for n in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/RECORD", n))
        text = archive.read(record).decode("utf-8", "surrogateescape")
    info = record.partition("/")[0]
    data = f"{info.removesuffix('.dist-info')}.data/"
    lines = text.splitlines()
    return files_digest_of("\n".join(_installed_lines(lines, data)), info)


def _installed_lines(lines: Iterable[str], data: str) -> Iterator[str]:
    """Give the lines as an installer writes them: what goes elsewhere lies outside then."""
    for line in lines:
        if not line.startswith(data):
            yield line
            continue
        kind, _, rest = line.removeprefix(data).partition("/")
        if kind in ("purelib", "platlib"):
            yield rest
