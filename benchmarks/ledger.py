"""How fast the ledger records, beside the time this disk needs for one flush.

``python benchmarks/ledger.py [FOLDER]`` measures on the file system of FOLDER (here by default).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from mlwright.core.digest import digest_bytes
from mlwright.core.seam import SystemSeam
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent
from mlwright.ledger.verify import verify

SECONDS = 2.0
PROCESSES = 8


def flush_seconds(folder: Path) -> float:
    """Return the median time to append 4 kB to a file and flush it: no commit can be faster."""
    path = folder / "flush"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    taken = []
    for _ in range(200):
        start = perf_counter()
        os.write(descriptor, bytes(4096))
        os.fdatasync(descriptor)
        taken.append(perf_counter() - start)
    os.close(descriptor)
    path.unlink()
    return median(taken)


def batch_of(size: int, start: int) -> list[NewEvent]:
    """Return events like those of a run: a new subject, an edge, an object, some facts."""
    return [
        NewEvent(
            "step.noted",
            f"r_{os.getpid():x}x{start + n:x}",
            {"step": "search", "score": n / 7, "note": "x" * 40},
            uses=("d_4oymiquy7qobjgx36tejs35zeq",),
            objects=(digest_bytes(str(start + n).encode()),),
        )
        for n in range(size)
    ]


def append_for(ledger: Ledger, batch: int, seconds: float) -> tuple[int, float]:
    """Append batches for some seconds; return the events and the seconds it took."""
    done, start = 0, perf_counter()
    while perf_counter() - start < seconds:
        done += len(ledger.append(batch_of(batch, done)))
    return done, perf_counter() - start


def crowd(folder: Path, batch: int) -> float:
    """Return the durable events a second of all processes together."""
    with Ledger.open(folder, SystemSeam(), create=True):
        pass
    worker = [sys.executable, __file__, "--worker", str(folder), str(batch)]
    workers = [
        subprocess.Popen(worker, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    for each in workers:
        assert each.stdout is not None
        each.stdout.readline()  # it has started
    for each in workers:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    rates = []
    for each in workers:
        done, seconds = each.communicate()[0].split()
        rates.append(int(done) / float(seconds))
    with Ledger.open(folder, SystemSeam()) as ledger:
        report = verify(ledger)
    assert report.size > 0
    return sum(rates)


def work(folder: Path, batch: int) -> None:
    """Append as one of the crowd, once told to."""
    with Ledger.open(folder, SystemSeam()) as ledger:
        print("ready", flush=True)
        sys.stdin.readline()
        print(*append_for(ledger, batch, SECONDS))


def main(folder: Path) -> None:
    """Measure and print one table."""
    with tempfile.TemporaryDirectory(dir=folder) as made:
        place = Path(made)
        flush = flush_seconds(place)
        print(
            f"one flush of this disk: {1e6 * flush:,.0f} us, so at most {1 / flush:,.0f} commits/s"
        )
        print(f"{'':28}{'durable events/s':>18}{'us an event':>13}{'flushes a commit':>18}")
        with Ledger.open(place / "one", SystemSeam(), create=True) as ledger:
            for batch in (1, 10, 100, 1000):
                done, seconds = append_for(ledger, batch, SECONDS)
                flushes = f"{seconds / (done / batch) / flush:.1f}"
                row(f"1 process, batch {batch}", done / seconds, flushes)
            probe(ledger)
        for batch in (1, 100, 1000):
            row(f"{PROCESSES} processes, batch {batch}", crowd(place / f"crowd{batch}", batch), "")


def row(name: str, rate: float, flushes: str) -> None:
    print(f"{name:28}{rate:18,.0f}{1e6 / rate:13,.0f}{flushes:>18}")


def probe(ledger: Ledger) -> None:
    """Print how long questions to the log of this size take."""
    size = ledger.size
    start = perf_counter()
    report = verify(ledger)
    verified = perf_counter() - start
    places = range(0, size, max(1, size // 200))
    start = perf_counter()
    for place in places:
        ledger.inclusion(place, size)
    proved = (perf_counter() - start) / len(places)
    start = perf_counter()
    for place in places:
        ledger.event(place)
    read = (perf_counter() - start) / len(places)
    print(
        f"   with {size:,} events: {1e6 * read:.0f} us to read one, {1e3 * proved:.2f} ms to prove "
        f"one is in it; verified whole at {report.size / verified:,.0f} events/s"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        work(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path.cwd())
