"""The environment is recorded as far as it decides bits, and nothing personal with it."""

from __future__ import annotations

import getpass
import os
import platform
import socket
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from mlwright.core.records import dump, load
from mlwright.run.environments.record import environment
from mlwright.run.records import Environment


def test_the_environment_comes_back_from_its_bytes() -> None:
    found = environment()

    assert load(Environment, dump(found)) == found
    assert load(Environment, dump(found)).digest == found.digest


def test_it_names_python_kernels_and_distributions() -> None:
    found = environment()

    assert found.python == platform.python_version()
    assert found.blas
    assert found.threads["blas"] >= 1
    assert found.distributions["numpy"].version == version("numpy")
    assert found.distributions["numpy"].record is not None


def test_it_holds_neither_user_nor_host() -> None:
    text = dump(environment()).decode()

    assert socket.gethostname() not in text
    assert f'"{getpass.getuser()}"' not in text
    assert "/home/" not in text


def test_its_digest_tells_any_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    before = environment()
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    after = environment()

    assert after.variables["OMP_NUM_THREADS"] == "3"
    assert before.digest != after.digest


def test_the_class_of_a_machine_is_not_about_versions_or_variables() -> None:
    found = environment()

    assert replace(found, python="3.99.0", variables={}, timezone="X").machine_class == (
        found.machine_class
    )
    assert replace(found, cpu="other").machine_class != found.machine_class


def test_what_numpy_chose_is_remembered_for_a_process_that_has_not_loaded_it(
    tmp_path: Path,
) -> None:
    script = """
import sys
from pathlib import Path
from mlwright.core.records import dump
from mlwright.run.environments.record import environment
from mlwright.run.code.stamps import Stamps
from mlwright.run.code.trees import Shelf
from mlwright.store.memory import MemoryStore
stamps = Stamps.open(Path(sys.argv[1]))
found = environment(Shelf(MemoryStore(), stamps))
stamps.close()
print("numpy" in sys.modules, dump(found).hex())
"""

    def asked(**variables: str) -> tuple[str, str]:
        command = [sys.executable, "-c", script, str(tmp_path / "stamps.json")]
        environ = {**os.environ, **variables}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
        loaded, dumped = done.stdout.split()
        return loaded, dumped

    first, again = asked(), asked()
    other = asked(OPENBLAS_NUM_THREADS="1")

    assert (first[0], again[0], other[0]) == ("True", "False", "True")
    assert first[1] == again[1]
    assert other[1] != first[1]
