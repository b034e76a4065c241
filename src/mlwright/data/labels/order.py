"""Each person's own order of a queue, so that no answer follows from what came before it."""

from __future__ import annotations

from hashlib import sha256

from mlwright.data.labels.records import Queue, QueuedRow


def order_of(queue: Queue, person: str) -> list[QueuedRow]:
    """Return a queue's rows in the order a person sees them.

    By a hash of who it is and which row: the same person meets the same order after a pause, and
    no order says why a row is there.
    """
    key = f"mlwright label order 1\0{queue.seed}\0{person}\0"
    return sorted(queue.rows, key=lambda each: sha256(f"{key}{each.row}".encode()).digest())
