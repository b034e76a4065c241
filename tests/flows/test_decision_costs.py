"""What automatic choices cost, from what a run recorded."""

from __future__ import annotations

from mlwright.data.records import Split
from mlwright.flows.decision_costs import of_judging, of_plan, of_search, of_split
from mlwright.train.records import Configuration, Decision, Plan, Scored, SearchResult

SPLIT = Split("hash", 0, None, None, None, None, {"train": 700, "validation": 100, "test": 200}, "")
WHOLE = Split("nested", 0, None, None, None, None, {"train": 500}, "")
PLAN = Plan((), 600, 0, 0, 0, 1, 0, 20.0, "", {})


def result(chosen: str, price: float, metric: str = "auc") -> SearchResult:
    scores = {"linear": (0.80, 2_000.0), "small": (0.84, 90_000.0), "best": (0.85, 1_000_000.0)}
    scored = tuple(
        Scored(Configuration(name, "linear" if name == "linear" else "lightgbm", {}), score, score,
               {}, size, 2e-5)
        for name, (score, size) in scores.items()
    )  # fmt: skip
    named = next(each.configuration for each in scored if each.configuration.name == chosen)
    decision = Decision(f"the configuration {chosen}", "why", "--models")
    return SearchResult(metric, scored, named, "linear", price, (decision,))


def test_sealed_rows_teach_no_model() -> None:
    assert of_split(SPLIT) == "200 rows (20%) teach no model"
    assert "answered by searches" in str(of_split(WHOLE))


def test_rows_that_were_not_searched_on_are_counted_and_the_seconds_told() -> None:
    assert (
        of_plan(PLAN, SPLIT, {"search": 3.0})
        == "3 s on the clock; 200 rows were in the last fit alone"
    )
    assert of_plan(PLAN, None, {}) is None


def test_folds_cost_fits_and_a_validation_part_rows() -> None:
    folded = Plan((), 600, 3, 0, 0, 1, 0, 20.0, "", {})
    nested = Plan((), 600, 3, 5, 2, 1, 0, 20.0, "", {})

    assert of_judging(folded, SPLIT) == "each configuration is fitted 3 times"
    assert of_judging(nested, SPLIT) == "the whole search is made 11 times"
    assert str(of_judging(PLAN, SPLIT)).startswith("100 rows judge")


def test_the_choice_tells_its_bytes_the_interpretable_one_its_price_and_a_smaller_one_too() -> None:
    choice, plain, size = of_search(result("best", 0.05))

    assert choice.cost == "about 1 MB, 20 µs a row"
    assert plain.what.endswith("was not chosen")
    assert plain.cost == "choosing it would cost 0.05 of auc"
    assert size.cost == "small with 90 kB would have given 0.01 less auc"


def test_an_interpretable_choice_tells_what_it_gives_up() -> None:
    choice, plain = of_search(result("linear", 0.05))

    assert choice.cost == "about 2 kB, 20 µs a row, 0.05 of auc against best"
    assert plain.what.endswith("was chosen")
    assert plain.cost == "0.05 of auc"
