"""Keep a table and its later delivery in DVC's cache; runs in an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from time import perf_counter


def stored(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def main(folder: Path) -> None:
    project = folder / "dvc"
    project.mkdir()
    program = Path(sys.executable).parent / "dvc"
    surroundings = {**os.environ, "DVC_NO_ANALYTICS": "1", "HOME": str(project)}

    def dvc(*words: str) -> None:
        command = [str(program), *words, "--quiet"]
        subprocess.run(command, cwd=project, env=surroundings, check=True)

    dvc("init", "--no-scm")
    dvc("config", "core.analytics", "false")
    shutil.copy(folder / "table.parquet", project / "table.parquet")
    dvc("add", "table.parquet")
    cache = project / ".dvc" / "cache"
    before = stored(cache)
    (project / "table.parquet").unlink()
    shutil.copy(folder / "later.parquet", project / "table.parquet")
    start = perf_counter()
    dvc("add", "table.parquet")
    seconds = perf_counter() - start
    print(json.dumps({"first": before, "added": stored(cache) - before, "seconds": seconds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
