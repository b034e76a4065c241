"""A list in a spec made longer: everything else stays, to the last comment and line ending."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlwright.core.errors import UsageError
from mlwright.core.spec_edit import extend_list

PATH = ("data", "repair")
NEW = ("trim x", 'map plan: \'A"\' -> "b"  # no comment')

SPECS = (
    "",
    'target = "x"\n',
    '[data]\nsource = "a.csv"\n\n# about checks\n[checks]\nauc = ">= 0.7" # why\n',
    "[data]\nrepair = []\n",
    '[data]\nrepair = ["trim a"] # mine\nkey = "x"\n',
    '[data]\nrepair = [\n    "trim a", # one\n    # two\n    \'map b: "]" -> "#"\'  # z ]\n]\n',
    'data.source = "x"\n[checks]\nauc = "1"',
    'data.repair = ["trim a"]\n[data2]\n',
    '[data]\r\nkey = "a"\r\n\r\n[checks]\r\n',
    '[ "data" ]\nx = """\n[data]\nrepair = []\n"""\n',
    "[checks]\na = '''x'''''\n[data.more]\ny = 1\n",
    "[data]\nrepair = [ # none yet\n]\n",
    '[data]\nrepair = [\n  "trim a"\n  ]\n[x]\n[[y]]\nz = [[1], {a = "]"}]\n',
    "[data]  # no end of line",
    "# only\n# comments\n",
)


def comments(spec: str) -> list[str]:
    return [line.partition("# ")[2].strip() for line in spec.splitlines() if "# " in line]


@pytest.mark.parametrize("spec", SPECS)
def test_a_list_gets_its_entries_and_nothing_else_changes(spec: str) -> None:
    made = extend_list(spec, PATH, NEW, name="mlwright.toml")

    then, now = tomllib.loads(spec), tomllib.loads(made)
    there = then.get("data", {}).get("repair", [])
    assert now["data"].pop("repair") == [*there, *NEW]
    then.get("data", {}).pop("repair", None)
    assert now == ({"data": {}} | then)
    assert set(comments(spec)) <= set(comments(made)) | {""}
    assert ("\r\n" in spec) == ("\r\n" in made)
    again = extend_list(made, PATH, ["trim y"], name="mlwright.toml")
    assert tomllib.loads(again)["data"]["repair"] == [*there, *NEW, "trim y"]


def test_the_lines_are_told_where_no_place_is_safe() -> None:
    for spec in ('data = {source = "x"}\n', 'data = {repair = ["trim q"], key = "k"}'):
        with pytest.raises(UsageError, match="cannot be added to") as told:
            extend_list(spec, PATH, NEW, name="mlwright.toml")

        assert told.value.code == "spec-not-editable"
        assert '"trim x",' in told.value.fix


@settings(max_examples=60)
@given(st.lists(st.sampled_from((
    "[data]", "[checks]", "[[list]]", "[data.more]", 'key = "a"', "repair = [", '"trim q",', "]",
    "# note", "", 'x = """', '"""', "data.time = 'b'", "  ", "y = {a = 1}",
)), max_size=9))  # fmt: skip
def test_what_is_written_always_reads_as_was_wanted(lines: list[str]) -> None:
    spec = "\n".join(lines)
    try:
        then = tomllib.loads(spec)
    except ValueError:
        return
    there = then.get("data", {})
    if not isinstance(there.get("repair", []), list):
        return
    try:
        made = extend_list(spec, PATH, NEW, name="mlwright.toml")
    except UsageError as error:
        if error.code == "spec-not-editable":
            return
        raise

    now = tomllib.loads(made)
    assert now["data"].pop("repair") == [*there.get("repair", []), *NEW]
    then.get("data", {}).pop("repair", None)
    assert now == ({"data": {}} | then)
