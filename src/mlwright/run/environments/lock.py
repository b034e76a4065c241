"""The lock: what is installed, so exactly that the same can be installed again."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from mlwright.core.digest import Digest, digest_bytes
from mlwright.run.closure.origin import metadata_folders, named
from mlwright.run.code.stamps import Stamps
from mlwright.run.records import Installed

# What an installer writes beside a distribution's own files; it differs from one to the next.
_WRITTEN = frozenset(
    {
        *("INSTALLER", "REQUESTED", "RECORD", "RECORD.jws", "RECORD.p7s", "direct_url.json"),
        *("uv_build.json", "uv_cache.json"),
    }
)
_SHA256 = re.compile("[0-9a-f]{64}")
_KIND = "installed"


def locked(stamps: Stamps | None = None) -> Mapping[str, Installed]:
    """Return every distribution Python can import from, by name.

    Parameters
    ----------
    stamps
        Lists of files that did not change since they were noted here are not read again.
    """
    return {name: each.installed for name, each in _here(stamps).items()}


def editable(stamps: Stamps | None = None) -> Mapping[str, Path]:
    """Return the metadata folder of every distribution that is edited where it is, by name."""
    return {name: each.info for name, each in _here(stamps).items() if each.editable}


@dataclass(frozen=True, slots=True)
class _Seen:
    name: str
    installed: Installed
    info: Path
    editable: bool


_FOUND: dict[tuple[str, ...], dict[str, _Seen]] = {}
"""What this process found, by the path it imports from: what it has imported stays as it is."""


def _here(stamps: Stamps | None) -> Mapping[str, _Seen]:
    path = tuple(sys.path)
    if path not in _FOUND:
        found: dict[str, _Seen] = {}
        for info in metadata_folders(path):
            seen = _seen(info, stamps or Stamps(None))
            found.setdefault(seen.name, seen)
        _FOUND[path] = dict(sorted(found.items()))
    return _FOUND[path]


def _seen(info: Path, stamps: Stamps) -> _Seen:
    """Return what is known of a distribution, as long as its list of files looks the same."""
    path = f"{info}/RECORD"
    try:
        looks = os.stat(path)  # noqa: PTH116 - of hundreds, to make paths takes as long as to look
    except OSError:
        return _read(info, None)
    noted = stamps.note_of(path, looks, kind=_KIND)
    if noted is not None:
        name, edited, *told = json.loads(noted)
        return _Seen(name, Installed(*told), info, edited)
    found = _read(info, Path(path).read_bytes())
    it = found.installed
    told = [it.version, it.record, it.files, it.wheel, it.source]
    stamps.note(path, looks, json.dumps([found.name, found.editable, *told]), kind=_KIND)
    return found


def _read(info: Path, record: bytes | None) -> _Seen:
    name, version = named(info)
    direct = direct_url(info)
    files = None
    if record is not None:
        files = files_digest_of(record.decode("utf-8", "surrogateescape"), info.name)
    digest = None if record is None else digest_bytes(record)
    found = Installed(version, digest, files, _archive(direct), _repository(direct))
    return _Seen(name, found, info, is_editable(direct))


def files_digest_of(record: str, info: str) -> Digest:
    """Return one digest for the files a distribution came with, whoever installed it, and where.

    Parameters
    ----------
    record
        The text of a ``RECORD``: path, digest and size of each file.
    info
        The name of the folder it lies in.
    """
    written = {f"{info}/{name}" for name in _WRITTEN}
    found = [
        # Without sizes: not every installer writes them.
        line.rpartition(",")[0]
        for line in record.splitlines()
        if not line.endswith(",,") and not line.startswith("..")
    ]
    kept = [line for line in found if line.partition(",")[0] not in written]
    return digest_bytes("\n".join(sorted(kept)).encode("utf-8", "surrogateescape"))


def by_installer(line: str, info: str) -> bool:
    """Tell whether a line of a ``RECORD`` is about what an installer made, not what it was given.

    Compiled files and the list itself have no digest; scripts name the interpreter they start.
    """
    if line.endswith(",,") or line.startswith(".."):
        return True
    return line.startswith(info) and line.partition(",")[0][len(info) + 1 :] in _WRITTEN


def direct_url(info: Path) -> Mapping[str, Any]:
    """Return what a distribution was installed from, where that was no index."""
    path = info / "direct_url.json"
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # none, or nobody's installer wrote it: it tells nothing
    return found if isinstance(found, dict) else {}


def is_editable(direct: Mapping[str, Any]) -> bool:
    """Tell whether a distribution was installed from a folder, and can be edited there."""
    about = direct.get("dir_info")
    return isinstance(about, dict) and bool(about.get("editable"))


def _archive(direct: Mapping[str, Any]) -> Digest | None:
    """Return the digest of the archive it was installed from, where the installer wrote it down."""
    about = direct.get("archive_info") or {}
    digest = (about.get("hashes") or {}).get("sha256") or ""
    digest = digest or str(about.get("hash") or "").removeprefix("sha256=")
    return Digest(f"sha256:{digest}") if _SHA256.fullmatch(digest) else None


def _repository(direct: Mapping[str, Any]) -> str:
    """Return the repository and commit it was installed from; of a path only the commit."""
    about = direct.get("vcs_info")
    if not isinstance(about, dict):
        return ""
    parts = urlsplit(str(direct.get("url", "")))
    commit = str(about.get("commit_id", ""))
    if parts.scheme == "file" or not parts.hostname:
        return commit
    host = parts.hostname + (f":{parts.port}" if parts.port else "")
    return f"{urlunsplit((parts.scheme, host, parts.path, '', ''))}@{commit}"
