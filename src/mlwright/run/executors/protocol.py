"""What an executor promises: it carries out calls, some at once, and tells how each ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mlwright.run.artefacts import Artefact
from mlwright.run.code.sources import Sources
from mlwright.run.points import Sink
from mlwright.run.records import Closure
from mlwright.run.steps.limits import Limits


class Hearer(Sink, Protocol):
    """Hears what a step logs, and what it prints."""

    def printed(self, text: str, *, shown: bool = False) -> None:
        """Take text that was printed: whole lines, or pieces of them.

        ``shown`` tells that whoever looks on has seen it already.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A step to be carried out once.

    Parameters
    ----------
    step
        The step's name.
    function
        What is called, and ``qualified``, where a fresh process finds it again.
    found
        Its closure: a fresh process checks that it has the same code.
    arguments
        The values, as bytes.
    resources
        What lives in this process, by parameter; a task that has some is carried out here.
    seed
        The seed of the context, None where the function takes no context.
    sources
        Gives the text of the user's modules.
    hearer
        Hears what the step tells while it runs.
    """

    step: str
    function: Callable[..., Any]
    qualified: str
    found: Closure
    arguments: Mapping[str, Artefact]
    resources: Mapping[str, object]
    seed: int | None
    limits: Limits
    sources: Callable[[], Sources]
    hearer: Hearer


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt gave nothing: a code and a type, never a message, which may hold data."""

    code: str
    error: str
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """How a task ended: with what it gave, or with why it gave nothing.

    ``failures`` are the attempts before the last; ``apart`` tells whether it was carried out in
    a process of its own.
    """

    task: Task
    artefact: Artefact | None
    error: Exception | None = None
    failures: tuple[Failure, ...] = ()
    apart: bool = False


class Executor(Protocol):
    """Carries out tasks. One thread hands them over and waits.

    ``places`` is how many may be under way at once. ``variables`` are the environment variables
    that tasks without resources run under and this process does not: they are recorded with the
    run, so that a replay has them too.
    """

    @property
    def name(self) -> str:
        """How settings call it."""

    @property
    def places(self) -> int:
        """How many tasks may be under way at once."""

    def variables(self) -> Mapping[str, str]:
        """Return the environment variables of the processes it starts, beside this one's."""

    def submit(self, task: Task) -> None:
        """Take a task; at most ``places`` are under way."""

    def wait(self) -> Outcome:
        """Wait for the next task to end, and return how; retries are the executor's."""

    def cancel(self) -> None:
        """End what is under way, and the processes it runs in; nothing is waited for any more."""

    def close(self) -> None:
        """Give back what is held, ending what is under way; it can be used again."""
