"""A bundle read with no project around it: verified, and its model made again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mlwright.api.opening import DEFAULT_SEAM, locate, open_workspace
from mlwright.api.spec import PLANNED, SECTIONS
from mlwright.core.seam import Seam
from mlwright.core.settings import STATE_FOLDER, resolve

if TYPE_CHECKING:
    from mlwright.flows.unbundling import Opened
    from mlwright.govern.records import Proof


def open_bundle(
    path: str | Path,
    *,
    key: str | None = None,
    checkpoint: str | None = None,
    seam: Seam = DEFAULT_SEAM,
) -> Opened:
    """Verify every byte of a bundle; see :func:`mlwright.flows.unbundling.open_bundle`."""
    from mlwright.flows.unbundling import open_bundle

    return open_bundle(Path(path), seam, key=key, checkpoint=checkpoint)


def prove_bundle(
    opened: Opened,
    *,
    folder: Path | None = None,
    start: Path | None = None,
    listener: Callable[[str], None] | None = None,
    seam: Seam = DEFAULT_SEAM,
) -> Proof:
    """Make the model of a verified bundle again, which executes what the bundle names.

    Parameters
    ----------
    folder
        A project whose objects may stand in for those that were withheld; by default the nearest
        one upwards from ``start``, and none where there is none.
    """
    from mlwright.flows.unbundling import prove_bundle

    settings = resolve(
        SECTIONS, flags={}, environ={}, document={}, document_name=None, planned=PLANNED
    )
    if not opened.absent:
        return prove_bundle(opened, settings, seam, environ=os.environ, listener=listener)
    document = locate(folder, start or Path.cwd(), create=False, needed=folder is not None)
    if not (document.folder / STATE_FOLDER).is_dir():
        return prove_bundle(opened, settings, seam, environ=os.environ, listener=listener)
    around = open_workspace(
        document, create=False, flags={}, environ={}, seam=seam, references=os.environ
    )
    with around.ledger:
        objects = around.store.read_only()
        return prove_bundle(
            opened, settings, seam, environ=os.environ, around=objects, listener=listener
        )
