"""Tables mended outside a run: steps proposed, written into the spec, carried out, undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlwright.core.errors import NotFoundError, UsageError
from mlwright.core.files import write_durably
from mlwright.core.ids import Noun, noun_of, short
from mlwright.core.settings import PYPROJECT, SPEC_FILE, find_document
from mlwright.core.spec_edit import extend_list
from mlwright.data.cells import sealed_rows
from mlwright.data.digests import columns_in
from mlwright.data.names import require_column
from mlwright.data.records import Screening, Snapshot, Split
from mlwright.data.repair.carry import repair, repair_frame
from mlwright.data.repair.propose import WRITTEN, mend
from mlwright.data.repair.quarantine import require_format, write_quarantine
from mlwright.data.repair.records import Proposal, Quarantined, Repaired
from mlwright.data.repair.undo import quarantined, undo
from mlwright.data.settings import DataSettings
from mlwright.flows import stages
from mlwright.flows.checking import subject_of
from mlwright.flows.ingesting import ingest_source, snapshot_of
from mlwright.flows.question import ask, kept_columns, repair_rule
from mlwright.flows.repairing import REPAIRED, record_repair, repair_of, repairs_of
from mlwright.flows.splitting import split_before
from mlwright.flows.workspace import Workspace
from mlwright.govern.why import resolve
from mlwright.train.settings import QuestionSettings

_REPAIR = ("data", "repair")


@dataclass(frozen=True, slots=True)
class Mending:
    """Steps that would mend a table, as it is after the steps that the spec has already.

    ``written`` says whether the sure ones were added to the spec, ``spec`` which file that is.
    """

    what: str
    data: str
    target: str | None
    steps: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    before: Screening
    after: Screening
    spec: str
    written: bool

    @property
    def sure(self) -> tuple[Proposal, ...]:
        """The proposals that are sure enough to be written."""
        return tuple(each for each in self.proposals if each.confidence in WRITTEN)


@dataclass(frozen=True, slots=True)
class Undone:
    """A repair that was undone: from which version, back to which."""

    repaired: str
    raw: str
    cells: int
    rows: int


def propose_steps(workspace: Workspace, what: str | None, *, target: str | None) -> Mending:
    """Look a table through and tell which steps would mend it; nothing is written.

    Raises
    ------
    MlwrightError
        What is wrong with the table, or with the steps that the spec has.
    """
    subject = subject_of(workspace, what)
    columns = columns_in(subject.cells.schema)
    if target is not None:
        require_column(columns, target, "target")
    wanted = target or subject.target
    sealed = sealed_rows(subject.cells, subject.splits)
    table = subject.cells.table(list(subject.cells.schema))
    rule = repair_rule(workspace.settings)
    steps = () if rule is None else rule.steps
    if rule is not None and not repairs_of(subject.data, workspace):
        table, sealed = repair_frame(table, rule, sealed)
    found = mend(
        table,
        today=subject.today,
        target=wanted if wanted in table.frame.columns else None,
        key=subject.key,
        sealed=sealed,
        kept=kept_columns(workspace.settings),
    )
    return Mending(
        what=subject.what,
        data=subject.data,
        target=wanted,
        steps=steps,
        proposals=found.proposals,
        before=found.before,
        after=found.after,
        spec=_spec(workspace)[0].name,
        written=False,
    )


def write_steps(workspace: Workspace, steps: Sequence[str]) -> Path:
    """Add steps to the end of ``[data] repair`` in the project's spec, and return the file.

    Every other character of the file stays. A project without a spec gets one.

    Raises
    ------
    UsageError
        ``spec-not-editable``; ``spec-unreadable``.
    """
    path, path_of_keys = _spec(workspace)
    raw = path.read_bytes() if path.is_file() else b""
    mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
    spec = raw.removeprefix(mark).decode()
    made = extend_list(spec, path_of_keys, steps, name=path.name)
    mode = path.stat().st_mode & 0o777 if path.is_file() else 0o644
    write_durably(path.resolve(), mark + made.encode(), mode=mode)
    return path


def _spec(workspace: Workspace) -> tuple[Path, tuple[str, ...]]:
    """Return the spec's file and the keys that lead to the steps in it."""
    document = find_document(workspace.folder)
    path = None if document is None or document.folder != workspace.folder else document.path
    if path is not None and path.name == PYPROJECT:
        return path, ("tool", "mlwright", *_REPAIR)
    return path or workspace.folder / SPEC_FILE, _REPAIR


def repair_data(workspace: Workspace, what: str | None) -> Repaired:
    """Carry the spec's steps out on a data version, or on the spec's source; record the result.

    Rows have the parts that a run of the spec would give them; without a target all rows are
    training rows.

    Raises
    ------
    UsageError
        ``repair-none`` where the spec has no steps; ``repair-twice`` for a repaired version;
        ``repair-what`` for what is no data version.
    """
    workspace.ledger.require_writable()
    workspace.ledger.require_sound()
    rule = repair_rule(workspace.settings)
    if rule is None:
        raise UsageError(
            "repair-none",
            "the spec has no steps of repair",
            fix='write repair = ["trim city", …] under [data], or let mlw check data --fix '
            "propose some",
            looked=["data.repair in mlwright.toml", "MLWRIGHT_DATA_REPAIR"],
        )
    raw = _raw(workspace, what)
    repaired = repair(raw, rule, _split(workspace, raw), workspace.store)
    record_repair(workspace, repaired, None)
    return repaired


def _raw(workspace: Workspace, what: str | None) -> Snapshot:
    if what is None:
        return ingest_source(workspace, workspace.settings.section(DataSettings))[0]
    identifier = _data_id(what, workspace)
    made = [each for each in repairs_of(identifier, workspace) if each.raw != identifier]
    if made:
        raise UsageError(
            "repair-twice",
            f"{short(identifier)} is repaired already, from {short(made[-1].raw)}",
            fix=f"repair the table it was made from: mlw data repair {made[-1].raw}",
            facts={"data": identifier, "raw": made[-1].raw},
        )
    return snapshot_of(identifier, workspace)


def _data_id(what: str, workspace: Workspace) -> str:
    if noun_of(what) is not Noun.DATA:
        raise UsageError(
            "repair-what",
            f"{what!r} is no data version",
            fix="give an id such as d_…: mlw data ls lists them; a file is read with mlw data add",
            facts={"what": what},
        )
    return resolve(what, workspace.ledger)


def _split(workspace: Workspace, raw: Snapshot) -> Split | None:
    if workspace.settings.section(QuestionSettings).target is None:
        return None
    question = ask(workspace.settings, ())
    before = split_before(workspace, raw, question)
    return stages.split(raw, question.goal, question.roles, before, workspace.store)


def undo_repair(workspace: Workspace, what: str) -> Undone:
    """Undo a repair from the repaired version and its record; nothing is changed or recorded.

    Raises
    ------
    NotFoundError
        ``repair-unknown`` for a version that no repair made.
    BrokenError
        ``repair-not-undone`` where another table comes back.
    """
    repaired = repair_of(_data_id(what, workspace), workspace)
    raw = undo(repaired, workspace.store)
    return Undone(repaired.snapshot.id, raw, repaired.cells, repaired.taken_out)


def quarantine(
    workspace: Workspace, what: str | None, *, most: int | None = None, out: Path | None = None
) -> tuple[str, tuple[Quarantined, ...]]:
    """Return the rows that a repair took out of training, by default the newest.

    ``out`` is a file that gets all of them.

    Raises
    ------
    NotFoundError
        ``repair-unknown``.
    UsageError
        ``faults-out-format``.
    """
    if out is not None:
        require_format(out)
    if what is not None:
        identifier = _data_id(what, workspace)
    else:
        newest = next(
            iter(workspace.ledger.events(kind=REPAIRED, newest_first=True, limit=1)), None
        )
        if newest is None:
            raise NotFoundError(
                "repair-unknown",
                "no table of this project has been repaired",
                fix="mlw data repair, or mlw run with steps under [data]",
                looked=["the repairs in this project's ledger"],
            )
        identifier = newest.subject
    repaired = repair_of(identifier, workspace)
    found = quarantined(repaired, workspace.store, None if out is not None else most)
    if out is not None:
        write_quarantine(found, out)
    return repaired.snapshot.id, tuple(found)
