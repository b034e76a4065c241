"""What is printed when nobody reads it any more."""

from __future__ import annotations

import os
import sys

import pytest

from mlwright.cli.output import Output


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_work_goes_on_when_the_reader_of_its_words_has_gone(
    stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = Output(as_json=False, quiet=False, verbose=False, folder=None)
    tell = output.line if stream == "stdout" else output.note
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as given:
        monkeypatch.setattr(sys, stream, given)
        tell("read")
        told = os.read(reader, 100)
        os.close(reader)

        tell("a stage, told to nobody")
        tell("and the next")

    assert b"read" in told
