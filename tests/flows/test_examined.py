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


def harmed() -> pl.DataFrame:
    """The same people, a third of whose women that bought are labelled as if they had not."""
    honest = people()
    bought = ((honest["sex"] == "f") & (honest["bought"] == "yes")).to_numpy()
    flipped = bought & (np.random.default_rng(3).random(ROWS) < 0.3)
    return honest.with_columns(pl.Series("bought", np.where(flipped, "no", honest["bought"])))


def test_rules_examine_a_model_with_limits_of_its_own_and_all_of_it_is_proved(
    tmp_path: Path,
) -> None:
    rules = {
        "robustness: flip <= 20%": Outcome.PASS,
        "robustness.missing: flip <= 1%": Outcome.FAIL,
        "flip(swap) <= 20%": Outcome.PASS,
        "unnoticed(range) <= 1%": Outcome.PASS,
        "rising(score) >= 60%": Outcome.PASS,
        "falling(score) >= 90%": Outcome.FAIL,
        "rising(plan) >= 90%": Outcome.NOT_APPLICABLE,
        "boundary >= 0.01": Outcome.PASS,
        "extraction <= 60%": Outcome.FAIL,
        "membership_gap <= 30%": Outcome.PASS,
        "fairness.sex & old: selection_gap <= 90%": Outcome.PASS,
        "fairness.sex: label_gap <= 5%": Outcome.FAIL,
        "label_gap(old) <= 20%": Outcome.PASS,
        "real_gaps <= 100": Outcome.PASS,
    }
    quoted = [rule.replace("fairness.sex & old", "'fairness.sex & old'") for rule in rules]
    (tmp_path / "mlwright.toml").write_text(
        'target = "bought"\n[fairness]\nprotected = ["sex"]\nremedy = "thresholds"\n'
    )

    run = mw.run(harmed(), project=tmp_path, budget="1s", models="linear", checks=quoted)

    found = {each.rule.replace("'", ""): each for each in run.build.verdicts}
    assert {rule: found[rule].outcome for rule in rules} == rules
    assert all(found[r].low <= found[r].value <= found[r].high for r in rules if found[r].low)
    (gap,) = [each for each in run.build.findings["label_gaps"].gaps if each.real]
    assert (gap.column, gap.group) == ("sex", "f")
    compared = {each.name for each in run.build.findings["fairness"].compared}
    assert compared == {"old", "sex", "sex & old"}
    assert run.build.package.configuration.algorithm == "blend"
    assert "sex" in [column.name for column in run.build.package.signature.inputs]
    assert "limits of their own are set for the groups of sex, as asked" in run.build.task.why
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


@pytest.mark.parametrize(
    ("fairness", "code"),
    [
        ('remedy = "weights"', "remedy-column"),
        ('remedy = "thresholds"\nprotected = ["sex", "old"]', "remedy-column"),
        ('remedy = "thresholds"\nprotected = ["score"]', "remedy-column"),
        ('protected = ["gender"]', "column-unknown"),
    ],
)
def test_a_remedy_that_cannot_be_is_refused_before_training(
    fairness: str, code: str, tmp_path: Path
) -> None:
    (tmp_path / "mlwright.toml").write_text(f'target = "bought"\n[fairness]\n{fairness}\n')

    with pytest.raises(mw.MlwrightError, match=code):
        mw.run(people(), project=tmp_path, budget="1s")


def test_a_remedy_for_more_than_two_classes_is_refused(tmp_path: Path) -> None:
    spec = 'target = "plan"\n[fairness]\nprotected = ["sex"]\nremedy = "weights"\n'
    (tmp_path / "mlwright.toml").write_text(spec)
    three = people().with_columns(plan=pl.Series(np.resize(["a", "b", "c"], ROWS)))

    with pytest.raises(UsageError, match="remedy-task"):
        mw.run(three, project=tmp_path, budget="1s")
