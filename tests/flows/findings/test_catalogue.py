"""Findings: each is documented, measures what it says it does, and is judged like the metrics."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlwright.checks.grammar import parse
from mlwright.flows.findings.catalogue import FINDINGS, applying, scales_of, wanted
from mlwright.flows.findings.records import Scope

ROOT = Path(__file__).parents[3]
SCOPES = [
    Scope("binary", "auc", ("age", "sex"), ("sex",)),
    Scope("multiclass", "log_loss", ("age", "sex"), ()),
    Scope("regression", "rmse", ("age", "sex"), ()),
]


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: scope.task)
def test_every_plain_term_of_a_finding_is_told_in_the_reference(scope: Scope) -> None:
    page = (ROOT / "docs" / "reference" / "checks.md").read_text()
    terms = {term.removesuffix(".low").removesuffix(".high") for term in scales_of(scope)}

    assert {term for term in terms if "(" not in term and f"`{term}`" not in page} == set()


def test_no_two_findings_share_a_step_or_a_term() -> None:
    names = [each.name for each in FINDINGS]
    terms = [term for each in FINDINGS for term in each.scales(SCOPES[0])]

    assert len(set(names)) == len(names)
    assert len(set(terms)) == len(terms)


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: scope.task)
def test_a_run_makes_what_every_run_makes_and_what_a_rule_names(scope: Scope) -> None:
    usual = wanted(scope, ())

    assert [each.name for each in usual] == [e.name for e in applying(scope) if e.always]
    for each in applying(scope):
        term = next(iter(each.scales(scope)))
        assert each in wanted(scope, [parse(f"{term} >= 0")])
    assert set(scales_of(scope)) >= {"worst_slice", "worst_slice.low", "worse_slices"}
