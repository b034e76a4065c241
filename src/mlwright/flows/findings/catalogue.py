"""Every finding, in the order they are told; and which of them a run carries out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from mlwright.checks.grammar import term_text
from mlwright.checks.records import Rule, Scale
from mlwright.flows.findings import (
    boundary,
    conformal,
    cost,
    directions,
    explanation,
    extraction,
    fairness,
    label_gaps,
    learning,
    membership,
    remedies,
    robustness,
    slices,
    stability,
    steadiness,
)
from mlwright.flows.findings.records import Finding, Scope

FINDINGS: Sequence[Finding] = (
    cost.FINDING,
    slices.FINDING,
    conformal.FINDING,
    explanation.FINDING,
    learning.FINDING,
    stability.FINDING,
    robustness.FINDING,
    directions.FINDING,
    boundary.FINDING,
    extraction.FINDING,
    membership.FINDING,
    fairness.FINDING,
    label_gaps.FINDING,
    remedies.FINDING,
    steadiness.FINDING,
)


def scales_of(scope: Scope) -> Mapping[str, Scale]:
    """Return what each term of every finding can be."""
    return {term: scale for each in FINDINGS for term, scale in each.scales(scope).items()}


def applying(scope: Scope) -> tuple[Finding, ...]:
    """Return the findings that measure something of such a model."""
    return tuple(each for each in FINDINGS if each.scales(scope))


def wanted(scope: Scope, rules: Collection[Rule]) -> tuple[Finding, ...]:
    """Return the findings a run carries out: those of every run, and those a rule is about."""
    named = {term_text(rule.term) for rule in rules}
    return tuple(
        each for each in applying(scope) if each.always or not named.isdisjoint(each.scales(scope))
    )
