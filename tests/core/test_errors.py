"""Errors keep their facts wherever they travel, and names find their nearest."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core import errors
from mlwright.core.errors import ExitCode, MlwrightError, listed, nearest

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, MlwrightError)
]


def _facts(error: MlwrightError) -> tuple[object, ...]:
    return type(error), error.code, error.message, error.fix, error.facts, error.looked, str(error)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_survives_pickling_with_all_its_facts(
    kind: type[MlwrightError], protocol: int
) -> None:
    error = kind("some-code", "what {happened} %s", fix="do", facts={"a": (1, None)}, looked=["x"])

    restored = pickle.loads(pickle.dumps(error, protocol))

    assert _facts(restored) == _facts(error)
    assert restored.exit_code is kind.exit_code


def test_a_subclass_of_an_error_survives_pickling_and_copying() -> None:
    error = errors.DataError("data-empty", "nothing", fix="add rows")

    assert _facts(copy.deepcopy(error)) == _facts(copy.copy(error)) == _facts(error)


def test_an_error_reads_as_its_code_and_message() -> None:
    error = errors.UsageError("spec-value", "seed is no number", fix="write one")

    assert str(error) == "[spec-value] seed is no number"
    assert error.args == ("seed is no number",)


def test_an_error_keeps_its_own_copy_of_the_facts() -> None:
    facts: dict[str, object] = {"a": 1}
    error = errors.UsageError("code", "message", fix="fix", facts=facts)

    facts["a"] = 2

    assert error.facts == {"a": 1}


def test_exit_codes_are_the_documented_numbers() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "DONE": 0,
        "FAULT": 1,
        "USAGE": 2,
        "CHECK_FAILED": 3,
        "NOT_FOUND": 4,
        "REFUSED": 5,
        "NOT_REPRODUCIBLE": 6,
        "INTERRUPTED": 130,
    }


@given(st.text(), st.lists(st.text()))
def test_the_nearest_name_is_one_of_the_known(name: str, known: list[str]) -> None:
    found = nearest(name, iter(known))

    assert found is None or found in known


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, unique=True), st.data())
def test_a_known_name_is_nearest_to_itself_but_for_case(
    known: list[str], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(known))

    found = nearest(name, known)

    assert found is not None
    assert found.casefold() == name.casefold()


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("chured", ["churned", "age"], "churned"),
        ("AGE", ["Age", "age group"], "Age"),
        ("zzz", ["churned", "age"], None),
        ("", ["a"], None),
        ("a", [], None),
    ],
)
def test_the_nearest_spelling_is_offered_or_none(
    name: str, known: list[str], found: str | None
) -> None:
    assert nearest(name, known) == found


def test_a_name_of_a_million_letters_has_no_nearest_and_takes_no_time() -> None:
    assert nearest("a" * 1_000_000, ["a" * 100] * 1000) is None


def test_many_or_long_names_of_strangers_are_told_in_few_words_and_little_time() -> None:
    names = [f"{number}{'a' * 90}" for number in range(100_000)]

    assert nearest(f"{'a' * 90}", names) is not None
    assert len(listed(["x" * 1_000_000] * 50)) < 1_200


def test_an_error_told_of_one_row_is_the_same_error() -> None:
    error = errors.DataError("code", "message", fix="fix", facts={"a": 1}, looked=["x"])

    told = error.of("row 3")

    assert (type(told), told.message) == (errors.DataError, "row 3: message")
    assert (told.code, told.fix, told.facts, told.looked) == ("code", "fix", {"a": 1}, ("x",))
