"""What the README shows of serving works as it is written there."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.acceptance.conftest import Shell
from tests.acceptance.serving import serving
from tests.conftest import ROOT

PORT = "http://127.0.0.1:7700"


def _part() -> str:
    """Return the README's part about serving."""
    text = (ROOT / "README.md").read_text()
    return text.split("## Served, explained, proved")[1].split("\n## ")[0]


def _line(beginning: str) -> str:
    """Return the one line of the README's part that begins so."""
    (line,) = re.findall(rf"^{re.escape(beginning)}.*$", _part(), re.M)
    return str(line)


def test_the_readmes_first_served_model_answers_its_curl_line_and_is_explained_and_proved(
    mlw: Shell, dataset: Callable[[str], Path]
) -> None:
    # As after `make data` in the clone; a folder of its own lies beside .cache.
    cache = mlw.folder.parent / ".cache" / "data"
    cache.mkdir(parents=True)
    shutil.copy(dataset("diamonds"), cache)
    _, *run = shlex.split(_line("mlw run "))
    assert run[-1] == "--serve"
    run[run.index("--budget") + 1] = "1s"  # the README takes the time a good model needs
    free = ("--port", "0", "--ui-port", "0")

    with serving(mlw.folder, *run, *free) as server:
        asked = subprocess.run(
            _line("curl ").replace(PORT, server.address),
            shell=True,
            capture_output=True,
            text=True,
            timeout=300,
        )
        python = _part().split("```python\n")[1].split("```")[0].replace(PORT, server.address)
        script = subprocess.run(
            [sys.executable, "-c", f"{python}\nprint(answer.id, answer.value)"],
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert asked.returncode == 0, asked.stderr
        assert script.returncode == 0, script.stderr
        answer = json.loads(asked.stdout)
        identifier, value = script.stdout.split()
        why = mlw("why", answer["id"])
        proof = mlw.good("prove", answer["id"][:12])
        listed = mlw.good("ls", "predictions")
        assert server.end() == 0

    told = json.loads(_part().split("```json\n")[1].split("```")[0])
    assert answer.keys() == told.keys()
    assert (answer["model"], answer["flags"]) == (told["model"], told["flags"])
    assert PORT in _line("curl ")
    assert (why.code, proof["verdict"]) == (0, "exact")
    assert "the nearest rows it learned from" in why.out
    assert float(value).hex() == answer["value"].hex()
    assert {answer["id"], identifier} == {each["prediction"] for each in listed["predictions"]}
