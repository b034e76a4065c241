"""How fast one worker on one core answers over HTTP, beside FastAPI, MLServer and MLflow.

``python benchmarks/serving.py [flights|satimage] [--quick]``. One LightGBM model of 35 features,
fitted the same by all, is served by one process on one core; wrk on the other core sends the same
rows over 16 and 64 connections. Every server has its own virtual environment, alone on the machine
while it is measured; the fastest of several turns counts, because a machine is rarely alone.
Nothing is asserted: each ratio is printed beside its goal.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from ledger import flush_seconds
from servers import ours
from servers.environments import FOLDER
from servers.load import Load, best, measure, need_wrk
from servers.peers import Body, one_row, peers, prepare, serving
from servers.process import Memory, Running
from servers.table import TABLES, Row, Trained, trained

DATA = Path(".cache/data")
BOTH = (16, 64)
BATCH = 100
COMPARED = 100
SECONDS, TURNS = 3, 3
QUICK_SECONDS, QUICK_TURNS = 1, 1
GOALS = {
    "fastapi": "at least 65",
    "mlserver": "at least 100",
    "mlflow": "at least 180",
    "fastapi+scorer": "at least 3",
    "mlserver+scorer": "at least 6",
    "mlserver+numbers": "none",
    "crash-safe": "none",
    "off": "0.70 at 64",
}
"""How many times as fast our durable answers shall be as others, single rows."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server to measure: how it is started, asked and read; whether it is sent batches too."""

    name: str
    start: Callable[[], AbstractContextManager[Running]]
    path: str
    singles: Body
    batches: Mapping[str, Body]
    probabilities: Callable[[bytes], list[float]]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found of one server; ``loads`` by what was sent and over how many connections.

    ``machine`` is how busy the machine was.
    """

    loads: Mapping[tuple[str, int], Load]
    start: float
    memory: Memory
    difference: float
    machine: str

    def rate(self, form: str, connections: int) -> float:
        """Return its requests a second."""
        return self.loads[form, connections].rate


def main(arguments: Sequence[str]) -> int:
    """Measure every server and print the tables."""
    quick = "--quick" in arguments
    names = [each for each in arguments if each != "--quick"] or ["flights"]
    if len(names) > 1 or names[0] not in TABLES:
        print(f"usage: serving.py [{'|'.join(TABLES)}] [--quick]", file=sys.stderr)
        return 2
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        print("cores-too-few: one core serves and another makes the load", file=sys.stderr)
        return 1
    need_wrk()
    FOLDER.mkdir(parents=True, exist_ok=True)
    seconds, turns = (QUICK_SECONDS, QUICK_TURNS) if quick else (SECONDS, TURNS)
    with tempfile.TemporaryDirectory(dir=FOLDER.resolve()) as made:
        folder = Path(made)
        model = trained(TABLES[names[0]](DATA), folder)
        prepare(folder)
        about(names[0], model, folder, seconds, turns)
        how = (cores[-1], seconds, turns)
        floor = least(model, folder, cores[0], how)
        every, found = servers(model, folder, cores[0]), {}
        for key, server in every.items():
            found[key] = measured(server, model, folder, how)
            for line in lines(server.name, found[key]):
                print(line, flush=True)
    goals({key: server.name for key, server in every.items()}, found)
    beside(found["durable"], floor)
    print(f"load of the machine at the end: {_load()}")
    return 0


def about(name: str, model: Trained, folder: Path, seconds: int, turns: int) -> None:
    """Print what is measured, and on what."""
    width = len(model.model.signature.inputs)
    records = folder / "flush"
    records.mkdir()
    flush = flush_seconds(records)
    print(
        f"{name}: {width} features, {len(model.recipe['categories'])} of them texts; "
        f"the fastest of {turns} turns of {seconds} s\n"
        f"one flush of 4 kB of this disk: {1e6 * flush:,.0f} us\n"
        f"load of the machine at the start: {_load()} (of {os.cpu_count()} cores)\n\n"
        f"{'':34}{'conns':>6}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}{'failed':>8}"
    )


def servers(model: Trained, folder: Path, core: int) -> dict[str, Server]:
    """Return every server by a short name, ours first."""
    rows_and_columns = {"rows": ours.as_rows, "columns": ours.as_columns}
    found = {
        mode: Server(
            f"mlwright, {mode}",
            partial(_ours, model, mode, folder, core),
            ours.PATH,
            one_row,
            rows_and_columns,
            ours.probabilities,
        )
        for mode in ours.MODES
    }
    for key, peer in peers(model.recipe).items():
        found[key] = Server(
            peer.name,
            partial(serving, peer, folder, core),
            peer.path,
            peer.body,
            {"columns": peer.body} if key == "mlserver+scorer" else {},
            peer.probabilities,
        )
    return found


@contextmanager
def _ours(model: Trained, mode: str, folder: Path, core: int) -> Iterator[Running]:
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        ours.serving(model, mode, Path(place), core) as started,
    ):
        yield started


def measured(server: Server, model: Trained, folder: Path, how: tuple[int, int, int]) -> Measured:
    """Start a server, compare its answers with our scorer's, and measure it."""
    core, seconds, turns = how
    sent = {"single": _bodies(folder / "single", model.rows, server.singles, 1)} | {
        form: _bodies(folder / form, model.rows, body, BATCH)
        for form, body in server.batches.items()
    }
    starts = [_start(server) for _ in range(turns - 1)]
    with server.start() as running:
        difference = _difference(server, running, model)
        works = [(form, count) for form in sent for count in BOTH]
        works = [(form, count) for form, count in works if form == "single" or count == 16]
        send = partial(measure, running, server.path, core=core)
        send(sent["single"], connections=16, seconds=1)  # until it is warm
        loads = {
            (form, count): best(
                [send(sent[form], connections=count, seconds=seconds) for _ in range(turns)]
            )
            for form, count in works
        }
        start = min([*starts, running.start])
        return Measured(loads, start, running.memory(), difference, _load())


def least(model: Trained, folder: Path, core: int, how: tuple[int, int, int]) -> Mapping[int, Load]:
    """Return and print what the same HTTP server does that only says it is there: the floor."""
    other, seconds, turns = how
    bodies = _bodies(folder / "floor", model.rows, one_row, 1)
    found = {}
    with ours.serving_nothing(folder, core) as running:
        send = partial(measure, running, "/", bodies, seconds=seconds, core=other)
        for count in BOTH:
            load = found[count] = best([send(connections=count) for _ in range(turns)])
            print(_line("uvicorn before nothing", count, load), flush=True)
    return found


def beside(durable: Measured, floor: Mapping[int, Load]) -> None:
    """Print what our durable answers come to beside no answer at all."""
    parts = [durable.rate("single", count) / floor[count].rate for count in BOTH]
    what = "our durable worker, times uvicorn before nothing"
    print(f"{what:52}{parts[0]:10.2f}{parts[1]:10.2f}{'none':>14}")


def _start(server: Server) -> float:
    with server.start() as running:
        return running.start


def _bodies(file: Path, rows: Sequence[Row], body: Body, count: int) -> Path:
    """Write requests of so many rows each, one a line."""
    left = iter(rows)
    with file.open("wb") as output:
        while some := list(islice(left, count)):
            output.write(body(some) + b"\n")
    return file


def _difference(server: Server, running: Running, model: Trained) -> float:
    """Return by how much its probabilities differ from our scorer's at most."""
    rows = model.rows[:COMPARED]
    requests = [(server.singles, [row]) for row in rows]
    requests += [(body, rows) for body in server.batches.values()]
    return max(
        abs(given - model.scorer.predict_row(row)[1])
        for body, asked in requests
        for row, given in zip(
            asked, server.probabilities(running.post(server.path, body(asked))), strict=True
        )
    )


def lines(name: str, found: Measured) -> Iterator[str]:
    """Return a server's lines of the table."""
    for (form, count), load in found.loads.items():
        what = name if form == "single" else f"{name}, {BATCH} {form}"
        yield _line(what, count, load)
    yield (
        f"{'':6}start {found.start:.2f} s, {found.memory.rss:.0f} MB resident "
        f"({found.memory.pss:.0f} MB its share), answers differ by "
        f"{found.difference:.0e} at most; load {found.machine}"
    )


def _line(what: str, count: int, load: Load) -> str:
    return (
        f"{what:34}{count:6}{load.rate:12,.0f}{load.p50:9.2f}{load.p99:9.2f}{load.cpu:9,.0f}"
        f"{load.failed:8}"
    )


def goals(names: Mapping[str, str], found: Mapping[str, Measured]) -> None:
    """Print every ratio beside its goal; that of CPU time is disturbed least by other work."""
    durable = found["durable"]
    head = "requests/s of our durable worker, times those of"
    print(f"\n{head:52}{'16 conns':>10}{'64 conns':>10}{'goal':>14}{'CPU at 64':>11}")
    for key, goal in GOALS.items():
        ratios = [
            durable.rate("single", count) / found[key].rate("single", count) for count in BOTH
        ]
        spent = found[key].loads["single", 64].cpu / durable.loads["single", 64].cpu
        print(f"{names[key]:52}{ratios[0]:10.2f}{ratios[1]:10.2f}{goal:>14}{spent:11.2f}")
    other = found["mlserver+scorer"].loads["columns", 16]
    for form in ("rows", "columns"):
        load = durable.loads[form, 16]
        what = f"{names['mlserver+scorer']}: {BATCH} rows, ours as {form}"
        ratio, spent = load.rate / other.rate, other.cpu / load.cpu
        print(f"{what:52}{ratio:10.2f}{'':10}{'at least 2':>14}{spent:11.2f}")
    failed = sum(load.failed for each in found.values() for load in each.loads.values())
    for what, figure, goal in (
        ("start of a worker, s", f"{durable.start:.2f}", "under 0.5"),
        ("memory of a worker after it all, MB", f"{durable.memory.rss:.0f}", "under 80"),
        ("answers that were not 2xx, of all servers", f"{failed}", "0"),
    ):
        print(f"{what:52}{figure:>10}{'':10}{goal:>14}")


def _load() -> str:
    return ", ".join(f"{each:.1f}" for each in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
