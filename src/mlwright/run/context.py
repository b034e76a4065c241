"""What a step may ask and tell while it runs: its seed, lines, numbers, whether to stop."""

from __future__ import annotations

from collections.abc import Callable

from mlwright.run.points import Sink, number_of, step_of

CONTEXT = "ctx"
"""The name of the parameter that is given a context."""

SEED = "seed"
"""The input or configuration value of a run that its contexts tell."""


class PrunedError(BaseException):
    """Raised in code that was told it need not go on.

    Not an ``Exception``: code that catches those must not go on by accident.
    """


class Context:
    """Given to a step that has a parameter ``ctx``; no part of the step's key but for the seed.

    Parameters
    ----------
    seed
        What everything random has to follow from: the run's ``seed``, 0 where it has none.
    name
        The step's name.
    sink
        Where what is told goes.
    cancelled
        Tells whether the run was asked to stop.
    worth
        Tells, of how good the work is at a step, whether it is worth going on.
    """

    def __init__(
        self,
        seed: int,
        name: str,
        sink: Sink,
        *,
        cancelled: Callable[[], bool] = lambda: False,
        worth: Callable[[float, int], bool] = lambda _value, _step: True,
    ) -> None:
        self.seed = seed
        self.name = name
        self._sink = sink
        self._cancelled = cancelled
        self._worth = worth

    @property
    def cancelled(self) -> bool:
        """Whether the run was asked to stop: return soon; what is returned is not kept."""
        return self._cancelled()

    def log(self, text: object = None, /, *, step: int | None = None, **values: float) -> None:
        """Keep a line of text, or numbers by name: ``ctx.log("read")``, ``ctx.log(auc=0.9)``.

        Parameters
        ----------
        step
            How far the work is; without it a value is its name's next.

        Raises
        ------
        UsageError
            ``metric-name``, ``metric-value`` or ``metric-step``.
        """
        if text is not None:
            self._sink.say(str(text))
        if values:
            self._sink.log(values, step)

    def report(self, value: float, step: int) -> None:
        """Tell how good the work is by now; it ends here where going on is not worth it."""
        value, step = number_of("report", value), step_of(step)
        self._sink.log({"report": value}, step)
        if not self._worth(value, step):
            raise PrunedError(f"{self.name} need not go on after step {step}")
