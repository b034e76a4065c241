"""A contract is stated once, judges a file and a request alike, and is kept by the next run."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Shell
from tests.acceptance.conftest import within as mlw
from tests.acceptance.serving import Server, serving

from mlwright.api.project import Project
from mlwright.core.errors import GateError

__all__ = ["mlw"]

SPEC = """
target = "y"
[data]
source = "rows.csv"
[contract]
age = "clip: in [18, 90]"
plan = "refuse: in {free, pro}"
"null(pay)" = "<= 5%"
[checks]
pay = "<= 10"
"""


def _rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "age": 18 + row % 60,
            "pay": round(1 + (row * 7) % 80 / 10, 1),
            "plan": ("free", "pro")[row * row % 7 % 2],
            "y": int((18 + row % 60 > 45) ^ (row * row * 31 % 257 < 80)),
        }
        for row in range(count)
    ]


def _write(rows: list[dict[str, Any]], path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def _ask(server: Server, body: object) -> tuple[int, Any]:
    with closing(server.connect()) as connection:
        headers = {"content-type": "application/json"}
        connection.request("POST", "/y/predict", json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def test_a_stated_contract_judges_files_and_requests_alike_and_stays(mlw: Shell) -> None:
    rows = _rows(2_100)
    _write(rows, mlw.folder / "rows.csv")
    (mlw.folder / "mlwright.toml").write_text(SPEC)
    made = mlw.good("run", "--budget", "1s", "--models", "linear")

    judged = {c["rule"]: c["outcome"] for c in made["checks"]}
    for rule in ("age in [18, 90]", "plan in {'free', 'pro'}", "null(pay) <= 5%", "pay <= 10"):
        assert judged[rule] == "pass"
    contract = mlw.good("show", "contract", "y")
    assert contract["lines"] == {
        "null(age)": "flag: <= 0.2%",
        "age": "clip: in [18, 90]",
        "null(pay)": "<= 5%",
        "pay": "in [1, 8.9]",
        "null(plan)": "flag: <= 0.2%",
        "plan": "refuse: in {'free', 'pro'}",
    }
    assert contract["version"]["number"] == 1
    assert contract["version"]["digest"] == contract["digest"] == made["contract"]["digest"]
    assert "@" in contract["version"]["actor"]

    asked = [{"age": 200, "pay": "", "plan": "pro"}, {"age": 40, "pay": 99, "plan": "free"}]
    _write(asked, mlw.folder / "asked.csv")
    _write([*asked, {**asked[0], "plan": "gold"}], mlw.folder / "refused.csv")
    with Project.open(mlw.folder) as project:
        project.promote("y@1", reason="the first")
        scored = project.predict_file("y", mlw.folder / "asked.csv", None)
        checked = project.check_data(str(mlw.folder / "refused.csv"), against="y")
        text = project.contract(made["data"]["id"]).toml
        decided = str(project.show("y", decisions=True).document["decisions"])
    assert "the promises of 'pay'" in decided
    assert text.splitlines()[1:] == contract["toml"].splitlines()[1:]
    refused = mlw("predict", "y", "refused.csv")
    asked[0]["pay"] = None
    with serving(mlw.folder, "serve", "--port", 0, "--no-ui", "--workers", 1) as server:
        _, answered = _ask(server, asked)
        status, problem = _ask(server, [*asked, {**asked[0], "plan": "gold"}])

    flags = [[flag["column"] for flag in each["flags"]] for each in answered["predictions"]]
    assert flags == [["age"], ["pay"]]
    assert [(f.row, f.column, f.breach.value, f.clipped) for f in scored.flags] == [
        (0, "age", "out-of-range", True),
        (1, "pay", "out-of-range", False),
    ]
    from_files = scored.answers.to_dicts()
    for from_file, over_http in zip(from_files, answered["predictions"], strict=True):
        assert from_file["probability:1"] == over_http["probability"]["1"]
    assert (status, problem["code"], refused.code) == (422, "contract-broken", 2)
    assert problem["detail"] in refused.err
    broken = {(f.place, f.column) for f in checked.screening.faults if f.check == "contract"}
    assert broken == {(1, "age"), (2, "pay"), (3, "age"), (3, "plan")}
    assert checked.failed

    more = [*rows, {**rows[0], "plan": "gold"}, {**rows[1], "pay": 9.5}]
    _write(more, mlw.folder / "rows.csv")
    again = mlw("run", "--plan", made["run"]["id"], "--json")
    with Project.open(mlw.folder) as project:
        differ = [each.what for each in project.diff("y@1", "y@2").differences]
        with pytest.raises(GateError):
            project.promote("y@2", reason="no")

    assert again.code == 3
    assert [c["rule"] for c in again.json["checks"] if c["outcome"] == "fail"] == [
        "plan in {'free', 'pro'}"
    ]
    assert again.json["contract"]["digest"] == made["contract"]["digest"]
    assert (again.json["contract"]["version"], again.json["contract"]["kept_from"]) == (1, 1)
    assert again.json["contract"]["outgrown"] == ["pay: 1 to 9.5"]
    assert "check plan in {'free', 'pro'}" in differ
    assert not [what for what in differ if what.startswith("promise")]
