"""A contract is told from a profile, stated by a person, and kept from before."""

from __future__ import annotations

import math
import tomllib

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlwright.core import toml
from mlwright.core.errors import UsageError
from mlwright.core.records import dump, load
from mlwright.data.contract import agree, infer, written
from mlwright.data.profile import profile
from mlwright.data.promises import breach_of
from mlwright.data.records import Agreement, Breach, Contract, FeatureContract, Kind, Terms
from mlwright.data.table import Table
from mlwright.data.terms import actions_of, promised, read_line, rules_of

NOTHING = Terms((), None)


def told(**columns: list[object]) -> Contract:
    """Return the contract of some columns, each of its cells 50 times."""
    kinds = {name: pl.String for name, cells in columns.items() if set(cells) == {None}}
    frame = pl.DataFrame({n: cells * 50 for n, cells in columns.items()}, schema_overrides=kinds)
    ids = pl.Series("row_id", [str(place) for place in range(frame.height)])
    return infer(profile(Table(frame, ids)), "no column")


def of(contract: Contract, name: str) -> FeatureContract:
    return next(feature for feature in contract.features if feature.name == name)


SEEN = told(age=[20, 30, None, 40], plan=["a", "b", "a", "b"], pay=[1.5, 2.5, 3.5, 4.5])


def test_a_stated_line_goes_before_what_was_inferred_and_leaves_the_rest() -> None:
    stated = (("age", "in [17, 90]"), ("null(plan)", "<= 5%"))

    found = agree(SEEN, Terms(stated, None))

    assert (of(found, "age").low, of(found, "age").high) == (17, 90)
    assert of(found, "plan").nullable
    assert not of(SEEN, "plan").nullable
    assert of(found, "pay") == of(SEEN, "pay")
    assert "age in [17, 90]" in found.rules
    assert "age in [20, 40]" not in found.rules
    assert load(Contract, dump(found)) == found


def test_what_was_agreed_stays_for_other_rows_and_new_columns_are_inferred() -> None:
    later = told(age=[10, 99, 30, 40], plan=["a", "z", "a", "b"], size=[1, 2, 3, 4])

    kept = agree(later, Terms((), Agreement(SEEN, ())))

    assert of(kept, "age") == of(SEEN, "age")
    assert of(kept, "plan") == of(SEEN, "plan")
    assert of(kept, "size") == of(later, "size")
    assert not any("pay" in rule for rule in kept.rules)
    assert "age in [20, 40]" in kept.rules


def test_a_column_of_another_kind_and_a_line_taken_out_are_inferred_anew() -> None:
    before = agree(SEEN, Terms((("pay", "in [0, 9]"), ("null(age)", "refuse: <= 1%")), None))
    later = told(age=[10, 99, 30, 40], plan=[1, 2, 3, 4], pay=[1.0, 2.0, 3.0, 5.0])

    found = agree(later, Terms((), Agreement(before, ("pay", "null(age)"))))

    assert of(found, "plan") == of(later, "plan")
    assert (of(found, "pay").low, of(found, "pay").high) == (1.0, 5.0)
    assert not of(found, "age").nullable
    assert (of(found, "age").low, of(found, "age").high) == (20, 40)
    assert actions_of(found) == {}


def test_a_line_about_the_target_is_a_rule_of_tables_and_no_promise_of_rows() -> None:
    found = agree(SEEN, Terms((("price", "> 0"),), None))

    assert [f.name for f in found.features] == ["age", "plan", "pay"]
    assert found.rules[-1] == "price > 0"


INTEGER = FeatureContract("c", Kind.INTEGER, True, -1, 1, None)
FLOAT = FeatureContract("c", Kind.FLOAT, True, -1.0, 1.0, None)
TEXT = FeatureContract("c", Kind.STRING, True, None, None, ("q",))


@pytest.mark.parametrize(
    ("feature", "line", "keeps", "breaks"),
    [
        (INTEGER, "in [17.5, 90]", (18, 90), (17, 91)),
        (INTEGER, "in (17, 90)", (18, 89), (17, 90)),
        (INTEGER, "in (17.5, 90.5)", (18, 90), (17, 91)),
        (INTEGER, "> 0", (1, 2**63 - 1), (0, -(2**63))),
        (INTEGER, "<= 1e30", (2**63 - 1,), ()),
        (INTEGER, ">= 1e30", (), (2**63 - 1,)),
        (INTEGER, "== 3", (3,), (2,)),
        (INTEGER, "in {1, 2.5, 3}", (1, 3), (2,)),
        (FLOAT, "> 0", (5e-324, math.inf), (0.0, -0.0)),
        (FLOAT, "< 1", (0.9999999999999999, -math.inf), (1.0,)),
        (FLOAT, "in {0.5, 2}", (0.5, 2), (1.0,)),
        (FLOAT, "any", (1e300, -1e300), ()),
        (TEXT, "in {basic, 'two words', ''}", ("basic", "two words", ""), ("q", "Basic")),
        (TEXT, "any", ("q", "other"), ()),
        (FLOAT, "in [1%, 5%]", (0.01, 0.05), (1.0,)),
    ],
)
def test_a_line_lets_be_what_it_says(
    feature: FeatureContract, line: str, keeps: tuple[object, ...], breaks: tuple[object, ...]
) -> None:
    found = promised(feature, read_line("c", line))

    assert [breach_of(found, value) for value in keeps] == [None] * len(keeps)
    assert None not in [breach_of(found, value) for value in breaks]


@pytest.mark.parametrize(
    ("line", "nullable"),
    [("<= 5%", True), ("<= 0%", False), ("== 0", False), ("refuse: <= 5%", False)],
)
def test_empty_cells_are_let_be_where_a_share_of_them_is_and_nothing_else_is_said(
    line: str, nullable: bool
) -> None:
    found = promised(TEXT, read_line("null(c)", line))

    assert breach_of(found, None) is (None if nullable else Breach.NULL)


@pytest.mark.parametrize(
    ("key", "line", "code"),
    [
        ("c", "!= 0", "contract-line"),
        ("c", "d in [0, 1]", "contract-line"),
        ("c", "clip: in {1, 2}", "contract-line"),
        ("c", "flag: any", "contract-line"),
        ("null(c)", "clip: <= 5%", "contract-line"),
        ("null(c)", ">= 5%", "contract-line"),
        ("null(c)", "in {0}", "contract-line"),
        ("mean(c)", "<= 5", "contract-line"),
        ("c", "drop: in [0, 1]", "check-syntax"),
        ("c", "in [0, 1", "check-syntax"),
        ("c", "", "check-syntax"),
    ],
)
def test_a_line_that_no_cell_can_be_held_against_is_refused(key: str, line: str, code: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_line(key, line)

    assert refused.value.code == code
    assert refused.value.fix


@pytest.mark.parametrize(
    ("feature", "line"),
    [
        (TEXT, "in [0, 1]"),
        (TEXT, "in {1, 2}"),
        (INTEGER, "in {a, b}"),
        (FeatureContract("c", Kind.DATE, True, None, None, None), "in {a}"),
        (FeatureContract("c", Kind.BOOLEAN, True, None, None, None), "<= 1"),
    ],
)
def test_a_line_of_another_kind_than_its_column_is_refused(
    feature: FeatureContract, line: str
) -> None:
    with pytest.raises(UsageError) as refused:
        promised(feature, read_line("c", line))

    assert refused.value.code == "check-kind"


def test_an_action_is_of_its_own_breach_alone_and_no_part_of_the_rule_for_tables() -> None:
    stated = (("age", "clip: warn: in [17, 90]"), ("null(plan)", "refuse: <= 5%"))

    found = agree(SEEN, Terms(stated, None))

    assert actions_of(found) == {
        ("age", Breach.OUT_OF_RANGE): "clip",
        ("age", Breach.UNSEEN): "clip",
        ("plan", Breach.NULL): "refuse",
    }
    assert [rule.warns for rule in rules_of(found) if rule.term.name == "age"] == [False, True]


NAMES = st.sampled_from(["age", "Total Charges", "a.b", "in", "n\u00e4me", 'q"uote', "x'y", "a\\b"])
CELLS = (
    st.lists(st.none() | st.integers(-(10**9), 10**9), min_size=1, max_size=6)
    | st.lists(st.none() | st.floats(-1e300, 1e300), min_size=1, max_size=6)
    | st.lists(st.none() | st.text(max_size=5), min_size=1, max_size=6)
)


@settings(max_examples=40)
@given(st.dictionaries(NAMES, CELLS, min_size=1, max_size=4), st.sampled_from(["flag", "refuse"]))
def test_what_is_written_down_makes_the_same_promises_again(
    columns: dict[str, list[object]], null: str
) -> None:
    longest = max(map(len, columns.values()))
    contract = told(**{n: (cells * longest)[:longest] for n, cells in columns.items()})
    lines = {line.key: line.told for line in written(contract, null=null)}
    text = "[contract]\n" + "".join(f"{toml.key(k)} = {toml.text(v)}\n" for k, v in lines.items())

    stated = tomllib.loads(text)["contract"]
    blank = [
        FeatureContract(f.name, f.kind, not f.nullable, None, None, None) for f in contract.features
    ]
    again = agree(Contract(tuple(blank), ()), Terms(tuple(stated.items()), None))

    assert stated == lines
    assert again.features == contract.features
    assert {line.key: line.told for line in written(again, null=null)} == lines
