"""Draws by Optuna."""

from __future__ import annotations

import sys

import pytest

from mlwright.core.errors import UsageError
from mlwright.train.sampling import next_draw, require_optuna
from mlwright.train.space import Draw, Range, Values

SPACE = {
    "kind": Values(("plain", "fine")),
    "depth": Range(1.0, 9.0, whole=True, log=False),
    "rate": Range(0.001, 0.1, whole=False, log=True),
}


def test_a_draw_lies_in_its_space_and_follows_from_seed_scores_and_number_alone() -> None:
    tried: list[tuple[Draw, float | None]] = [
        ({"kind": "fine", "depth": 1 + place, "rate": 0.01}, None if place == 3 else float(place))
        for place in range(8)
    ]

    draws = [next_draw(SPACE, tried, 3, number) for number in range(6)]

    assert [next_draw(SPACE, tried, 3, number) for number in range(6)] == draws
    assert [next_draw(SPACE, tried, 4, number) for number in range(6)] != draws
    assert [next_draw(SPACE, tried[:1], 3, number) for number in range(6)] != draws
    for draw in draws:
        assert draw["kind"] in ("plain", "fine")
        assert isinstance(draw["depth"], int)
        assert 1 <= draw["depth"] <= 9
        assert isinstance(draw["rate"], float)
        assert 0.001 <= draw["rate"] <= 0.1


def test_without_optuna_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)

    with pytest.raises(UsageError) as raised:
        require_optuna()

    assert raised.value.code == "optuna-extra"
    assert "mlwright[optuna]" in str(raised.value.fix)
