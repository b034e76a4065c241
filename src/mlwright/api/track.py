"""Log from your own code: `with mw.track("tuning") as t: t.log(loss=0.3)`, and find it again."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from mlwright.api.project import Project
from mlwright.core.errors import MlwrightError, UsageError
from mlwright.flows.tracking import begin_run, search_runs, writer_of
from mlwright.ledger.questions import RunRow
from mlwright.run.points import step_of
from mlwright.run.tracking.begin import end
from mlwright.run.tracking.content import Content, contents, image
from mlwright.run.tracking.events import kept_event, noted_event
from mlwright.run.tracking.values import file_name, params_of, tags_of, text_of


class Track:
    """A run that is logged to; use it in a ``with`` block, which ends it.

    What :meth:`flush` and the end of the block returned for is on disk and survives ``kill -9``
    and a loss of power, and so is everything but metrics as soon as the call returns. Metrics
    become durable within a second, or a thousand points, whichever comes first.

    Several threads may log to it. A child process may too, whether it was forked or handed the
    object: it logs to the same run, and only the process that began the run ends it.
    """

    def __init__(self, project: Project, run: str, *, owner: bool) -> None:
        self._project = project
        self._writer = writer_of(project.workspace, run)
        self._process = os.getpid() if owner else None
        self._ended = False
        self.id = run

    def __enter__(self) -> Track:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the run: as finished, or as failed or interrupted by what was raised."""
        if error is None:
            self.finish()
            return
        try:
            self._end(error)
        except MlwrightError as other:
            error.add_note(f"and how the run {self.id} ended could not be recorded: {other}")

    def __repr__(self) -> str:
        return f"<Track {self.id}{', ended' if self._ended else ''}>"

    def __reduce__(self) -> tuple[object, ...]:
        """Log to the same run in another process."""
        return _again, (str(self._project.folder), self.id)

    def log(
        self,
        values: Mapping[str, float] | None = None,
        /,
        *,
        step: int | None = None,
        **more: float,
    ) -> None:
        """Log metrics: ``t.log(loss=0.3, step=1)`` or ``t.log({"val loss": 0.3}, step=1)``.

        NaN and infinities are kept as they are.

        Parameters
        ----------
        step
            How far the work is, a whole number; without it each value is its metric's next.

        Raises
        ------
        UsageError
            ``metric-name``, ``metric-value``, ``metric-step`` or ``run-ended``.
        """
        if self._ended:
            raise self._over()
        self._writer.log({**values, **more} if values else more, step)

    def params(self, values: object = None, /, **more: object) -> None:
        """Say parameters beside those the run began with: a mapping, a dataclass, or by name."""
        told = {**({} if values is None else params_of(values)), **params_of(more)}
        self._note({"params": told})

    def tag(self, values: Mapping[str, object] | None = None, /, **more: object) -> None:
        """Set tags, which may change while parameters stay; None takes one away."""
        self._note({"tags": tags_of({**(values or {}), **more})})

    def note(self, text: str) -> None:
        """Write a note. It stays in the log for good: write nothing personal."""
        self._note({"note": text_of(text, "note")})

    def artefact(self, value: object, name: str | None = None, *, step: int | None = None) -> None:
        """Keep a file, a folder's files, or a value as a file.

        Parameters
        ----------
        value
            A path; or a table (kept as Parquet), a matplotlib figure (SVG), a Pillow image (PNG),
            bytes, a numpy array, or plain values and records (JSON).
        name
            What to keep it under, with slashes as in a path; by default a file's own name. The
            same name again keeps both, and shows the newest.

        Raises
        ------
        UsageError
            ``artefact-missing``, ``artefact-form``, ``artefact-large``, ``artefact-name``.
        """
        for each in contents(value, None if name is None else file_name(name)):
            self._keep(each, step)

    def image(self, value: object, name: str, *, step: int | None = None) -> None:
        """Keep a picture, which the run's page shows.

        Parameters
        ----------
        value
            PNG, JPEG, GIF, WebP or SVG bytes, a file of them, an array of rows x columns (x 3 or 4
            colours), a Pillow image or a matplotlib figure.

        Raises
        ------
        UsageError
            ``image-form``
        """
        self._keep(image(value, file_name(name)), step)

    def flush(self) -> None:
        """Make everything logged so far durable before returning."""
        if not self._ended:
            self._writer.flush()

    def finish(self) -> None:
        """End the run as finished; the end of a ``with`` block does."""
        self._end(None)

    def _end(self, error: BaseException | None) -> None:
        if self._ended:
            return
        if self._process != os.getpid():
            self._writer.flush()  # who began the run ends it
            if self._process is None:
                self._ended = True
                self._project.close()
            return
        end(self._writer, self._project.workspace.ledger, error)
        self._ended = True
        self._project.close()

    def _note(self, facts: Mapping[str, object]) -> None:
        if self._ended:
            raise self._over()
        self._writer.record(noted_event(self.id, facts))

    def _keep(self, each: Content, step: int | None) -> None:
        if self._ended:
            raise self._over()
        event = kept_event(
            self.id,
            name=file_name(each.name),
            media=each.media,
            size=len(each.content),
            digest=self._project.workspace.store.put(each.content),
            step=None if step is None else step_of(step),
        )
        self._writer.record(event)

    def _over(self) -> UsageError:
        return UsageError(
            "run-ended",
            f"the run {self.id} ended: nothing is added to it",
            fix="log inside the with block, or begin another run: mw.track(name)",
            facts={"run": self.id},
        )


def track(
    name: str | None = None,
    *,
    params: object = None,
    tags: Mapping[str, object] | None = None,
    note: str | None = None,
    uses: Sequence[str] = (),
    run: str | None = None,
    project: str | Path | None = None,
) -> Track:
    """Begin a run that your own code logs to.

    Parameters
    ----------
    name
        What people call it; several runs may share a name.
    params
        What it is done with: a mapping (what lies within is named with dots), a dataclass, or what
        argparse returns.
    tags
        What to find it by.
    uses
        The ids of what it is made from, such as ``d_…``.
    run
        The id of an open run to log to as well, begun by another process; it is not ended here.
    project
        The project's folder; by default the nearest one upwards, else one is made here.

    Raises
    ------
    MlwrightError
        With a stable ``code``; ``fix`` says what to do.
    """
    opened = Project.open(
        None if project is None else Path(project), create=run is None, environ=os.environ
    )
    try:
        if run is not None:
            given = {"name": name, "params": params, "tags": tags, "note": note, "uses": uses}
            if any(given.values()):
                raise UsageError(
                    "track-again",
                    "a run that was begun before keeps its name, parameters and tags",
                    fix="mw.track(run=…) alone, then t.params(…), t.tag(…) or t.note(…)",
                    facts={"given": [key for key, value in given.items() if value]},
                )
            return Track(opened, writer_of(opened.workspace, run).run, owner=False)
        begun = begin_run(
            opened.workspace,
            name=name,
            params=params,
            tags=tags or {},
            note=note,
            uses=uses,
            folder=Path(),
        )
        return Track(opened, begun, owner=True)
    except BaseException:
        opened.close()
        raise


def runs(
    where: str | None = None,
    *,
    sort: str | None = None,
    limit: int = 100,
    project: str | Path | None = None,
) -> list[RunRow]:
    """Return runs, newest first: ``mw.runs("metrics.auc > 0.8 and params.depth = 5")``.

    Parameters
    ----------
    where
        What must hold of ``metrics.NAME`` (its last value; also ``.min``, ``.max``, ``.count``,
        ``.step``), ``params.NAME``, ``tags.NAME``, ``name``, ``status``, ``started``, ``by`` and so
        on, with ``and``, ``or``, ``not``, ``in (…)`` and ``~`` for a text contained.
    sort
        A field, with ``-`` before it the largest first; several with commas between.
    limit
        How many at most.

    Raises
    ------
    UsageError
        ``where-syntax``, pointing at the mistake.
    """
    with Project.open(None if project is None else Path(project), environ=os.environ) as opened:
        found = search_runs(opened.workspace.ledger, where=where, sort=sort, limit=limit)
        return list(found or ())


def _again(folder: str, run: str) -> Track:
    return track(run=run, project=folder)
