"""What a worker process is told when it is started: one JSON file, written by the supervisor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlwright.core.records import dump, load
from mlwright.serve.settings import ServeSettings


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """Everything a worker needs to know, as plain values.

    ``fd`` is the listening socket it inherits; ``parent_fd`` its end of a channel to the
    supervisor: it writes a line there once it answers, and leaves when the other end is gone.
    ``store`` holds the models, ``records`` the segments, ``roles`` is the
    file that says who is live, ``metrics`` the folder in which workers keep their counts and
    ``worker`` this one's number. ``environment`` is what the records say they were made on.
    ``only`` are the endpoints to answer for, every one with a live version where it is empty.
    """

    fd: int
    parent_fd: int
    store: str
    records: str
    roles: str
    metrics: str
    worker: int
    environment: Mapping[str, str]
    settings: ServeSettings
    only: tuple[str, ...] = ()


def write_config(config: WorkerConfig, file: Path) -> None:
    """Write what :func:`read_config` reads."""
    file.write_bytes(dump(config))


def read_config(file: Path) -> WorkerConfig:
    """Return what the supervisor wrote."""
    return load(WorkerConfig, file.read_bytes())
