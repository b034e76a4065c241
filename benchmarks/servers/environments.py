"""Each other tool's own virtual environment, made once from its list of pinned packages."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

_LISTS = Path(__file__).parent
FOLDER = Path(".cache/benchmarks")


def environment(name: str, lists: Path = _LISTS) -> Path:
    """Return the folder of an environment's programs; made again when its list changed."""
    pins = lists / f"{name}.txt"
    folder = FOLDER.resolve() / name
    stamp = folder / ".pins"
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        print(f"installing the packages of {pins.name} into {FOLDER / name}", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(folder / "bin/python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--requirement", str(pins)], check=True, stdout=sys.stderr)
        stamp.write_text(digest)
    return folder / "bin"
