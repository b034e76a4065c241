"""The same plan, carried out in another process on other threads, gives the same bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256

import pytest

from mlwright.core.records import dump
from mlwright.data.table import Table
from mlwright.train.fit import fit
from mlwright.train.progress import Silent
from mlwright.train.records import Look, Plan
from mlwright.train.search import search
from mlwright.train.task import infer_task

NAMES = ("breast_cancer", "digits", "diabetes", "wine")

_ELSEWHERE = """
import sys
from hashlib import sha256
import polars as pl
from sklearn import datasets
from mlwright.core.records import dump, load
from mlwright.data.table import Table
from mlwright.train.fit import fit
from mlwright.train.progress import Silent
from mlwright.train.records import Plan
from mlwright.train.search import search
from mlwright.train.task import infer_task
import json

plan = load(Plan, sys.stdin.buffer.read())
digests = {}
for name in sys.argv[1:]:
    found = getattr(datasets, f"load_{name}")()
    frame = pl.DataFrame(found.data, schema=[f"x{i}" for i in range(found.data.shape[1])])
    frame = frame.with_columns(y=pl.Series(found.target))
    table = Table(frame, pl.Series([f"r{place}" for place in range(frame.height)]))
    task = infer_task(frame, "y", None, None)
    result = search(table, None, task, plan, (), interpretable_within=0.0, progress=Silent())
    contents = [fit(table, each, task, plan, ()).content for each in plan.configurations]
    contents += [dump(result), fit(table, result.chosen, task, plan, ()).content]
    digests[name] = [sha256(each).hexdigest() for each in contents]
print(json.dumps(digests))
"""


@pytest.fixture(scope="module")
def thorough(plan: Plan) -> Plan:
    """Return a plan that looks around first, makes new configurations and blends."""
    return replace(plan, looks=(Look(150, 1, 2),), mutations=2, members=3, fits=2)


@pytest.fixture(scope="module")
def digests_elsewhere(thorough: Plan) -> Mapping[str, list[str]]:
    """Return digests made by a process with other text hashes and two threads of each kind."""
    ended = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE, *NAMES],
        input=dump(replace(thorough, threads=2)),
        env={
            **os.environ,
            "PYTHONHASHSEED": "4321",
            "OPENBLAS_NUM_THREADS": "2",
            "OMP_NUM_THREADS": "2",
        },
        capture_output=True,
        check=True,
    )
    found: Mapping[str, list[str]] = json.loads(ended.stdout)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_real_table_gives_the_same_result_and_the_same_bytes_elsewhere(
    name: str,
    bundled: Callable[[str], Table],
    thorough: Plan,
    digests_elsewhere: Mapping[str, list[str]],
) -> None:
    table = bundled(name)
    task = infer_task(table.frame, "y", None, None)

    result = search(table, None, task, thorough, (), interpretable_within=0.0, progress=Silent())
    contents = [fit(table, each, task, thorough, ()).content for each in thorough.configurations]
    contents += [dump(result), fit(table, result.chosen, task, thorough, ()).content]

    assert [sha256(each).hexdigest() for each in contents] == digests_elsewhere[name]
