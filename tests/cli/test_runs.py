"""`mlw ls runs` finds what was logged, and `mlw show` tells all of it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import mlwright as mw
from mlwright.cli.main import run


def test_runs_are_found_by_what_was_logged_and_shown_with_their_curves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = []
    for depth in (3, 5):
        with mw.track(f"run {depth}", params={"depth": depth}, tags={"team": "risk"}) as t:
            for step in range(40):
                t.log(loss=depth / (step + 1))
            t.log({"größe": math.nan})
            t.note("looks stable")
            t.artefact({"a": 1}, "config")
        runs.append(t.id)

    def told(*words: str, code: int = 0) -> tuple[str, str]:
        assert run(list(words)) == code
        found = capsys.readouterr()
        return found.out, found.err

    listed, _ = told("ls", "runs", "--where", "params.depth >= 3", "--sort", "metrics.loss")
    one, _ = told("ls", "runs", "--where", "metrics.loss < 0.1 and tags.team = risk", "--json")
    _, none = told("ls", "runs", "--where", "metrics.lost > 1")
    _, wrong = told("ls", "runs", "--where", "metrics.loss >> 1", code=2)
    _, unfit = told("ls", "models", "--where", "metrics.loss > 1", code=2)
    shown, _ = told("show", runs[1])
    document = json.loads(told("show", runs[1], "--json")[0])

    assert [line.split()[0] for line in listed.splitlines()[1:]] == [r[:12] for r in runs]
    assert [row["run"] for row in json.loads(one)["runs"]] == [runs[0]]
    assert "no run has a metric 'lost'; did you mean 'loss'?" in none
    assert "where-syntax" in wrong
    assert "option-unfit" in unfit
    for expected in ("▁▁▁", "größe", "nan", "looks stable", "config.json", "depth", "risk"):
        assert expected in shown
    assert document["metrics"]["größe"]["last"] == "nan"
    assert document["metrics"]["loss"] == {
        "last": 0.125,
        "step": 39,
        "min": 0.125,
        "max": 5.0,
        "count": 40,
    }
