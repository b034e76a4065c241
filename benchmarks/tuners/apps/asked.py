"""What every system is asked and tells: a job as JSON, answers as numbers, its own figures."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

Job = dict[str, Any]


def asked() -> Job:
    """Return the job this process is to do."""
    return json.loads(Path(sys.argv[1]).read_text())


def row_seconds(answer: Callable[[Any], object], rows: Sequence[Any]) -> float:
    """Return the median of how long one row takes, once it is warm."""
    answer(rows[0])
    taken = []
    for row in rows:
        began = perf_counter()
        answer(row)
        taken.append(perf_counter() - began)
    return median(taken)


def size_of(place: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    if place.is_file():
        return place.stat().st_size
    return sum(each.stat().st_size for each in place.rglob("*") if each.is_file())


def told(
    job: Job, answers: Any, *, seconds: float, size: int, row: float, what: str, **more: Any
) -> None:
    """Write the answers and the figures beside them."""
    out = Path(job["out"])
    table = np.asarray(answers, dtype=np.float64)
    np.save(out / "answers.npy", table if table.ndim == 2 else table.reshape(-1, 1))
    figures = {"seconds": seconds, "bytes": size, "row_seconds": row, "what": what, **more}
    (out / "told.json").write_text(json.dumps(figures))
