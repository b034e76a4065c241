"""Which rows are worth a person's time: probably wrong, uncertain, and a random control."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from mlwright.data.labels.records import Choice, Origin, QueuedRow
from mlwright.data.records import Scalar
from mlwright.data.table import Table
from mlwright.stats.label_errors import LabelErrors, class_errors, value_errors

_Numbers = NDArray[np.float64]
_Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Foretold:
    """What is known of each row of a table: its label as a number, and a model's answers.

    ``labels`` are class numbers or values, NaN where there is none; ``answers`` rows x outputs,
    from models that did not see the row, NaN where it may not be judged.
    """

    labels: _Numbers
    answers: _Numbers
    classes: tuple[Scalar, ...]

    @property
    def labelled(self) -> _Places:
        """The places of the rows that have a label."""
        return np.flatnonzero(np.isfinite(self.labels))

    def suspects(self) -> tuple[_Places, LabelErrors]:
        """Return the places of the rows whose label can be judged, and how suspect each is."""
        known = np.isfinite(self.labels) & np.isfinite(self.answers).all(axis=1)
        places = np.flatnonzero(known)
        labels, answers = self.labels[places], self.answers[places]
        if self.classes:
            return places, class_errors(labels.astype(np.intp), answers)
        return places, value_errors(labels, answers[:, 0])

    def uncertain(self) -> tuple[_Places, _Numbers]:
        """Return the places of judged rows, the least certain first, and how uncertain each is.

        Of numbers none: one answer does not tell how sure it is.
        """
        places = np.flatnonzero(np.isfinite(self.answers).all(axis=1))
        if not self.classes:
            return places[:0], np.empty(0)
        best = np.sort(self.answers[places], axis=1)[:, ::-1]
        doubt = 1.0 - (best[:, 0] - best[:, 1])
        order = np.argsort(-doubt, kind="stable")
        return places[order], doubt[order]

    def expected(self, place: int) -> Scalar | None:
        """Return what the model says of a row, None where it may not be judged."""
        answers = self.answers[place]
        if not np.isfinite(answers).all():
            return None
        return self.classes[int(answers.argmax())] if self.classes else float(answers[0])


def choose(table: Table, target: str, foretold: Foretold, choice: Choice) -> tuple[QueuedRow, ...]:
    """Return the rows of a queue, in row-id order, so that their order tells nothing.

    The control is drawn evenly from every labelled row, those of the sealed test part too, so
    that its error rate is that of all labels.
    """
    asked = _places_of(table, choice.asked)
    taken = pick(foretold, choice, foretold.labelled, asked)
    return tuple(_queued(table, target, foretold, sorted(taken), taken))


def pick(
    foretold: Foretold, choice: Choice, drawn_from: _Places, asked: Collection[int]
) -> dict[int, tuple[Origin, float]]:
    """Return the places of a queue's rows, why each is there, and how suspect or uncertain it is.

    The control comes first. Then the rows whose labels are probably wrong, and the uncertain
    ones; none of these may be one that was ``asked`` about before, or that cannot be judged.
    """
    generator = np.random.Generator(np.random.PCG64(choice.seed))
    drawn = generator.permutation(drawn_from)[: _number(choice.size, choice.control)]
    taken = {int(place): (Origin.CONTROL, 0.0) for place in drawn}
    places, errors = foretold.suspects()
    suspect = [i for i in errors.order if errors.contradicted[i] or not foretold.classes]
    wrong = ((int(places[i]), float(errors.suspicion[i])) for i in suspect)
    limit = min(len(taken) + _number(choice.size, choice.wrong), choice.size)
    for place, worth in wrong:
        if len(taken) >= limit:
            break
        if place not in taken and place not in asked:
            taken[place] = (Origin.WRONG, worth)
    for place, worth in zip(*foretold.uncertain(), strict=True):
        if len(taken) >= choice.size or choice.uncertain == 0.0:
            break
        if int(place) not in taken and int(place) not in asked:
            taken[int(place)] = (Origin.UNCERTAIN, float(worth))
    return taken


def _number(size: int, share: float) -> int:
    return 0 if share == 0.0 else max(1, round(size * share))


def _places_of(table: Table, rows: Collection[str]) -> set[int]:
    wanted = set(rows)
    return {place for place, row in enumerate(table.row_ids) if row in wanted} if wanted else set()


def _queued(
    table: Table,
    target: str,
    foretold: Foretold,
    places: list[int],
    taken: dict[int, tuple[Origin, float]],
) -> list[QueuedRow]:
    labels = table.frame[target].gather(places).to_list()
    cells = table.frame.drop(target)[places].rows() if table.frame.width > 1 else [()] * len(places)
    return [
        QueuedRow(
            row=row,
            origin=taken[place][0],
            recorded=_scalar(label),
            expected=foretold.expected(place),
            worth=taken[place][1],
            cells=tuple(_scalar(cell) for cell in shown),
        )
        for place, row, label, shown in zip(
            places, table.row_ids.gather(places), labels, cells, strict=True
        )
    ]


def _scalar(cell: object) -> Scalar | None:
    if isinstance(cell, float) and cell != cell:
        return None
    return cell.isoformat() if isinstance(cell, date) else cell  # type: ignore[return-value]
