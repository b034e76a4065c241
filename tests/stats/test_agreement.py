"""Coefficients of agreement give the numbers of the papers they come from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from mlwright.stats.agreement import (
    INTERVAL,
    LEVELS,
    NOMINAL,
    ORDINAL,
    agreement_interval,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    raw_agreement,
)
from mlwright.stats.counts import FloatArray, Statistic

NONE = np.nan
# Krippendorff (2011), example C: four observers, twelve units, some answers missing.
KRIPPENDORFF = np.array(
    [
        [1, 1, NONE, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
        [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [NONE, 5, 5, 5], [NONE, NONE, 1, 1],
        [NONE, NONE, 3, NONE],
    ]
).T  # fmt: skip
# Fleiss (1971), table 1: thirty patients, six psychiatrists, five diagnoses.
FLEISS = [
    "00060", "03003", "01401", "00006", "03030", "20400", "00402", "20310", "20040", "00006",
    "10050", "11040", "03300", "10050", "02031", "00501", "30012", "51000", "02040", "10203",
    "00006", "01050", "02013", "20040", "10041", "05010", "40002", "02040", "10500", "00006",
]  # fmt: skip
# Fleiss, Cohen and Everitt (1969): two raters, a hundred subjects, three categories.
FLEISS_COHEN_EVERITT = [[53, 5, 2], [11, 14, 5], [1, 6, 3]]


def value(statistic: Statistic, answers: FloatArray) -> float:
    return float(statistic(np.ones((1, answers.shape[1])))[0])


def answers_of(counts: list[str]) -> FloatArray:
    """Return raters x units that give each unit's counts, whoever the raters are."""
    units = [[k for k, c in enumerate(line) for _ in range(int(c))] for line in counts]
    return np.array(units, dtype=np.float64).T


def pairs_of(table: list[list[int]]) -> FloatArray:
    cells = [(i, j) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    return np.array(cells, dtype=np.float64).T


@pytest.mark.parametrize(
    ("level", "published"), [(NOMINAL, 0.743), (ORDINAL, 0.815), (INTERVAL, 0.849)]
)
def test_alpha_of_krippendorffs_example_is_the_published_one(level: str, published: float) -> None:
    found = value(krippendorff_alpha(KRIPPENDORFF, level), KRIPPENDORFF)

    assert round(found, 3) == published


def test_kappa_of_fleisss_table_is_the_published_one() -> None:
    answers = answers_of(FLEISS)

    assert round(value(fleiss_kappa(answers, 6), answers), 3) == 0.430
    assert round(value(raw_agreement(answers), answers), 3) == 0.556


def test_kappa_of_two_raters_is_the_published_one_and_that_of_scikit_learn() -> None:
    answers = pairs_of(FLEISS_COHEN_EVERITT)

    found = value(cohen_kappa(answers), answers)

    assert round(found, 3) == 0.429
    assert found == pytest.approx(cohen_kappa_score(*answers.astype(int)), abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=40))
def test_kappa_is_that_of_scikit_learn_for_any_two_raters(pairs: list[tuple[int, int]]) -> None:
    answers = np.array(pairs, dtype=np.float64).T

    found = value(cohen_kappa(answers), answers)

    if len(np.unique(answers)) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(cohen_kappa_score(*answers.astype(int)), abs=1e-9)


@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=3, max_size=3),
        min_size=2,
        max_size=25,
    ),
    st.sampled_from(LEVELS),
)
def test_alpha_is_one_less_disagreement_over_pairs_by_pairs(
    units: list[list[int | None]], level: str
) -> None:
    answers = np.array(
        [[NONE if v is None else v for v in unit] for unit in units], dtype=np.float64
    ).T

    found = value(krippendorff_alpha(answers, level), answers)

    expected = alpha_by_pairs(answers, level)
    assert (np.isnan(found) and np.isnan(expected)) or found == pytest.approx(expected, abs=1e-9)


def alpha_by_pairs(answers: FloatArray, level: str) -> float:
    """Return alpha by its definition: every pair of values, one by one."""
    units = [[v for v in unit if np.isfinite(v)] for unit in answers.T]
    units = [unit for unit in units if len(unit) > 1]
    everything = [v for unit in units for v in unit]

    def apart(a: float, b: float) -> float:
        if level == NOMINAL:
            return float(a != b)
        if level == INTERVAL:
            return (a - b) ** 2
        low, high = min(a, b), max(a, b)
        between = sum(low <= v <= high for v in everything)
        ends = (everything.count(low) + everything.count(high)) / 2
        return 0.0 if low == high else (between - ends) ** 2

    def mean(values: list[float], pairs: float) -> float:
        return sum(apart(a, b) for i, a in enumerate(values) for j, b in enumerate(values) if i != j) / pairs  # fmt: skip  # noqa: E501

    size = len(everything)
    expected = mean(everything, size * (size - 1)) if size > 1 else 0.0
    if not expected:
        return NONE
    return 1 - sum(mean(unit, len(unit) - 1) for unit in units) / size / expected


def test_one_line_of_counts_is_the_units_repeated_so_often() -> None:
    counts = np.array([[2.0, 0, 1, 1, 3, 1, 0, 1, 2, 1, 1, 0]])
    repeated = np.repeat(KRIPPENDORFF, counts[0].astype(int), axis=1)

    for level in LEVELS:
        once = krippendorff_alpha(KRIPPENDORFF, level)(counts)[0]
        assert once == pytest.approx(value(krippendorff_alpha(repeated, level), repeated))


def test_the_interval_holds_the_value_and_is_the_same_for_the_same_seed() -> None:
    answers = answers_of(FLEISS)
    units = answers.shape[1]

    first, again, other = (
        agreement_interval(fleiss_kappa(answers, 6), units, seed=seed) for seed in (3, 3, 4)
    )

    assert first == again
    assert first != other
    assert first.low < first.value < first.high


def test_agreement_is_not_defined_where_only_one_answer_was_ever_given() -> None:
    alike = np.ones((2, 10))

    for statistic in (
        cohen_kappa(alike),
        fleiss_kappa(alike, 2),
        *(krippendorff_alpha(alike, level) for level in LEVELS),
    ):
        assert np.isnan(value(statistic, alike))
    assert value(raw_agreement(alike), alike) == 1.0


def test_units_that_one_person_judged_change_no_alpha() -> None:
    alone = np.array([[1.0, 5.0], [NONE, NONE], [NONE, NONE], [NONE, NONE]])
    more = np.hstack([KRIPPENDORFF, alone])

    for level in LEVELS:
        assert value(krippendorff_alpha(more, level), more) == pytest.approx(
            value(krippendorff_alpha(KRIPPENDORFF, level), KRIPPENDORFF)
        )


def test_alpha_of_numbers_far_from_zero_keeps_its_digits() -> None:
    shifted = KRIPPENDORFF + 1e9

    assert value(krippendorff_alpha(shifted, INTERVAL), shifted) == pytest.approx(
        0.849107, abs=1e-6
    )
