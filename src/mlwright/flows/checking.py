"""A table looked through: a file, a data version, or what a model was made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mlwright.checks.grammar import parse
from mlwright.checks.own import is_own
from mlwright.checks.records import Choice, Outcome, Term, Verdict
from mlwright.checks.settings import CheckSettings
from mlwright.core.errors import NotFoundError, UsageError
from mlwright.core.ids import Noun, noun_of
from mlwright.core.records import load
from mlwright.data.cells import (
    Cells,
    SnapshotCells,
    TableCells,
    frame_of_rules,
    sealed_rows,
)
from mlwright.data.contract import agree
from mlwright.data.digests import columns_in
from mlwright.data.faults import require_format, write_faults
from mlwright.data.look import look
from mlwright.data.names import require_column
from mlwright.data.records import (
    Column,
    Contract,
    FeatureContract,
    Kind,
    Reading,
    Screening,
    Split,
    Terms,
)
from mlwright.data.repair.carry import repair_frame
from mlwright.data.screen import screen
from mlwright.data.settings import DataSettings
from mlwright.data.sources.address import absolute, is_table_name
from mlwright.data.table import Table
from mlwright.data.terms import Line, read_line, rules_of, within
from mlwright.data.verdicts import hold
from mlwright.features.settings import FeatureSettings
from mlwright.flows.column_rules import column_rules
from mlwright.flows.contracting import contract_version
from mlwright.flows.data_events import data_event
from mlwright.flows.ingesting import reading_of, snapshot_of
from mlwright.flows.leak_findings import LeakRoles, with_leaks
from mlwright.flows.outputs import step_output
from mlwright.flows.question import repair_rule, stated_lines
from mlwright.flows.splitting import splits_of
from mlwright.flows.workspace import Workspace
from mlwright.govern.why import resolve
from mlwright.registry.records import ModelVersion
from mlwright.registry.versions import find
from mlwright.scoring.frames import repair_frame as repair_cells
from mlwright.scoring.records import ModelPackage
from mlwright.train.settings import QuestionSettings

if TYPE_CHECKING:
    import polars as pl

    from mlwright.flows.own_checks import OwnCheck


@dataclass(frozen=True, slots=True)
class DataCheck:
    """A table that was looked through.

    ``what`` is what was named: a path, a data id or a model version; ``data`` the id the table
    has or would have. ``against`` is the version whose contract was held against it. ``repaired``
    counts the steps of the spec or of that version that were carried out before looking.
    """

    what: str
    data: str
    target: str | None
    against: str | None
    readings: tuple[Reading, ...]
    screening: Screening
    verdicts: tuple[Verdict, ...]
    repaired: int = 0

    @property
    def failed(self) -> bool:
        """Whether a rule of the grammar failed; findings alone fail nothing."""
        return any(verdict.outcome is Outcome.FAIL for verdict in self.verdicts)


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What is to be looked through, and what is known of it."""

    what: str
    data: str
    cells: Cells
    readings: tuple[Reading, ...]
    today: date
    ordered: bool
    key: str | None
    target: str | None
    splits: tuple[Split, ...]
    contract: Contract | None


def check_data(
    workspace: Workspace,
    what: str | None,
    *,
    against: str | None = None,
    target: str | None = None,
    rules: Sequence[str] = (),
    most: int | None = None,
    out: Path | None = None,
) -> DataCheck:
    """Look a table through with every rule of the catalogue; nothing is recorded or changed.

    Parameters
    ----------
    what
        A file, a data id, or a model, whose data is meant; None is the spec's source, as the steps
        of ``[data] repair`` leave it.
    against
        A model whose contract is held against the table, repaired as its endpoint repairs rows:
        its rules are judged too.
    target
        The column to predict, where nothing else says so.
    rules
        Rules of the checks grammar, about columns, and checks of the user's own that take a table
        alone; beside those of the spec.
    most
        How many faults of each finding are kept.
    out
        A file that gets every fault.

    Raises
    ------
    UsageError
        ``source-unnamed``; ``check-syntax`` and what else can be wrong with a rule;
        ``own-check-model`` for a check that judges a model; ``faults-out-format``.
    """
    if out is not None:
        require_format(out)
    parsed = [parse(rule) for rule in rules if not is_own(rule)]
    own = _own_checks(workspace, rules)
    version = None if against is None else find(workspace.ledger, against, prefer_live=True)
    contract = None if version is None else held_to(version, workspace)
    subject = subject_of(workspace, what, contract)
    mended = _mended(workspace, subject, version, is_source=what is None)
    subject, cells = mended.subject, mended.subject.cells
    if target is not None:
        require_column(columns_in(cells.schema), target, "target")
    wanted = target or subject.target
    stated = _stated(workspace, columns_in(cells.schema))
    found = screen(
        cells,
        today=subject.today,
        target=wanted if wanted in cells.schema else None,
        key=subject.key,
        sealed=mended.sealed,
        contract=contract or subject.contract or (stated if stated.features else None),
        ordered=subject.ordered,
        most=None if out is not None else most,
        described=True,
    )
    if wanted in cells.schema and wanted is not None:
        asked = _roles(workspace, subject)
        found = with_leaks(found, cells, wanted, subject.splits, asked, most=most)
    promised = contract or stated
    present = [rule for rule in rules_of(promised) if rule.term.name in cells.schema]
    held = [*present, *column_rules(workspace.settings, cells.schema), *parsed]
    of_own = _told_by(own, cells, subject.data)
    if out is not None:
        write_faults(found.faults, out)
    return DataCheck(
        what=subject.what,
        data=subject.data,
        target=wanted,
        against=None if version is None else version.ref,
        readings=subject.readings,
        screening=found,
        verdicts=(*hold(held, frame_of_rules(cells, held), subject.data), *of_own),
        repaired=mended.steps,
    )


def _own_checks(workspace: Workspace, rules: Sequence[str]) -> tuple[OwnCheck, ...]:
    written = (*workspace.settings.section(CheckSettings).rules.values(), *rules)
    if not any(is_own(rule) for rule in written):
        return ()
    from mlwright.flows.own_checks import checks_of_table  # it brings what runs steps along

    return checks_of_table(workspace, rules)


def _told_by(own: Sequence[OwnCheck], cells: Cells, data: str) -> list[Verdict]:
    if not own:
        return []
    whole = cells.table(list(cells.schema)).frame
    return [each.hold(whole, data) for each in own]


def _roles(workspace: Workspace, subject: Subject) -> LeakRoles:
    """Return which columns are no features, and what names and orders the rows."""
    data = workspace.settings.section(DataSettings)
    apart = (subject.key, data.group, data.subject)
    drop = {*workspace.settings.section(FeatureSettings).drop, *filter(None, apart)}
    return LeakRoles(subject.key, data.time, frozenset(drop))


@dataclass(frozen=True, slots=True, eq=False)
class _Mended:
    """A subject as steps of repair leave it, which of its rows are sealed, and how many steps."""

    subject: Subject
    sealed: pl.Series | None
    steps: int


def _mended(
    workspace: Workspace, subject: Subject, version: ModelVersion | None, *, is_source: bool
) -> _Mended:
    """Return a table as it will be met: by a model that repairs rows, or by the spec's next run."""
    sealed = sealed_rows(subject.cells, subject.splits)
    repairs = () if version is None else _package(version, workspace).repairs
    rule = repair_rule(workspace.settings) if is_source and version is None else None
    if not repairs and rule is None:
        return _Mended(subject, sealed, 0)
    table = subject.cells.table(list(subject.cells.schema))
    if rule is None:
        cells = TableCells(Table(repair_cells(table.frame, repairs), table.row_ids))
        steps = sum(len(each.steps) for each in repairs)
        return _Mended(replace(subject, cells=cells), sealed, steps)
    left, hidden = repair_frame(table, rule, sealed)
    # Once rows are out, the others no longer stand where they stand in the file.
    ordered = subject.ordered and left.frame.height == table.frame.height
    mended = replace(subject, cells=TableCells(left), ordered=ordered)
    return _Mended(mended, hidden, len(rule.steps))


def _stated(workspace: Workspace, columns: Sequence[Column]) -> Contract:
    """Return what ``[contract]`` promises of some columns: it holds without a model too."""
    written = stated_lines(workspace.settings)
    lines = [read_line(key, text) for key, text in written]
    # Nothing is promised of a column but what its lines say, its kind among it: in a file that
    # was never trained on, a number that cannot be read makes a column of texts.
    unsaid = [
        FeatureContract(column.name, _meant(column, lines), True, None, None, None)
        for column in columns
        if column.name in {line.term.name for line in lines}
    ]
    return agree(Contract(tuple(unsaid), ()), Terms(written, None))


def _meant(column: Column, lines: Sequence[Line]) -> Kind:
    numbers = (Kind.INTEGER, Kind.FLOAT)
    for line in lines:
        if line.term == Term(None, column.name) and line.rule is not None:
            if isinstance(line.rule.bound, Choice) and line.rule.bound.texts:
                return Kind.STRING
            return column.kind if column.kind in numbers else Kind.FLOAT
    return column.kind


def subject_of(workspace: Workspace, what: str | None, contract: Contract | None = None) -> Subject:
    """Return the table that is named, with what is known of it: see :func:`check_data`."""
    settings = workspace.settings.section(DataSettings)
    if what is None:
        if settings.source is None:
            raise UsageError(
                "source-unnamed",
                "no table: what is to be looked through?",
                fix="give a file, a data id or a model: mlw check data FILE, or write "
                'source = "FILE" under [data]',
                looked=[
                    "the argument WHAT",
                    "MLWRIGHT_DATA_SOURCE",
                    "data.source in mlwright.toml",
                ],
            )
        place = absolute(settings.source, workspace.folder)
        return _file(workspace, settings.source, place, settings, contract)
    path = Path(what).expanduser()
    if noun_of(what) is not Noun.DATA and (path.exists() or is_table_name(what)):
        place = absolute(what, Path.cwd())
        return _file(workspace, what, place, reading_of(place, settings, workspace), contract)
    if noun_of(what) is Noun.DATA:
        return _stored(workspace, resolve(what, workspace.ledger), what=None)
    try:
        version = find(workspace.ledger, what, prefer_live=True)
    except NotFoundError as error:
        error.looked = (f"the file {path.absolute()}", *error.looked)
        raise
    return _stored(workspace, version.data, what=version)


def _file(
    workspace: Workspace,
    named: str,
    place: str,
    settings: DataSettings,
    contract: Contract | None,
) -> Subject:
    texts = [f.name for f in contract.features if f.kind is Kind.STRING] if contract else []
    looked = look(place, settings, texts=texts, outside=workspace.outside)
    target, splits = splits_of(workspace, looked.id)
    return Subject(
        what=named,
        data=looked.id,
        cells=TableCells(looked.table),
        readings=looked.readings,
        today=workspace.seam.now().date(),
        ordered=True,
        key=settings.key,
        target=target or workspace.settings.section(QuestionSettings).target,
        splits=splits,
        contract=None,
    )


def _stored(workspace: Workspace, data: str, *, what: ModelVersion | None) -> Subject:
    snapshot = snapshot_of(data, workspace)
    event = data_event(data, workspace.ledger)
    target, splits = splits_of(workspace, data)
    contract = None
    if what is not None:
        target = _package(what, workspace).task.target
        contract = held_to(what, workspace)
        splits = (*splits, step_output(what.run, "split", Split, workspace))
    return Subject(
        what=data if what is None else what.ref,
        data=data,
        cells=SnapshotCells(snapshot, workspace.store),
        readings=snapshot.readings,
        today=datetime.fromisoformat(event.time).date(),
        ordered=False,
        key=snapshot.key,
        target=target,
        splits=splits,
        contract=contract,
    )


def held_to(version: ModelVersion, workspace: Workspace) -> Contract:
    """Return what a version's endpoint judges: its inputs, and beside them stated lines."""
    package = _package(version, workspace)
    made = contract_version(version.name, package.contract, workspace)
    stated = () if made is None else [key for key, _ in made.stated]
    return within(package.contract, [each.name for each in package.signature.inputs], stated)


def _package(version: ModelVersion, workspace: Workspace) -> ModelPackage:
    return load(ModelPackage, workspace.store.get(version.package))
