"""What is asked of runs means what it says, and a mistake is pointed at."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.errors import UsageError
from mlwright.core.seam import ReplaySeam
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.questions import RunRow
from mlwright.ledger.records import NewEvent
from mlwright.ledger.searching import find_runs, names_of
from mlwright.run.tracking.where import parse_sort, parse_where

RUNS = 60


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    """Runs of which some lack what others have, some metrics are NaN, and names are odd."""
    draw, made = random.Random(3), Ledger.in_memory(ReplaySeam())
    for number in range(RUNS):
        metrics = {"auc": draw.choice([0.5, 0.8, 0.9, "nan", "inf"]), "val loss": number / 7}
        if number % 3 == 0:
            del metrics["auc"]
        params = {"depth": draw.choice([3, 5, "auto"]), "on": number % 2 == 0, "größe": None}
        told = {"since": 0, "points": {k: [[0, 1, 9.5], [1, 2, v]] for k, v in metrics.items()}}
        tags = {"team": draw.choice(["risk", "Fraud"])}
        start = {"command": "track", "name": f"run {number}", "params": params, "tags": tags}
        run = f"r_{number:02}".translate(str.maketrans("0123456789", "abcdefghij"))
        made.append([NewEvent("run.started", run, start), NewEvent("points.logged", run, told)])
        if number % 4:
            made.append([NewEvent("run.failed" if number % 8 == 1 else "run.finished", run, {})])
    return made


def auc(run: RunRow) -> float:
    return run.metrics.get("auc", -1.0)


def asked(ledger: Ledger, where: str | None, sort: str = "", limit: int = 1000) -> list[RunRow]:
    condition = parse_where(where) if where else None
    order = parse_sort(sort) if sort else ()
    found = find_runs(ledger.database, condition, order, limit=limit)
    assert found is not None
    return found


CASES: list[tuple[str, Callable[[RunRow], bool]]] = [
    ("metrics.auc > 0.8", lambda r: auc(r) > 0.8),
    ("metrics.auc >= 0.8 and params.depth = 5", lambda r: auc(r) >= 0.8 and r.params["depth"] == 5),
    ("not metrics.auc > 0.8", lambda r: not auc(r) > 0.8),
    ("metrics.auc", lambda r: "auc" in r.metrics),
    ("metrics.auc = nan", lambda r: math.isnan(auc(r))),
    ("metrics.auc = inf", lambda r: auc(r) == math.inf),
    (
        "metrics.\"val loss\" < 3 or metrics.'val loss' > 8",
        lambda r: not 3 <= r.metrics["val loss"] <= 8,
    ),
    ("metrics.`val loss`.max > 9.4", lambda r: True),
    ("metrics.auc.count = 2 and metrics.auc.step = 1", lambda r: "auc" in r.metrics),
    ("params.depth = auto", lambda r: r.params["depth"] == "auto"),
    ("params.depth in (3, 'auto')", lambda r: r.params["depth"] in (3, "auto")),
    ("params.depth != 5", lambda r: r.params["depth"] == 3),
    ("params.on = true and params.größe = none", lambda r: r.params["on"] is True),
    ("tags.team ~ 'FRA'", lambda r: r.tags["team"] == "Fraud"),
    (
        "status = open or (status == failed and not name ~ '1')",
        lambda r: r.status == "open" or (r.status == "failed" and "1" not in r.name),
    ),
    ("steps = 0 and started > '2025-01-01' and by = 'tester@localhost'", lambda r: True),
    ("tags.nobody = 'x'", lambda r: False),
]


@pytest.mark.parametrize(("where", "holds"), CASES, ids=[case[0] for case in CASES])
def test_a_condition_finds_the_runs_it_holds_for(
    ledger: Ledger, where: str, holds: Callable[[RunRow], bool]
) -> None:
    everything = asked(ledger, None)

    assert [r.id for r in asked(ledger, where)] == [r.id for r in everything if holds(r)]


@pytest.mark.parametrize("sign", [-1, 1])
def test_an_order_puts_those_without_a_value_last_and_newer_first_among_equals(
    ledger: Ledger, sign: int
) -> None:
    newest = asked(ledger, None)
    place = {run.id: at for at, run in enumerate(newest)}

    def key(run: RunRow) -> tuple[bool, float, int]:
        value = run.metrics.get("auc", math.nan)
        lacking = math.isnan(value)
        return lacking, 0.0 if lacking else sign * value, place[run.id]

    want = [run.id for run in sorted(newest, key=key)]
    sort = "metrics.auc" if sign > 0 else "-metrics.auc"

    assert [run.id for run in asked(ledger, None, sort)] == want
    assert [run.id for run in asked(ledger, None, sort, limit=7)] == want[:7]
    assert [run.id for run in asked(ledger, None, f"{sort}, -started")] == want
    half = [run.id for run in asked(ledger, "params.on = true", sort)]
    assert half == [each for each in want if each in half]


def test_numbers_of_a_parameter_come_before_its_texts(ledger: Ledger) -> None:
    found = [run.params["depth"] for run in asked(ledger, None, "params.depth")]

    assert found == sorted(found, key=lambda depth: (depth == "auto", str(depth)))


@pytest.mark.parametrize(
    ("where", "sort"), [(None, ""), ("params.on = true", ""), (None, "-metrics.auc")]
)
def test_pages_follow_each_other_without_gap_or_repetition(
    ledger: Ledger, where: str | None, sort: str
) -> None:
    condition = parse_where(where) if where else None
    order = parse_sort(sort) if sort else ()
    seen: list[str] = []
    while page := find_runs(
        ledger.database, condition, order, limit=7, after=seen[-1] if seen else None
    ):
        seen += [run.id for run in page]

    assert seen == [run.id for run in asked(ledger, where, sort)]
    assert find_runs(ledger.database, condition, order, limit=7, after="r_zz") is None


def test_names_are_listed_once_each_in_order(ledger: Ledger) -> None:
    assert names_of(ledger.database, "metric", 10) == ["auc", "val loss"]
    assert names_of(ledger.database, "param", 2) == ["depth", "größe"]
    assert names_of(ledger.database, "tag", 10) == ["team"]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("", "belongs here"),
        ("metrics.auc >", "a number or a text belongs here"),
        ("metrics.auc > 'x'", "compared with a number"),
        ("metrics.auc > nan", "neither less nor more"),
        ("statu = failed", "did you mean 'status'"),
        ("metric.auc.mean > 1 and", "belongs here"),
        ("metrics. > 2", "missing after the dot"),
        ("(name = a", "closing bracket"),
        ("name = a name = b", "'and' or 'or' is missing"),
        ("name = 'x", "no meaning"),
        ("name = 4", "is a text"),
        ("params.x in 3", "values in brackets"),
        ("params.x ~ 3", "contained"),
        ("not " * 60 + "metrics.auc", "levels"),
        (" or ".join(["metrics.auc"] * 201), "comparisons"),
    ],
)
def test_a_mistake_is_pointed_at(where: str, said: str) -> None:
    with pytest.raises(UsageError, match="where-syntax") as refused:
        parse_where(where)

    assert said in refused.value.message
    assert "^" in refused.value.message


@pytest.mark.parametrize("sort", ["-", "metrics.auc,", "speed", "started asc"])
def test_a_mistake_in_an_order_is_pointed_at(sort: str) -> None:
    with pytest.raises(UsageError, match="where-syntax"):
        parse_sort(sort)


LETTERS = "metrics.auc params. ()'\"`<>=!~,-+0123456789.e\\and or not in\u00fc\n"


@given(st.text(st.sampled_from(LETTERS), max_size=40))
def test_any_text_is_understood_or_refused(ledger: Ledger, text: str) -> None:
    with suppress(UsageError):
        assert len(asked(ledger, text or "metrics.auc")) <= RUNS
