"""One real project a test session, and the control plane over it as a process of its own."""

from __future__ import annotations

import fcntl
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Within
from tests.conftest import DATA

import mlwright as mw

TRACKED = "tuning <script>alert('t')</script>"
REASON = "the first one <script>alert('x')</script> & more"

CLOCK = """import time

import mlwright as mw


@mw.step
def doubled(given: int) -> int:
    return 2 * given


@mw.step
def stamped(doubled: list[int]) -> str:
    return f"{sum(doubled)} <b>at</b> {time.time()}"


flow = mw.pipeline(doubled.over(given=[1, 2]), stamped, name="charges")
"""

ROW = {
    "gender": "Female",
    "SeniorCitizen": 0,
    "Partner": "Yes",
    "Dependents": "No",
    "tenure": 12,
    "PhoneService": "Yes",
    "MultipleLines": "No",
    "InternetService": "Fiber optic",
    "OnlineSecurity": "No",
    "OnlineBackup": "Yes",
    "DeviceProtection": "No",
    "TechSupport": "No",
    "StreamingTV": "No",
    "StreamingMovies": "<b>Yes</b>",
    "Contract": "Month-to-month",
    "PaperlessBilling": "Yes",
    "PaymentMethod": "Electronic check",
    "MonthlyCharges": 80.5,
    "TotalCharges": 12345.678901,
}


@dataclass(frozen=True)
class Answer:
    """What the control plane answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Pages:
    """A running control plane; redirects are not followed."""

    folder: Path
    address: str

    def __call__(self, path: str, method: str = "GET", **headers: str) -> Answer:
        host = self.address.removeprefix("http://")
        connection = HTTPConnection(host, timeout=120)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, headers=named)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, body)


def mlw(folder: Path, *arguments: object, exit_code: int = 0) -> Any:
    """Run a command in a project and return its document."""
    done = subprocess.run(
        [sys.executable, "-m", "mlwright", *map(str, arguments), "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == exit_code, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout)


@contextmanager
def serving(folder: Path) -> Iterator[Pages]:
    """Serve a project's pages; closing our end of the pipe is what ends the process."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "mlwright.server", "--project", str(folder)),
            *("--port", "0", "--parent-fd", str(reading)),
        ],
        pass_fds=[reading],
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(reading)
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield Pages(folder, ready["address"])
    finally:
        os.close(writing)
        assert process.wait(timeout=120) == 0
        process.stdout.close()


@pytest.fixture(scope="session")
def pages_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a live model and a second version that failed its check.

    Made once for all test processes of a session: the first one to come makes it.
    """
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder = shared / "pages-project"
    with (shared / "pages-project.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            folder.mkdir()
            _make(folder)
            (folder / "made").touch()
    return folder


def _make(folder: Path) -> None:
    """Track a run, train, promote, answer a row and three at once, tell the truth of the first."""
    _track(folder)
    _do_steps(folder)
    table = DATA / "churn.csv"
    build = ["run", table, "--target", "Churn", "--models", "linear", "--budget", "1s"]
    within = Within(folder)  # a process for each of them would load every library again
    within.good(*build)
    within.good("promote", "Churn@1", "--to", "live", "--reason", REASON)
    assert within(*build, "--check", "auc >= 0.99").code == 3
    row = {**ROW, "tenure": 400, "PaymentMethod": "Bitcoin"}
    with answering(folder) as server:
        first = post(server, "/Churn/predict", row)
        post(server, "/Churn/predict", [ROW, {**ROW, "tenure": 1}, {**ROW, "Contract": "One year"}])
        post(server, "/labels", {"id": first["id"], "value": "Yes"})


def _do_steps(folder: Path) -> None:
    """Run a pipeline that reads the clock, edit it and run it again; prove the first run."""
    flow = folder / "flow.py"
    flow.write_text(CLOCK)
    first = mlw(folder, "run", flow)["run"]
    flow.write_text(CLOCK.replace("[1, 2]", "[1, 2, 3]").replace("2 * given", "3 * given"))
    mlw(folder, "run", flow)
    mlw(folder, "prove", first, exit_code=6)


def _track(folder: Path) -> None:
    """Log something of everything, with names that a page must not carry out."""
    with mw.track(TRACKED, params={"depth": 5, "opt": {"lr": math.nan}}, project=folder) as t:
        for step in range(300):
            t.log(
                {"loss": 1 / (step + 1), "größe": math.inf if step % 50 == 7 else step}, step=step
            )
        t.log(auc=0.75)
        t.tag(team="<i>risk</i>")
        t.note(f"first {REASON}\nsecond")
        t.image([[0.0, 0.5], [0.75, 1.0]], "samples/grey", step=3)
        t.artefact(
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "x.svg"
        )
        t.artefact(b"<script>alert(1)</script>", "page.html")
        t.artefact({"threshold": 0.4}, "config")


@contextmanager
def answering(folder: Path) -> Iterator[str]:
    """Serve predictions of a project, without pages, and yield the address."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "mlwright", "serve", "--json", "--no-ui"),
            *("--port", "0", "--workers", "1"),
        ],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["address"]
    finally:
        process.terminate()
        process.wait(timeout=60)
        process.stdout.close()


def post(address: str, path: str, body: object) -> Any:
    """Send JSON to the data plane and return its answer."""
    connection = HTTPConnection(address.removeprefix("http://"), timeout=60)
    try:
        headers = {"content-type": "application/json"}
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    assert answer.status == 200, content
    return json.loads(content)


@pytest.fixture(scope="session")
def pages(pages_project: Path) -> Iterator[Pages]:
    """The control plane over the session's project."""
    with serving(pages_project) as running:
        yield running
