"""What is looked up of runs is what their events say, in any portions, and after a migration."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlwright.core.encoding import canonical_json
from mlwright.core.errors import BrokenError, RefusedError
from mlwright.core.seam import ReplaySeam
from mlwright.ledger import standalone_verifier
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.metrics import summarise, write_number, write_summary
from mlwright.ledger.records import NewEvent
from mlwright.ledger.searching import find_params, find_runs
from mlwright.ledger.verify import verify

from .history import write_history

VALUES = st.one_of(st.floats(), st.sampled_from([math.nan, math.inf, -math.inf, -0.0]))
POINTS = st.lists(st.tuples(st.integers(0, 20), VALUES), min_size=1, max_size=6)
NEW = ("run", "metric", "param", "tag")


def rows(ledger: Ledger, table: str) -> list[tuple[object, ...]]:
    return ledger.database.rows(f"SELECT * FROM {table} ORDER BY 1, 2")


def begun(ledger: Ledger, run: str = "r_a", **facts: object) -> None:
    ledger.append([NewEvent("run.started", run, {"command": "track", **facts})])


@given(st.lists(POINTS, min_size=1, max_size=5), st.randoms())
def test_batches_sum_up_to_what_all_their_points_do(
    batches: list[list[tuple[int, float]]], draw: object
) -> None:
    told, everything, time = [], [], 1_000
    for number, batch in enumerate(batches):
        points = [(step, time + at, value) for at, (step, value) in enumerate(batch)]
        time += 100
        everything += points
        if number % 2:
            series = [[s, t - 7, write_number(v)] for s, t, v in points]
            told.append({"since": 7, "points": {"loss": series}})
        else:
            columns = [list(column) for column in zip(*points, strict=True)]
            told.append({"metrics": {"loss": write_summary(summarise(*columns))}})
    want = summarise(*[list(column) for column in zip(*everything, strict=True)])

    with Ledger.in_memory(ReplaySeam()) as ledger:
        begun(ledger)
        ledger.append([NewEvent("points.logged", "r_a", facts) for facts in told])
        (found,) = rows(ledger, "metric")
        report = ledger.rebuild()

    def known(value: object) -> object:
        return None if value != value else value

    assert found[2:] == (
        *map(known, (want.last, want.step, want.time, want.low, want.high)),
        want.count,
    )
    assert report.equal


def test_a_run_is_looked_up_by_how_it_stands_and_what_was_said_of_it_last() -> None:
    with Ledger.in_memory(ReplaySeam()) as ledger:
        begun(ledger, "r_a", name="süß", params={"depth": 5, "lr": {"float": "nan"}, "on": True})
        begun(ledger, "r_b", tags={"team": "risk", "old": "yes"})
        noted = {"params": {"depth": "six"}, "tags": {"old": None, "team": "fraud"}}
        facts = {"key": "k", "run": "r_b", "step": "s", "output": "o"}
        ledger.append(
            [
                NewEvent("run.noted", "r_b", noted),
                NewEvent("step.finished", "r_b", facts),
                NewEvent("run.failed", "r_a", {}),
            ]
        )

        assert [row[1:5] + row[8:] for row in rows(ledger, "run")] == [
            ("r_a", "süß", "track", "failed", 0),
            ("r_b", "", "track", "open", 1),
        ]
        assert rows(ledger, "param") == [
            (0, "depth", "5", 5.0),
            (0, "lr", '{"float": "nan"}', None),
            (0, "on", "true", None),
            (1, "depth", '"six"', None),
        ]
        assert rows(ledger, "tag") == [(1, "team", "fraud")]
        assert ledger.rebuild().equal


PARAMS = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
    ),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=25)
@given(st.lists(st.dictionaries(st.text(), PARAMS, max_size=4), min_size=1, max_size=4))
def test_parameters_and_tags_are_found_as_they_were_said(runs: list[dict[str, object]]) -> None:
    said = [json.loads(canonical_json(params)) for params in runs]
    with Ledger.in_memory(ReplaySeam()) as ledger:
        for number, params in enumerate(said):
            tags = {name: str(value) for name, value in params.items()}
            begun(ledger, f"r_{number}", params={**params, "nan": {"float": "-inf"}}, tags=tags)

        found = find_runs(ledger.database, limit=9)
        alone = [find_params(ledger.database, f"r_{number}") for number in range(len(said))]

    assert found is not None
    assert [(row.params, row.tags) for row in reversed(found)] == alone
    for (params, tags), want in zip(alone, said, strict=True):
        assert params == {**want, "nan": -math.inf}
        assert tags == {name: str(value) for name, value in want.items()}


def test_a_value_that_is_no_json_any_more_is_told_as_damage() -> None:
    with Ledger.in_memory(ReplaySeam()) as ledger:
        begun(ledger, params={"depth": 5})
        ledger.database.run("UPDATE param SET written = '5 6'")

        with pytest.raises(BrokenError) as caught:
            find_runs(ledger.database, limit=1)

    assert caught.value.code == "log-broken"


@pytest.mark.parametrize(
    "facts",
    [
        {"metrics": {"loss": 0.5}},
        {"metrics": {"loss": [1, 0, 0, "many", None, None]}},
        {"points": {"loss": [[0, 0, 0.5]]}},
        {"since": 0, "points": {"loss": []}},
        {"since": 0, "points": {"loss": [[0.5, 0, 0.5]]}},
        {"since": 0, "points": {"loss": [[1 << 70, 0, 0.5]]}},
        {"params": {"depth": {"x": 1}}},
        {"params": [1]},
        {"tags": {"team": 4}},
        {"tags": {"\ud800": "x"}},
    ],
)
def test_an_event_that_could_not_be_looked_up_is_not_recorded(facts: dict[str, object]) -> None:
    with Ledger.in_memory(ReplaySeam()) as ledger:
        with pytest.raises(ValueError):
            ledger.append([NewEvent("run.noted", "r_a", facts)])

        assert ledger.size == 0


def as_format(number: int, folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Make a ledger what an older program wrote, and return what its log and newer tables hold."""
    with Ledger.open(folder, ReplaySeam()) as ledger:
        database = ledger.database
        trigger = "SELECT sql FROM sqlite_master WHERE name = 'event_never_updated'"
        ((kept,),) = database.rows(trigger)
        database.run("DROP TRIGGER event_never_updated")
        clear = [(event.body, event.sequence) for event in ledger.events()]
        database.run_many("UPDATE event SET body = ? WHERE sequence = ?", clear)
        database.run(kept)
        held = {name: rows(ledger, name) for name in ("event", *NEW)}
        if number < 2:
            for name in NEW:
                database.run(f"DROP TABLE {name}")
        database.run("DELETE FROM meta WHERE key LIKE 'dictionary %'")
        database.run("UPDATE meta SET value = ? WHERE key = 'format'", (str(number),))
    return held


def brought(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Bring a ledger to our format by opening it, and return the same."""
    with Ledger.open(folder, ReplaySeam()) as ledger:
        return {name: rows(ledger, name) for name in ("event", *NEW)}


@pytest.mark.parametrize(("number", "points"), [(1, 250), (2, 20)])
def test_an_older_ledger_is_brought_to_ours_with_its_log_as_it_was(
    tmp_path: Path, number: int, points: int
) -> None:
    checkpoint = write_history(tmp_path, runs=4, points=points, tracked=True)
    held = as_format(number, tmp_path)

    found = brought(tmp_path)

    assert all(held.values())
    assert found == held
    with Ledger.open(tmp_path, ReplaySeam()) as ledger:
        ledger.append([NewEvent("point", "r_a", {"loss": n / 7}) for n in range(50)])
        assert [len(event.facts) for event in ledger.events(subject="r_a")] == [1] * 50
        assert verify(ledger, checkpoint=checkpoint).outside
        by_itself = standalone_verifier.root_of(str(tmp_path / "ledger.db"), ledger.size)
        assert by_itself == (ledger.root, 0)


@pytest.mark.parametrize("number", [1, 2])
def test_a_kill_while_a_ledger_is_brought_to_ours_loses_nothing(
    tmp_path: Path, number: int
) -> None:
    checkpoint = write_history(tmp_path, runs=2, points=20, tracked=True)
    held = as_format(number, tmp_path)
    code = (
        "import os, sys\nfrom pathlib import Path\n"
        "from mlwright.core.seam import SystemSeam\nfrom mlwright.ledger import migrating\n"
        "from mlwright.ledger.ledger import Ledger\n"
        "migrating.dictionary_rows = lambda: os.kill(os.getpid(), 9)\n"
        "Ledger.open(Path(sys.argv[1]), SystemSeam())\n"
    )

    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)

    assert killed.returncode == -signal.SIGKILL
    assert brought(tmp_path) == held
    with Ledger.open(tmp_path, ReplaySeam()) as ledger:
        assert verify(ledger, checkpoint=checkpoint).outside


def test_an_older_ledger_that_cannot_be_written_is_refused_and_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_history(tmp_path, runs=1)
    as_format(1, tmp_path)
    before = (tmp_path / "ledger.db").read_bytes()
    monkeypatch.setattr("mlwright.ledger.opening.os.access", lambda *_: False)

    with pytest.raises(RefusedError) as refused:
        Ledger.open(tmp_path, ReplaySeam())

    assert refused.value.code == "ledger-format"
    assert "mlw doctor" in refused.value.fix
    assert (tmp_path / "ledger.db").read_bytes() == before
