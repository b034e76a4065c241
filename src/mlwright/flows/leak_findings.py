"""Leaks told beside what screening finds, before a run gates on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlwright.core.errors import DataError
from mlwright.data.cells import Cells
from mlwright.data.leaks.records import CHECKS, Leak
from mlwright.data.leaks.sample import evenly
from mlwright.data.leaks.some import drawn, parts_of
from mlwright.data.records import Fault, Finding, Part, Screening, Split
from mlwright.data.split import taken
from mlwright.flows.leaking import leaks_of
from mlwright.train.task import infer_task

MOST_ROWS = 500_000
"""Of a larger table so many rows are looked through: it need not fit into memory."""


@dataclass(frozen=True, slots=True)
class LeakRoles:
    """Which columns name and order the rows, and which are no features."""

    key: str | None
    time: str | None
    drop: frozenset[str]


def with_leaks(
    found: Screening,
    cells: Cells,
    target: str,
    splits: Sequence[Split],
    roles: LeakRoles,
    *,
    most: int | None,
) -> Screening:
    """Return what screening found with the leaks beside it.

    A table whose target no model can be fitted to has none: the run says what is wrong with it.
    Where the table was split, the newest split says which rows are sealed.
    """
    places = evenly(np.arange(cells.height), MOST_ROWS)
    table = drawn(cells, places)
    split = splits[-1] if splits else None
    numbers = None if split is None else parts_of(cells, split)[places]
    seen = table if numbers is None else taken(table, numbers, Part.TRAIN, Part.VALIDATION)
    try:
        task = infer_task(seen.frame, target, None, None)
    except DataError:
        return found
    time = roles.time if roles.time in table.frame.columns else None
    report = leaks_of(
        table,
        numbers,
        task,
        None,
        key=roles.key if roles.key in table.frame.columns else None,
        time=time,
        by_time=time is not None if split is None else split.time is not None,
        drop=roles.drop,
        seed=0,
    )
    findings = tuple(_finding(leak, most) for leak in report.leaks)
    return replace(
        found,
        checks=(*found.checks, *CHECKS),
        findings=(*found.findings, *findings),
    )


def _finding(leak: Leak, most: int | None) -> Finding:
    why = f"{leak.why}: {leak.fix}"
    if leak.faults:
        return Finding(leak.check, leak.column, leak.rows, why, leak.faults[:most])
    fault = Fault(leak.check, leak.column, None, None, why)
    return Finding(leak.check, leak.column, 0, why, (fault,))
