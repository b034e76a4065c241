"""Measured values by plain names, and values of several sources as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlwright.checks.judge import Values
from mlwright.checks.records import Measured, Scale, Term


class Named:
    """Implements :class:`mlwright.checks.judge.Values` for values by plain names.

    A value with an interval has its ends beside it: ``name.low`` and ``name.high``. What could
    not be measured is None: a rule about it is not applicable.
    """

    def __init__(self, measured: Mapping[str, Measured | None]) -> None:
        self._measured = dict(measured)
        for name, each in measured.items():
            if each is None:
                self._measured |= {f"{name}.low": None, f"{name}.high": None}
                continue
            for end, said, value in (("low", "lower", each.low), ("high", "upper", each.high)):
                if value is not None:
                    told = f"the {said} end of {name}"
                    self._measured[f"{name}.{end}"] = Measured(value, said=told)

    def value(self, term: Term, name: str) -> Measured | None:  # noqa: ARG002 - the protocol
        """Return the value of a plain name; None for anything else."""
        return None if term.function is not None else self._measured.get(term.name)

    def known(self) -> tuple[str, ...]:
        """Return every name, the ends among them."""
        return tuple(self._measured)


class Together:
    """Implements :class:`mlwright.checks.judge.Values` by several others, the first that knows."""

    def __init__(self, parts: Sequence[Values]) -> None:
        self._parts = tuple(parts)

    def value(self, term: Term, name: str) -> Measured | None:
        """Return the value of the first part that measured the term."""
        for part in self._parts:
            found = part.value(term, name)
            if found is not None:
                return found
        return None

    def known(self) -> tuple[str, ...]:
        """Return what any part knows."""
        return tuple(dict.fromkeys(name for part in self._parts for name in part.known()))


def with_ends(scales: Mapping[str, Scale]) -> dict[str, Scale]:
    """Return scales with those of the ends of their intervals beside them."""
    ends = {f"{name}.{end}": scale for name, scale in scales.items() for end in ("low", "high")}
    return {**scales, **ends}
