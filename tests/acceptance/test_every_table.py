"""Nine real tables: each run keeps its budget and is done again to the last bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import mlwright as mw

BUDGET = 20.0
SEARCHED = ("search", "model", "baselines", "unseen", "evaluation")
"""The stages that a budget is for: the search, the fits after it and a nested judgement."""

TABLES: Mapping[str, dict[str, Any]] = {
    "adult": {"target": "income"},
    "churn": {"target": "Churn", "drop": ("customerID",)},
    "flights_late": {"target": "late", "drop": ("flight_id",), "time": "time_hour"},
    "rainfall": {"target": "rain"},
    "german": {"target": "credit"},
    "satimage": {"target": "class"},
    "spambase": {"target": "class"},
    "diamonds": {"target": "price"},
    "bikeshare": {"target": "bikers", "drop": ("casual", "registered")},
}


@pytest.mark.deep
def test_runs_over_nine_tables_keep_their_budget_but_for_one_and_are_done_again_exactly(
    tmp_path: Path, dataset: Callable[[str], Path]
) -> None:
    took: dict[str, float] = {}
    proofs: dict[str, str] = {}
    for name, asked in TABLES.items():
        run = mw.run(dataset(name), project=tmp_path / name, budget=f"{BUDGET:g}s", **asked)
        took[name] = sum(run.build.seconds.get(stage, 0.0) for stage in SEARCHED)
        proofs[name] = run.model.prove().verdict.value
        run.project.close()

    late = {name: seconds for name, seconds in took.items() if seconds > BUDGET}
    assert len(late) <= 1, f"over {BUDGET:g} s: {late} of {took}"
    assert set(proofs.values()) == {"exact"}, proofs
