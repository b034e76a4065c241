"""A model is examined where a rule asks for it, by what its endpoint would answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import mlwright as mw
from mlwright.checks.records import Outcome
from mlwright.core.errors import UsageError

ROWS = 2_400


def people(seed: int = 0) -> pl.DataFrame:
    """Rows of which `score` tells the label almost alone, and `plan` a little."""
    drawn = np.random.default_rng(seed)
    score, other = drawn.normal(size=ROWS), drawn.normal(size=ROWS)
    plan = drawn.choice(["a", "b"], ROWS)
    sex, old = drawn.choice(["f", "m"], ROWS), drawn.choice(["no", "yes"], ROWS)
    chance = 1 / (1 + np.exp(-(4 * score + 0.5 * (plan == "b"))))
    bought = np.where(drawn.random(ROWS) < chance, "yes", "no")
    return pl.DataFrame(
        {"score": score, "other": other, "plan": plan, "sex": sex, "old": old, "bought": bought}
    )


def test_rules_about_robustness_examine_the_model_and_are_proved(tmp_path: Path) -> None:
    rules = {
        "robustness: flip <= 20%": Outcome.PASS,
        "robustness.missing: flip <= 1%": Outcome.FAIL,
        "flip(swap) <= 5%": Outcome.PASS,
        "unnoticed(range) <= 1%": Outcome.PASS,
        "rising(score) >= 90%": Outcome.PASS,
        "falling(score) >= 90%": Outcome.FAIL,
        "rising(plan) >= 90%": Outcome.NOT_APPLICABLE,
        "boundary >= 0.01": Outcome.PASS,
        "extraction <= 60%": Outcome.FAIL,
        "membership_gap <= 30%": Outcome.PASS,
        "fairness.sex & old: selection_gap <= 50%": Outcome.PASS,
    }
    quoted = [rule.replace("fairness.sex & old", "'fairness.sex & old'") for rule in rules]

    run = mw.run(people(), target="bought", project=tmp_path, budget="1s", checks=quoted)

    found = {each.rule.replace("'", ""): each for each in run.build.verdicts}
    assert {rule: found[rule].outcome for rule in rules} == rules
    assert all(found[r].low <= found[r].value <= found[r].high for r in rules if found[r].value)
    assert run.model.prove().verdict == "exact"


def test_a_rule_nobody_asked_for_costs_nothing_and_a_crossing_names_its_missing_column(
    tmp_path: Path,
) -> None:
    with pytest.raises(mw.MlwrightError, match="no column 'age'"):
        mw.run(
            people(),
            target="bought",
            project=tmp_path,
            budget="1s",
            checks="'fairness.sex & age': tpr_gap <= 0.1",
        )
    with pytest.raises(UsageError, match="check-unknown-value"):
        mw.run(people(), target="bought", project=tmp_path, checks="flips <= 2%")


def test_labels_that_treat_a_group_worse_are_named_by_a_rule_about_it(tmp_path: Path) -> None:
    drawn = np.random.default_rng(3)
    honest = people()
    harmed = ((honest["sex"] == "f") & (honest["bought"] == "yes")).to_numpy()
    flipped = np.where(harmed & (drawn.random(ROWS) < 0.3), "no", honest["bought"])
    unfair = honest.with_columns(pl.Series("bought", flipped))
    rules = ("fairness.sex: label_gap <= 5%", "fairness.old: tpr_gap <= 90%", "real_gaps == 0")

    run = mw.run(unfair, target="bought", project=tmp_path, budget="1s", checks=rules)

    verdicts = {each.rule: each for each in run.build.verdicts}
    assert verdicts["fairness.sex: label_gap <= 5%"].outcome is Outcome.FAIL
    assert verdicts["fairness.sex: label_gap <= 5%"].low > 0.05
    assert "real_gaps == 0" in verdicts
    (gap,) = [each for each in run.build.findings["label_gaps"].gaps if each.real]
    assert (gap.column, gap.group) == ("sex", "f")
    compared = {each.name for each in run.build.findings["fairness"].compared}
    assert compared == {"old", "sex", "old & sex"}
