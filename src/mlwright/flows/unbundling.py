"""Prove a bundle where no project is: verify it, then make its model again from what it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from mlwright.core.digest import Digest, digest_bytes, from_raw
from mlwright.core.errors import BrokenError, NotFoundError, RefusedError
from mlwright.core.records import from_json
from mlwright.core.seam import Seam
from mlwright.core.settings import Settings
from mlwright.flows.bundling import REPORT, report_of
from mlwright.flows.proving import prove
from mlwright.flows.workspace import Workspace
from mlwright.govern.bundle import verifier
from mlwright.govern.bundle.records import APART, HERE, WITHHELD, Manifest
from mlwright.govern.bundle.verifier import NotVerifiedError, Verified, object_name
from mlwright.govern.prove import overall, same
from mlwright.govern.records import Proof, ProvedStep
from mlwright.ledger.excerpt import excerpt_ledger
from mlwright.registry.versions import find
from mlwright.store.local import LocalStore
from mlwright.store.protocol import Store


@dataclass(frozen=True, slots=True)
class Opened:
    """A bundle whose every byte was verified; ``seconds`` is how long that took."""

    path: Path
    manifest: Manifest
    verified: Verified
    seconds: float

    @property
    def withheld(self) -> tuple[Digest, ...]:
        """The objects that were kept back."""
        return tuple(d for d, n in self.manifest.objects.items() if n.state == WITHHELD)

    @property
    def absent(self) -> tuple[Digest, ...]:
        """The objects whose bytes are not in the bundle."""
        return tuple(d for d, named in self.manifest.objects.items() if named.state != HERE)


def open_bundle(
    path: Path, seam: Seam, *, key: str | None = None, checkpoint: str | None = None
) -> Opened:
    """Verify a bundle: nothing in it is executed.

    Parameters
    ----------
    key
        The line of the key that has to have sealed it.
    checkpoint
        The text of a checkpoint kept outside, whose log it has to be of.

    Raises
    ------
    BrokenError
        ``bundle-broken``, naming the part.
    NotFoundError
        ``bundle-missing``.
    """
    began = seam.elapsed()
    try:
        found = verifier.verify(path, key=key, checkpoint=checkpoint)
    except OSError as error:
        raise NotFoundError(
            "bundle-missing",
            f"{path} cannot be read as a bundle: {error.strerror}",
            fix="name the file that mlw bundle wrote",
            facts={"path": str(path)},
            looked=(str(path.absolute()),),
        ) from error
    except NotVerifiedError as error:
        raise BrokenError(
            "bundle-broken",
            f"{path.name} is not what was sealed, at {error.part}: {error.why}",
            fix="ask whoever made it for the file again, and for its digest by another way",
            facts={"path": str(path), "part": error.part, "why": error.why},
        ) from error
    return Opened(path, _manifest(found, path), found, seam.elapsed() - began)


def _manifest(found: Verified, path: Path) -> Manifest:
    try:
        manifest = from_json(Manifest, dict(found.manifest))
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenError(
            "bundle-broken",
            f"{path.name} was sealed with a manifest of another form: {error!r}",
            fix="open it with the mlwright that made it, or a newer one",
            facts={"path": str(path), "part": verifier.MANIFEST},
        ) from error
    assert isinstance(manifest, Manifest)
    return manifest


def prove_bundle(
    opened: Opened,
    settings: Settings,
    seam: Seam,
    *,
    environ: Mapping[str, str],
    around: Store | None = None,
    listener: Callable[[str], None] | None = None,
) -> Proof:
    """Make the model of a verified bundle again, and compare; nothing is recorded.

    This executes what the bundle names, with the rights of whoever asks for it.

    Parameters
    ----------
    environ
        Where an installer is found, should the environment have to be built again.
    around
        Objects that may stand in, by digest, for those that were left out of the bundle.

    Raises
    ------
    RefusedError
        ``bundle-withheld`` when rows were left out and are not around.
    """
    began = seam.elapsed()
    with workspace_of(opened, settings, seam, environ, around) as workspace:
        _require_all(opened, workspace.store)
        steps = _verified_steps(opened)
        version = find(workspace.ledger, opened.manifest.subject.ref)
        if listener is not None:
            listener(f"making {version.ref} again from the bundle alone")
        made = prove(version.ref, workspace)
        steps += made.steps
        if REPORT in opened.verified.members:
            steps += (_report(opened, workspace),)
    verdict, why = overall(steps)
    if verdict is made.verdict:
        why = made.why  # it tells in which environment
    return Proof(version.model, "bundle", verdict, steps, why, seam.elapsed() - began, None)


@contextmanager
def workspace_of(
    opened: Opened,
    settings: Settings,
    seam: Seam,
    environ: Mapping[str, str],
    around: Store | None = None,
) -> Iterator[Workspace]:
    """Give a workspace over what a bundle holds, in a folder that is gone afterwards.

    Its log is the excerpt, its store the objects; nothing can be recorded in it.
    """
    with TemporaryDirectory(prefix="mlwright-bundle-") as folder:
        store = LocalStore(Path(folder) / "store")
        _unpack(opened, store)
        for digest in opened.absent if around is not None else ():
            if around is not None and around.has(digest):
                store.put(around.get(digest))
        verified = opened.verified
        with excerpt_ledger(verified.entries, verified.key, seam) as ledger:
            yield Workspace(
                folder=Path(folder),
                store=store,
                ledger=ledger,
                settings=settings,
                seam=seam,
                environ=environ,
            )


def _unpack(opened: Opened, store: LocalStore) -> None:
    with opened.path.open("rb") as file:
        for digest, named in opened.manifest.objects.items():
            if named.state == HERE:
                member = opened.verified.members[object_name(digest)]
                # Verified once more: the file may have been changed in between.
                found = store.put(b"".join(verifier.chunks(file, member)))
                if found != digest:
                    raise BrokenError(
                        "bundle-broken",
                        f"{opened.path.name} was changed while it was read, at {member.name}",
                        fix="see that nothing writes to the file, then try again",
                        facts={"path": str(opened.path), "part": member.name},
                    )


def _require_all(opened: Opened, store: Store) -> None:
    subject, objects = opened.manifest.subject, opened.manifest.objects
    lacking = [d for d in opened.absent if objects[d].state != APART and not store.has(d)]
    if not lacking:
        return
    gone = [digest for digest in lacking if objects[digest].state != WITHHELD]
    first = lacking[0]
    raise RefusedError(
        "bundle-withheld",
        f"the bundle is what was sealed, but {subject.ref} cannot be made again from it:"
        f" {len(lacking)} objects are not in it, the first {first} ({objects[first].what})",
        fix="ask for a bundle without --no-data, or prove it in a project that has the data: "
        "mlw prove FILE --project DIR"
        if not gone
        else "what was erased cannot be made from; the digests in the log still verify",
        facts={"objects": lacking, "gone": gone, "left_out": list(opened.manifest.left_out)},
        looked=("the bundle", "the project's store"),
    )


def _verified_steps(opened: Opened) -> tuple[ProvedStep, ...]:
    """Return what was verified before anything was made again."""
    found = opened.verified
    sealed = Digest(f"sha256:{found.manifest_sha256}")
    root = from_raw(found.root)
    return (
        same("bundle", sealed, sealed, opened.seconds),
        same("log", root, root, 0.0),
    )


def _report(opened: Opened, workspace: Workspace) -> ProvedStep:
    """Write the report again and compare it byte for byte."""
    began = workspace.seam.elapsed()
    version = find(workspace.ledger, opened.manifest.subject.ref)
    again = report_of(
        version,
        workspace,
        opened.verified.entries,
        opened.verified.key,
        opened.manifest.objects,
    )
    recorded = f"sha256:{opened.verified.members[REPORT].sha256}"
    now = digest_bytes(again or b"")
    return same("report", recorded, now, workspace.seam.elapsed() - began)
