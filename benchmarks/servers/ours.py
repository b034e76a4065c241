"""Our own worker, started as its supervisor starts it, for one model that is live."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlwright.serve.config import WorkerConfig, write_config
from mlwright.serve.listening import listen
from mlwright.serve.settings import ServeSettings
from servers.process import Running, free_port, running
from servers.table import Row, Trained

NAME = "flights"
PATH = f"/{NAME}/predict"
MODES = ("durable", "crash-safe", "off")
_NOTHING = Path(__file__).with_name("apps") / "nothing.py"


@contextmanager
def serving(trained: Trained, mode: str, folder: Path, core: int) -> Iterator[Running]:
    """Start one worker on a core for the block; its records lie in ``folder``."""
    with listen("127.0.0.1", 0, option="") as listener:
        ours, theirs = os.pipe()
        try:
            config = _config(trained, mode, folder, listener.fileno(), ours)
            with running(
                [sys.executable, "-P", "-m", "mlwright.serve.worker", str(config)],
                port=listener.getsockname()[1],
                ready="/readyz",
                core=core,
                environ={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                log=folder / "worker.log",
                keep=(listener.fileno(), ours),
            ) as started:
                yield started
        finally:
            os.close(ours)
            os.close(theirs)


@contextmanager
def serving_nothing(folder: Path, core: int) -> Iterator[Running]:
    """Start the same server before an application that does nothing."""
    port = free_port()
    with running(
        [sys.executable, str(_NOTHING)],
        port=port,
        ready="/",
        core=core,
        environ={"PORT": str(port)},
        log=folder / "nothing.log",
    ) as started:
        yield started


def _config(trained: Trained, mode: str, folder: Path, listener: int, parent: int) -> Path:
    live = {"ref": f"{NAME}@1", "model": trained.model.id, "package": trained.package}
    roles = {"format": 1, "size": 0, "endpoints": {NAME: {"live": live, "previous": None}}}
    for name in ("records", "metrics"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "roles.json").write_text(json.dumps(roles))
    config = WorkerConfig(
        fd=listener,
        parent_fd=parent,
        store=str(trained.store),
        records=str(folder / "records"),
        roles=str(folder / "roles.json"),
        metrics=str(folder / "metrics"),
        worker=0,
        environment={},
        settings=replace(ServeSettings(), log=mode),
    )
    file = folder / "worker.json"
    write_config(config, file)
    return file


def as_columns(rows: Sequence[Row]) -> bytes:
    """Return rows as an object of arrays."""
    return _json({name: [row[name] for row in rows] for name in rows[0]})


def as_rows(rows: Sequence[Row]) -> bytes:
    """Return rows as an array of objects."""
    return _json(rows)


def probabilities(answer: bytes) -> list[float]:
    """Return each row's probability of being late."""
    told = json.loads(answer)
    return [each["probability"]["true"] for each in told.get("predictions", [told])]


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
