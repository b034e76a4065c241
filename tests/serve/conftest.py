"""A real worker process on real models, trained once a session."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import polars as pl
import pytest

from mlwright.core.records import dump
from mlwright.data.contract import infer
from mlwright.data.profile import profile
from mlwright.data.table import Table
from mlwright.scoring.package import package
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import Scorer, load
from mlwright.serve.config import WorkerConfig, write_config
from mlwright.serve.settings import ServeSettings
from mlwright.store.local import LocalStore
from mlwright.train.fit import fit
from mlwright.train.portfolio import LINEAR, PORTFOLIO
from mlwright.train.records import Configuration, Plan
from mlwright.train.task import infer_task

RUN = (sys.executable, "-W", "error", "-m", "mlwright.serve.worker")
COLUMNS = (
    "tenure",
    "MonthlyCharges",
    "TotalCharges",
    "Contract",
    "PaymentMethod",
    "SeniorCitizen",
    "Churn",
)


@dataclass(frozen=True)
class Trained:
    """Two models of one target in a store, and rows to ask about as JSON has them."""

    store: Path
    packages: dict[str, ModelPackage]
    rows: tuple[dict[str, Any], ...]

    def scorer(self, ref: str) -> Scorer:
        return load(self.packages[ref], LocalStore(self.store))

    def role(self, ref: str) -> dict[str, str]:
        made = self.packages[ref]
        digest = LocalStore(self.store).put(dump(made))
        return {"ref": ref, "model": made.id, "package": digest}


@pytest.fixture(scope="session")
def trained(dataset: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Trees and a linear model of who leaves, both over the same six columns."""
    frame = pl.read_csv(dataset("churn"), infer_schema_length=None).select(
        pl.col(name).cast(pl.Float64, strict=False) if name == "TotalCharges" else pl.col(name)
        for name in COLUMNS
    )
    table = Table(frame.head(2_000), pl.Series([f"r{place}" for place in range(2_000)]))
    folder = tmp_path_factory.mktemp("models")
    store = LocalStore(folder / "store")
    task = infer_task(table.frame, "Churn", None, None)
    contract = infer(profile(table), "Churn")
    trees = next(each for each in PORTFOLIO if each.name == "trees")
    quick = Configuration(trees.name, trees.algorithm, {**trees.parameters, "trees": 25})
    plan = Plan((), 0, 0, 0, 0, 1, 7, 1.0, "test", {})
    made = {
        ref: package(fit(table, configuration, task, plan, ()), contract, table, store)
        for ref, configuration in (("churn@1", quick), ("churn@2", LINEAR))
    }
    rows = frame.slice(2_000, 500).drop("Churn").to_dicts()
    return Trained(folder / "store", made, tuple(rows))


@dataclass
class Worker:
    """A worker process, asked over real sockets."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    parent: socket.socket
    trained: Trained
    log: Path
    records: Path
    _connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(
        self,
        path: str,
        body: object = None,
        *,
        method: str | None = None,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        sent = raw if raw is not None else None if body is None else json.dumps(body).encode()
        given = {} if sent is None else {"Content-Type": "application/json"}
        self._connection.request(
            method or ("GET" if sent is None else "POST"), path, sent, {**given, **(headers or {})}
        )
        response = self._connection.getresponse()
        return Reply(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            response.read(),
        )

    def roles(self, **live: str | None) -> None:
        write_roles(self.folder / "roles.json", self.trained, **live)

    def until(self, right: Callable[[], bool], seconds: float = 60.0) -> None:
        latest = monotonic() + seconds
        while not right():
            assert monotonic() < latest, self.log.read_text()
            sleep(0.02)

    def leave(self) -> int:
        """Ask it to finish and return its exit code."""
        self.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        """The code of a problem document."""
        assert self.headers["content-type"] == "application/problem+json", self
        document = self.json
        assert document["status"] == self.status
        assert document["fix"]
        assert document["detail"]
        return str(document["code"])


def write_roles(file: Path, trained: Trained, **live: str | None) -> None:
    document = {
        "format": 1,
        "size": 1,
        "endpoints": {
            name: {"live": None if ref is None else trained.role(ref), "previous": None}
            for name, ref in live.items()
        },
    }
    staged = file.with_suffix(".new")
    staged.write_text(json.dumps(document))
    staged.replace(file)


Start = Callable[..., Worker]


@pytest.fixture(scope="module")
def start(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start workers; they are ended with the module's last test."""
    with ExitStack() as stack:

        def begin(
            live: dict[str, str | None] | None = None,
            *,
            records: Path | None = None,
            through: tuple[str, ...] = (),
            **settings: Any,
        ) -> Worker:
            folder = tmp_path_factory.mktemp("worker")
            write_roles(folder / "roles.json", trained, **(live or {"churn": "churn@1"}))
            kept = records or folder / "records"
            return _started(stack, folder, kept, trained, through, ServeSettings(**settings))

        yield begin


@pytest.fixture(scope="module")
def worker(start: Start) -> Worker:
    """A worker with every setting at its default."""
    return start()


def _started(
    stack: ExitStack,
    folder: Path,
    records: Path,
    trained: Trained,
    through: tuple[str, ...],
    settings: ServeSettings,
) -> Worker:
    listener = socket.create_server(("127.0.0.1", 0))
    ours, theirs = socket.socketpair()
    config = WorkerConfig(
        fd=listener.fileno(),
        parent_fd=theirs.fileno(),
        store=str(trained.store),
        records=str(records),
        roles=str(folder / "roles.json"),
        metrics=str(folder / "metrics"),
        worker=0,
        environment={"python": "3"},
        settings=replace(settings),
    )
    write_config(config, folder / "worker.json")
    log = folder / "stderr"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*through, *RUN, folder / "worker.json"],
            pass_fds=(listener.fileno(), theirs.fileno()),
            stderr=errors,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
    port = listener.getsockname()[1]
    listener.close()
    theirs.close()
    ours.settimeout(120)
    said = ours.recv(64)
    worker = Worker(folder, port, process, ours, trained, log, records)
    stack.callback(_end, worker)
    assert said == b"ready\n", log.read_text()
    return worker


def _end(worker: Worker) -> None:
    worker.close()
    worker.parent.close()
    if worker.process.poll() is None:
        worker.process.send_signal(signal.SIGTERM)
    worker.process.wait(120)
