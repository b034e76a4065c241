"""A model package opened: one row, several rows or a table in, answers out.

Opening and scoring rows imports no table, training or database library: that is what a serving
process does. A table brings its own library along.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from mlwright.core.digest import Digest
from mlwright.core.errors import BrokenError
from mlwright.core.ids import Noun, content_id
from mlwright.core.records import load as load_record
from mlwright.data.records import Scalar
from mlwright.scoring.artefact import answers_digest, artefact_digest
from mlwright.scoring.cast import ignored
from mlwright.scoring.native.open import open_native
from mlwright.scoring.native.protocol import Matrix, Native
from mlwright.scoring.plan import Answer, Plan, compile_plan
from mlwright.scoring.records import ModelPackage, Probe
from mlwright.stats.decisions import decided, decided_row
from mlwright.store.protocol import Store
from mlwright.train.records import TaskKind

if TYPE_CHECKING:
    import polars as pl

    from mlwright.scoring.own.apart import StepsApart


class Scorer:
    """A model ready to answer; safe to share between threads.

    ``predict_row`` takes one mapping of column to value, ``predict_rows`` a sequence of them;
    ``predict_columns`` a mapping of column to cells and the number of rows. All cast strictly
    (:mod:`mlwright.scoring.cast`) and give the bits ``predict_frame`` gives. ``prepare_columns``
    and ``predict_features`` are the two halves of ``predict_columns``. ``steps`` are those of the
    user's own that make some of its columns, None where there are none.
    """

    def __init__(
        self,
        package: ModelPackage,
        plan: Plan,
        store: Store,
        native: Native,
        steps: StepsApart | None = None,
    ) -> None:
        self.package = package
        self.native = native
        self.steps = steps
        self.predict_row = plan.row
        self.predict_rows = plan.rows
        self.predict_columns = plan.columns
        self.prepare_columns = plan.prepare
        self.predict_features = plan.answer
        self._table = plan.table
        self._store = store
        self._classes = package.task.classes
        self._costs = package.task.costs
        self._nearest = package.task.kind is TaskKind.CLUSTERING

    def predict_frame(self, frame: pl.DataFrame) -> Matrix:
        """Return rows x outputs for a table, cast strictly to the signature."""
        from mlwright.scoring.frames import cast_frame

        return self._table(cast_frame(frame, self.package.signature.inputs))

    def decide(self, answers: Matrix) -> list[Scalar]:
        """Return each row's class in its own type, or its number.

        Of two classes the positive one needs more than 0.5; the lower of equals wins. Where
        mistakes have costs it is the class that costs least to expect. Of clusters it is the
        nearest.
        """
        if not self._classes:
            return [float(value) for value in answers[:, 0]]
        if self._nearest:
            return [self._classes[place] for place in np.argmin(answers, axis=1)]
        return [self._classes[place] for place in decided(answers, self._costs)]

    def decide_row(self, answer: Answer) -> Scalar:
        """Return one row's class in its own type, or its number."""
        if not self._classes:
            return answer[0]
        if self._nearest:
            return self._classes[answer.index(min(answer))]
        return self._classes[decided_row(answer, self._costs)]

    def ignored(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return which of the columns given the model does not read, for telling."""
        return ignored(names, self.package.signature.inputs)

    def probe_rows(self) -> tuple[Mapping[str, object], ...]:
        """Return the frozen probe rows, verified as they are read."""
        probe = load_record(Probe, self._store.get(self.package.probe))
        names = [column.name for column in probe.inputs]
        return tuple(dict(zip(names, row, strict=True)) for row in probe.rows)

    def probe_answers(self) -> Digest:
        """Answer the probe rows again and return the digest, to hold against the package's."""
        answers = [self.predict_row(row) for row in self.probe_rows()]
        width = len(self.package.signature.outputs)
        return answers_digest(np.array(answers, dtype=np.float64).reshape(-1, width))


def load(package: ModelPackage, store: Store, *, alone: bool = False) -> Scorer:
    """Return the scorer of a package whose parts are in a store.

    Raises
    ------
    BrokenError
        ``package-broken`` when the package is not what its id names; what the store raises for a
        missing or corrupt predictor; ``predictor-broken`` for one that does not fit.
    """
    artefact = artefact_digest(
        package.task,
        package.signature,
        package.contract,
        package.preparation,
        package.configuration.algorithm,
        package.predictor,
        package.repairs,
        package.own,
    )
    if (package.artefact, package.id) != (artefact, content_id(Noun.MODEL, artefact)):
        raise BrokenError(
            "package-broken",
            f"the parts of the model {package.id} make another model: {artefact}",
            fix="mlw doctor says what else is damaged; build the model again: mlw run",
            facts={"model": package.id, "recorded": package.artefact, "found": artefact},
        )
    native = native_of(package, store.get(package.predictor))
    plan = compile_plan(package.preparation, native)
    if package.own is None:
        return Scorer(package, plan, store, native)
    from mlwright.scoring.own.apart import shared_steps, steps_of
    from mlwright.scoring.own.compiled import behind

    steps = steps_of(package.own) if alone else shared_steps(package.own)
    plan = behind(plan, package.own, steps, package.signature)
    return Scorer(package, plan, store, native, steps)


def native_of(package: ModelPackage, content: bytes) -> Native:
    """Return the predictor of a package, from its stored content."""
    return open_native(
        package.configuration.algorithm,
        content,
        features=len(package.preparation.outputs),
        outputs=len(package.signature.outputs),
    )
