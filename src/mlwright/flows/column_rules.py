"""The spec's rules about columns, told apart where there is no model for the others to judge."""

from __future__ import annotations

from collections.abc import Collection

from mlwright.checks.grammar import parse, term_text
from mlwright.checks.own import is_own
from mlwright.checks.records import Rule
from mlwright.checks.settings import CheckSettings
from mlwright.core.settings import Settings


def column_rules(settings: Settings, names: Collection[str]) -> tuple[Rule, ...]:
    """Return the rules of ``[checks]`` about columns that are there, by their names.

    A rule whose name may be a value of a model, such as ``gap``, is left to the run, which knows
    the task and so which of the two is meant.

    Raises
    ------
    UsageError
        ``check-syntax`` for any rule of ``[checks]``.
    """
    written = settings.section(CheckSettings).rules.items()
    rules = [parse(text, name=name) for name, text in written if not is_own(text)]
    columns = {*names, *(f"null({name})" for name in names)}
    found = [rule for rule in rules if term_text(rule.term) in columns]
    of_models = _values_of_models() if found else frozenset()
    return tuple(rule for rule in found if rule.term.name not in of_models)


def _values_of_models() -> frozenset[str]:
    from mlwright.evaluate.values import COMPARED, GAPS, LATENCY  # what evaluates takes long
    from mlwright.flows.findings.catalogue import FINDINGS
    from mlwright.stats.metrics import METRICS

    found = (name for each in FINDINGS for name in each.terms)
    return frozenset({*METRICS, *COMPARED, *GAPS, LATENCY, *found})
