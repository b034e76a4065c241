"""A project: the handle everything else is reached from."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from mlwright.api.opening import DEFAULT_SEAM, init_folder, locate, open_workspace
from mlwright.core.seam import Seam
from mlwright.core.settings import STATE_FOLDER
from mlwright.flows.workspace import Workspace

if TYPE_CHECKING:
    from mlwright.api.labels import Labels
    from mlwright.data.repair.records import Quarantined, Repaired
    from mlwright.flows.build import Listener
    from mlwright.flows.bundling import Bundled
    from mlwright.flows.checking import DataCheck
    from mlwright.flows.contract_text import ContractText
    from mlwright.flows.differences import Differences
    from mlwright.flows.dossier import Dossier, PastProof
    from mlwright.flows.evaluating import Evaluated
    from mlwright.flows.examining import Finding
    from mlwright.flows.exporting import HandedOut
    from mlwright.flows.ingesting import Added
    from mlwright.flows.joining import JoinMade
    from mlwright.flows.listing import Page, Row
    from mlwright.flows.mending import Mending, Undone
    from mlwright.flows.predict import Scored
    from mlwright.flows.records import Build
    from mlwright.flows.run_sheet import RunSheet
    from mlwright.flows.serving import ServeListener
    from mlwright.flows.showing import Shown
    from mlwright.flows.step_logs import StepLog
    from mlwright.flows.taking_out import CodeOut, EnvironmentOut
    from mlwright.govern.records import Proof, Why
    from mlwright.registry.records import ModelVersion, RoleChange
    from mlwright.registry.standing import Standing
    from mlwright.run.points import Series
    from mlwright.serve.lookup import Tell
    from mlwright.train.progress import Progress


def _opened(folder: Path) -> Workspace:
    document = locate(folder.expanduser(), Path.cwd(), create=False)
    return open_workspace(document, create=False, flags={}, environ=os.environ, seam=DEFAULT_SEAM)


class Project:
    """An opened project; use it as a context manager, so that its log is checkpointed and closed.

    Each method does what the command of the same name does, and imports what it needs when it
    is called. ``Project(".")`` opens the project in a folder that is there; :meth:`open` looks
    upwards for one, and can make one.
    """

    def __init__(self, workspace: Workspace | str | Path = ".", *, made: bool = False) -> None:
        if not isinstance(workspace, Workspace):
            workspace = _opened(Path(workspace))
        self.workspace = workspace
        self.folder = workspace.folder
        self.made = made
        self._size = workspace.ledger.size

    @classmethod
    def open(
        cls,
        folder: str | Path | None = None,
        *,
        create: bool = False,
        needed: bool = True,
        flags: Mapping[str, object] | None = None,
        environ: Mapping[str, str] | None = None,
        start: Path | None = None,
        seam: Seam = DEFAULT_SEAM,
    ) -> Project:
        """Open the project in ``folder``, else the nearest one upwards from ``start``.

        Parameters
        ----------
        create
            Make a project in ``folder`` (or ``start``) when there is none.
        needed
            Without it an empty project that is kept nowhere stands in where there is none.
        flags
            Settings that win over environment and spec, by ``section.key``.
        environ
            Variables that hold settings, and addresses that sources name as ``env:NAME``;
            without it none holds a setting, and addresses are those of this process.

        Raises
        ------
        NotFoundError
            ``project-unknown``, naming every folder looked in.
        """
        folder = None if folder is None else Path(folder)
        document = locate(folder, start or Path.cwd(), create=create, needed=needed)
        made = create and not (document.folder / STATE_FOLDER).is_dir()
        workspace = open_workspace(
            document,
            create=create,
            flags=flags or {},
            environ=environ or {},
            seam=seam,
            references=os.environ if environ is None else environ,
        )
        return cls(workspace, made=made)

    @classmethod
    def init(
        cls, folder: Path, *, source: str | None, target: str | None, name: str | None
    ) -> Project:
        """Make a project in ``folder`` with a spec to edit."""
        init_folder(folder, source=source, target=target, name=name)
        return cls.open(folder, create=True)

    def __enter__(self) -> Project:
        """Return the project itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Checkpoint what was written and close."""
        self.close()

    def close(self) -> None:
        """Checkpoint the log when it grew, and close it."""
        ledger = self.workspace.ledger
        if ledger.size > self._size:
            ledger.checkpoint()
        ledger.close()

    @property
    def name(self) -> str:
        """What the project is called: by its settings, else by its folder."""
        from mlwright.registry.settings import ProjectSettings

        return self.workspace.settings.section(ProjectSettings).name or self.folder.name

    def build(
        self,
        *,
        listener: Listener,
        progress: Progress,
        rules: Sequence[str] = (),
        plan: str | None = None,
        replan: bool = False,
        new_contract: bool = False,
    ) -> Build:
        """Run the spec's job: see :func:`mlwright.flows.build.build`."""
        from mlwright.flows.build import build

        return build(
            self.workspace,
            rules=rules,
            plan_from=plan,
            replan=replan,
            new_contract=new_contract,
            listener=listener,
            progress=progress,
            command="run",
        )

    def add(
        self, source: object | None = None, *, key: str | None = None, append: str | None = None
    ) -> Added:
        """Read a table into a data version: see :func:`mlwright.flows.ingesting.add`.

        Parameters
        ----------
        source
            A file, a folder, an address, or a polars, pandas or Arrow table; by default the
            spec's ``data.source``.
        key
            The column that names a row; by default the spec's ``data.key``.
        append
            A data version, a model or a source whose rows the table's are added to.
        """
        from dataclasses import replace

        from mlwright.api.given import given
        from mlwright.data.settings import DataSettings
        from mlwright.data.sources.address import absolute, is_table_name
        from mlwright.flows.ingesting import add

        settings = self.workspace.settings.section(DataSettings)
        workspace = self.workspace
        if source is not None:
            name, frame = given(source, Path.cwd())
            settings = replace(settings, source=name)
            workspace = replace(workspace, frame=frame)
        if key is not None:
            settings = replace(settings, key=key)
        if append is not None and is_table_name(append):
            append = absolute(append, Path.cwd())
        return add(workspace, settings, to=append)

    def find(self, ref: str) -> ModelVersion:
        """Return the model version behind a name, ``name@version`` or id."""
        from mlwright.registry.versions import find

        return find(self.workspace.ledger, ref)

    def why(self, ref: str) -> Why:
        """Explain any id, model, step or row; of a prediction it is a ``Passport``."""
        from mlwright.flows.investigating import why

        return why(ref, self.workspace)

    def prove(self, ref: str, *, checkpoint: Path | None = None) -> Proof:
        """Do a model, run, data version or the audit log again and compare."""
        from mlwright.flows.proving import prove

        return prove(ref, self.workspace, checkpoint=checkpoint)

    def at(self, moment: str, name: str) -> Standing:
        """Tell who was live at a date (its end, UTC) or time."""
        from mlwright.core.moments import moment_of
        from mlwright.registry.standing import standing

        then = moment_of(moment, now=self.workspace.seam.now())
        return standing(self.workspace.ledger, name, then)

    def promote(self, ref: str, *, reason: str) -> RoleChange:
        """Make a version live."""
        from mlwright.flows.promoting import promote

        return promote(self.workspace, self.find(ref), reason=reason)

    def rollback(self, name: str, *, reason: str) -> RoleChange:
        """Make the version live that was live before."""
        from mlwright.flows.promoting import rollback

        return rollback(self.workspace, name, reason=reason)

    def roles(self, name: str) -> dict[str, str | None]:
        """Return which version holds each role of an endpoint."""
        return {row.role: row.ref for row in self.workspace.ledger.roles(name)}

    def role_changes(self, name: str) -> tuple[RoleChange, ...]:
        """Return every move of an endpoint's roles, oldest first."""
        from mlwright.registry.roles import changes

        return changes(self.workspace.ledger, name)

    def live(self, ref: str) -> str | None:
        """Return the version that is live where ``ref`` would be promoted."""
        return self.roles(self.find(ref).name).get("live")

    def serve(
        self,
        *,
        names: Sequence[str] = (),
        pages: bool = True,
        listener: ServeListener,
        environ: Mapping[str, str],
    ) -> int:
        """Answer over HTTP until asked to end: see :func:`mlwright.flows.serving.serve`."""
        from mlwright.flows.serving import serve

        return serve(
            self.workspace, names=names, with_pages=pages, listener=listener, environ=environ
        )

    def require_servable(self) -> None:
        """Refuse now what serving would refuse after a long run: a taken port, another server."""
        from mlwright.flows.serving import require_servable

        require_servable(self.workspace)

    def check_data(
        self,
        what: str | None = None,
        *,
        against: str | None = None,
        target: str | None = None,
        rules: Sequence[str] = (),
        most: int | None = None,
        out: Path | None = None,
    ) -> DataCheck:
        """Look a table through for faults: see :func:`mlwright.flows.checking.check_data`."""
        from mlwright.flows.checking import check_data

        return check_data(
            self.workspace,
            what,
            against=against,
            target=target,
            rules=rules,
            most=most,
            out=out,
        )

    def join_data(
        self,
        left: str,
        right: str,
        *,
        by: Sequence[str],
        time: str,
        event: str | None = None,
        known: str | None = None,
        known_after: str | None = None,
        within: str | None = None,
        columns: Sequence[str] = (),
        name: str | None = None,
        key: str | None = None,
        right_key: str | None = None,
    ) -> JoinMade:
        """Join two tables as of each row's moment: see :func:`mlwright.flows.joining.join_data`."""
        from mlwright.flows.joining import WITHIN, join_data

        return join_data(
            self.workspace,
            left,
            right,
            by=by,
            time=time,
            event=event,
            known=known,
            known_after=known_after,
            within=within or WITHIN,
            columns=columns,
            name=name,
            key=key,
            right_key=right_key,
        )

    def predict_file(self, ref: str, file: Path | str, out: Path | None) -> Scored:
        """Score every row of a file."""
        from mlwright.flows.predict import predict_file

        return predict_file(self.workspace, ref, file, out)

    def listing(self, noun: str, limit: int) -> Sequence[Row]:
        """Return the newest things of a noun."""
        from mlwright.flows.listing import listing

        return listing(noun, self.workspace.ledger, limit)

    def runs(
        self, *, where: str | None = None, sort: str | None = None, limit: int = 100
    ) -> Sequence[Row]:
        """Return runs as ``mlw ls runs --where … --sort …`` lists them, as rows."""
        return self.runs_page(where=where, sort=sort, limit=limit, cursor=None).rows

    def runs_page(
        self, *, where: str | None, sort: str | None, limit: int, cursor: str | None
    ) -> Page:
        """Return one page of runs that meet a condition, in an order."""
        from mlwright.flows.listing import runs_page

        ledger = self.workspace.ledger
        return runs_page(ledger, where=where, sort=sort, limit=limit, cursor=cursor)

    def run_sheet(self, ref: str) -> RunSheet:
        """Return everything known of one run."""
        from mlwright.flows.run_sheet import run_sheet

        return run_sheet(ref, self.workspace)

    def points(self, run: str, metrics: Sequence[str] | None = None) -> dict[str, Series]:
        """Return what was logged of a run's metrics, of all or of those named, each by step.

        A ``Series`` has ``steps``, ``times`` (microseconds since 1970) and ``values``.
        """
        from mlwright.flows.tracking import run_points

        return run_points(self.workspace, run, metrics)

    def kept(self, run: str, name: str) -> bytes:
        """Return the bytes of something a run kept."""
        from mlwright.flows.tracking import run_file

        return run_file(self.workspace, run, name)[1]

    def predictions(
        self, limit: int, *, tell: Tell | None = None, **wanted: str | None
    ) -> Sequence[Row]:
        """Return the newest recorded predictions: see ``mlw ls predictions`` for what to name.

        ``wanted`` may name ``since``, ``until``, ``endpoint``, ``ref`` and ``flag``. ``tell``
        hears of damaged segments, which are left out; without it they are an error.
        """
        from mlwright.flows.recording import list_predictions, wanted_predictions

        chosen = wanted_predictions(self.workspace, **wanted)
        return list_predictions(self.workspace, chosen, limit, tell)

    def export_predictions(
        self,
        out: Path,
        limit: int | None = None,
        *,
        tell: Tell | None = None,
        **wanted: str | None,
    ) -> int:
        """Write recorded predictions to a Parquet file, newest first; return how many.

        ``tell`` hears of damaged segments, which are left out; without it they are an error.
        """
        from mlwright.flows.recording import export_predictions, wanted_predictions

        chosen = wanted_predictions(self.workspace, **wanted)
        return export_predictions(self.workspace, chosen, out, limit, tell)

    def page(self, noun: str, *, limit: int, cursor: str | None) -> Page:
        """Return one page of a noun's list, and where the next begins."""
        from mlwright.flows.paging import page

        return page(noun, self.workspace, limit=limit, cursor=cursor)

    def evaluate(
        self,
        ref: str,
        *,
        listener: Listener,
        progress: Progress,
        rules: Sequence[str] = (),
        only: Sequence[str] = (),
    ) -> Evaluated:
        """Look further into a model: see :func:`mlwright.flows.evaluating.evaluate`."""
        from mlwright.flows.evaluating import evaluate

        return evaluate(
            self.workspace, ref, rules=rules, only=only, listener=listener, progress=progress
        )

    def dossier(self, ref: str) -> Dossier:
        """Return everything known of one model version."""
        from mlwright.flows.dossier import dossier

        return dossier(ref, self.workspace)

    def proofs(self, identifier: str) -> tuple[PastProof, ...]:
        """Return the recorded proofs of an id, newest first."""
        from mlwright.flows.dossier import past_proofs

        return past_proofs(identifier, self.workspace)

    def show(self, ref: str, *, decisions: bool = False) -> Shown:
        """Show one thing whole."""
        from mlwright.flows.showing import show

        return show(ref, self.workspace, decisions=decisions)

    def contract(self, ref: str | None = None) -> ContractText:
        """Return the contract of a model or a data version, as TOML and as records."""
        from mlwright.flows.contract_text import contract_text

        return contract_text(ref, self.workspace)

    def logs(self, run: str) -> tuple[StepLog, ...]:
        """Return what the steps of a run printed."""
        from mlwright.flows.step_logs import step_logs

        return step_logs(run, self.workspace)

    def diff(self, first: str, second: str, *, rows: Path | None = None) -> Differences:
        """Compare two data versions, two runs or two models.

        ``rows`` is a CSV or Parquet file for the ids of the rows two data versions do not share.
        """
        from mlwright.flows.differences import diff

        return diff(first, second, self.workspace, rows=rows)

    def propose_steps(self, what: str | None = None, *, target: str | None = None) -> Mending:
        """Tell which steps would mend a table: see :func:`mlwright.flows.mending.propose_steps`."""
        from mlwright.flows.mending import propose_steps

        return propose_steps(self.workspace, what, target=target)

    def write_steps(self, steps: Sequence[str]) -> Path:
        """Add steps to ``[data] repair`` in the spec; every other character of it stays."""
        from mlwright.flows.mending import write_steps

        return write_steps(self.workspace, steps)

    def repair(self, what: str | None = None) -> Repaired:
        """Carry the spec's steps out: see :func:`mlwright.flows.mending.repair_data`."""
        from mlwright.flows.mending import repair_data

        return repair_data(self.workspace, what)

    def undo_repair(self, what: str) -> Undone:
        """Undo a repair: see :func:`mlwright.flows.mending.undo_repair`."""
        from mlwright.flows.mending import undo_repair

        return undo_repair(self.workspace, what)

    def quarantine(
        self, what: str | None = None, *, most: int | None = None, out: Path | None = None
    ) -> tuple[str, tuple[Quarantined, ...]]:
        """Return the rows a repair took out of training, by default the newest repair."""
        from mlwright.flows.mending import quarantine

        return quarantine(self.workspace, what, most=most, out=out)

    def export_data(self, ref: str, out: Path) -> HandedOut:
        """Write a data version, or the one a model was trained on, in row-id order.

        ``out`` ends in ``.parquet`` or ``.csv``, or is a new folder for a Delta table.
        """
        from mlwright.flows.exporting import export_data

        return export_data(ref, out, self.workspace)

    def export_code(self, ref: str, folder: Path) -> CodeOut:
        """Write the code of a run, or of the run that made a model, into an empty folder."""
        from mlwright.flows.taking_out import export_code

        return export_code(ref, folder, self.workspace)

    def export_environment(self, ref: str, folder: Path) -> EnvironmentOut:
        """Build the environment of a run, or of the run that made a model, again in a folder."""
        from mlwright.flows.taking_out import export_environment

        return export_environment(ref, folder, self.workspace)

    def examine(self, *, rebuild: bool = False) -> tuple[Finding, ...]:
        """Tell whether everything that can be verified is well."""
        from mlwright.flows.examining import examine

        return examine(self.workspace, rebuild=rebuild)

    def report_html(self, version: ModelVersion) -> str:
        """Return a model's report as one HTML document."""
        from mlwright.flows.reporting import report_html

        return report_html(self.workspace, version)

    def write_report(self, version: ModelVersion, out: Path | None = None) -> Path:
        """Write a model's report as one HTML file and return its path."""
        from mlwright.flows.reporting import write_report

        return write_report(self.workspace, version, out)

    def write_rows(self, ref: str, out: Path) -> int:
        """Write the id and part of every row behind a model or run; return how many."""
        from mlwright.flows.reporting import write_rows

        return write_rows(self.workspace, ref, out)

    @property
    def labels(self) -> Labels:
        """What people are asked about rows, and what they answered."""
        from mlwright.api.labels import Labels

        return Labels(self.workspace)

    def bundle(
        self,
        ref: str,
        *,
        out: Path | None = None,
        data: bool = True,
        wheels: bool = False,
        checkpoint: Path | None = None,
    ) -> Bundled:
        """Write a model and all it rests on into one file that is proved elsewhere.

        Parameters
        ----------
        out
            The file; by default ``NAME@VERSION.mlw`` in the current folder.
        data
            False leaves out the rows.
        wheels
            Take the wheels of the environment along.
        checkpoint
            One that the receiver keeps, for the log as it was then.
        """
        from mlwright.flows.bundling import bundle, read_checkpoint

        note = None if checkpoint is None else read_checkpoint(checkpoint)
        return bundle(ref, self.workspace, out=out, data=data, wheels=wheels, checkpoint=note)

    def checkpoint(self) -> str:
        """Return the signed checkpoint of the log as it is now."""
        return self.workspace.ledger.checkpoint()

    def public_key(self) -> str:
        """Return the key that checkpoints are verified with, as one line."""
        return self.workspace.ledger.public_key()
