"""What a training function of the user's own is given: rows, and what it may ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlwright.run.context import Context as Asked
from mlwright.run.points import Sink

if TYPE_CHECKING:
    import polars as pl

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Rows to fit on, or to judge by.

    Parameters
    ----------
    X
        The prepared features: float64, rows x features.
    y
        The target: values, or each row's place in ``Context.classes`` as a whole number.
    frame
        The same rows before their preparation, as a polars table, the target among its columns.
    names
        The names of the features.
    weight
        How much each row counts beside the others; None where all count alike.
    """

    X: Matrix
    y: NDArray[np.float64] | NDArray[np.int64]
    frame: pl.DataFrame | None
    names: tuple[str, ...]
    weight: Matrix | None = None


class Context(Asked):
    """What a training function may ask and tell beside its rows.

    ``seed``, ``log`` and ``report`` are as in a step of a pipeline.

    Parameters
    ----------
    seed
        What everything random has to follow from.
    classes
        The values of the target behind its numbers; empty for a regression.
    final
        Whether this is the fit that is kept: on all rows, so that none is left to judge by.
    name
        What the model is called.
    sink
        Where what is told goes.
    worth
        Tells, of how good the fit is at a step, whether it is worth going on.
    """

    def __init__(
        self,
        seed: int,
        classes: Sequence[object],
        final: bool,
        name: str,
        sink: Sink,
        worth: Callable[[float, int], bool] = lambda _value, _step: True,
    ) -> None:
        super().__init__(seed, name, sink, worth=worth)
        self.classes = classes
        self.final = final

    def log(
        self,
        text: object = None,
        value: object = "",
        /,
        *,
        step: int | None = None,
        **values: float,
    ) -> None:
        """Keep a line of text, or numbers by name: ``ctx.log("read")``, ``ctx.log(auc=0.9)``.

        ``ctx.log("rows", 90)`` is the line ``rows 90``.

        Parameters
        ----------
        step
            How far the fit is; without it a value is its name's next.

        Raises
        ------
        UsageError
            ``metric-name``, ``metric-value`` or ``metric-step``.
        """
        line = None if text is None else f"{text} {value}".rstrip()
        super().log(line, step=step, **values)

    def report(self, value: float, step: int) -> None:
        """Tell how good the fit is by now: the greater, the better.

        It ends here where it is clearly behind those of other parameters at the same step; the
        fit that is kept never does.
        """
        super().report(value, step)
