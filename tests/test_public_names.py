"""The public names are what they are called, whatever was imported before."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("first", ["mlwright.run.engine", "mlwright.api.run", "mlwright.run"])
def test_run_is_the_function_after_the_subpackage_was_imported(first: str) -> None:
    script = f"import mlwright as mw, {first}; from mlwright import run, step; mw.run; mw.step"
    script += "; assert callable(mw.run) and mw.run is run and callable(step)"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
