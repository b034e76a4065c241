"""The text of a user's modules is kept beside a step, but for one with a secret in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlwright.core.errors import RefusedError
from mlwright.core.records import load
from mlwright.run.code.sources import Sources, read_sources, require_open

KEY = "KEY = 'AKIA" + "ABCDEFGHIJKLMNOP'\n"


def test_a_module_with_a_secret_is_withheld_and_said_and_the_others_are_kept(write: Any) -> None:
    write({"steps.py": "import deploy\ndef f(x): return deploy.g(x)\n", "deploy.py": "\n" + KEY})

    found = read_sources(["steps"])

    assert set(found.modules) == {"steps"}
    assert found.withheld == {"deploy": "it holds what looks like an AWS key (line 2)"}
    with pytest.raises(RefusedError, match="deploy is kept with what is made of it") as caught:
        require_open(found)
    assert caught.value.code == "code-secret"
    assert "AKIA" not in str(caught.value) + repr(caught.value.facts)


def test_what_was_recorded_before_texts_were_withheld_still_loads() -> None:
    found = load(Sources, json.dumps({"modules": {}}).encode())

    assert found == Sources({})
    require_open(found)
