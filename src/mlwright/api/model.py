"""A registered model version as a Python object."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlwright.core.errors import UsageError
from mlwright.registry.records import ModelVersion, RoleChange

if TYPE_CHECKING:
    from mlwright.api.project import Project
    from mlwright.evaluate.records import Evaluation
    from mlwright.govern.records import Proof, Why


class Model:
    """A handle on one version: predict with it, promote it, explain it, prove it."""

    def __init__(self, project: Project, version: ModelVersion) -> None:
        self.project = project
        self.version = version

    @property
    def ref(self) -> str:
        """``name@version``."""
        return self.version.ref

    @property
    def id(self) -> str:
        """The model's id, which depends on its content alone."""
        return self.version.model

    @property
    def evaluation(self) -> Evaluation:
        """What the model was judged to be worth, on rows it never saw."""
        from mlwright.core.records import load
        from mlwright.evaluate.records import Evaluation

        return load(Evaluation, self.project.workspace.store.get(self.version.evaluation))

    def predict(self, frame: Any) -> Any:
        """Return one row for each row of ``frame``, in order, as the same kind of frame.

        Parameters
        ----------
        frame
            A polars, pandas or pyarrow table with the model's input columns.

        Returns
        -------
        table
            ``value``, and for classes ``probability:<class>`` for each class.

        Raises
        ------
        DataError
            When a column is missing or holds what it cannot, or a cell breaks the contract and
            is to be refused. One that is to be clipped is, as at the endpoint.
        """
        from mlwright.flows.predict import open_guarded, score_any

        _, model = open_guarded(self.project.workspace, self.ref)
        return score_any(frame, model)

    def promote(self, to: str = "live", *, reason: str = "promoted from Python") -> RoleChange:
        """Make this version live.

        Raises
        ------
        GateError
            When one of its checks failed.
        UsageError
            ``role-unknown`` for any other role.
        """
        if to != "live":
            raise UsageError(
                "role-unknown",
                f"{to!r} is no role that a model can be promoted to",
                fix='promote("live"); the version that was live becomes previous',
                facts={"role": to},
            )
        return self.project.promote(self.ref, reason=reason)

    def why(self, row: object = None) -> Why:
        """Explain the model, back to rows, code, environment and people, or one row of its data.

        Parameters
        ----------
        row
            A row's key or id: which part of this model's split it was in, and what came of it.

        Raises
        ------
        NotFoundError
            ``row-unknown`` when the model's data holds no such row.
        """
        if row is None:
            return self.project.why(self.ref)
        from mlwright.flows.rows import why_row

        return why_row(str(row), self.project.workspace, of=self.version)

    def prove(self) -> Proof:
        """Train it again in a fresh process and compare."""
        return self.project.prove(self.ref)

    def report(self, out: str | Path | None = None) -> Path:
        """Write the report as one HTML file and return its path."""
        return self.project.write_report(self.version, Path(out) if out is not None else None)

    def _repr_html_(self) -> str:
        """Return the one-page card that a notebook shows in place of the model."""
        from mlwright.govern.notebook import card_html

        found = self.project.dossier(self.ref)
        return card_html(found.version, found.package, found.evaluation, found.verdicts)

    def __repr__(self) -> str:
        return f"<Model {self.ref} {self.id}>"
