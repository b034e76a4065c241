"""What the demo asks over HTTP: a server beside it, a week it never saw, and later the truth."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import IO

from mlwright.api.client import Answer, Client
from mlwright.core.errors import FaultError

_LIKELIEST = 10  # the share looked at: one in so many


@dataclass(frozen=True, slots=True)
class Served:
    """A server of the demo: where it answers, where its pages are, and its process."""

    address: str
    pages: str
    process: subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class Week:
    """What was asked and what came of it; ``chosen`` is the answer to be explained.

    ``hits`` counts the truths among the ``likeliest`` answers, ``truths`` those among all.
    """

    asked: int
    seconds: float
    likeliest: int
    hits: int
    truths: int
    chosen: Answer


@contextmanager
def server(folder: Path) -> Iterator[Served]:
    """Start `mlw serve` on free ports for the block, and end it in order."""
    command = [sys.executable, "-P", "-m", "mlwright", "serve", "--project", str(folder)]
    process = subprocess.Popen(
        [*command, "--port", "0", "--ui-port", "0", "--json"],
        stdout=subprocess.PIPE,
        process_group=0,  # Ctrl-C asks the demo, and the demo asks its server
    )
    try:
        said = _said(process.stdout)
        yield Served(str(said["address"]), str(said["ui"]), process)
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _said(out: IO[bytes] | None) -> Mapping[str, object]:
    line = out.readline() if out is not None else b""
    document = json.loads(line) if line else {}
    if "address" not in document:
        error = document.get("error", {})
        raise FaultError(
            "demo-not-served",
            f"the demo's server did not start: {error.get('message', 'it said nothing')}",
            fix=str(error.get("fix", "what it wrote above says why")),
        )
    return dict(document)


def ask_about(
    address: str, endpoint: str, rows: Sequence[Mapping[str, object]], *, target: str
) -> Week:
    """Ask about each row over HTTP, then tell the truth about each answer by its id."""
    asked = [{k: v for k, v in row.items() if k != target} for row in rows]
    truths = [row[target] for row in rows]
    with Client(address, timeout=30.0) as client:
        start = perf_counter()
        answers = [client.predict(endpoint, row) for row in asked]
        seconds = perf_counter() - start
        for answer, truth in zip(answers, truths, strict=True):
            if answer.id is not None:
                client.label(answer.id, truth)
    ranked = sorted(zip(answers, truths, strict=True), key=lambda pair: -_chance(pair[0]))
    likeliest = ranked[: max(1, len(ranked) // _LIKELIEST)]
    return Week(
        asked=len(rows),
        seconds=seconds,
        likeliest=len(likeliest),
        hits=sum(bool(truth) for _, truth in likeliest),
        truths=sum(map(bool, truths)),
        chosen=likeliest[0][0],
    )


def _chance(answer: Answer) -> float:
    """Return the probability of the second class, which is the one that is asked about."""
    return list(answer.probability.values())[-1]
