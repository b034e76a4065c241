"""Pages answer, agree with their twins, lead nowhere that is not there, and refuse strangers."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from tests.conftest import ROOT
from tests.server.conftest import CLOCK, REASON, ROW, Pages, mlw, serving

from mlwright.core.errors import ExitCode

PATHS = [
    *("/", "/models/Churn@1", "/why/search", "/prove/Churn@1", "/search?q=zzz", "/list/runs"),
    *("/list/runs?where=metrics.loss", "/list/runs?where=metrics.los"),
]


class Links(HTMLParser):
    """Collects what a page links to and loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note addresses, and whatever a strict policy would forbid."""
        for name, value in attrs:
            if name in ("href", "src", "action") and value:
                self.found.add(value)
            if name == "style" or name.startswith("on"):
                self.inline.append(f"<{tag} {name}>")
        if tag == "style" or (tag == "script" and not dict(attrs).get("src")):
            self.inline.append(f"<{tag}>")


def links(text: str) -> Links:
    """Return the links of a page."""
    parser = Links()
    parser.feed(text)
    return parser


@pytest.mark.parametrize("path", PATHS)
def test_a_page_and_its_twin_are_made_from_the_same_content(path: str, pages: Pages) -> None:
    page = pages(path, accept="text/html")
    twin = re.search(r'rel="alternate" type="application/json" href="([^"]+)"', page.text)
    assert twin is not None

    by_address, by_header = pages(twin[1]), pages(path, accept="application/json")

    assert page.status == by_address.status == by_header.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert by_address.json == by_header.json
    assert by_address.json["schema"].startswith("mlwright/")


def test_no_link_from_any_page_is_broken_or_leads_away(pages: Pages) -> None:
    waiting, seen = ["/"], set[str]()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = pages(path, accept="text/html")
        assert answer.status == 200, path
        if answer.headers["content-type"].startswith("text/html"):
            found = links(answer.text)
            assert found.inline == [], path
            assert all(link.startswith(("/", "#")) and link[:2] != "//" for link in found.found)
            new = {link for link in found.found if link[0] == "/"} - {"/search"} - seen
            waiting += sorted(new - {*waiting})

    assert {"/models/Churn%401", "/static/style.css", "/index.json"} <= seen
    for kind in ("/why/r_", "/why/e_", "/predictions/p_", "/prove/"):
        assert any(path.startswith(kind) for path in seen), kind


def _examined(pages: Pages) -> Any:
    """The home page's twin, once the records have been looked through."""
    latest = time.monotonic() + 60
    while (twin := pages("/index.json").json)["health"] is None:
        assert time.monotonic() < latest, "nothing was examined"
        time.sleep(0.1)
    return twin


def test_the_home_page_tells_what_is_live_what_failed_and_whose_words_are_whose(
    pages: Pages,
) -> None:
    twin = _examined(pages)
    page = pages("/").text

    assert twin["health"]["error"] is None
    assert all(finding["well"] for finding in twin["health"]["findings"])
    assert twin["endpoints"] == [{"endpoint": "Churn", "live": "Churn@1", "previous": None}]
    assert twin["changes"]["Churn"]["reason"] == REASON
    assert [note["id"] for note in twin["attention"]] == ["Churn@2"]
    assert "Everything that can be verified is well" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_model_page_says_in_words_what_its_numbers_say(pages: Pages) -> None:
    twin = pages("/models/Churn@1.json").json
    page = pages("/models/Churn@1").text

    auc = twin["evaluation"]["metrics"]["auc"]
    assert f"its auc was {auc['value']:.4g}" in page
    assert f'<td class="n">{auc["value"]:.4g}</td>' in page
    assert twin["evaluation"]["fit"]["why"] in page.replace("&#39;", "'")
    along = twin["findings"]["explanation"]["dependences"]
    assert along
    assert page.count("probability of Yes along it</title>") == len(along)
    assert "lost without each column" in page
    assert f"{twin['cost']['wall_seconds']:.3g} s" in page
    assert f'href="/runs/{twin["version"]["run"]}"' in page
    assert twin["changes"][0]["live"] == "Churn@1"
    assert pages("/models/Churn.json").json["ref"] == "Churn@2", "a bare name is the newest"
    assert "did not pass all of its checks" in pages("/models/Churn@2").text


def test_a_passport_tells_the_answer_its_reasons_and_all_that_stands_behind_it(
    pages: Pages,
) -> None:
    (label,) = pages("/api/v1/labels").json["labels"]
    identifier = label["about"]

    twin = pages(f"/predictions/{identifier}.json").json
    page = pages(f"/predictions/{identifier}").text

    assert twin["id"] == identifier
    assert twin["sent"] == {**ROW, "tenure": 400, "PaymentMethod": "Bitcoin"}
    breaches = {flag["column"]: flag["breach"] for flag in twin["flags"]}
    assert breaches == {
        "tenure": "out-of-range",
        "TotalCharges": "out-of-range",
        "PaymentMethod": "unseen",
        "StreamingMovies": "unseen",
    }
    assert twin["version"]["number"] == 1
    assert twin["change"]["reason"] == REASON
    assert [each["value"] for each in twin["labels"]] == ["Yes"]
    parts = twin["additive"]["base"] + sum(reason["amount"] for reason in twin["reasons"])
    assert parts == pytest.approx(twin["additive"]["score"])
    assert f"<h1>Churn = {twin['value']}</h1>" in page
    assert f">{twin['reasons'][0]['column']} = " in page
    assert twin["reasons"][0]["sentence"].replace("'", "&#39;") in page
    (goal,) = twin["otherwise"]
    assert goal["found"], goal["told"]
    assert all(each["value"] != twin["value"] for each in goal["found"])
    assert f"{goal['asked']:,} changed rows asked about" in page
    assert "<span>12345.678901 <" in page, "a cell is shown as it was sent, to the last digit"
    assert "&lt;b&gt;Yes&lt;/b&gt;" in page
    assert "<b>Yes</b>" not in page
    assert "<script>alert" not in page
    assert pages(f"/why/{identifier[:12]}").headers["location"] == f"/predictions/{identifier}"
    assert pages(f"/why/{identifier}.json").json["kind"] == "prediction"


def test_a_replay_asked_for_on_the_sheet_says_exact(pages: Pages) -> None:
    (label,) = pages("/api/v1/labels").json["labels"]
    path = f"/prove/{label['about']}"

    asked = pages(path, "POST", origin=pages.address)
    sheet = pages(f"/predictions/{label['about']}")

    assert (asked.status, asked.headers["location"]) == (303, path)
    assert '<span class="badge good">exact</span>' in sheet.text


def test_what_another_process_records_shows_on_the_next_load(
    pages_project: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(pages_project, copy)

    with serving(copy) as pages:
        before = pages("/api/v1/events?limit=1").json["events"]
        mlw(copy, "prove", pages("/models/Churn@1.json").json["version"]["data"])
        damaged = next((copy / ".mlwright" / "store" / "objects").glob("*/*"))
        events = pages("/api/v1/events?limit=1").json["events"]

        assert before[0]["event"] != events[0]["event"]
        assert events[0]["kind"] == "proof.made"
        damaged.chmod(0o644)
        damaged.write_bytes(b"no longer what it was")

    with serving(copy) as pages:
        health = _examined(pages)["health"]
        assert not all(finding["well"] for finding in health["findings"])
        assert "Something is wrong with the records" in pages("/").text


@pytest.mark.parametrize("path", [*PATHS, "/nowhere", "/static/style.css", "/api/v1/events"])
def test_every_answer_carries_the_strict_headers(path: str, pages: Pages) -> None:
    headers = pages(path).headers

    policy = dict(
        part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7701", "127.0.0.1.evil.example", ""]
)
def test_a_name_that_is_not_this_machines_is_not_answered_to(host: str, pages: Pages) -> None:
    answer = pages("/", host=host)

    assert answer.status in (400, 403)
    assert b"Churn" not in answer.body


@pytest.mark.parametrize(
    "host", ["localhost:7701", "127.0.0.1", "[::1]:80", "LOCALHOST", "192.0.2.7:7701"]
)
def test_names_of_this_machine_are_answered_to(host: str, pages: Pages) -> None:
    assert pages("/", host=host).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none", "origin": "http://evil.example"},
        {"origin": "http://localhost:1"},
    ],
)
def test_a_foreign_page_cannot_ask_for_a_proof(headers: dict[str, str], pages: Pages) -> None:
    run = pages("/models/Churn@1.json").json["version"]["run"]

    answer = pages(f"/prove/{run}", "POST", **headers)

    assert answer.status == 403
    assert answer.json["code"] == "origin-foreign"
    assert pages(f"/prove/{run}.json").json["proofs"] == []


def test_a_proof_is_made_recorded_and_shown_while_other_pages_answer(pages: Pages) -> None:
    data = pages("/models/Churn@1.json").json["version"]["data"]
    found: list[int] = []
    proving = threading.Thread(
        target=lambda: found.append(
            pages(f"/prove/{data}", "POST", sec_fetch_site="same-origin").status
        )
    )

    began = time.monotonic()
    proving.start()
    slowest = 0.0
    while proving.is_alive():
        asked = time.monotonic()
        assert pages("/static/icon.svg").status == 200
        slowest = max(slowest, time.monotonic() - asked)
    proving.join()
    taken = time.monotonic() - began
    by_program = pages(f"/prove/{data}", "POST", accept="application/json")

    assert found == [303]
    # Who had to wait for the proof would wait for nearly all of it; a busy machine delays both.
    assert slowest < max(2.0, taken / 2)
    assert by_program.json["proof"]["verdict"] == "exact"
    shown = pages(f"/prove/{data}.json").json["proofs"]
    assert {proof["verdict"] for proof in shown} == {"exact"}
    assert by_program.json["proof"]["event"] in [proof["event"] for proof in shown]


def test_the_page_of_a_proof_tells_each_step_and_the_line_that_is_the_likely_cause(
    pages: Pages,
) -> None:
    runs = pages("/api/v1/runs").json["runs"]
    run = [each["run"] for each in runs if "charges" in each["name"]][-1]

    text = pages(f"/prove/{run}").text
    steps = {each["step"]: each for each in pages(f"/prove/{run}.json").json["steps"]}

    assert {name: each["verdict"] for name, each in steps.items()} == {
        "doubled[given=1]": "exact",
        "doubled[given=2]": "exact",
        "stamped": "different",
    }
    line = CLOCK.partition("time.time()")[0].count("\n") + 1
    assert f"flow.py:{line} reads the clock" in text
    assert "likely cause: clock" in text
    assert "2 exact, 1 different." in text
    assert f"mlw prove {run}" in text


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("Churn", "/models/Churn"),
        ("Churn@1", "/models/Churn@1"),
        ("search", "/why/search"),
        ("e_0", "/why/e_0"),
        (" e_1 ", "/why/e_1"),
    ],
)
def test_the_search_box_leads_to_what_it_is_given(asked: str, leads_to: str, pages: Pages) -> None:
    answer = pages("/search?q=" + asked.replace(" ", "%20").replace("@", "%40"))

    assert answer.status == 303
    assert unquote(answer.headers["location"]) == leads_to


def test_the_start_of_an_id_leads_to_it_or_to_those_it_may_mean(pages: Pages) -> None:
    run = pages("/api/v1/runs").json["runs"][0]["run"]

    exact = pages(f"/search?q={run[:12]}")
    several = pages("/search.json?q=r_").json
    near = pages("/search.json?q=Chrun").json

    assert exact.headers["location"] == f"/runs/{run}"
    assert several["found"] == []
    assert "id" in several["detail"]
    assert "Churn" in [each["id"].partition("@")[0] for each in near["found"]]


def test_an_unknown_page_is_told_as_a_page_or_as_a_problem(pages: Pages) -> None:
    page = pages("/models/Chrun", accept="text/html")
    problem = pages("/models/Chrun.json")
    method = pages("/list/runs", "DELETE")

    assert page.status == problem.status == 404
    assert "did you mean" in page.text
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json["code"] == "model-unknown"
    assert problem.json["fix"].startswith("mlw show Churn")
    assert (method.status, "text/html" in method.headers["content-type"]) == (405, True)


def test_the_home_page_tells_of_records_that_cannot_be_read(
    pages_project: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(pages_project, folder)
    (sealed, *_) = (folder / ".mlwright" / "records" / "sealed").glob("*[0-9].parquet")
    sealed.write_bytes(sealed.read_bytes()[:-9])

    with serving(folder) as pages:
        home = pages("/")
        listed = pages("/list/predictions")

    assert home.status == 200
    assert "They cannot be read." in home.text
    assert sealed.name in home.text
    assert listed.status == 200
    assert "is left out" in listed.text
    assert sealed.name in listed.text


def test_the_script_is_the_published_one() -> None:
    script = ROOT / "src" / "mlwright" / "server" / "static" / "htmx.min.js"
    digest = hashlib.sha256(script.read_bytes()).hexdigest()

    record = (ROOT / "docs" / "decisions" / "0016-pages.md").read_text("utf-8")
    assert digest in record


def test_mlw_ui_tells_its_address_and_ends_well_when_asked_to(pages_project: Path) -> None:
    command = [sys.executable, "-m", "mlwright", "ui", "--port", "0", "--json"]
    process = subprocess.Popen(command, cwd=pages_project, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = json.loads(process.stdout.readline())

    answer = Pages(pages_project, said["address"])("/models/Churn@1.json")
    process.send_signal(signal.SIGINT)

    assert said["schema"] == "mlwright/ui/1"
    assert answer.json["ref"] == "Churn@1"
    assert process.wait(timeout=120) == ExitCode.INTERRUPTED
    assert process.stdout.read() == ""
    process.stdout.close()
