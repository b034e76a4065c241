"""Run every benchmark beside this file, or those named: ``python benchmarks/run.py [NAME ...]``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import perf_counter

FOLDER = Path(__file__).resolve().parent


def main(names: list[str]) -> int:
    """Run the benchmarks in order, each in its own process; return 1 when one fails."""
    known = {path.stem: path for path in sorted(FOLDER.glob("*.py")) if path.name != "run.py"}
    if unknown := [name for name in names if name not in known]:
        print(f"no benchmark {unknown[0]!r}; known: {', '.join(known)}", file=sys.stderr)
        return 2
    failed = []
    for name in names or known:
        print(f"\n== {name}", flush=True)
        start = perf_counter()
        done = subprocess.run([sys.executable, str(known[name])], check=False)
        print(f"   ({perf_counter() - start:.1f} s)", flush=True)
        if done.returncode:
            failed.append(name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
