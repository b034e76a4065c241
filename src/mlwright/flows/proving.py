"""Proofs: a model, run, data version, prediction or the audit log done again and compared."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from mlwright.core.digest import Digest, from_raw
from mlwright.core.encoding import digest_of, plain
from mlwright.core.errors import BrokenError, FaultError, RefusedError, UsageError
from mlwright.core.files import file_named, folder_named
from mlwright.core.ids import Noun, noun_of, short
from mlwright.data.delta import LOG
from mlwright.data.repair.records import Repaired
from mlwright.data.reread import reread
from mlwright.flows.environments import Interpreter, interpreter_of, ours_changed, told
from mlwright.flows.handed import EXPORT, REPORT
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.joining import joins_of
from mlwright.flows.recording import find_prediction, verify_segments
from mlwright.flows.repairing import repaired_again, repairs_of
from mlwright.flows.replaying import loggable, replay_prediction
from mlwright.flows.tables import Tables
from mlwright.flows.workspace import Workspace
from mlwright.flows.written import prove_file, prove_written
from mlwright.govern.prove import judge_steps, overall, same
from mlwright.govern.records import Proof, ProofVerdict, ProvedStep
from mlwright.govern.why import resolve
from mlwright.ledger.records import NewEvent
from mlwright.ledger.verify import verify as verify_log
from mlwright.registry.versions import find
from mlwright.run.history import run_record, step_named
from mlwright.run.points import Nowhere
from mlwright.run.recorded import RunRecord, StepRecord
from mlwright.run.replaying.replay import alone, replay
from mlwright.run.tracking.events import COMMAND
from mlwright.store.local import LocalStore
from mlwright.store.overlay import OverlayStore
from mlwright.store.protocol import Store
from mlwright.store.verify import verify as verify_objects
from mlwright.train.memory import Forgetful
from mlwright.train.progress import Silent

AUDIT = "audit"


def prove(ref: str, workspace: Workspace, *, checkpoint: Path | None = None) -> Proof:
    """Do what a reference names again and compare; the outcome is recorded as an event.

    It names a model, a run, a step (``r_…/STEP``, or ``STEP`` of the last run that has one), a data
    version, a prediction, a report or an export (its file, or the event that tells of it) or the
    audit.

    Raises
    ------
    NotFoundError
        ``id-unknown``, ``model-unknown``, ``step-unknown`` or ``file-unrecorded``.
    UsageError
        ``prove-kind`` for an id that names nothing that was made.
    BrokenError
        ``log-broken`` or ``object-corrupt`` when the audit fails.
    """
    if ref == AUDIT:
        return _audit(workspace, checkpoint)
    if (step := step_named(ref, workspace.ledger)) is not None:
        return _recorded(_step(step, workspace), workspace)
    if (path := file_of(ref, workspace)) is not None:
        return _recorded(prove_file(path, workspace), workspace)
    noun = noun_of(ref) or Noun.MODEL
    if noun is Noun.EVENT:
        event = workspace.ledger.event(int(resolve(ref, workspace.ledger).partition("_")[2]))
        if event.kind in (REPORT, EXPORT):
            return _recorded(prove_written(event, workspace), workspace)
    if noun is Noun.PREDICTION:
        proof = replay_prediction(find_prediction(ref, workspace), workspace)
        return replace(proof, event=_recorded(loggable(proof), workspace).event)
    if noun is Noun.DATA:
        return _recorded(_data(resolve(ref, workspace.ledger), workspace), workspace)
    if noun is Noun.RUN:
        run = resolve(ref, workspace.ledger)
        _require_not_tracked(run, workspace)
        return _recorded(_run(run, "run", run, workspace), workspace)
    if noun is Noun.MODEL:
        version = find(workspace.ledger, ref)
        return _recorded(_run(version.model, "model", version.run, workspace), workspace)
    raise UsageError(
        "prove-kind",
        f"{ref!r} is nothing that was made, so it cannot be made again",
        fix=f"mlw why {ref}, or prove the model it is about",
        facts={"ref": ref},
    )


def proof_resources(store: Store) -> dict[str, object]:
    """Return what the stages of a build work with while they are replayed."""
    return {
        "store": store,
        "tables": Tables(),
        "progress": Silent(),
        "memory": Forgetful(),
        "sink": Nowhere(),
    }


def file_of(ref: str, workspace: Workspace) -> Path | None:
    """Return the file, or the folder of a Delta table, a reference names if nothing else."""
    if noun_of(ref) is not None or workspace.ledger.versions(ref.partition("@")[0]):
        return None
    folder = folder_named(ref)
    return folder if folder is not None and (folder / LOG).is_dir() else file_named(ref)


def _step(step: StepRecord, workspace: Workspace) -> Proof:
    """Execute one step again on what was recorded of its inputs."""
    clock = workspace.seam.elapsed
    began = clock()
    record = run_record(workspace.ledger, step.run)
    record = replace(record, steps=tuple(alone(s) for s in record.steps if s.step == step.step))
    with interpreter_of(record, workspace) as here:
        steps = _done_again(record, here, workspace, only=step.step)
    verdict, why = overall(steps)
    if verdict is ProofVerdict.EXACT:
        why = f"It gives what it gave in {short(step.run)} to the last bit."
    whole = f"{step.run}/{step.step}"
    return Proof(whole, "step", verdict, steps, why + told(here), clock() - began, None)


def _run(subject: str, kind: str, run: str, workspace: Workspace) -> Proof:
    """Execute a run's steps again in a fresh process; the data they start from is read anew."""
    clock = workspace.seam.elapsed
    began = clock()
    record = run_record(workspace.ledger, run)
    data = tuple(
        _reread(identifier, workspace)
        for identifier in workspace.ledger.uses(run)
        if noun_of(identifier) is Noun.DATA
    )
    steps, here = _made_again(record, workspace)
    steps = data + steps
    verdict, why = overall(steps)
    return Proof(subject, kind, verdict, steps, why + told(here), clock() - began, None)


def _made_again(
    record: RunRecord, workspace: Workspace
) -> tuple[tuple[ProvedStep, ...], Interpreter]:
    """Do a run again with our code of today, and where that is not exact, with that of then."""
    steps: tuple[ProvedStep, ...] = ()
    failed = None
    with interpreter_of(record, workspace) as here:
        try:
            steps = _done_again(record, here, workspace)
        except FaultError as error:
            failed = error
    exact = failed is None and overall(steps)[0] is ProofVerdict.EXACT
    if not exact and ours_changed(record, workspace):
        with interpreter_of(record, workspace, as_it_was=True) as then:
            if then.python is not None:
                # One too old to understand us leaves what we found ourselves.
                with suppress(FaultError):
                    return _done_again(record, then, workspace), then
    if failed is not None:
        raise failed
    return steps, here


def _done_again(
    record: RunRecord, where: Interpreter, workspace: Workspace, *, only: str | None = None
) -> tuple[ProvedStep, ...]:
    with TemporaryDirectory(prefix="mlwright-proof-") as folder:
        again = LocalStore(Path(folder))
        replayed = replay(
            record.id,
            workspace.store,
            workspace.ledger,
            resources=f"{__name__}:{proof_resources.__name__}",
            top=again,
            python=where.python,
            diagnose=True,
            only=only,
        )
        return judge_steps(record, replayed, workspace.store, again)


def _data(identifier: str, workspace: Workspace) -> Proof:
    began = workspace.seam.elapsed()
    steps: tuple[ProvedStep, ...] = (_reread(identifier, workspace),)
    for made in joins_of(identifier, workspace)[-1:]:
        steps += _run(identifier, "data", made.run, workspace).steps
    for repaired in repairs_of(identifier, workspace)[-1:]:
        steps += (_repair(repaired, workspace),)
    verdict, why = overall(steps)
    return Proof(identifier, "data", verdict, steps, why, workspace.seam.elapsed() - began, None)


def _repair(repaired: Repaired, workspace: Workspace) -> ProvedStep:
    """Carry the steps of a repair out again, and compare everything it recorded."""
    began = workspace.seam.elapsed()
    with TemporaryDirectory(prefix="mlwright-proof-") as folder:
        over = OverlayStore(workspace.store, LocalStore(Path(folder)))
        again = repaired_again(repaired, replace(workspace, store=over))
    recorded, now = (digest_of(each, tag="mlwright/repair/1") for each in (repaired, again))
    return same("repair", recorded, now, workspace.seam.elapsed() - began)


def _reread(identifier: str, workspace: Workspace) -> ProvedStep:
    """Read every row of a snapshot from its objects and compute its id again."""
    began = workspace.seam.elapsed()
    snapshot = snapshot_of(identifier, workspace)
    _, digest = reread(snapshot, workspace.store)
    return same("data", snapshot.digest, digest, workspace.seam.elapsed() - began)


def _audit(workspace: Workspace, checkpoint: Path | None) -> Proof:
    """Verify the whole log, every object and that each object an event names is there."""
    clock = workspace.seam.elapsed
    began = clock()
    note = checkpoint.read_text("utf-8") if checkpoint is not None else None
    log = verify_log(workspace.ledger, checkpoint=note)
    logged = clock()
    named = workspace.ledger.objects()
    _all_present(named, workspace)
    objects = verify_objects(workspace.store)
    if objects.corrupt:
        raise BrokenError(
            "object-corrupt",
            f"{len(objects.corrupt)} objects are no longer what was written: {objects.corrupt[0]}",
            fix="restore them from a backup; until then nothing that needs them can be read",
            facts={"objects": list(objects.corrupt)},
            looked=[f"the {objects.objects:,} objects of the project's store"],
        )
    stored = clock()
    records = verify_segments(workspace)
    recorded = clock() - stored
    wanted = set(named)
    found = [digest for digest in workspace.store.digests() if digest in wanted]
    steps: tuple[ProvedStep, ...] = (
        same("log", from_raw(workspace.ledger.root), from_raw(log.root), logged - began),
        same("objects", _names(named), _names(found), clock() - logged - recorded),
    )
    if records.named:
        steps += (same("records", _names(records.named), _names(records.found), recorded),)
    against = "an outside checkpoint" if note else "its own checkpoints (keep one outside)"
    why = (
        f"All {log.size:,} events, {objects.objects:,} objects and {records.records:,} sealed"
        f" records are what was written, verified against {against}."
    )
    verdict, _ = overall(steps)
    return Proof(AUDIT, "log", verdict, steps, why, clock() - began, None)


def _all_present(named: Sequence[Digest], workspace: Workspace) -> None:
    missing = [digest for digest in named if not workspace.store.has(digest)]
    if missing:
        raise BrokenError(
            "objects-missing",
            f"{len(missing)} objects that events name are gone: {missing[0]}",
            fix="restore them from a backup; mlw prove MODEL still makes a model again without "
            "its object",
            facts={"objects": missing},
            looked=["the project's store"],
        )


def _names(digests: Sequence[Digest]) -> Digest:
    return digest_of(sorted(digests), tag="mlwright/objects/1")


def _told_for_good(step: ProvedStep) -> ProvedStep:
    """Return what the log may hold of a step: where code did what, not the code, which may tell."""
    return replace(step, seen=tuple(replace(each, text="") for each in step.seen))


def _recorded(proof: Proof, workspace: Workspace) -> Proof:
    """Record a proof as an event of what was proved; nothing that was proved is written to.

    Where the project can only be read the proof stands without an event.
    """
    if not workspace.ledger.writable:
        return proof
    facts = {
        "verdict": proof.verdict.value,
        "why": proof.why,
        "seconds": proof.seconds,
        "steps": plain(tuple(map(_told_for_good, proof.steps))),
    }
    subject, _, step = proof.subject.partition("/")
    of_it = {"kind": proof.kind, **({"step": step} if step else {})}
    (event,) = workspace.ledger.append([NewEvent("proof.made", subject, {**facts, **of_it})])
    return replace(proof, event=event.id)


def _require_not_tracked(run: str, workspace: Workspace) -> None:
    started = next(iter(workspace.ledger.events(subject=run, limit=1)))
    if started.facts.get("command") == COMMAND:
        raise RefusedError(
            "proof-tracked",
            f"the run {short(run)} was done by a program of its own and only logged here",
            fix="make it a pipeline (mw.pipeline) or a model of your own (mw.train): its steps are "
            "then recorded and made again",
            facts={"run": run},
        )
