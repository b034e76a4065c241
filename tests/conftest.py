"""What all tests share: the real data sets, and which tests are slow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".cache" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the command-line stories as slow, so that ``make check`` leaves them out."""
    stories = ROOT / "tests" / "acceptance"
    for item in items:
        if item.path.is_relative_to(stories):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def dataset() -> Callable[[str], Path]:
    """Return the way from a data set's name to its CSV file; a missing one fails, it never skips.

    ``dataset("churn")`` is ``.cache/data/churn.csv``; the tables beside the flights are
    ``dataset("flights/weather")`` and so on.
    """

    def path(name: str) -> Path:
        found = DATA / f"{name}.csv"
        if not found.exists():
            pytest.fail(f"no data set {found}: run `make test` once, or `make data`", pytrace=False)
        return found

    return path
