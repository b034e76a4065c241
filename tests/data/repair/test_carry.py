"""A table repaired: what is touched, what is left alone, and the exact way back."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.conftest import Roles, Shelf, attempt

from mlwright.core.errors import MlwrightError
from mlwright.data.digests import DTYPES
from mlwright.data.ingest import read_table
from mlwright.data.records import Kind, Part, Snapshot, Split
from mlwright.data.repair.carry import repair
from mlwright.data.repair.records import Repaired, RepairRule
from mlwright.data.repair.undo import quarantined, touched_by, undo
from mlwright.data.settings import DataSettings
from mlwright.data.split import make_split, parts
from mlwright.data.table import read

PEOPLE = pl.DataFrame(
    {
        "name": [" ann", "bob", "cy", "dee", "bob"],
        "age": [31, -4, None, 210, -4],
        "plan": ["Pro", "pro", "?", "basic", "pro"],
        "since": ["31/01/2020", "2020-02-30", "1,5", None, "2020-02-30"],
    }
)


def mended(shelf: Shelf, frame: pl.DataFrame, *steps: str, key: str | None = None) -> Repaired:
    return repair(shelf.snapshot(frame, key), RepairRule(steps, {}), None, shelf.store)


def frame_of(repaired: Repaired, shelf: Shelf) -> pl.DataFrame:
    return read(repaired.snapshot, shelf.store).frame


def test_steps_are_carried_out_in_their_order_and_each_touch_is_counted(shelf: Shelf) -> None:
    repaired = mended(
        shelf,
        PEOPLE,
        "trim name",
        "map plan: Pro -> pro, '?' -> null",
        "fill plan with mode",
        "parse since as date from 'DD/MM/YYYY' or 'YYYY-MM-DD'",
        "dedupe",
        "clip age to [-10, 120]",
        "fill age with median",
        "drop column name",
        "quarantine where age < 0",
    )

    assert frame_of(repaired, shelf).sort("age").to_dicts() == [
        {"age": 31, "plan": "pro", "since": date(2020, 1, 31)},
        {"age": 31, "plan": "pro", "since": None},
        {"age": 120, "plan": "basic", "since": None},
    ]
    assert [(t.rows, t.cells) for t in repaired.touches] == [
        *[(1, 1), (2, 2), (1, 1), (4, 4), (1, 0), (1, 1), (1, 1), (4, 4), (1, 0)]
    ]
    applied = [step.applied for step in repaired.steps]
    assert "fill plan with 'pro'" in applied
    assert "fill age with 31" in applied  # of -4, 31 and 120, without the repeated row


def test_a_row_keeps_its_id_and_the_table_its_way_back(shelf: Shelf) -> None:
    raw = shelf.snapshot(PEOPLE)
    repaired = repair(raw, RepairRule(("trim name", "dedupe"), {}), None, shelf.store)
    ids = read(raw, shelf.store).row_ids.to_list()
    kept = read(repaired.snapshot, shelf.store).row_ids.to_list()
    (gone,) = set(ids) - set(kept)

    assert kept == [each for each in ids if each != gone]
    assert gone.endswith("-1")
    assert [(q.row, q.step, q.values["name"]) for q in quarantined(repaired, shelf.store)] == [
        (gone, "dedupe", "bob")
    ]
    spaced = read(raw, shelf.store).row_ids.filter(read(raw, shelf.store).frame["name"] == " ann")
    (touched,) = touched_by(repaired, shelf.store, spaced[0])
    assert (touched.step, touched.column, touched.before) == ("trim name", "name", " ann")
    assert [each.column for each in touched_by(repaired, shelf.store, gone)] == [None]
    assert undo(repaired, shelf.store) == raw.id


def test_a_repair_that_touches_nothing_gives_the_same_table(shelf: Shelf) -> None:
    keyed = PEOPLE.with_columns(id=pl.Series([5, 1, 4, 2, 3]))
    for key in (None, "id"):
        repaired = mended(shelf, keyed, "clip age to [-1000, 1000]", "trim plan", key=key)

        assert repaired.snapshot.id == repaired.raw
        assert (repaired.cells, repaired.taken_out) == (0, 0)


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        (("clip name to [0, 1]",), "repair-kind"),
        (("clip age to [0.5, 1]",), "repair-kind"),
        (("trim agee",), "column-unknown"),
        (("dedupe by name, nmae",), "column-unknown"),
        (("drop column name", "trim name"), "column-unknown"),
        (("drop column age",) * 1, None),
        (("parse age as integer",), None),
        (("parse age as date",), "repair-kind"),
        (("cast name to integer",), "repair-kind"),
        (("map age: young -> 3",), "repair-kind"),
        (("map age: 31 -> 9223372036854775808",), "repair-kind"),
        (("fill name with mean",), "repair-kind"),
        (("drop where age < 1000", "drop where age is missing"), "repair-nothing-left"),
        (("map age: 31 -> null, -4 -> null, 210 -> null", "fill age with mean"),
         "repair-nothing-known"),
        (("trim",), "repair-syntax"),
        (("parse since as date", "quarantine where since < 3"), "check-kind"),
        (("drop column name", "drop column age", "drop column plan", "drop column since"),
         "repair-nothing-left"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_by_code(
    shelf: Shelf, steps: tuple[str, ...], code: str | None
) -> None:
    made = attempt(lambda: mended(shelf, PEOPLE, *steps))

    assert (made.code if isinstance(made, MlwrightError) else None) == code
    if isinstance(made, MlwrightError) and code not in ("repair-syntax", "repair-nothing-left"):
        assert made.message.startswith(f"repair step {len(steps)}, ")


def test_a_column_with_a_role_is_changed_by_no_step(shelf: Shelf) -> None:
    raw = shelf.snapshot(PEOPLE.with_columns(id=pl.Series(list("abcde"))), "id")
    rule = RepairRule(("dedupe by name", "trim id"), {"id": "the key"})

    made = attempt(lambda: repair(raw, rule, None, shelf.store))

    assert isinstance(made, MlwrightError)
    assert (made.code, "the key" in made.message) == ("repair-role", True)


def test_no_step_makes_a_target_up(shelf: Shelf) -> None:
    raw = shelf.snapshot(PEOPLE)

    def attempted(step: str) -> object:
        return attempt(lambda: repair(raw, RepairRule((step,), {}, "age"), None, shelf.store))

    for step in ("fill age with 3", "fill age with median", "clip age to [0, 9]"):
        made = attempted(step)
        assert isinstance(made, MlwrightError)
        assert (made.code, "truths" in made.message) == ("repair-role", True)
    assert isinstance(attempted("map age: 210 -> 21"), Repaired)


def test_a_repair_that_leaves_nothing_to_choose_by_is_refused(shelf: Shelf) -> None:
    raw = shelf.snapshot(big(), "id")
    split, part = split_of(raw, shelf)
    rows = ", ".join(repr(row) for row, number in part.items() if number == 1)

    made = attempt(
        lambda: repair(raw, RepairRule((f"quarantine rows {rows}",), {}), split, shelf.store)
    )

    assert isinstance(made, MlwrightError)
    assert made.code == "repair-nothing-left"


def big(rows: int = 4_000) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": range(rows),
            "x": [None if n % 7 == 0 else n * 37 % 1000 for n in range(rows)],
            "y": [n % 3 == 0 for n in range(rows)],
        }
    )


def split_of(raw: Snapshot, shelf: Shelf) -> tuple[Split, dict[str, int]]:
    split = make_split(raw, Roles(key="id"), "y", shelf.store, None)
    table = read(raw, shelf.store)
    return split, dict(zip(table.row_ids, parts(table, split).tolist(), strict=True))


def test_training_rows_alone_are_fitted_on_and_no_sealed_row_is_taken_out(shelf: Shelf) -> None:
    raw = shelf.snapshot(big(), "id")
    split, part = split_of(raw, shelf)
    rule = RepairRule(("fill x with mean", "quarantine where x > 900", "clip x to [0, 950]"), {})

    repaired = repair(raw, rule, split, shelf.store)

    table = read(raw, shelf.store)
    train = table.frame.filter(pl.Series([part[row] == 0 for row in table.row_ids]))
    assert repaired.steps[0].applied == f"fill x with {round(train['x'].mean())}"  # type: ignore[arg-type]
    assert repaired.fitted_rows == split.counts["train"]
    out = {each.row for each in quarantined(repaired, shelf.store)}
    assert out
    assert {part[row] for row in out} == {0, 1}
    left = read(repaired.snapshot, shelf.store)
    assert left.frame["x"].max() == 950  # of a sealed row, which stays and is clipped
    assert left.frame["x"].null_count() == 0
    again = dict(zip(left.row_ids, parts(left, split).tolist(), strict=True))
    assert again == {row: number for row, number in part.items() if row not in out}


def test_what_only_sealed_rows_show_changes_no_fitted_step(shelf: Shelf) -> None:
    raw = shelf.snapshot(big(), "id")
    split, part = split_of(raw, shelf)
    rows = pl.Series([part[str(n)] == 2 for n in range(4_000)])
    other = big().with_columns(pl.when(rows).then(999_999).otherwise("x").alias("x"))
    rule = RepairRule(("fill x with median", "fill x with mode"), {})

    first = repair(raw, rule, split, shelf.store)
    second = repair(shelf.snapshot(other, "id"), rule, split, shelf.store)

    assert first.steps == second.steps
    assert Part.TEST.value in split.counts


ANY = {
    Kind.INTEGER: st.sampled_from([None, 0, 1, -5, 99, 2**53 + 1, -(2**63)]),
    Kind.FLOAT: st.sampled_from([None, 0.0, -0.0, 1.5, -7.0, 3.0, 1e300, float("inf")]),
    Kind.STRING: st.sampled_from([None, "", " ", "a", " a", "A", "12", "012", "1,200", "1e3",
                                  "true", "2020-01-31", "31/01/2020", "2020-01-31T10:00:00"]),
    Kind.BOOLEAN: st.sampled_from([None, True, False]),
    Kind.DATE: st.sampled_from([None, date(2020, 1, 31), date(1, 1, 1)]),
}  # fmt: skip
SOME = [
    *("trim s", "parse s as integer", "parse s as float", "parse s as boolean", "parse s as date"),
    *("parse s as datetime", "map s: a -> b, '12' -> null", "fill s with a", "drop column s"),
    *("clip i to [0, 50]", "map i: 0 -> 7, 99 -> null", "fill i with median", "cast i to float"),
    *("cast i to string", "cast i to boolean", "clip f to [-1, 2]", "map f: 0.0 -> -0.0"),
    *("fill f with mean", "cast f to integer", "cast b to integer", "cast b to string"),
    *("fill b with true", "cast d to string", "cast d to datetime", "fill d with mode"),
    *("map d: '0001-01-01' -> null", "drop column d", "dedupe", "dedupe by i", "dedupe by s, b"),
    *("quarantine where i < 0", "drop where f is missing", "quarantine where s in {'a'}"),
]


@settings(max_examples=40)
@given(
    st.lists(st.fixed_dictionaries({k.value[0]: v for k, v in ANY.items()}), min_size=4,
             max_size=12),
    st.lists(st.sampled_from(SOME), max_size=7),
)  # fmt: skip
def test_any_repair_is_undone_to_the_same_id(rows: list[dict[str, Any]], steps: list[str]) -> None:
    shelf = Shelf()
    schema = {k.value[0]: DTYPES[k] for k in ANY}
    raw = shelf.snapshot(pl.DataFrame(rows, schema=schema))

    made = attempt(lambda: repair(raw, RepairRule(tuple(steps), {}), None, shelf.store))

    if isinstance(made, Repaired):
        assert undo(made, shelf.store) == raw.id
        assert repair(raw, RepairRule(tuple(steps), {}), None, shelf.store) == made


def test_churn_and_adult_come_back_to_their_id(shelf: Shelf, dataset: Any) -> None:
    for name, steps in (
        (
            "churn",
            ("map gender: Male -> m, Female -> f", "cast SeniorCitizen to boolean",
             "clip tenure to [1, 60]", "fill TotalCharges with median", "cast tenure to float",
             "drop column PaperlessBilling", "quarantine where MonthlyCharges > 115"),
        ),
        ("adult", ("dedupe", "clip age to [18, 80]", "map workclass: '?' -> null")),
    ):  # fmt: skip
        raw = shelf.snapshot(read_table(dataset(name), DataSettings()))

        repaired = repair(raw, RepairRule(steps, {}), None, shelf.store)

        assert repaired.snapshot.id != raw.id
        assert undo(repaired, shelf.store) == raw.id


def test_a_damaged_record_undoes_nothing_else_than_what_it_says(shelf: Shelf) -> None:
    repaired = mended(shelf, PEOPLE, "trim name", "dedupe")
    other = mended(shelf, PEOPLE.head(4), "trim name")

    made = attempt(
        lambda: undo(
            Repaired(
                raw=repaired.raw,
                snapshot=other.snapshot,
                columns=repaired.columns,
                steps=other.steps,
                touches=other.touches,
                split=None,
                fitted_rows=4,
            ),
            shelf.store,
        )
    )

    assert isinstance(made, MlwrightError)
    assert made.code == "repair-not-undone"
