"""Finding a project's folder, opening its ledger, store and settings, making a new one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mlwright.api.spec import PLANNED, SECTIONS
from mlwright.core.errors import NotFoundError, UsageError
from mlwright.core.files import write_durably
from mlwright.core.seam import Seam, SystemSeam
from mlwright.core.settings import (
    PYPROJECT,
    SPEC_FILE,
    STATE_FOLDER,
    Document,
    find_document,
    resolve,
)
from mlwright.core.toml import text
from mlwright.flows.workspace import Workspace
from mlwright.ledger.ledger import Ledger
from mlwright.store.local import LocalStore

DEFAULT_SEAM: Seam = SystemSeam()


def locate(folder: Path | None, start: Path, *, create: bool, needed: bool = True) -> Document:
    """Return the project in ``folder``, else the nearest one upwards from ``start``.

    Where none is ``needed`` and there is none, the folder itself stands for an empty one.

    Raises
    ------
    NotFoundError
        ``project-unknown``, naming every folder looked in, unless one may be made.
    """
    wanted = (folder or start).resolve()
    found = find_document(wanted)
    if found is not None and (folder is None or found.folder == wanted):
        return found
    if create or not (needed or folder):
        return Document(wanted, None, STATE_FOLDER, {})
    places = [wanted] if folder else [wanted, *wanted.parents]
    raise NotFoundError(
        "project-unknown",
        f"no project in {wanted}" + ("" if folder else " or above it"),
        fix="go to the project's folder, give --project DIR, or make one: "
        "mlw run FILE --target COLUMN",
        facts={"folder": str(wanted)},
        looked=[f"{place}: {SPEC_FILE}, {PYPROJECT}, {STATE_FOLDER}" for place in places],
    )


def open_workspace(
    document: Document,
    *,
    create: bool,
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    seam: Seam,
    references: Mapping[str, str] | None = None,
) -> Workspace:
    """Open the ledger and the store of a project, with ``create`` made when they are not there.

    ``references`` are the variables that sources may be named by, where ``environ`` has none.
    The settings are resolved first: a spec that cannot be read makes nothing. Opening what is
    there writes nothing.
    """
    settings = resolve(
        SECTIONS,
        flags=flags,
        environ=environ,
        document=document.table,
        document_name=document.name,
        planned=PLANNED,
    )
    state = document.folder / STATE_FOLDER
    ledger = state / "ledger"
    opened = (
        Ledger.open(ledger, seam, create=create)
        if create or ledger.is_dir()
        else Ledger.absent(ledger, seam)
    )
    return Workspace(
        folder=document.folder,
        store=LocalStore(state / "store", writable=opened.writable),
        ledger=opened,
        settings=settings,
        seam=seam,
        environ=environ if references is None else references,
    )


def init_folder(folder: Path, *, source: str | None, target: str | None, name: str | None) -> None:
    """Write a spec to edit into ``folder``.

    Raises
    ------
    UsageError
        ``project-exists`` when there is one.
    """
    spec = folder / SPEC_FILE
    if spec.exists():
        raise UsageError(
            "project-exists",
            f"there is a spec already: {spec}",
            fix="edit it, or choose another folder with --project",
            facts={"spec": str(spec)},
        )
    lines = [
        "[project]",
        f"name = {text(name)}" if name else '# name = "churn"',
        "",
        "[data]",
        f"source = {text(source)}" if source else '# source = "customers.csv"',
        '# key = "customer_id"',
        "",
        "# [contract]  # what columns promise; `mlw show contract` prints what was told",
        '# age = "in [17, 90]"',
        "",
        "[checks]",
        'gain = "gain.low > 0"  # better than the dummy, beyond chance',
        "",
    ]
    question = f"target = {text(target)}" if target else '# target = "churned"'
    folder.mkdir(parents=True, exist_ok=True)
    content = "\n".join([question, "", *lines])
    write_durably(spec, content.encode(), staging=folder / STATE_FOLDER / "staging")
