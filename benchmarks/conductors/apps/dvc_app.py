"""One of three trivial stages of DVC, from file to file: ``dvc_app.py STEP SOURCE TARGET``."""

from __future__ import annotations

import sys
from pathlib import Path

import steps

if __name__ == "__main__":
    name, source, target = sys.argv[1:]
    value = float(Path(source).read_text())
    Path(target).write_text(str(getattr(steps, name)(value)))
