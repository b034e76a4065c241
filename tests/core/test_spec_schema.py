"""The shipped JSON Schema says what the settings say."""

from __future__ import annotations

import json
import runpy
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from mlwright.api.spec import SECTIONS
from mlwright.core.declared import declared
from mlwright.core.settings import TOP, FreeTable
from mlwright.core.spec_schema import spec_schema

SCRIPT = Path(__file__).parents[2] / "scripts" / "write_spec_schema.py"


def test_the_shipped_schema_is_what_the_script_writes_today() -> None:
    shipped = files("mlwright").joinpath("spec.schema.json").read_text(encoding="utf-8")

    assert shipped == runpy.run_path(str(SCRIPT))["text"](), f"stale: run python {SCRIPT}"


@pytest.mark.parametrize(
    "section", [n for n, k in SECTIONS.items() if not issubclass(k, FreeTable)]
)
def test_the_schema_has_every_setting_of_a_section_and_no_other(section: str) -> None:
    schema: Any = spec_schema(SECTIONS)
    place = schema if section == TOP else schema["properties"][section]

    names = {each.name for each in declared(section, SECTIONS[section])}
    assert place["additionalProperties"] is False
    assert set(place["properties"]) - set(SECTIONS) == names
    assert all(each["description"] for each in place["properties"].values())


def test_every_reference_in_the_schema_leads_somewhere() -> None:
    schema: Any = spec_schema(SECTIONS)

    assert '"$ref": "#/definitions/rules"' in json.dumps(schema)
    assert set(schema["definitions"]) == {"rules"}
