"""Hand a model over: one file with all it takes to verify it and to make it again elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import mlwright
from mlwright.core.digest import Digest, digest_bytes, digest_file, hex_of
from mlwright.core.encoding import canonical_json
from mlwright.core.errors import UsageError
from mlwright.core.records import dump, load
from mlwright.flows.environments import keep_environment
from mlwright.flows.records import Baselines
from mlwright.flows.reporting import report_html
from mlwright.flows.workspace import Workspace
from mlwright.govern.bundle import verifier
from mlwright.govern.bundle.container import Member, write_container, written_whole
from mlwright.govern.bundle.entries import BUNDLED, entries_about, rows_named, told_objects
from mlwright.govern.bundle.records import (
    APART,
    GONE,
    HERE,
    SCHEMA,
    WITHHELD,
    Content,
    Manifest,
    Named,
    Subject,
)
from mlwright.govern.bundle.verifier import NotVerifiedError, object_name
from mlwright.ledger.excerpt import covering, excerpt_ledger, paths
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.log import broken
from mlwright.ledger.records import Event, NewEvent
from mlwright.registry.records import ModelVersion
from mlwright.registry.versions import find
from mlwright.run.code.sources import Source, Sources
from mlwright.run.environments.records import RunWheels
from mlwright.run.environments.wheels import KEPT, wheels_of_run
from mlwright.run.history import run_record
from mlwright.run.records import Environment
from mlwright.scoring.records import ModelPackage
from mlwright.store.protocol import Store
from mlwright.train.records import Plan

SUFFIX = ".mlw"
REPORT, VERIFIER, README = "report.html", "verify.py", "README.txt"
REQUIREMENTS = "environment/requirements.txt"


@dataclass(frozen=True, slots=True)
class Bundled:
    """A bundle that was written: where, its digest and size, and what is in it and what not."""

    path: Path
    digest: Digest
    size: int
    manifest: Manifest
    entries: int
    event: str | None

    @property
    def objects(self) -> int:
        """How many objects are in it."""
        return sum(named.state == HERE for named in self.manifest.objects.values())


def bundle(
    ref: str,
    workspace: Workspace,
    *,
    out: Path | None = None,
    data: bool = True,
    wheels: bool = False,
    checkpoint: str | None = None,
) -> Bundled:
    """Write a model version and all it rests on into one file, and verify that file.

    The same version of which nothing new was recorded gives the same bytes.

    Parameters
    ----------
    out
        The file to write; by default the version's name in the current folder.
    data
        False leaves out the rows: their digests stand for them.
    wheels
        Take the wheels of the environment along, and keep them first where they were not kept.
    checkpoint
        A checkpoint of this log that the receiver keeps: what was recorded later is left out.

    Raises
    ------
    NotFoundError
        ``model-unknown``; ``log-key-missing`` where nothing can be sealed.
    RefusedError
        ``checkpoint-too-old`` when the checkpoint was made before the version was registered.
    BrokenError
        ``log-broken``, ``object-corrupt``.
    """
    ledger, store = workspace.ledger, workspace.store
    version = find(ledger, ref)
    if wheels and wheels_of_run(version.run, ledger, store) is None:
        keep_environment(version.run, workspace, always=True)
    registered = int(version.event.removeprefix("e_"))
    events = entries_about(ledger, version)
    if checkpoint is not None:
        note, taken = covering(ledger, registered, outside=checkpoint)
        events = entries_about(ledger, version, taken.size)
    else:
        note, taken = covering(ledger, events[-1].sequence)
    rows = frozenset() if data else _rows(events, store)
    apart = frozenset() if wheels else _wheels(events, store)
    objects = {
        digest: Named(what, _state(digest, rows, apart, store))
        for digest, what in told_objects(events).items()
    }
    members: dict[str, Path | bytes] = dict(
        _told(version, events, note, taken.size, objects, workspace)
    )
    manifest = Manifest(
        schema=SCHEMA,
        program=mlwright.__version__,
        subject=_subject(version),
        members={},
        objects=objects,
        left_out=_left_out(objects),
        code=_own_code(version, workspace),
    )
    members[README] = _readme(manifest).encode()
    here = [digest for digest, named in objects.items() if named.state == HERE]
    members |= {object_name(digest): store.held(digest) for digest in here}
    contents = {name: _content(held) for name, held in sorted(members.items())}
    manifest = replace(manifest, members=contents)
    target = (out or Path(f"{version.ref}{SUFFIX}")).absolute()
    with written_whole(target) as staged:
        with staged.open("xb") as file:
            write_container(file, _in_order(members, manifest, ledger))
        try:
            verifier.verify(staged, key=ledger.public_key(), checkpoint=checkpoint)
        except NotVerifiedError as error:
            raise broken(error.part, f"a bundle of it does not verify: {error.why}") from error
        digest, size = digest_file(staged), staged.stat().st_size
    event = _recorded(version, digest, manifest, workspace)
    return Bundled(target, digest, size, manifest, len(events), event)


def _in_order(
    members: Mapping[str, Path | bytes], manifest: Manifest, ledger: Ledger
) -> Iterator[Member]:
    """Give the members with the manifest and the seal over it, what a person reads first."""
    raw = dump(manifest)
    yield README, members[README]
    yield verifier.MANIFEST, raw
    yield verifier.SEAL, ledger.signed(f"{verifier.SEALED}\n{digest_bytes(raw)}\n").encode()
    yield from ((name, members[name]) for name in sorted(members) if name != README)


def _told(
    version: ModelVersion,
    events: Sequence[Event],
    note: str,
    size: int,
    objects: Mapping[Digest, Named],
    workspace: Workspace,
) -> Iterator[tuple[str, bytes]]:
    """Give the members that are no objects: the log's part, and what a person reads."""
    key = workspace.ledger.public_key()
    yield verifier.KEY, f"{key}\n".encode()
    yield verifier.CHECKPOINT, note.encode()
    yield verifier.ENTRIES, b"".join(event.body + b"\n" for event in events)
    yield verifier.PATHS, canonical_json(paths(workspace.ledger, events, size))
    text = files("mlwright.govern.bundle").joinpath("verifier.py").read_bytes()
    yield VERIFIER, text
    # The report is written from what the bundle holds, so that it can be written again from it.
    if html := report_of(version, workspace, [event.body for event in events], key, objects):
        yield REPORT, html
    if version.run in {event.subject for event in events}:
        yield from _readable(version, workspace, objects)


def report_of(
    version: ModelVersion,
    workspace: Workspace,
    bodies: Iterable[bytes],
    key: str,
    objects: Mapping[Digest, Named],
) -> bytes | None:
    """Return the report as an excerpt of the log tells it; None where what it tells of is gone."""
    if any(named.state == GONE for named in objects.values()):
        return None
    with excerpt_ledger(bodies, key, workspace.seam) as ledger:
        return report_html(replace(workspace, ledger=ledger), version).encode()


def _readable(
    version: ModelVersion, workspace: Workspace, objects: Mapping[Digest, Named]
) -> Iterator[tuple[str, bytes]]:
    """Give the maker's own modules as text, and the list of what was installed."""
    for name, source in _sources(version, workspace).items():
        path = name.replace(".", "/") + ("/__init__.py" if source.package else ".py")
        yield f"code/{path}", source.text.encode()
    environment = run_record(workspace.ledger, version.run).environment
    if objects[environment].state == HERE:
        installed = load(Environment, workspace.store.get(environment)).distributions
        lines = (f"{name}=={found.version}\n" for name, found in sorted(installed.items()))
        yield REQUIREMENTS, "".join(lines).encode()


def _sources(version: ModelVersion, workspace: Workspace) -> dict[str, Source]:
    """Return the modules of the maker's own that the steps of a run were carried out with."""
    found: dict[str, Source] = {}
    for step in run_record(workspace.ledger, version.run).steps:
        if step.sources is not None and workspace.store.has(step.sources):
            found.update(load(Sources, workspace.store.get(step.sources)).modules)
    return dict(sorted(found.items()))


def _own_code(version: ModelVersion, workspace: Workspace) -> tuple[str, ...]:
    found = set(_sources(version, workspace))
    plan = run_record(workspace.ledger, version.run).inputs.get("plan")
    if plan is not None and workspace.store.has(plan):
        for own in load(Plan, workspace.store.get(plan)).own:
            found.update(module.name for module in own.modules)
    return tuple(sorted(found))


def _rows(events: Sequence[Event], store: Store) -> frozenset[Digest]:
    """Return the objects that hold rows, the frozen rows of the packages among them."""
    found = rows_named(events)
    for event in events:
        if event.kind != "step.finished" or not store.has(Digest(str(event.facts["output"]))):
            continue
        raw, step = store.get(Digest(str(event.facts["output"]))), event.facts["step"]
        if step == "model":
            found.add(load(ModelPackage, raw).probe)
        elif step == "baselines":
            both = load(Baselines, raw)
            found.update((both.dummy.probe, both.linear.probe))
    return frozenset(found)


def _wheels(events: Sequence[Event], store: Store) -> frozenset[Digest]:
    """Return the objects that are wheels."""
    found: set[Digest] = set()
    for event in events:
        if event.kind == KEPT:
            kept = load(RunWheels, store.get(Digest(str(event.facts["wheels"])))).wheels
            found.update(wheel.content for wheel in kept.wheels.values())
    return frozenset(found)


def _state(digest: Digest, rows: frozenset[Digest], wheels: frozenset[Digest], store: Store) -> str:
    if digest in rows:
        return WITHHELD
    if digest in wheels:
        return APART
    return HERE if store.has(digest) else GONE


def _left_out(objects: Mapping[Digest, Named]) -> tuple[str, ...]:
    """Return in sentences what is not in the bundle."""
    found = []
    withheld = [named for named in objects.values() if named.state == WITHHELD]
    if withheld:
        found.append(
            f"withheld: {len(withheld)} objects with rows of the data; only their digests are here,"
            " so the model is made again only where those rows are"
        )
    apart = sum(named.state == APART for named in objects.values())
    if apart:
        found.append(
            f"left out: {apart} wheel{'' if apart == 1 else 's'} of the environment; mlw bundle"
            " --wheels takes them along"
        )
    for digest, named in objects.items():
        if named.state == GONE:
            found.append(f"gone: {digest}, {named.what}, was erased or lost before this was made")
    return tuple(found)


def _content(held: Path | bytes) -> Content:
    if isinstance(held, bytes):
        return Content(len(held), hex_of(digest_bytes(held)))
    return Content(held.stat().st_size, hex_of(digest_file(held)))


def _subject(version: ModelVersion) -> Subject:
    return Subject(
        model=version.model,
        ref=version.ref,
        run=version.run,
        data=version.data,
        registered=version.time,
        actor=version.actor,
    )


def _recorded(
    version: ModelVersion, digest: Digest, manifest: Manifest, workspace: Workspace
) -> str | None:
    """Record that the version was handed over, once for each file; not where one can only read."""
    ledger = workspace.ledger
    for event in ledger.events(kind=BUNDLED, subject=version.model):
        if event.facts["bundle"] == digest:
            return event.id
    if not ledger.writable:
        return None
    facts = {"ref": version.ref, "bundle": digest, "left_out": list(manifest.left_out)}
    (event,) = ledger.append([NewEvent(BUNDLED, version.model, facts)])
    return event.id


def read_checkpoint(path: Path) -> str:
    """Return the text of a checkpoint that was kept in a file.

    Raises
    ------
    UsageError
        ``checkpoint-unreadable`` when the file is no text.
    """
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            "checkpoint-unreadable",
            f"{path} could not be read as a checkpoint: {error}",
            fix="give the file that mlw audit checkpoint --out wrote",
            facts={"path": str(path)},
        ) from error


def _readme(manifest: Manifest) -> str:
    subject = manifest.subject
    left = "\n".join(f"- {said}" for said in manifest.left_out) or "- nothing"
    code = ", ".join(manifest.code) or "none: mlwright's own steps alone made it"
    return f"""{subject.ref}: a model and all it rests on
{"=" * (len(subject.ref) + 30)}

model      {subject.model}
made by    {subject.run}
from       {subject.data}
registered {subject.registered} by {subject.actor}

Look at it: this file is a ZIP archive. report.html is the model's report, log/entries.jsonl what
was recorded of it, code/ the maker's own modules, {REQUIREMENTS} what was installed.

Verify it, with Python and nothing else (take the program from someone you trust, for this copy of
it could have been changed with the rest; `mlw audit verifier --bundle` prints it too):

    python verify.py THIS_FILE --key KEY --checkpoint FILE

KEY is what `mlw audit key` prints where the model was made, FILE a checkpoint handed out before.
Come by them another way than this file: without them it is only shown that it agrees with itself.

Make the model again and compare, with mlwright {manifest.program} and the packages of the list
installed, in any folder:

    mlw prove THIS_FILE --key KEY

That executes what the bundle names, so do it for makers whose code you would run.
Modules of the maker's own: {code}.

What was left out:
{left}

What this does not show: that the excerpt of the log is all that was ever recorded of the model;
the whole log is verified by `mlw prove audit` where it lies. Nor that the data was right.
"""
