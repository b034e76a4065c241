"""The API: every noun in pages and one by one, described as it answers."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.server.conftest import Pages

KEYS = {
    "data": "data",
    "checks": "check",
    "runs": "run",
    "models": "ref",
    "endpoints": "endpoint",
    "events": "event",
    "predictions": "prediction",
    "labels": "label",
}


@pytest.mark.parametrize("noun", sorted(KEYS))
def test_pages_of_one_row_make_the_whole_list(noun: str, pages: Pages) -> None:
    whole = pages(f"/api/v1/{noun}?limit=1000").json
    first, *others = whole[noun]

    rows, address = [], f"/api/v1/{noun}?limit=1&cursor={first[KEYS[noun]]}"
    while address:
        page = pages(address).json
        assert len(page[noun]) <= 1
        rows += page[noun]
        address = page["next"]

    assert rows == others
    assert whole["next"] is None
    assert whole["schema"] == f"mlwright/list/{noun}/1"


@pytest.mark.parametrize("noun", sorted(KEYS))
def test_each_row_of_a_list_can_be_had_whole(noun: str, pages: Pages) -> None:
    row = pages(f"/api/v1/{noun}?limit=1").json[noun][0]

    one = pages(f"/api/v1/{noun}/{row[KEYS[noun]]}")

    assert one.status == 200
    assert str(row[KEYS[noun]]) in one.text


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/rnus", 404, "noun-unknown"),
        ("/api/v1/runs?limit=0", 400, "limit-form"),
        ("/api/v1/runs?limit=1e3", 400, "limit-form"),
        ("/api/v1/runs?limit=99999999999999999999", 400, "limit-form"),
        ("/api/v1/runs?limit=000000001999999", 400, "limit-form"),
        (f"/api/v1/runs?limit={'9' * 5000}", 400, "limit-form"),
        ("/api/v1/runs?cursor=r_nothere", 404, "cursor-unknown"),
        ("/api/v1/events?cursor=e_999999", 404, "cursor-unknown"),
        ("/api/v1/events?cursor=r_", 404, "cursor-unknown"),
        ("/api/v1/predictions?cursor=p_aaaa", 404, "cursor-unknown"),
        ("/api/v1/predictions?cursor=e_0", 404, "cursor-unknown"),
        ("/api/v1/labels?cursor=l_aaaa", 404, "cursor-unknown"),
        ("/api/v1/predictions/p_777777", 404, "id-unknown"),
        ("/api/v1/runs/d_abc", 404, "id-unknown"),
        ("/api/v1/data/d_777777", 404, "id-unknown"),
        ("/api/v1/models/nope", 404, "model-unknown"),
        ("/api/v1/endpoints/Chrn", 404, "endpoint-unknown"),
        ("/api/v1/events/e_999999", 404, "id-unknown"),
        ("/api/nowhere", 404, "page-unknown"),
    ],
)
def test_what_cannot_be_had_is_a_problem_document(
    path: str, status: int, code: str, pages: Pages
) -> None:
    answer = pages(path)

    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json
    assert (answer.status, problem["status"], problem["code"]) == (status, status, code)
    assert problem["type"] == f"urn:mlwright:error:{code}"
    assert problem["detail"]
    assert problem["fix"]
    assert problem["instance"] == path.partition("?")[0]


@pytest.mark.parametrize(
    ("phases", "examples"),
    [
        ("examples,fuzzing", 3),
        # Every edge of every parameter as well.
        pytest.param("examples,coverage,fuzzing", 12, marks=pytest.mark.deep),
    ],
)
def test_requests_made_from_the_description_get_what_it_describes(
    phases: str, examples: int, pages: Pages
) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            f"{pages.address}/api/v1/openapi.json",
            *("--max-examples", str(examples), "--seed", "7", "--no-color"),
            *("--phases", phases, "--generation-database", "none"),
        ],
        cwd=pages.folder,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode == 0, done.stdout[-4000:]
    assert "Failures" not in done.stdout


def test_the_description_names_every_noun_and_only_what_answers(pages: Pages) -> None:
    document = pages("/api/v1/openapi.json").json

    assert document["openapi"] == "3.1.0"
    reading = {path: each["get"] for path, each in document["paths"].items() if "get" in each}
    assert {f"/api/v1/{noun}" for noun in KEYS} <= reading.keys()
    assert len({each["operationId"] for each in reading.values()}) == len(reading)
    for path in reading:
        answer = pages(
            path.replace("{ref}", "e_0" if "events" in path else "Churn").replace("{queue}", "1")
        )
        expected = (200, 404) if "{" in path else (200,)
        assert answer.status in expected, path
