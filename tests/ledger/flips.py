"""A campaign of single flipped bits: each is detected, or changes nothing; none is silent."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

from mlwright.core.digest import Digest, hex_of
from mlwright.core.errors import BrokenError, MlwrightError
from mlwright.core.seam import ReplaySeam
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.verify import verify
from mlwright.store.local import LocalStore

from .history import contents


def flip_ledger(folder: Path, work: Path, *, flips: int, seed: int) -> Counter[str]:
    """Flip one bit of ``ledger.db`` at a time and count what a verification says.

    ``detected`` means a coded error; ``harmless`` that every row of every table is still what it
    was (a free page, or padding). Anything else fails here, with the place.
    """
    whole, truth = (folder / "ledger.db").read_bytes(), contents(folder)
    draw = random.Random(seed)
    counted: Counter[str] = Counter()
    for _ in range(flips):
        place, bit = draw.randrange(len(whole)), draw.randrange(8)
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        spoilt = bytearray(whole)
        spoilt[place] ^= 1 << bit
        (work / "ledger.db").write_bytes(spoilt)
        try:
            with Ledger.open(work, ReplaySeam()) as ledger:
                verify(ledger)
        except MlwrightError:
            counted["detected"] += 1
            continue
        assert contents(work) == truth, f"bit {bit} of byte {place} was flipped and nobody noticed"
        counted["harmless"] += 1
    return counted


def flip_objects(folder: Path, *, flips: int, seed: int) -> int:
    """Flip one bit of one object at a time; return how many a read refused by name."""
    draw = random.Random(seed)
    store = LocalStore(folder).read_only()
    digests = list(store.digests())
    refused = 0
    for _ in range(flips):
        digest = draw.choice(digests)
        path = _path(folder, digest)
        whole = path.read_bytes()
        spoilt = bytearray(whole)
        spoilt[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        path.chmod(0o644)
        path.write_bytes(spoilt)
        try:
            store.get(digest)
        except BrokenError as error:
            refused += error.facts["digest"] == digest
        path.write_bytes(whole)
    return refused


def _path(folder: Path, digest: Digest) -> Path:
    return folder / "objects" / hex_of(digest)[:2] / hex_of(digest)[2:]


def flip_wal(folder: Path, work: Path, checkpoint: str, *, flips: int, seed: int) -> Counter[str]:
    """Flip one bit of the write-ahead log at a time, and verify against a checkpoint from outside.

    SQLite passes over everything after a damaged frame, so the log is cut off: nothing inside it
    can tell, and only the checkpoint does. The stored copy of that checkpoint may be cut off
    itself; whoever verifies holds it.
    """
    wal, truth = (folder / "ledger.db-wal").read_bytes(), contents(folder)
    truth.pop("checkpoint")
    draw = random.Random(seed)
    counted: Counter[str] = Counter()
    for _ in range(flips):
        place, bit = draw.randrange(len(wal)), draw.randrange(8)
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        shutil.copy(folder / "ledger.db", work)
        spoilt = bytearray(wal)
        spoilt[place] ^= 1 << bit
        (work / "ledger.db-wal").write_bytes(spoilt)
        try:
            with Ledger.open(work, ReplaySeam()) as ledger:
                verify(ledger, checkpoint=checkpoint)
        except MlwrightError:
            counted["detected"] += 1
            continue
        found = contents(work)
        found.pop("checkpoint")
        assert found == truth, f"bit {bit} of byte {place} was flipped and nobody noticed"
        counted["harmless"] += 1
    return counted
