"""The description of the data plane: what is asked by it is answered as it says."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from mlwright.serve.requests import is_unseen

from .conftest import Start


@pytest.mark.parametrize("examples", [3, pytest.param(60, marks=pytest.mark.deep)])
def test_requests_made_from_the_description_get_what_it_describes(
    examples: int, start: Start
) -> None:
    worker = start({"churn": "churn@1", "other": "churn@2"})

    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            f"http://127.0.0.1:{worker.port}/openapi.json",
            *("--max-examples", str(examples), "--seed", "7", "--no-color"),
            *("--phases", "examples,coverage,fuzzing", "--generation-database", "none"),
        ],
        cwd=worker.folder,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode == 0, done.stdout[-4000:]
    assert "6 selected / 6 total" in done.stdout
    assert "Failures" not in done.stdout
    assert worker.log.read_text() == ""


def test_the_description_allows_exactly_the_names_that_are_read(start: Start) -> None:
    document = start().ask("/openapi.json").json
    names = document["components"]["schemas"]["churn.row"]["propertyNames"]["pattern"]
    allowed = re.compile(names)

    for code in range(0x110000):
        if not 0xD800 <= code < 0xE000:
            assert bool(allowed.fullmatch(chr(code))) is not is_unseen(chr(code)), hex(code)
