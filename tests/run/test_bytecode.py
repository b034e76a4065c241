"""Reading code ourselves gives what the disassembler gives, instruction for instruction."""

from __future__ import annotations

import argparse
import ast
import inspect
import tarfile
import typing
from types import CodeType, ModuleType

import pytest

from mlwright.run.closure import bytecode, walk

LONG = "".join(f"name_{place} = given.attribute_{place}\n" for place in range(400))
"""More names than an argument of one byte can tell apart."""


@pytest.mark.parametrize("module", [argparse, ast, inspect, tarfile, typing, bytecode, walk])
def test_the_instructions_are_those_of_the_disassembler(module: ModuleType) -> None:
    told = alike(compile(inspect.getsource(module), "module", "exec"))

    assert {"global", "local", "attribute", "store", "constant", "call", "other"} <= told


def test_arguments_of_more_than_a_byte_are_read_whole() -> None:
    events = list(bytecode._events(compile(LONG, "long", "exec")))

    assert {"attribute", "store"} <= alike(compile(LONG, "long", "exec"))
    assert bytecode._Event("attribute", "attribute_399") in events


def alike(code: CodeType) -> set[str]:
    """Hold a code object and all within it against the disassembler; return the kinds met."""
    met: set[str] = set()
    for each in bytecode._nested(code):
        read = list(bytecode._events(each))
        assert read == list(bytecode._disassembled(each)), each
        met |= {event.kind for event in read}
    return met
