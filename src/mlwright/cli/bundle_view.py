"""What `mlw prove FILE.mlw` asks and tells: no project is needed for it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlwright.cli.output import Output, mark
from mlwright.core.errors import RefusedError
from mlwright.govern.bundle.verifier import shown

if TYPE_CHECKING:
    from mlwright.flows.unbundling import Opened
    from mlwright.govern.records import Proof


def is_bundle(ref: str) -> bool:
    """Tell whether what is to be proved is a file that was handed over, not an id or a name."""
    return ref.endswith(".mlw")


def prove_file(
    ref: str,
    output: Output,
    *,
    key: str | None,
    checkpoint: Path | None,
    only_verify: bool,
    trusted: bool,
) -> Proof | None:
    """Verify a bundle, tell what was shown, and make its model again where that is agreed to.

    Returns None where it was to be verified alone.

    Raises
    ------
    RefusedError
        ``bundle-not-trusted`` where nobody said that what it names may be executed.
    """
    from mlwright.api.bundle import open_bundle, prove_bundle
    from mlwright.flows.bundling import read_checkpoint

    opened = open_bundle(
        Path(ref),
        key=_key(key),
        checkpoint=read_checkpoint(checkpoint) if checkpoint else None,
    )
    told = opened.verified.told
    if output.as_json and only_verify:
        output.document("bundle-verified", document_of(opened))
    elif not output.as_json:
        output.line(f"bundle {Path(ref).name}: {mark('exact')} as sealed")
        for said in told:
            output.line(f"  {said}")
    if only_verify:
        return None
    if key is None and not trusted:
        _agree(opened, output)
    return prove_bundle(opened, folder=output.folder, listener=output.note)


def document_of(opened: Opened) -> dict[str, object]:
    """Return what was verified, for a program."""
    manifest, found = opened.manifest, opened.verified
    return {
        "bundle": str(opened.path),
        "manifest": f"sha256:{found.manifest_sha256}",
        "subject": manifest.subject,
        "key": found.key,
        "entries": len(found.entries),
        "log": {"size": found.size, "root": found.root.hex()},
        "left_out": manifest.left_out,
        "code": manifest.code,
        "seconds": opened.seconds,
    }


def _key(given: str | None) -> str | None:
    """Return the line of a key that was given as itself or as a file."""
    if given is not None and Path(given).is_file():
        return Path(given).read_text("utf-8", "replace")  # what is no text is no key either
    return given


def _agree(opened: Opened, output: Output) -> None:
    """Ask whether what came in a file may be executed; who cannot be asked has to say so before."""
    code = shown(", ".join(opened.manifest.code[:5])) or "no modules of the maker's own"
    what = f"making it again executes what the bundle names ({code}) with your rights"
    if not output.as_json and sys.stdin.isatty():
        if click.confirm(f"{what}; go on?", err=True):
            return
        why = "it was not agreed to"
    else:
        why = "nobody vouches for who sealed it"
    raise RefusedError(
        "bundle-not-trusted",
        f"the bundle is what was sealed, but {what}, and {why}",
        fix="give --key with the key you got from its maker by another way (mlw audit key), or"
        " --yes; --only-verify executes nothing",
        facts={"key": opened.verified.key, "code": list(opened.manifest.code)},
    )
