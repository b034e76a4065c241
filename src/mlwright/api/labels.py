"""Labels from Python: queues, answers, agreement, and the data versions they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mlwright.flows.workspace import Workspace

if TYPE_CHECKING:
    from mlwright.flows.labelling.applying import Applied
    from mlwright.flows.labelling.exchange import Imported
    from mlwright.flows.labelling.guidelines import GuidelineChange
    from mlwright.flows.labelling.records import (
        Agreement,
        Given,
        Guideline,
        QueueStanding,
        ShownRow,
    )
    from mlwright.flows.labelling.suspecting import Suspects


class Labels:
    """The label queues of a project; a queue is named ``queue/2`` or ``2``, None is the newest.

    Each method does what a command of `mlw label` does, and imports what it needs when called.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def make(
        self,
        what: str,
        *,
        size: int = 100,
        people: Sequence[str] = (),
        wanted: int | None = None,
        shares: Mapping[str, float] | None = None,
        seed: int | None = None,
        guideline: bytes | None = None,
        answered: bool = False,
    ) -> QueueStanding:
        """Choose rows for people: see :func:`mlwright.flows.labelling.queueing.make_queue`."""
        from mlwright.flows.labelling.queueing import make_queue

        return make_queue(
            self._workspace,
            what,
            size=size,
            people=people,
            wanted=wanted,
            shares=shares,
            seed=seed,
            guideline=guideline,
            answered=answered,
        )

    def queues(self) -> tuple[QueueStanding, ...]:
        """Return every label queue with its answers, newest first."""
        from mlwright.flows.labelling.standing import standings

        return standings(self._workspace)

    def queue(self, queue: str | None = None) -> QueueStanding:
        """Return a label queue with its answers; the newest by default."""
        from mlwright.flows.labelling.standing import standing

        return standing(queue, self._workspace)

    def next(self, queue: str | None = None, *, person: str | None = None) -> ShownRow:
        """Return the next row a person is to label, blind."""
        from mlwright.flows.labelling.answering import next_row

        return next_row(self._workspace, queue, person)

    def answer(
        self,
        queue: str | None,
        value: object,
        *,
        row: str | None = None,
        person: str | None = None,
        note: str = "",
    ) -> tuple[Given, ShownRow]:
        """Record a person's answer, None to skip; return it and the row that follows."""
        from mlwright.flows.labelling.answering import answer

        return answer(self._workspace, queue, value, row=row, person=person, note=note)

    def agree(
        self, queue: str | None = None, *, level: str | None = None, seed: int = 0
    ) -> Agreement:
        """Tell how far the annotators of a queue agree."""
        from mlwright.flows.labelling.agreeing import agree

        return agree(self._workspace, queue, level=level, seed=seed)

    def adjudicate(
        self,
        queue: str | None,
        row: str,
        value: object,
        *,
        reason: str,
        person: str | None = None,
    ) -> Given:
        """Record a third person's decision on a row whose answers differ."""
        from mlwright.flows.labelling.agreeing import adjudicate

        return adjudicate(self._workspace, queue, row, value, reason=reason, person=person)

    def apply(self, queue: str | None = None, *, onto: str | None = None) -> Applied:
        """Write the settled labels of a queue into a new data version, its own or ``onto``."""
        from mlwright.flows.labelling.applying import apply_labels

        return apply_labels(self._workspace, queue, onto)

    def guideline(self, queue: str | None = None) -> tuple[tuple[Guideline, ...], str | None]:
        """Return every version of a queue's guideline, and the text that is followed now."""
        from mlwright.flows.labelling.guidelines import guidelines_of

        return guidelines_of(self._workspace, queue)

    def change_guideline(self, queue: str | None, text: bytes) -> GuidelineChange:
        """Make a text what annotators go by; tells the answers given under another."""
        from mlwright.flows.labelling.guidelines import change_guideline

        return change_guideline(self._workspace, queue, text)

    def errors(self, what: str, *, against: str | None = None, most: int | None = None) -> Suspects:
        """Name the labels that are probably wrong, and slices whose label rate moved."""
        from mlwright.flows.labelling.suspecting import suspects

        return suspects(self._workspace, what, against=against, most=most)

    def export_tasks(
        self, queue: str | None = None, *, answers: bool = True, model: bool = False
    ) -> list[dict[str, object]]:
        """Return a queue as Label Studio tasks."""
        from mlwright.flows.labelling.exchange import export_tasks

        return export_tasks(self._workspace, queue, answers=answers, model=model)

    def import_tasks(self, queue: str | None, content: bytes) -> Imported:
        """Record the annotations of a Label Studio export as answers."""
        from mlwright.flows.labelling.exchange import import_tasks

        return import_tasks(self._workspace, queue, content)
