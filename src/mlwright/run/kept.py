"""What was kept of a step that was done before, found by its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlwright.core.digest import Digest
from mlwright.core.errors import BrokenError, NotFoundError
from mlwright.ledger.ledger import Ledger
from mlwright.run.artefacts import Artefact
from mlwright.run.executors.inline import Inline
from mlwright.store.protocol import Store


@dataclass(frozen=True, slots=True)
class Done:
    """What a step gave, who made it and where, and what it left beside it in the store.

    ``logged`` is the run, and the step's name there, where a kept step logged numbers; ``terms``
    the object of its key's terms, which are equal as the keys are.
    """

    artefact: Artefact
    made_by: str
    cached: bool
    parts: tuple[Digest, ...]
    log: Digest | None
    failures: tuple[str, ...]
    executor: str
    logged: tuple[str, str] | None
    terms: Digest | None = None


def kept(key: Digest, ledger: Ledger, store: Store) -> Done | None:
    """Return what a key gave; None where nothing did, or where any of its bytes are gone."""
    row = ledger.step(key)
    if row is None:
        return None
    facts: Any = ledger.event(row.sequence).facts
    parts = tuple(map(Digest, facts["parts"]))
    if not all(map(store.has, parts)):
        return None
    try:
        raw = store.get(row.output)
    except (NotFoundError, BrokenError):
        return None
    log = None if facts.get("log") is None else Digest(facts["log"])
    terms = Digest(facts["terms"])
    return Done(
        Artefact(facts["kind"], Digest(facts["content"]), row.output, raw),
        facts["made_by"],
        cached=True,
        parts=parts,
        log=log if log is not None and store.has(log) else None,
        failures=(),
        executor=facts.get("executor", Inline.name),
        logged=(facts["run"], facts["step"]) if facts.get("logged") else None,
        terms=terms if store.has(terms) else None,
    )
