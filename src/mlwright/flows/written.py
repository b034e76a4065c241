"""Files that were written out, written again to be proved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from mlwright import __version__
from mlwright.core.digest import Digest, digest_bytes, digest_file
from mlwright.core.errors import NotFoundError
from mlwright.data.delta import content_of
from mlwright.flows.handed import EXPORT, REPORT
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.reporting import report_html
from mlwright.flows.workspace import Workspace
from mlwright.govern.prove import overall, same
from mlwright.govern.records import Proof, ProofVerdict, ProvedStep
from mlwright.ledger.excerpt import excerpt_ledger
from mlwright.ledger.records import Event
from mlwright.registry.versions import find

_TO_THE_BYTE = "the same to the last byte"


def prove_file(path: Path, workspace: Workspace) -> Proof:
    """Write a report or an export again and compare it, and the file, with what was written.

    Of a Delta table, a folder, the rows are compared.

    Raises
    ------
    NotFoundError
        ``file-unrecorded`` for a file nobody recorded writing, under these bytes or this name.
    UsageError
        ``extra-missing`` for a Delta table without its library.
    DataError
        ``delta-unreadable``.
    """
    found = content_of(path) if path.is_dir() else digest_file(path)
    events = [event for kind in (REPORT, EXPORT) for event in _written(kind, workspace)]
    chosen = next((e for e in events if e.facts["digest"] == found), None) or next(
        (e for e in events if e.facts["name"] == path.name), None
    )
    if chosen is None:
        raise NotFoundError(
            "file-unrecorded",
            f"{path} is no report and no export that this project recorded: neither its bytes nor "
            "its name",
            fix="mlw report and mlw data export record what they write; mlw ls events lists it",
            facts={"path": str(path), "digest": found},
            looked=[f"{len(events)} files this project wrote"],
        )
    proof = prove_written(chosen, workspace)
    file = same("file", str(chosen.facts["digest"]), found, 0.0)
    if file.verdict is not ProofVerdict.EXACT:
        told = "the file was changed after it was written, or is another of that name"
        file = replace(file, why=told, cause="file")
    steps = (file, *proof.steps)
    verdict, why = overall(steps)
    exact = verdict is ProofVerdict.EXACT
    return replace(proof, verdict=verdict, steps=steps, why=proof.why if exact else why)


def prove_written(event: Event, workspace: Workspace) -> Proof:
    """Write again what an event tells of, and compare it byte for byte, a Delta table by rows."""
    began = workspace.seam.elapsed()
    make: Callable[[Event, Workspace], tuple[Digest, str]]
    kind, make = ("report", _report) if event.kind == REPORT else ("export", _export)
    now, told = make(event, workspace)
    seconds = workspace.seam.elapsed() - began
    step = same(kind, str(event.facts["digest"]), now, seconds)
    if step.verdict is not ProofVerdict.EXACT:
        step = _explained(step, event)
    verdict, why = overall((step,))
    if verdict is ProofVerdict.EXACT:
        why = told
    return Proof(event.subject, kind, verdict, (step,), why, seconds, None)


def _explained(step: ProvedStep, event: Event) -> ProvedStep:
    then = str(event.facts.get("mlwright"))
    if then != __version__:
        return replace(step, why=f"mlwright {then} became {__version__}", cause="library")
    return replace(step, why="the same version of mlwright writes other bytes now", cause="code")


def _report(event: Event, workspace: Workspace) -> tuple[Digest, str]:
    size = cast("int", event.facts["log"])
    with _as_it_stood(workspace, size) as then:
        version = find(then.ledger, str(event.facts["ref"]))
        html = report_html(then, version)
    told = f"The report of {version.ref}, as the log stood then, comes out {_TO_THE_BYTE}."
    return digest_bytes(html.encode()), told


@contextmanager
def _as_it_stood(workspace: Workspace, size: int) -> Iterator[Workspace]:
    """Give the workspace with its log as it was when it held so many events."""
    bodies = (event.body for event in workspace.ledger.events(limit=size))
    key = workspace.ledger.public_key()
    with excerpt_ledger(bodies, key, workspace.seam) as ledger:
        yield replace(workspace, ledger=ledger)


def _export(event: Event, workspace: Workspace) -> tuple[Digest, str]:
    from mlwright.data.export import DELTA, export

    with TemporaryDirectory(prefix="mlwright-proof-") as folder:
        out = Path(folder) / str(event.facts["name"])
        export(snapshot_of(event.subject, workspace), workspace.store, out)
        if event.facts["format"] == DELTA:
            return content_of(out), "The table of this data version comes out row for row the same."
        return digest_file(out), f"The file of this data version comes out {_TO_THE_BYTE}."


def _written(kind: str, workspace: Workspace) -> Iterator[Event]:
    return workspace.ledger.events(kind=kind, newest_first=True)
