"""Begin and end a run whose work is done elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from mlwright.core.digest import Digest
from mlwright.core.encoding import canonical_json
from mlwright.core.errors import MlwrightError
from mlwright.core.ids import Noun, random_id
from mlwright.core.records import dump
from mlwright.core.seam import Seam
from mlwright.ledger.ledger import Ledger
from mlwright.run.code.snapshot import snapshot_code
from mlwright.run.code.trees import shelf_in
from mlwright.run.environments.record import environment
from mlwright.run.tracking.events import ended_event, noted_event, started_event
from mlwright.run.tracking.writer import Writer
from mlwright.store.local import LocalStore
from mlwright.store.protocol import Store

FRESH = 5.0
"""Seconds for which the state of the code, once read, stands for runs that begin after it."""

_LOCK = Lock()
_READ: dict[tuple[Path, Path], tuple[float, Digest]] = {}


def begin(
    store: Store,
    ledger: Ledger,
    seam: Seam,
    *,
    name: str,
    params: Mapping[str, object],
    tags: Mapping[str, str | None],
    note: str | None,
    uses: tuple[str, ...],
    folder: Path,
) -> str:
    """Record that a run begins, with the state of the code and the environment; return its id.

    Parameters
    ----------
    uses
        The ids of what it is made from, such as a data version.
    folder
        The folder of the user's code.
    """
    run = random_id(Noun.RUN, seam)
    code, objects = _code(store, seam, folder)
    facts = {
        "name": name,
        "params": params,
        "tags": {key: value for key, value in tags.items() if value is not None},
        "spec": store.put(canonical_json({})),
        "environment": store.put(dump(environment())),
        "code": code,
    }
    named = (Digest(str(facts["spec"])), Digest(str(facts["environment"])), code, *objects)
    events = [started_event(run, facts, dict.fromkeys(named), uses)]
    if note is not None:
        events.append(noted_event(run, {"note": note}))
    ledger.append(events)
    return run


def end(writer: Writer, ledger: Ledger, error: BaseException | None) -> None:
    """Record how a run ended: what was logged last stands in the same event.

    Of an error its type and code are recorded, never its message, which may hold data.
    """
    facts: dict[str, object] = {}
    status = "finished"
    if error is not None and not _is_orderly(error):
        failed = isinstance(error, Exception | SystemExit)
        status = "failed" if failed else "interrupted"
        known = error.code if isinstance(error, MlwrightError) else "run-raised"
        facts = {
            "code": known if failed else status,
            "error": f"{type(error).__module__}.{type(error).__qualname__}",
        }
    batch = writer.close()
    ledger.append([ended_event(writer.run, status, batch, facts)])


def _is_orderly(error: BaseException) -> bool:
    return isinstance(error, SystemExit) and error.code in (None, 0)


def _code(store: Store, seam: Seam, folder: Path) -> tuple[Digest, tuple[Digest, ...]]:
    """Return the object of the code's state, and those it rests on where they are new."""
    place = store.folder if isinstance(store, LocalStore) else Path()
    key = (place.resolve(), folder.resolve())
    with _LOCK:
        now = seam.elapsed()
        read, code = _READ.get(key, (now - FRESH - 1, None))
        if code is not None and 0 <= now - read <= FRESH and store.has(code):
            return code, ()
        shelf = shelf_in(store)
        code = store.put(dump(snapshot_code(folder, shelf)))
        objects = shelf.close()
        _READ[key] = (seam.elapsed(), code)
    return code, objects
