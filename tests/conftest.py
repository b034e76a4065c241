"""What all tests share: the real data sets, and which tests are slow."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# As in training: threads that wait for one another leave the cores to others meanwhile. It is read
# when the first library with OpenMP is loaded, which tests do before training can say so.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".cache" / "data"

# How long an example, or drawing it, takes tells how busy the machine is, not whether a property
# holds. The same examples are drawn each time, so that a change is what fails; `make deep` draws
# new ones.
settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("DRAW") != "new",
)
settings.load_profile("house")


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


@pytest.fixture
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Mount two megabytes of memory as a disk that can be filled; the machine must let us.

    Another size is asked for as ``@pytest.mark.parametrize("small_disk", ["24m"], indirect=True)``.
    """
    size = getattr(request, "param", "2m")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
    )
    if mount.returncode:
        pytest.skip(f"this machine does not let us mount: {mount.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
