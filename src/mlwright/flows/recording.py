"""What was recorded and what the log knows of it: seal segments, find, audit and export."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import cast

from mlwright.core.digest import Digest
from mlwright.core.encoding import plain
from mlwright.core.errors import UsageError
from mlwright.core.moments import beginning_of, moment_of
from mlwright.core.records import load
from mlwright.data.records import Scalar
from mlwright.flows.listing import Row
from mlwright.flows.workspace import Workspace
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import Event, NewEvent
from mlwright.registry.versions import find, require_name, versions
from mlwright.scoring.records import ModelPackage
from mlwright.serve import lookup, sealed, segments
from mlwright.serve.clock import microseconds
from mlwright.serve.lookup import Tell
from mlwright.serve.records import Breach, Filter, Label, Prediction, Seal, Sealed, Unread
from mlwright.serve.sealing import SealingReport, Seals, seal
from mlwright.train.records import Task, TaskKind

SEALED = "segment.sealed"
ANY = "any"


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
            return _seal(event)
        return None

    return read


def _seal(event: Event) -> Seal:
    files = cast("Mapping[str, str]", event.facts["files"])
    return Seal(str(event.facts["root"]), files, event.id)


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
    prediction: Prediction, workspace: Workspace, tell: Tell, key: str | None = None
) -> tuple[Label, ...]:
    """Return the labels of a prediction, by its id or by its row's key, oldest first."""
    return lookup.labels_of(prediction, workspace.records, seals_of(workspace.ledger), key, tell)


@dataclass(frozen=True, slots=True)
class AuditedRecords:
    """The roots of sealed segments the log names, those their files make, and what they hold."""

    named: tuple[Digest, ...]
    found: tuple[Digest, ...]
    records: int


def verify_segments(workspace: Workspace) -> AuditedRecords:
    """Hold every sealed segment against its root in the log.

    Raises
    ------
    BrokenError
        ``segment-broken``, naming the file; also for one the log does not name.
    """
    # Files first: one that is sealed meanwhile is in the log by the time the log is read.
    files = sealed.numbers(workspace.records)
    waiting = set(segments.numbers(workspace.records))
    events = list(workspace.ledger.events(kind=SEALED))
    seals = {int(str(event.facts["number"])): _seal(event) for event in events}
    # Beside an open segment a file may lie that is not in the log yet: its sealing goes on.
    for number in sorted({*files} - {*seals} - waiting):
        raise lookup.unsealed(workspace.records, number)
    verified = [
        sealed.SealedReader(workspace.records, number, seal).verify()
        for number, seal in seals.items()
    ]
    return AuditedRecords(
        named=tuple(Digest(seal.root) for seal in seals.values()),
        found=tuple(root for root, _ in verified),
        records=sum(held for _, held in verified),
    )


def open_segments(workspace: Workspace) -> tuple[int, int]:
    """Return how many segments a living worker holds, and how many wait to be sealed."""
    records = workspace.records
    held = [segments.is_held(records, number) for number in segments.numbers(records)]
    return sum(held), len(held) - sum(held)


def predictions(
    workspace: Workspace, wanted: Filter, limit: int | None, tell: Tell | None = None
) -> Iterator[Prediction]:
    """Yield the recorded predictions that are wanted, newest first, at most ``limit``.

    ``tell`` hears of damaged segments, which are left out; where nobody hears, they are an error.
    """
    found = lookup.scan(workspace.records, wanted, seals_of(workspace.ledger), tell)
    return islice(found, limit)


def list_predictions(
    workspace: Workspace, wanted: Filter, limit: int, tell: Tell | None = None
) -> Sequence[Row]:
    """Return recorded predictions as rows of plain values, newest first.

    ``value`` is the class or number that was answered; None where the log does not know the model.
    """
    found = list(predictions(workspace, wanted, limit, tell))
    known = {(version.ref, version.model): version for version in versions(workspace.ledger)}
    tasks = {
        who: load(ModelPackage, workspace.store.get(known[who].package)).task
        for who in {(each.ref, each.model) for each in found}
        if who in known
    }
    return [
        {**prediction_row(each), "value": _value(each, tasks.get((each.ref, each.model)))}
        for each in found
    ]


def _value(prediction: Prediction, task: Task | None) -> Scalar | None:
    if task is None:
        return None
    answer = prediction.answer
    best = min(answer) if task.kind is TaskKind.CLUSTERING else max(answer)
    return task.classes[answer.index(best)] if task.classes else answer[0]


def prediction_row(each: Prediction) -> Row:
    """Return a recorded prediction as a row of plain values."""
    return {
        "prediction": each.id,
        "time": each.time,
        "endpoint": each.endpoint,
        "version": each.ref,
        "answer": list(each.answer),
        "flags": [f"{flag.column} {flag.breach.value}" for flag in each.flags],
    }


def export_predictions(
    workspace: Workspace,
    wanted: Filter,
    out: Path,
    limit: int | None = None,
    tell: Tell | None = None,
) -> int:
    """Write recorded predictions to a Parquet file, newest first; return how many.

    Each row holds the row of the request as it was sent, as JSON, and the answer to the last bit.

    Raises
    ------
    UsageError
        ``predictions-out-format`` when the file is not to be a Parquet file.
    """
    from mlwright.serve.export import write_predictions

    if out.suffix != ".parquet":
        raise UsageError(
            "predictions-out-format",
            f"cannot write predictions as {out.suffix or 'a file without an ending'!r}: {out}",
            fix="give --out a name that ends in .parquet",
            facts={"out": str(out)},
        )
    return write_predictions(predictions(workspace, wanted, limit, tell), out)


def wanted_predictions(
    workspace: Workspace,
    *,
    since: str | None = None,
    until: str | None = None,
    endpoint: str | None = None,
    ref: str | None = None,
    flag: str | None = None,
) -> Filter:
    """Return the filter behind words of a command: dates or times, a breach or ``any``.

    A date is its beginning in ``since`` and its end in ``until``, in UTC.

    Raises
    ------
    NotFoundError
        ``endpoint-unknown`` and ``model-unknown`` for what neither the log nor a record knows.
    """
    now = workspace.seam.now()
    known = versions(workspace.ledger)
    if endpoint is not None and endpoint not in {version.name for version in known}:
        _require(workspace, Filter(endpoint=endpoint), partial(require_name, name=endpoint))
    if ref is not None and ref not in {version.ref for version in known}:
        _require(workspace, Filter(ref=ref), partial(find, ref=ref))
    return Filter(
        since=None if since is None else microseconds(beginning_of(since, now=now)),
        until=None if until is None else microseconds(moment_of(until, now=now)) + 1,
        endpoint=endpoint,
        ref=ref,
        flagged=flag is not None,
        breach=None if flag in (None, ANY) else Breach(flag),
    )


def _require(workspace: Workspace, of: Filter, find_in: Callable[[Ledger], object]) -> None:
    """Refuse what no record is of, unless the log knows it."""
    unread: list[Unread] = []
    if next(predictions(workspace, of, 1, unread.append), None) is None and not unread:
        find_in(workspace.ledger)
