"""In a real browser: light pages without an error, for every eye, every width and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from tests.server.conftest import Pages

MOST_BYTES, MOST_REQUESTS = 150_000, 7
PASSPORT = "/predictions/{prediction}"
TRACKED = "/runs/{run}"
PATHS = {
    "run": TRACKED,
    "runs": "/list/runs?where=metrics.auc&sort=-metrics.auc",
    "passport": PASSPORT,
    "home": "/",
    "model": "/models/Churn@1",
    "why": "/why/search",
    "prove": "/prove/{first}",
    "steps": "/runs/{second}",
    "diff": "/diff/Churn@1/Churn@2",
    "diff-of-runs": "/diff/{first}/{second}",
    "search": "/search?q=chu",
    "list": "/list/events",
}


@dataclass
class Seen:
    """What a page asked for and complained of while it was open."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


Open = Callable[..., Seen]


@pytest.fixture
def visit(browser: Browser, pages: Pages) -> Iterator[Open]:
    """Open an address of the control plane in a window of its own."""
    contexts = []

    def opened(path: str, *, width: int = 1200, scripts: bool = True, **options: Any) -> Seen:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=scripts, **options
        )
        context.set_default_timeout(120_000)
        contexts.append(context)
        seen = Seen(context.new_page())
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        seen.page.on("console", lambda said: seen.complaints.append(said.text))
        seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        if path == PASSPORT:
            path = path.format(prediction=pages("/api/v1/labels").json["labels"][0]["about"])
        if "{first}" in path or "{second}" in path:
            runs = pages("/api/v1/runs").json["runs"]
            second, first = (each["run"] for each in runs if "charges" in each["name"])
            path = path.format(first=first, second=second)
        if path == TRACKED:
            found = pages("/api/v1/runs?where=metrics.loss").json["runs"]
            path = path.format(run=found[0]["run"])
        seen.page.goto(pages.address + path, wait_until="load")
        return seen

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_a_page_is_light_quiet_and_loads_nothing_from_elsewhere(
    path: str, visit: Open, pages: Pages
) -> None:
    seen = visit(path)

    sizes = seen.page.evaluate(
        """() => [...performance.getEntriesByType("navigation"),
                  ...performance.getEntriesByType("resource")].map(each => each.transferSize)"""
    )
    assert seen.complaints == []
    assert all(url.startswith(pages.address + "/") for url in seen.requests)
    assert len(seen.requests) <= MOST_REQUESTS
    assert len(sizes) >= 3
    assert 10_000 < sum(sizes) <= MOST_BYTES


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_nothing_stands_in_the_way_of_anyone(path: str, scheme: str, visit: Open) -> None:
    page = visit(path, width=360, color_scheme=scheme).page
    for details in page.query_selector_all("details"):
        details.evaluate("each => each.open = true")

    found = Axe().run(page)
    beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert [(v["id"], v["nodes"][0]["html"]) for v in found.response["violations"]] == []
    assert len(found.response["passes"]) > 10
    assert beyond <= 0


def test_the_search_box_and_every_link_are_reached_by_keyboard(visit: Open) -> None:
    page = visit("/").page
    reached: list[str] = []

    for _ in range(80):
        page.keyboard.press("Tab")
        said = page.evaluate(
            """() => {
                const at = document.activeElement;
                return at === document.body ? "" : at.getAttribute("href") || at.name || at.tagName;
            }"""
        )
        if not said:
            break
        reached.append(said)
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"nobody sees that {said} has the focus"

    wanted = page.evaluate("[...document.querySelectorAll('a')].map(e => e.getAttribute('href'))")
    assert reached[0] == "#content"
    assert "q" in reached
    assert set(wanted) <= set(reached)


def test_typing_an_id_and_enter_leads_to_its_page_without_scripts_too(visit: Open) -> None:
    for scripts in (True, False):
        page = visit("/", scripts=scripts).page
        box = page.get_by_role("searchbox")
        box.fill("Churn@1")
        box.press("Enter")
        page.wait_for_url("**/models/Churn%401")

        assert page.get_by_role("heading", level=1).inner_text().startswith("Churn@1")


def test_names_are_found_while_they_are_typed(visit: Open) -> None:
    seen = visit("/search")
    seen.page.locator("main input").press_sequentially("urn@2")

    seen.page.locator("#found a", has_text="Churn@2").wait_for()

    assert seen.complaints == []


def test_a_proof_appears_in_place_and_without_scripts_on_a_page(visit: Open, pages: Pages) -> None:
    data = pages("/models/Churn@1.json").json["version"]["data"]
    for scripts in (True, False):
        seen = visit(f"/prove/{data}", scripts=scripts)
        before = seen.page.locator("#outcome tbody tr").count()
        seen.page.get_by_role("button").click()
        seen.page.locator("#outcome tbody tr").nth(before).wait_for()

        assert seen.page.locator("#outcome .badge").first.inner_text() == "exact"
        assert seen.complaints == []
        documents = [url for url in seen.requests if url.endswith(f"/prove/{data}")]
        assert len(documents) == 3, "once to look, once to prove, once to see the outcome"


def test_what_keeps_a_proof_from_being_made_is_told_in_its_place(visit: Open, pages: Pages) -> None:
    data = pages("/models/Churn@1.json").json["version"]["data"]
    page = visit(f"/prove/{data}").page
    page.route("**/prove/d_*", lambda route: route.continue_(url=f"{pages.address}/prove/d_7777"))

    page.get_by_role("button").click()

    page.locator("#outcome", has_text="no id starts with").wait_for()
    assert page.get_by_role("heading", level=1).inner_text() == data[:12]


def test_everything_can_be_read_without_scripts(visit: Open) -> None:
    text = {scripts: visit("/models/Churn@1", scripts=scripts).page for scripts in (True, False)}

    assert text[True].inner_text("main") == text[False].inner_text("main")


def test_a_passport_is_printed_on_one_sheet(visit: Open) -> None:
    printed = visit(PASSPORT).page.pdf(format="A4")

    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
