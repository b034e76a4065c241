"""Measured values by their term, among them functions of a name: ``flip(missing)``."""

from __future__ import annotations

from collections.abc import Mapping

from mlwright.checks.grammar import term_text
from mlwright.checks.records import Measured, Term


class ByTerm:
    """Implements :class:`mlwright.checks.judge.Values` for values by their terms.

    Parameters
    ----------
    measured
        Each value by its term as people read it; None where it could not be measured.
    family
        In a rule named ``family.name`` a bare term is a function of that name: ``flip`` in
        ``robustness.missing`` is ``flip(missing)``.
    """

    def __init__(self, measured: Mapping[str, Measured | None], family: str) -> None:
        self._measured = dict(measured)
        self._family = f"{family}."

    def value(self, term: Term, name: str) -> Measured | None:
        """Return the value of a term in the rule called ``name``."""
        if term.function is None and name.startswith(self._family):
            term = Term(term.name, name.removeprefix(self._family))
        return self._measured.get(term_text(term))

    def known(self) -> tuple[str, ...]:
        """Return every term."""
        return tuple(self._measured)
