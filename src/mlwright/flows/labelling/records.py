"""What labelling hands to the handles: where a queue stands, what was answered, who agrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlwright.core.digest import Digest
from mlwright.data.labels.records import Origin, Queue
from mlwright.data.records import Scalar, Split
from mlwright.stats.records import Interval
from mlwright.train.records import Configuration, Plan, Task


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rows of a table are answered with, without any model that saw them.

    Rows of the sealed test part of any of ``splits`` are neither fitted nor answered.
    """

    splits: tuple[Split, ...]
    task: Task
    plan: Plan
    drop: tuple[str, ...]
    configuration: Configuration
    folds: int


@dataclass(frozen=True, slots=True)
class Given:
    """One answer as the log knows it: who said it of which row, when, under which guideline.

    ``person`` is who answered; ``claimed`` that this was said by the actor and not known of them.
    ``answer`` is the object that holds what was said. ``imported`` names the file it came in.
    """

    label: str
    queue: str
    row: str
    person: str
    actor: str
    claimed: bool
    time: str
    event: str
    guideline: Digest | None
    answer: Digest
    skipped: bool
    imported: Digest | None


@dataclass(frozen=True, slots=True)
class Guideline:
    """A version of what annotators go by; ``text`` is None where a queue began without one."""

    text: Digest | None
    time: str
    actor: str
    event: str


@dataclass(frozen=True, slots=True)
class QueueStanding:
    """A queue and everything that was answered in it, from the log alone.

    ``people`` may answer, anybody where there are none; a row is complete once ``wanted`` people
    have answered it. ``made`` is the event that made it, ``run`` the run. ``answers`` are by row,
    oldest first; of ``adjudications`` the last counts.
    """

    name: str
    queue: Queue
    people: tuple[str, ...]
    wanted: int
    made: str
    run: str
    guidelines: tuple[Guideline, ...]
    answers: Mapping[str, tuple[Given, ...]]
    adjudications: Mapping[str, Given]

    @property
    def guideline(self) -> Digest | None:
        """The version that is followed now."""
        return self.guidelines[-1].text

    def complete(self, row: str) -> bool:
        """Tell whether a row has all the answers that are wanted."""
        return len(self.answers.get(row, ())) >= self.wanted

    @property
    def answered(self) -> int:
        """How many rows have all their answers."""
        return sum(self.complete(each.row) for each in self.queue.rows)

    @property
    def raters(self) -> tuple[str, ...]:
        """Who has answered, in order of name."""
        return tuple(sorted({each.person for all_ in self.answers.values() for each in all_}))


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row as an annotator sees it: its cells, the answers there are, and how much is left.

    Neither the recorded label, nor the model's, nor anybody else's answer, nor why it is asked.
    ``row`` is None once nothing is left.
    """

    queue: str
    person: str
    target: str
    row: str | None
    cells: Mapping[str, Scalar | None]
    classes: tuple[Scalar, ...]
    done: int
    left: int
    guideline: Digest | None


@dataclass(frozen=True, slots=True)
class Settled:
    """A row with every answer it was given, and the label that follows; None while there is none.

    ``answers`` are by person; ``adjudicator`` decided where they differ.
    """

    row: str
    origin: Origin
    answers: Mapping[str, Scalar | None]
    value: Scalar | None
    adjudicator: str | None
    reason: str
    labels: tuple[str, ...]
    adjudication: str | None


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """The share of recorded labels that people settled otherwise, among the random control.

    ``drawn`` rows are the control, ``settled`` of them count; the interval is Wilson's.
    """

    drawn: int
    settled: int
    wrong: int
    rate: Interval


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the annotators of a queue agree, over the rows all were asked about and answered.

    ``coefficients`` are by name, each with its 95 % bootstrap interval; ``on_control`` those of
    the random control alone, because the other rows were chosen for being hard.
    ``one_actor`` says that one account gave the answers of several people.
    """

    queue: str
    raters: tuple[str, ...]
    level: str
    seed: int
    rows: int
    complete: int
    coefficients: Mapping[str, Interval]
    on_control: Mapping[str, Interval]
    disagreements: Sequence[Settled]
    settled: int
    errors: ErrorRate | None
    under: Mapping[str, int]
    one_actor: bool
