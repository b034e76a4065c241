"""A ledger with something of everything in it, and all it holds as plain values."""

from __future__ import annotations

from pathlib import Path

from mlwright.core.digest import digest_bytes
from mlwright.core.ids import Noun, random_id
from mlwright.core.seam import ReplaySeam
from mlwright.ledger.database import Database
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent
from mlwright.store.local import LocalStore


def write_history(
    folder: Path, *, runs: int = 12, points: int = 60, seed: int = 0, tracked: bool = False
) -> str:
    """Make a ledger and a store of some runs; return the last checkpoint."""
    seam, store = ReplaySeam(seed=seed), LocalStore(folder)
    with Ledger.open(folder, seam, create=True) as ledger:
        for number in range(1, runs + 1):
            run, data, model = (random_id(n, seam) for n in (Noun.RUN, Noun.DATA, Noun.MODEL))
            ref = f"churn@{number}"
            ledger.append(
                [NewEvent("run.started", run, {"command": "mlw run", "n": number}, uses=(data,))]
            )
            for step in ("ingest", "split", "search"):
                output = store.put(f"{step} {number} ".encode() * 40)
                key = digest_bytes(f"{step} {number}".encode())
                facts = {"key": key, "run": run, "step": step, "output": output, "seconds": 0.25}
                ledger.append([NewEvent("step.finished", run, facts, objects=(output,))])
            ledger.append([NewEvent("point", run, {"loss": n / 7}) for n in range(points)])
            if tracked:
                _track(ledger, run, number)
            registered = {"name": "churn", "version": number, "run": run}
            moved = {"endpoint": "churn", "role": "live", "ref": ref, "reason": "better"}
            ledger.append(
                [
                    NewEvent("model.registered", model, registered, uses=(run, data)),
                    NewEvent("role.changed", model, moved),
                ]
            )
            if number % 3 == 0:
                ledger.checkpoint()
        return ledger.checkpoint()


def _track(ledger: Ledger, run: str, number: int) -> None:
    told = {"params": {"depth": number, "name": "ü"}, "tags": {"team": "risk"}}
    since = {"since": 10**15, "points": {"auc": [[0, 5, 0.8], [number, 9, "nan"]]}}
    ledger.append([NewEvent("run.noted", run, told), NewEvent("points.logged", run, since)])
    ledger.append([NewEvent("run.finished", run, {"status": "finished"})])


def contents(folder: Path) -> dict[str, list[str]]:
    """Return every row of every table, read from the tables themselves and not from an index."""
    database = Database(folder / "ledger.db")
    try:
        found = {
            "sqlite_master": [repr(row) for row in database.rows("SELECT * FROM sqlite_master")]
        }
        tables = database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (name,) in sorted(tables):
            rows = database.rows(f"SELECT * FROM {name} NOT INDEXED")
            found[name] = sorted(map(repr, rows))
    finally:
        database.close()
    return found
