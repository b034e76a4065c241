"""mlwright's tracker: reads a line of JSON, does what it asks, answers with the seconds it took."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from time import perf_counter

import mlwright as mw
from mlwright.core.ids import Noun, random_id
from mlwright.core.seam import SystemSeam
from mlwright.ledger.records import NewEvent
from mlwright.run.points import Series
from mlwright.run.tracking.events import ended_event, started_event

BATCH = 1_000


def ready() -> float:
    """Return no seconds: whoever asks hears that the tracker stands."""
    return 0.0


def log(count: int) -> float:
    """Log points one by one; every thousand are made durable before the next is taken."""
    with mw.track("points", project=FOLDER) as t:
        t.log(loss=1.0, step=-1)
        t.flush()
        began = perf_counter()
        for step in range(count):
            t.log(loss=1 / (step + 1), step=step)
        t.flush()
        return perf_counter() - began


def fill(runs: int, metrics: int, params: int) -> float:
    """Record runs with the events that mw.track writes, a hundred to a transaction."""
    global PROJECT
    PROJECT.close()  # who closes last folds what was written ahead into the file
    seam, draw = SystemSeam(), random.Random(1)
    began = perf_counter()
    with mw.Project(FOLDER) as project:
        workspace = project.workspace
        first = next(iter(workspace.ledger.events(kind="run.started")))
        same = {name: first.facts[name] for name in ("spec", "environment", "code")}
        for start in range(0, runs, 100):
            events: list[NewEvent] = []
            for number in range(start, min(start + 100, runs)):
                run = random_id(Noun.RUN, seam)
                given = {f"p{k}": draw.randrange(10) for k in range(params)}
                facts = {"name": f"run {number}", "params": given, "tags": {}, **same}
                now = 10**15 + number
                points = {f"m{k}": Series([0], [now], [draw.random()]) for k in range(metrics)}
                events.append(started_event(run, facts, (), ()))
                events.append(ended_event(run, "finished", points, {}))
            workspace.ledger.append(events)
    taken = perf_counter() - began
    PROJECT = mw.Project(FOLDER)
    return taken


def page() -> float:
    """Return the seconds that the newest 100 runs take, with all that was logged in them."""
    return _search(None, None)


def top() -> float:
    """Return the seconds that the 100 runs with the largest metric take."""
    return _search(None, "-metrics.m3")


def where() -> float:
    """Return the seconds that the 100 best of those that meet a condition take."""
    return _search("metrics.m1 > 0.5 and params.p1 = 5", "-metrics.m3")


def _search(condition: str | None, sort: str | None) -> float:
    from mlwright.flows.tracking import search_runs

    ledger = PROJECT.workspace.ledger
    began = perf_counter()
    found = search_runs(ledger, where=condition, sort=sort, limit=100)
    taken = perf_counter() - began
    assert found is not None
    assert len(found) == 100
    assert len(found[50].metrics) > 5
    return taken


FOLDER = Path(sys.argv[1])
FOLDER.mkdir(parents=True, exist_ok=True)
with mw.track("first", project=FOLDER):
    pass
PROJECT = mw.Project(FOLDER)
for line in sys.stdin:
    asked, *arguments = json.loads(line)
    print(json.dumps(globals()[asked](*arguments)), flush=True)
PROJECT.close()
