"""A run's page shows what was logged, and hands out what it kept without carrying it out."""

from __future__ import annotations

import pytest
from tests.server.conftest import TRACKED, Pages


@pytest.fixture
def run(pages: Pages) -> str:
    """The run that was tracked."""
    (found,) = pages("/api/v1/runs?where=metrics.loss").json["runs"]
    return str(found["run"])


def test_a_run_shows_metrics_curves_parameters_and_what_it_kept(pages: Pages, run: str) -> None:
    page, twin = pages(f"/runs/{run}", accept="text/html"), pages(f"/runs/{run}.json").json

    assert page.status == 200
    assert page.text.count('<polyline class="curve"') == 2
    assert "tuning &lt;script&gt;" in page.text
    assert "<script>alert" not in page.text
    assert f'<img src="/runs/{run}/kept/samples/grey.png"' in page.text
    assert twin["schema"] == "mlwright/page/run/1"
    assert twin["logged"]["params"] == {"depth": 5, "opt.lr": "nan"}
    assert twin["logged"]["metrics"]["größe"]["max"] == "inf"
    assert twin["logged"]["metrics"]["loss"]["count"] == 300
    assert [each["name"] for each in twin["logged"]["kept"]] == [
        "samples/grey.png",
        "x.svg",
        "page.html",
        "config.json",
    ]


def test_what_a_run_kept_is_handed_out_as_what_cannot_act_as_a_page(pages: Pages, run: str) -> None:
    found = {
        name: pages(f"/runs/{run}/kept/{name}")
        for name in ("samples/grey.png", "x.svg", "page.html", "config.json")
    }
    missing = pages(f"/runs/{run}/kept/config.jsn", accept="application/json")

    assert found["samples/grey.png"].headers["content-type"] == "image/png"
    assert found["samples/grey.png"].body.startswith(b"\x89PNG")
    assert found["x.svg"].headers["content-type"].startswith("image/svg+xml")
    assert "default-src" in found["x.svg"].headers["content-security-policy"]
    assert found["page.html"].headers["content-type"] == "application/octet-stream"
    assert found["page.html"].headers["content-disposition"].startswith("attachment")
    assert found["config.json"].headers["content-type"].startswith("text/plain")
    assert missing.status == 404
    assert missing.json["code"] == "artefact-unknown"
    assert "did you mean 'config.json'" in missing.json["detail"]


def test_a_run_that_was_built_shows_its_steps_and_is_found_by_its_metrics(pages: Pages) -> None:
    rows = pages("/api/v1/runs?where=metrics.auc%20%3E%200.5&sort=-metrics.auc").json["runs"]

    built = next(row for row in rows if row["name"] == "run")
    page = pages(f"/runs/{built['run']}", accept="text/html").text

    assert built["params"]["target"] == "Churn"
    assert [row["metrics"]["auc"] for row in rows] == sorted(
        (row["metrics"]["auc"] for row in rows), reverse=True
    )
    assert 'id="steps"' in page
    assert "/models/Churn" in page


def test_a_mistake_is_told_beside_what_was_asked_and_as_a_problem(pages: Pages) -> None:
    asked = "/list/runs{}?where=metrics.auc%20%3E%3E%203"

    page, problem = pages(asked.format(""), accept="text/html"), pages(asked.format(".json"))
    absent = pages("/list/runs?where=metrics.los", accept="text/html")

    assert page.status == problem.status == 400
    assert 'value="metrics.auc &gt;&gt; 3"' in page.text
    assert problem.json["code"] == "where-syntax"
    assert "did you mean &#39;loss&#39;" in absent.text
    assert TRACKED.partition(" ")[0] not in absent.text


def test_pages_of_an_order_follow_each_other(pages: Pages) -> None:
    whole = [row["run"] for row in pages("/api/v1/runs?sort=-metrics.auc").json["runs"]]
    first = pages("/api/v1/runs?sort=-metrics.auc&limit=2").json
    second = pages(first["next"]).json

    assert [row["run"] for row in [*first["runs"], *second["runs"]]] == whole[:4]
    assert pages("/api/v1/runs?cursor=r_nothing").json["code"] == "cursor-unknown"


def test_two_runs_are_held_beside_each_other_part_by_part(pages: Pages, run: str) -> None:
    rows = pages("/api/v1/runs").json["runs"]
    other = next(row["run"] for row in rows if row["name"] == "run")

    page = pages(f"/diff/{other}/{run}", accept="text/html")
    twin = pages(f"/diff/{other}/{run}.json").json
    same = pages(f"/diff/{run}/{run}", accept="text/html")
    strange = pages(f"/diff/{run}/d_aaaaaaaaaa", accept="application/json")

    told = {(each["part"], each["what"]) for each in twin["differences"]}
    assert twin["schema"] == "mlwright/diff/1"
    assert {("parameters", "params.depth"), ("metrics", "metrics.loss")} <= told
    assert page.status == 200
    assert '<h2 id="parameters">' in page.text
    assert "params.depth" in page.text
    assert "<script>alert" not in page.text
    assert "differ in nothing" in same.text
    assert (strange.status, strange.json["code"]) == (400, "diff-kinds")
    assert "/diff/" in pages("/list/runs", accept="text/html").text
