"""How a data version came to be, as the ledger tells it."""

from __future__ import annotations

from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import Event


def data_event(identifier: str, ledger: Ledger) -> Event:
    """Return the event by which a data version first came to be: read, or made from another."""
    about = ledger.events(subject=identifier)
    return next(event for event in about if "manifest" in event.facts)
