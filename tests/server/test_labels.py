"""Two people label a queue over HTTP, as the command line does it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from tests.server.conftest import Answer, Pages, serving

from mlwright.api.project import Project

QUEUES = "/api/v1/labels/queues"


@pytest.fixture(scope="module")
def asked(pages_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The pages of a copy of the session's project, with a queue in it."""
    folder = tmp_path_factory.mktemp("asked") / "project"
    copytree(pages_project, folder)
    with Project.open(folder) as project:
        project.labels.make("Churn", size=4, people=["ana", "ben"], seed=3)
    with serving(folder) as running:
        yield running


def post(pages: Pages, path: str, body: object, **headers: str) -> Answer:
    connection = HTTPConnection(pages.address.removeprefix("http://"), timeout=120)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        connection.request("POST", path, raw, {"content-type": "application/json", **headers})
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


def test_a_queue_is_answered_agreed_on_decided_and_applied(asked: Pages) -> None:
    (queue,) = asked(QUEUES).json["queues"]
    assert (queue["queue"], queue["rows"], queue["annotators"]) == ("queue/1", 4, ["ana", "ben"])
    one = f"{QUEUES}/1"
    answers: dict[str, list[str]] = {"ana": [], "ben": []}
    for person, rows in answers.items():
        while (row := asked(f"{one}/next?person={person}").json["row"]) is not None:
            value = "Yes" if person == "ana" and not rows else "No"
            told = post(asked, f"{one}/answers", {"row": row, "person": person, "value": value})
            assert told.status == 200, told.text
            assert told.json["answer"]["claimed"] is True
            assert "value" not in told.json["answer"]
            rows.append(row)
    assert sorted(answers["ana"]) == sorted(answers["ben"])

    again = post(asked, f"{one}/answers", {"row": row or answers["ana"][0], "person": "ana", "skip": True})  # fmt: skip  # noqa: E501
    assert (again.status, again.json["code"]) == (403, "label-given")
    found = asked(f"{one}/agreement").json
    assert found["complete"] == 4
    (differing,) = found["disagreements"]
    assert differing["answers"] == {"ana": "Yes", "ben": "No"}
    decision: dict[str, Any] = {"row": differing["row"], "value": "No", "reason": "as billed"}
    party = post(asked, f"{one}/decisions", {**decision, "person": "ben"})
    assert (party.status, party.json["code"]) == (403, "adjudicator-party")
    assert post(asked, f"{one}/decisions", {**decision, "person": "cy"}).status == 200
    made = post(asked, f"{one}/apply", {}).json

    assert (made["settled"], made["open"]) == (4, 0)
    assert asked(f"/api/v1/data/{made['data']}").status == 200
    why = asked(f"/why/{made['data']}.json").json
    assert "labelled in" in json.dumps(why)
    label = told.json["answer"]["label"]
    assert asked(f"/api/v1/labels/{label}").json["why"]["facts"]["person"] == "ben"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/1/answers", b"{", 400, "label-request"),
        ("/1/answers", [], 400, "label-request"),
        ("/1/answers", {"row": "1", "person": "ana"}, 400, "label-request"),
        ("/1/answers", {"row": "1", "person": "", "value": "No"}, 400, "label-request"),
        ("/1/answers", {"row": "1", "person": "ana", "value": None}, 400, "label-request"),
        ("/1/answers", {"row": "1", "person": "ana", "value": "No", "x": 1}, 400, "label-request"),
        ("/1/answers", b" " * 70_000, 400, "label-request"),
        ("/1/answers", {"row": "x", "person": "ana", "value": "No"}, 404, "queue-row-unknown"),
        ("/1/answers", {"row": "x", "person": "dan", "value": "No"}, 403, "annotator-unknown"),
        ("/7/answers", {"row": "x", "person": "dan", "value": "No"}, 404, "queue-unknown"),
        ("/1/decisions", {"row": "x", "person": "dan", "value": "No"}, 400, "label-request"),
        ("/7/apply", {}, 404, "queue-unknown"),
        ("/1/apply", {"now": True}, 400, "label-request"),
    ],
)
def test_what_cannot_be_done_is_a_problem_document(
    path: str, body: object, status: int, code: str, asked: Pages
) -> None:
    answer = post(asked, QUEUES + path, body)

    assert (answer.status, answer.json["code"]) == (status, code)


def test_only_a_person_is_asked_and_no_page_of_another_origin_answers(asked: Pages) -> None:
    assert asked(f"{QUEUES}/1/next").json["code"] == "label-request"
    assert asked(f"{QUEUES}/1/agreement?seed=x").json["code"] == "label-request"
    assert asked(f"{QUEUES}/1/answers").status == 405
    foreign = post(asked, f"{QUEUES}/1/apply", {}, origin="http://elsewhere.example")
    assert (foreign.status, foreign.json["code"]) == (403, "origin-foreign")
