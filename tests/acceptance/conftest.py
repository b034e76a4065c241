"""A shell for stories told on the command line: real processes, real files, real data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Shell:
    """Runs `mlw` in a project's folder, each time as a process of its own."""

    folder: Path
    python: str = sys.executable

    def __call__(self, *arguments: object, **environment: str) -> Answer:
        done = subprocess.run(
            [self.python, "-m", "mlwright", *(str(a) for a in arguments)],
            cwd=self.folder,
            env={**os.environ, "NO_COLOR": "1", **environment},
            capture_output=True,
            text=True,
            timeout=540,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def good(self, *arguments: object, **environment: str) -> Any:
        """Run a command with --json that has to succeed, and return its document."""
        answer = self(*arguments, "--json", **environment)
        assert answer.code == 0, f"{arguments}: exit {answer.code}\n{answer.out}\n{answer.err}"
        return answer.json


@pytest.fixture
def mlw(tmp_path: Path) -> Shell:
    """A shell in an empty folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    return Shell(folder)
