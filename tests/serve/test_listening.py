"""The port and the turn: what is taken is named, what was orphaned is taken up again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from mlwright.core.errors import FaultError, UsageError
from mlwright.serve.listening import address, listen, serving_turn


def test_a_taken_port_is_named_with_the_option_that_gives_another() -> None:
    with listen("127.0.0.1", 0, option="--port") as first:
        port = first.getsockname()[1]

        with pytest.raises(FaultError) as caught:
            listen("127.0.0.1", port, option="--port")

    assert caught.value.code == "port-taken"
    assert str(port) in caught.value.message
    assert "--port" in caught.value.fix
    assert caught.value.facts == {"host": "127.0.0.1", "port": port}


def test_a_port_that_becomes_free_in_time_is_taken() -> None:
    first = listen("127.0.0.1", 0, option="--port")
    port = first.getsockname()[1]
    Timer(0.2, first.close).start()

    with listen("127.0.0.1", port, option="--port", patience=60.0) as second:
        assert address("127.0.0.1", second) == f"http://127.0.0.1:{port}"
        with socket.create_connection(("127.0.0.1", port), timeout=60):
            pass


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("203.0.113.1", 0)])
def test_what_cannot_be_listened_at_is_told(host: str, port: int) -> None:
    with pytest.raises(FaultError) as caught:
        listen(host, port, option="--ui-port")

    assert caught.value.code == "listen-failed"
    assert "--ui-port" in caught.value.fix


def test_one_process_serves_a_project_and_the_next_learns_how_it_ended(tmp_path: Path) -> None:
    hold = (
        "import sys, time; from pathlib import Path;"
        "from mlwright.serve.listening import serving_turn\n"
        "with serving_turn(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"

        with pytest.raises(UsageError) as caught, serving_turn(tmp_path):
            pass
        os.kill(other.pid, signal.SIGKILL)

    assert (caught.value.code, caught.value.facts["pid"]) == ("serve-running", other.pid)
    with serving_turn(tmp_path) as turn:
        assert turn.orphaned
    with serving_turn(tmp_path) as turn:
        assert not turn.orphaned
