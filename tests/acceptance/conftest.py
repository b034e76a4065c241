"""Shells for stories told on the command line: real files, real data, real processes.

Where only what a command says and leaves behind counts, it is run within the tests' own process,
which has the libraries loaded already.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlwright.cli.main import run


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


@dataclass(frozen=True)
class Within(Shell):
    """Runs `mlw` in a project's folder without a process for each command.

    A command that is given variables of the environment gets a process, which reads them.
    """

    def __call__(self, *arguments: object, **environment: str) -> Answer:
        if environment:
            return super().__call__(*arguments, **environment)
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with pytest.MonkeyPatch.context() as patch, chdir(self.folder):
            patch.setenv("NO_COLOR", "1")
            with redirect_stdout(out), redirect_stderr(err):
                code = run([str(each) for each in arguments])
        said, told = (each.buffer.getvalue().decode() for each in (out, err))
        return Answer(code, said, told)


@pytest.fixture
def mlw(tmp_path: Path) -> Shell:
    """A shell in an empty folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    return Shell(folder)


@pytest.fixture
def within(mlw: Shell) -> Shell:
    """The same without a process for each command."""
    return Within(mlw.folder)
