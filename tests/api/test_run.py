"""`mw.run` before any work: one name for each argument."""

from __future__ import annotations

from pathlib import Path

import pytest

import mlwright as mw
from mlwright.core.errors import UsageError


def test_an_argument_by_another_name_is_refused_with_the_right_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="argument-unknown") as caught:
        mw.run("t.csv", target="y", project=tmp_path, check="auc >= 0.7")

    assert caught.value.fix == "its name is checks="
    assert list(tmp_path.iterdir()) == []


def test_one_rule_may_stand_alone_and_is_read_before_the_table(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="check-syntax") as caught:
        mw.run("t.csv", target="y", project=tmp_path, checks="auc is good")

    assert "auc is good" in caught.value.message
