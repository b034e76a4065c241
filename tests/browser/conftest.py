"""Debian's Chromium on the pages of the session's project."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.server.conftest import pages as pages
from tests.server.conftest import pages_project as pages_project

ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
)


# Not of the session: while it is open the thread has a running event loop, and another test that
# starts one of its own would fail.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser without a window; `make test` installs it."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=ARGUMENTS.split()
        )
        yield launched
        launched.close()
