"""An excerpt of a log: some of its entries, each with its path to one checkpoint's root."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlwright.core.errors import RefusedError
from mlwright.core.seam import Seam
from mlwright.ledger import opening, projections
from mlwright.ledger.body import read_body
from mlwright.ledger.checkpoint import Checkpoint, parse_key, unseal
from mlwright.ledger.database import Database
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import Event

_GAPLESS = "event_only_appended"


def covering(
    ledger: Ledger, sequence: int, *, outside: str | None = None
) -> tuple[str, Checkpoint]:
    """Return the oldest signed checkpoint that covers an entry, as it was written and as it is.

    The oldest, so that an excerpt of the same entries is the same however much was added since.
    Where none covers it yet, one is made.

    Parameters
    ----------
    outside
        A checkpoint of this log that somebody keeps, to be taken instead.

    Raises
    ------
    RefusedError
        ``checkpoint-too-old`` where the one from outside was made before the entry.
    BrokenError
        ``checkpoint-invalid`` where it is not of this log, ``log-broken`` where the log is not
        what it says.
    """
    from mlwright.ledger.keys import check_signature
    from mlwright.ledger.log import broken

    key = parse_key(ledger.public_key())
    note = outside or ledger.covering(sequence + 1) or ledger.checkpoint()
    found = unseal(note, key, check_signature)
    if found.size <= sequence:
        raise RefusedError(
            "checkpoint-too-old",
            f"the checkpoint was made at {found.size:,} entries, before e_{sequence} was written",
            fix="have a newer one taken: mlw audit checkpoint --out FILE",
            facts={"size": found.size, "sequence": sequence},
        )
    if found.size > ledger.size or ledger.root_at(found.size) != found.root:
        raise broken(f"an entry before e_{found.size}", "a checkpoint of it has another root")
    return note, found


def excerpt_ledger(bodies: Iterable[bytes], key: str, seam: Seam) -> Ledger:
    """Return a ledger in memory that holds some entries of a log at their places, to be read.

    That the entries are of the log is to be shown before. Nothing can be added to it, and what it
    has not been given is unknown to it.
    """
    database = Database(None)
    with database.writing():
        opening.fill(database, parse_key(key))
        database.run(f"DROP TRIGGER {_GAPLESS}")
        events = tuple(map(read_body, bodies))
        database.run_many(
            "INSERT INTO event (sequence, kind, subject, body, leaf) VALUES (?, ?, ?, ?, ?)",
            [(e.sequence, e.kind, e.subject, e.body, e.leaf) for e in events],
        )
        projections.write(database, events)
    return Ledger.closed_off(database, seam)


def paths(ledger: Ledger, events: Sequence[Event], size: int) -> dict[str, list[str]]:
    """Return by sequence number the path of each entry to the root the log had at ``size``."""
    return {
        str(event.sequence): [node.hex() for node in ledger.inclusion(event.sequence, size)]
        for event in events
    }
