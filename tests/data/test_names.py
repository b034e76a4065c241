from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.conftest import attempt

from mlwright.core.errors import DataError, MlwrightError
from mlwright.data.names import require_column, settle_names
from mlwright.data.records import Column, Kind


@given(st.lists(st.text(max_size=4), max_size=6))
def test_names_are_settled_once_and_for_all_or_refused(names: list[str]) -> None:
    found = attempt(lambda: settle_names(names, 10))

    if isinstance(found, MlwrightError):
        assert found.code in ("column-name", "column-duplicate")
    else:
        assert len(set(found[0])) == len(names)
        assert settle_names(found[0], 10) == (found[0], [])


@pytest.mark.parametrize("name", ["prix (€)", "年齢", "a b", "Ünïcode", "x'y\"z", "_"])
def test_any_name_people_can_read_is_kept(name: str) -> None:
    assert settle_names([name], 10) == ([name], [])


@pytest.mark.parametrize("name", ["a\nb", "a\u202eb", "\u200b", "a\x00", "x" * 501, "\ufeffid"])
def test_a_name_with_what_nobody_can_see_is_refused(name: str) -> None:
    with pytest.raises(DataError) as caught:
        settle_names([name], 10)

    assert caught.value.code == "column-name"


def test_a_made_up_name_may_not_meet_a_real_one() -> None:
    with pytest.raises(DataError) as caught:
        settle_names(["column_2", ""], 10)

    assert (caught.value.code, caught.value.facts["places"]) == ("column-duplicate", [1, 2])


def test_too_many_columns_are_refused_with_the_setting_that_allows_them() -> None:
    with pytest.raises(DataError) as caught:
        settle_names([f"c{i}" for i in range(11)], 10)

    assert caught.value.code == "data-too-many-columns"
    assert "max_columns = 11" in caught.value.fix


def test_a_mistyped_column_is_offered_its_nearest() -> None:
    columns = (Column("churned", Kind.BOOLEAN), Column("age", Kind.INTEGER))

    assert require_column(columns, "age", "target").kind is Kind.INTEGER
    with pytest.raises(DataError) as caught:
        require_column(columns, "chured", "target")
    assert caught.value.facts["nearest"] == "churned"
