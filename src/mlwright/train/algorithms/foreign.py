"""Models of the user's own: fitted in one process apart, kept as bytes, asked in a confined one.

The content is a line that says what the model is and then the model itself; see
:mod:`mlwright.train.own.content`. Nothing of it is ever opened in this process.
"""

from __future__ import annotations

import atexit
import io
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import numpy as np

from mlwright.features.numbers import Matrix
from mlwright.features.prepare import Recipe
from mlwright.train.algorithms.problem import GivenUpError, Learned, Parameters, Problem, Rows
from mlwright.train.own.content import ALGORITHM, head_of
from mlwright.train.own.kept import Kept
from mlwright.train.own.process import FIT, Apart
from mlwright.train.records import Configuration, OwnModel
from mlwright.train.space import Draw

RECIPE: Recipe = "linear"

DEFAULTS: Parameters = {}

OWN = "own"
"""The parameter that names the model of the user's own."""

_PREFIX = f"{OWN}."
"""What its parameters begin with, so that none is taken for one of an algorithm's."""


def parameters_of(own: OwnModel, draw: Draw) -> Parameters:
    """Return the parameters of a configuration that tries a model of the user's own."""
    return {OWN: own.name, **{f"{_PREFIX}{name}": value for name, value in draw.items()}}


def draw_of(configuration: Configuration) -> dict[str, int | float | str | bool]:
    """Return the parameters a configuration gives a model of the user's own."""
    return _given(configuration.parameters)


def tried_with(own: OwnModel, draw: Draw) -> Configuration:
    """Return the configuration that tries a model of the user's own with parameters."""
    told = ", ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in draw.items()
    )
    name = f"{own.name}({told})" if told else own.name
    return Configuration(name, ALGORITHM, parameters_of(own, draw), own.recipe)


def _given(parameters: Parameters) -> dict[str, int | float | str | bool]:
    return {
        name.removeprefix(_PREFIX): value
        for name, value in parameters.items()
        if name.startswith(_PREFIX)
    }


def fit(rows: Rows, problem: Problem, judging: Rows | None) -> Learned:
    """Return what the user's code makes of the rows, as it is kept.

    Raises
    ------
    GivenUpError
        When ``problem.hear`` said that it need not go on.
    """
    own = problem.own
    assert own is not None
    blocks: list[bytes] = []
    asked = {
        "own": asdict(own),
        "params": _given(problem.parameters),
        "seed": problem.seed,
        "classes": problem.classes,
        "labels": problem.labels,
        "names": rows.names,
        "train": _told(rows, blocks, framed='"fit"' in own.blueprint),
        "valid": None
        if judging is None
        else _told(judging, blocks, framed='"fit"' in own.blueprint),
    }
    made = _fitting(own.modules, own.name).ask(asked, blocks, hear=problem.hear)
    if not made:
        raise GivenUpError
    return Learned(made[0], problem.parameters)


def answer(content: bytes, X: Matrix, problem: Problem) -> Matrix:  # noqa: ARG001
    """Return the answers of a kept model for each row."""
    return _answering(head_of(content).modules).ask(content, X)


def _told(rows: Rows, blocks: list[bytes], *, framed: bool) -> dict[str, Any]:
    """Put rows into blocks and tell where each part of them is."""
    told: dict[str, Any] = {"weight": None, "frame": None}
    parts = {"X": np.ascontiguousarray(rows.X).tobytes(), "y": rows.y.tobytes()}
    if rows.weight is not None:
        parts["weight"] = rows.weight.tobytes()
    if framed and rows.frame is not None:
        written = io.BytesIO()
        rows.frame.write_ipc(written)
        parts["frame"] = written.getvalue()
    for name, block in parts.items():
        told[name] = len(blocks)
        blocks.append(block)
    return told


@lru_cache(maxsize=4)
def _fitting(modules: object, name: str) -> Apart:  # noqa: ARG001 - other code, another process
    apart = Apart(FIT, name)
    atexit.register(apart.close)
    return apart


@lru_cache(maxsize=4)
def _answering(modules: object) -> Kept:  # noqa: ARG001 - other code, another process
    kept = Kept()
    atexit.register(kept.close)
    return kept
