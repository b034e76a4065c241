"""What a step may take, how often it is tried, and what a sandbox lets it see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlwright.core.errors import UsageError

if TYPE_CHECKING:
    from mlwright.core.quantities import Quantity

_MOST_RETRIES = 100
_LEAST_MEMORY = 16_000_000
"""Bytes: less than Python needs to start would say nothing about the step."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a step; none of them is part of its key.

    Parameters
    ----------
    retries
        How often a step that failed is tried again.
    timeout
        Seconds an attempt may take; it is ended then.
    memory
        Bytes an attempt may hold, the processes it starts counted with it; it is ended then.
    network
        Whether a sandbox leaves it the network.
    inputs
        Files and folders a sandbox lets it read, beside its arguments.
    """

    retries: int = 0
    timeout: float | None = None
    memory: int | None = None
    network: bool = False
    inputs: tuple[str, ...] = ()

    @property
    def need_a_process(self) -> bool:
        """Whether only a process of its own can be held to them."""
        return self.timeout is not None or self.memory is not None


def limits(
    step: str,
    *,
    retries: int = 0,
    timeout: str | float | None = None,
    memory: str | int | None = None,
    network: bool = False,
    inputs: Sequence[str] = (),
) -> Limits:
    """Return the limits as a user writes them: ``timeout="10m"``, ``memory="2GB"``.

    >>> limits("fit", retries=2, timeout="10m", memory="2GB")
    Limits(retries=2, timeout=600.0, memory=2000000000, network=False, inputs=())

    Raises
    ------
    UsageError
        ``step-option`` for a value that is none.
    """
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise _refused(step, "retries", retries, "a whole number, such as 2")
    if retries > _MOST_RETRIES:
        raise _refused(step, "retries", retries, f"{_MOST_RETRIES} at most")
    if isinstance(inputs, str):
        raise _refused(step, "inputs", inputs, 'a list of paths, such as ["rates.csv"]')
    return Limits(
        retries,
        None if timeout is None else _seconds(step, timeout),
        None if memory is None else _bytes(step, memory),
        bool(network),
        tuple(map(str, inputs)),
    )


def _seconds(step: str, timeout: object) -> float:
    from mlwright.core.quantities import EXAMPLES, Quantity

    seconds = _amount(step, "timeout", timeout, Quantity.DURATION)
    if not 0 < seconds < float("inf"):
        raise _refused(step, "timeout", timeout, EXAMPLES[Quantity.DURATION])
    return seconds


def _bytes(step: str, memory: object) -> int:
    from mlwright.core.quantities import Quantity

    held = _amount(step, "memory", memory, Quantity.SIZE)
    if not _LEAST_MEMORY <= held < float("inf"):
        raise _refused(step, "memory", memory, "16MB or more")
    return int(held)


def _amount(step: str, option: str, raw: object, quantity: Quantity) -> float:
    from mlwright.core.quantities import EXAMPLES, parse_quantity

    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return float(raw)
    try:
        return float(parse_quantity(str(raw), quantity))
    except ValueError as error:
        raise _refused(step, option, raw, EXAMPLES[quantity]) from error


def _refused(step: str, option: str, value: object, meant: str) -> UsageError:
    return UsageError(
        "step-option",
        f"step {step!r} has {option}={value!r}",
        fix=f"write {meant}",
        facts={"step": step, "option": option, "value": str(value)},
    )
