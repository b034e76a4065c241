"""What was recorded and what the log knows of it: seal segments, find, audit and export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from mlwright.core.encoding import plain
from mlwright.core.errors import BrokenError
from mlwright.flows.workspace import Workspace
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent
from mlwright.serve import lookup, sealed, segments
from mlwright.serve.records import Label, Prediction, Seal, Sealed
from mlwright.serve.sealing import SealingReport, Seals, seal

SEALED = "segment.sealed"


def seal_segments(workspace: Workspace) -> SealingReport:
    """Seal every segment that no living worker holds, and record each in the log."""

    def record(entry: Sealed) -> None:
        facts = cast("Mapping[str, object]", plain(entry))
        workspace.ledger.append([NewEvent(SEALED, subject_of(entry.number), facts)])

    return seal(
        workspace.records, seam=workspace.seam, seals=seals_of(workspace.ledger), record=record
    )


def seals_of(ledger: Ledger) -> Seals:
    """Return what tells the seal of a segment by its number, as the log says it now."""

    def read(number: int) -> Seal | None:
        for event in ledger.events(kind=SEALED, subject=subject_of(number)):
            root, files = event.facts["root"], event.facts["files"]
            return Seal(str(root), cast("Mapping[str, str]", files), event.id)
        return None

    return read


def subject_of(number: int) -> str:
    """Return the name the log knows a segment by.

    >>> subject_of(12)
    'segment/00000012'
    """
    return f"segment/{number:08d}"


def find_prediction(identifier: str, workspace: Workspace) -> Prediction:
    """Return the recorded prediction with an id or one that begins so."""
    return lookup.find(identifier, workspace.records, seals_of(workspace.ledger))


def find_label(identifier: str, workspace: Workspace) -> Label:
    """Return the recorded label with an id or one that begins so."""
    return lookup.label(identifier, workspace.records, seals_of(workspace.ledger))


def labels_of(
    prediction: Prediction, workspace: Workspace, key: str | None = None
) -> tuple[Label, ...]:
    """Return the labels of a prediction, by its id or by its row's key, oldest first."""
    return lookup.labels_of(prediction, workspace.records, seals_of(workspace.ledger), key)


def verify_segments(workspace: Workspace) -> tuple[int, int]:
    """Hold every sealed segment against its root in the log.

    Returns
    -------
    tuple
        How many segments the log names, and how many records and labels they hold.

    Raises
    ------
    BrokenError
        ``segment-broken``, naming the file; also for one the log does not name.
    """
    seals = seals_of(workspace.ledger)
    named = {
        int(cast("int", event.facts["number"])) for event in workspace.ledger.events(kind=SEALED)
    }
    held = 0
    for number in sorted(named):
        seal = seals(number)
        if seal is not None:
            held += sealed.SealedReader(workspace.records, number, seal).verify()
    # An open segment beside its sealed file: killed between the file and its entry in the log.
    waiting = set(segments.numbers(workspace.records))
    for number in sealed.numbers(workspace.records):
        if number not in named and number not in waiting:
            path = sealed.records_file(workspace.records, number)
            raise BrokenError(
                "segment-broken",
                f"the log has no entry for the sealed records in {path}",
                fix="keep the file for inquiry; was the log restored from an older copy?",
                facts={"path": str(path)},
            )
    return len(named), held


def open_segments(workspace: Workspace) -> tuple[int, int]:
    """Return how many segments a living worker holds, and how many wait to be sealed."""
    held = waiting = 0
    for number in segments.numbers(workspace.records):
        with segments.owning(workspace.records, number) as free:
            waiting += free
            held += not free
    return held, waiting
