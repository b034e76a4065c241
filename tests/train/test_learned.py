"""The portfolio that ships: every entry can be carried out, and the order is the one learned."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from mlwright.features.recipes import known_recipe
from mlwright.train.catalogue import ALGORITHMS
from mlwright.train.learned import LEARNED, SCHEMA, read


def test_every_configuration_that_ships_has_a_name_of_its_own_and_can_be_carried_out() -> None:
    assert len(LEARNED) >= 12
    assert len({each.name for each in LEARNED}) == len(LEARNED)
    for each in LEARNED:
        assert set(each.parameters) <= set(ALGORITHMS[each.algorithm].DEFAULTS)
        assert each.recipe is None or known_recipe(each.recipe)


def test_the_portfolio_tells_how_it_was_learned_and_was_better_on_tables_left_out() -> None:
    document = json.loads(files("mlwright.train").joinpath("portfolio.json").read_bytes())

    learned = document["learned"]
    left_out = [each["first 12"] for each in learned["regret_on_a_table_left_out"].values()]
    assert len(left_out) == len(learned["tables"]) >= 9
    assert sum(left_out) / len(left_out) < learned["regret_of_the_order_by_judgement"]["first 12"]


def test_a_portfolio_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="is no"):
        read({"schema": "mlwright/portfolio/2", "configurations": []})
    assert read({"schema": SCHEMA, "configurations": []}) == ()
