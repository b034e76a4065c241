"""A sandbox leaves a step its arguments and its inputs, and is never left away in silence."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from mlwright.core.errors import FaultError, UsageError
from mlwright.core.seam import SystemSeam
from mlwright.ledger.ledger import Ledger
from mlwright.run.engine import Runner
from mlwright.run.executors.choose import executor_of
from mlwright.run.executors.sandbox import Sandbox, why_no_sandbox
from mlwright.store.local import LocalStore

STEPS = """
import os, socket
from pathlib import Path
import mlwright as mw

def tried(what):
    try:
        return what()
    except OSError as error:
        return type(error).__name__

@mw.step(inputs=["INPUT"])
def nosy(secret, port):
    return {
        "input": Path("INPUT").read_text(),
        "write": tried(lambda: Path("INPUT").write_text("x")),
        "secret": tried(lambda: Path(secret).read_text()),
        "own code": tried(lambda: Path(__file__).read_text()),
        "variable": os.environ.get("NOBODYS_BUSINESS"),
        "network": tried(lambda: socket.create_connection(("127.0.0.1", port), 2)),
        "scratch": tried(lambda: (Path(os.environ["TMPDIR"]) / "a").write_text("x")),
    }

@mw.step(inputs=["gone.csv"])
def lacks(port): return port
"""


def test_a_step_in_a_sandbox_reaches_its_inputs_and_nothing_else(
    tmp_path: Path, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why := why_no_sandbox():
        pytest.skip(why)
    (tmp_path / "rates.csv").write_text("1,2")
    (tmp_path / "secret").write_text("s")
    monkeypatch.setenv("NOBODYS_BUSINESS", "s")
    steps = write({"steps.py": STEPS.replace("INPUT", str(tmp_path / "rates.csv"))})
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        Ledger.open(tmp_path / "ledger", SystemSeam(), create=True) as ledger,
    ):
        store = LocalStore(tmp_path / "store")
        runner = Runner(store, ledger, SystemSeam(), folder=tmp_path / "no", executor=Sandbox(1))
        runner.start("test", {"secret": str(tmp_path / "secret"), "port": _port(listening)})
        found = runner.execute([steps.nosy])["nosy"]
        with pytest.raises(UsageError) as caught:
            runner.execute([steps.lacks])

    assert found == {
        "input": "1,2",
        "write": "OSError",
        "secret": "FileNotFoundError",
        "own code": "FileNotFoundError",
        "variable": None,
        "network": "ConnectionRefusedError",
        "scratch": 1,
    }
    assert caught.value.code == "step-input-file"


def _port(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])


def test_where_no_sandbox_can_be_made_it_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    broken.chmod(0o755)
    reasons = []
    for path in (str(tmp_path / "empty"), f"{tmp_path}:/bin"):
        monkeypatch.setenv("PATH", path)
        why_no_sandbox.cache_clear()
        with pytest.raises(FaultError) as caught:
            executor_of("sandbox")
        assert caught.value.code == "sandbox-missing"
        reasons.append(caught.value.message)
    why_no_sandbox.cache_clear()

    assert "is not installed" in reasons[0]
    assert "No permissions to create new namespace" in reasons[1]


def test_an_executor_that_does_not_exist_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        executor_of("procesess")

    assert (caught.value.code, caught.value.facts["nearest"]) == ("executor-unknown", "processes")
