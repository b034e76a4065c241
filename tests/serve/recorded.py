"""Records on disk as a worker leaves them, and a log of seals kept in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from struct import pack

from mlwright.core.seam import ReplaySeam, Seam, SystemSeam
from mlwright.serve.journal import Journal
from mlwright.serve.records import Durability, JournalLimits, Seal, Sealed, Truth
from mlwright.serve.sealing import SealingReport, seal


@dataclass
class Log:
    """What the ledger would say; ``stop_before`` and ``stop_after`` end the program there."""

    entries: list[Sealed] = field(default_factory=list)
    stop_before: bool = False
    stop_after: bool = False

    def seals(self, number: int) -> Seal | None:
        for place, entry in enumerate(self.entries):
            if entry.number == number:
                return Seal(entry.root, entry.files, f"e_{place}")
        return None

    def record(self, entry: Sealed) -> None:
        if self.stop_before:
            raise KeyboardInterrupt
        assert self.seals(entry.number) is None, "sealed twice"
        self.entries.append(entry)
        if self.stop_after:
            raise KeyboardInterrupt

    def seal(self, folder: Path) -> SealingReport:
        return seal(folder, seam=ReplaySeam(), seals=self.seals, record=self.record)


def record(
    folder: Path,
    requests: Sequence[Sequence[dict[str, object]]],
    *,
    rows_per_segment: int = 1000,
    seam: Seam | None = None,
) -> list[str]:
    """Record requests of some rows each and label the first; return every row's id."""

    async def story() -> list[str]:
        journal = Journal(
            folder,
            durability=Durability.DURABLE,
            policy={"unseen": "flag"},
            environment={"python": "3.11"},
            seam=seam or SystemSeam(),
            limits=JournalLimits(segment_rows=rows_per_segment),
            loop=asyncio.get_running_loop(),
        )
        journal.start()
        ids = []
        for number, rows in enumerate(requests):
            endpoint = "churn" if number % 2 == 0 else "late"
            flags = [
                {"row": k, "column": "age", "breach": "unseen", "value": 7, "clipped": False}
                for k, row in enumerate(rows)
                if row.get("odd")
            ]
            ticket = journal.submit(
                endpoint,
                f"{endpoint}@1",
                f"m_{endpoint}",
                "live",
                len(rows),
                json.dumps(list(rows)).encode(),
                b"".join(pack("<2d", number, k) for k in range(len(rows))),
                json.dumps(flags).encode() if flags else b"",
            )
            await ticket.written()
            ids += [ticket.id(k) for k in range(len(rows))]
        truths = [Truth(ids[0], None, None, b"true"), Truth(None, "churn", "row 0", b'"late"')]
        await journal.submit_labels(truths).written()
        await journal.close()
        return ids

    return asyncio.run(story())
