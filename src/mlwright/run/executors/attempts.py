"""Try a step again when it failed, as often as its author allows."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from time import perf_counter

from mlwright.core.errors import MlwrightError
from mlwright.run.artefacts import Artefact
from mlwright.run.executors.protocol import Failure, Outcome, Task

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0


class Raised(Exception):  # noqa: N818 - no error of ours: it carries what the step raised
    """An attempt failed by what the step did: worth another try."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def attempted(
    task: Task, once: Callable[[], Artefact], *, apart: bool, stopped: Event | None = None
) -> Outcome:
    """Call ``once`` until it gives something or the retries are used up.

    Between two attempts lies a pause, twice as long each time: half a second, a second, ...

    Parameters
    ----------
    once
        Makes an attempt; raises :class:`Raised` for what is worth another.
    stopped
        Ends a pause, and the tries.
    """
    waits = stopped or Event()
    failures: list[Failure] = []
    while True:
        began = perf_counter()
        try:
            return Outcome(task, once(), failures=tuple(failures), apart=apart)
        except Raised as raised:
            error = raised.error
            if len(failures) >= task.limits.retries or waits.is_set():
                return Outcome(task, None, error, tuple(failures), apart)
        except MlwrightError as refused:
            return Outcome(task, None, refused, tuple(failures), apart)
        failures.append(_failure(error, perf_counter() - began))
        pause = min(_FIRST_PAUSE * 2 ** (len(failures) - 1), _LONGEST_PAUSE)
        task.hearer.printed(
            f"attempt {len(failures)} of {task.limits.retries + 1} failed: {_told(error)}; "
            f"again in {pause:g} s\n"
        )
        waits.wait(pause)


def _failure(error: Exception, seconds: float) -> Failure:
    code = error.code if isinstance(error, MlwrightError) else "step-raised"
    return Failure(code, f"{type(error).__module__}.{type(error).__qualname__}", seconds)


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, MlwrightError) else f"{type(error).__name__}: {error}"
