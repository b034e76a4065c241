"""What code refers to is recalled for the same code alone, and only from a file that is whole."""

from __future__ import annotations

from pathlib import Path

from mlwright.run.closure import bytecode
from mlwright.run.closure.recalled import Recalled, name_of

TEXT = """
import math
def rate(x):
    from json import dumps
    return [math.sqrt(v) + OFFSET for v in x], dumps(x)
"""


def compiled(text: str) -> bytecode.References:
    code = next(
        each for each in compile(text, "m.py", "exec").co_consts if hasattr(each, "co_code")
    )
    memory = Recalled()
    memory.learn(name_of(code), bytecode._told(bytecode._references(code)))
    told = memory.look_up(name_of(code))
    assert told is not None
    return bytecode._retold(told)


def test_what_is_recalled_is_what_was_read() -> None:
    code = next(
        each for each in compile(TEXT, "m.py", "exec").co_consts if hasattr(each, "co_code")
    )

    assert compiled(TEXT) == bytecode._references(code)
    assert compiled(TEXT) != compiled(TEXT.replace("OFFSET", "SHIFT"))
    assert compiled(TEXT) != compiled(TEXT.replace("sqrt", "cbrt"))


def test_a_memory_lasts_between_processes_unless_its_file_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "references"
    first = Recalled()
    first.open(path)
    first.learn(b"code", ("digest", (), (), (), ()))
    first.keep(path)

    again = Recalled()
    again.open(path)
    assert again.look_up(b"code") == ("digest", (), (), (), ())

    for raw in (path.read_bytes()[:-1], b"\0" + path.read_bytes()[1:], b"", b"no memory at all"):
        path.write_bytes(raw)
        damaged = Recalled()
        damaged.open(path)
        assert damaged.look_up(b"code") is None
