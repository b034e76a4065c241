"""Run the whole job from Python."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mlwright.api.given import given
from mlwright.api.model import Model
from mlwright.api.project import Project
from mlwright.core.errors import UsageError
from mlwright.flows.records import Build
from mlwright.train.progress import Silent

_MEANT = {"check": "checks", "data": "source", "file": "source", "table": "source"}
"""Names people try, and the one argument of that meaning."""


class Run:
    """A finished run: its id, its model and everything that was found on the way."""

    def __init__(self, project: Project, build: Build) -> None:
        self.project = project
        self.build = build

    @property
    def id(self) -> str:
        """The run's id."""
        return self.build.run

    @property
    def model(self) -> Model:
        """The model the run registered."""
        return Model(self.project, self.build.version)

    def __repr__(self) -> str:
        return f"<Run {self.id} made {self.build.version.ref}>"


class _Quiet:
    def finished(self, stage: str, value: object, seconds: float, *, cached: bool) -> None:
        """Say nothing: the caller has the records."""


def run(
    source: object | None = None,
    target: str | None = None,
    *,
    project: str | Path | None = None,
    checks: object | Sequence[object] = (),
    waive: Mapping[str, str] | None = None,
    new_contract: bool = False,
    models: Sequence[object] | object | None = None,
    space: Mapping[str, Mapping[str, object]] | None = None,
    steps: Sequence[object] | object | None = None,
    **settings: object,
) -> Run:
    """Train, judge and register a model from a table and a question.

    Parameters
    ----------
    source
        A file, a folder, an address, or a polars, pandas or Arrow table; by default the spec's
        ``data.source``.
    target
        The column to predict; by default the spec's ``target``.
    project
        The project's folder; by default the nearest one upwards, else one is made here.
    checks
        Rules such as ``"auc >= 0.70"``, and checks of your own, made with :func:`mlwright.check` or
        named as ``"MODULE:NAME"``: one or several, beside those of the spec.
    waive
        Reasons by the leaks they answer for, such as ``{"leak.target(delay)": "known by then"}``.
    new_contract
        Infer what columns promise again, instead of keeping what was agreed for this name.
    models
        What is tried: names of algorithms, ``"auto"`` for all of them, ``"MODULE:NAME"``, functions
        made with :func:`mlwright.train`, or estimators with ``fit`` and ``predict``.
    space
        What the parameters of models of your own may be, by model: ``{"fit": {"depth": [3, 5]}}``.
    steps
        Feature steps of your own, in order: functions from a table to a table, such as those made
        with :func:`mlwright.step`, or ``"MODULE:NAME"``.
    **settings
        Any setting of the spec by its last name, such as ``budget="60s"`` or ``key="id"``.

    Raises
    ------
    MlwrightError
        With a stable ``code``; ``fix`` says what to do.
    """
    for name, meant in _MEANT.items():
        if name in settings:
            raise UsageError(
                "argument-unknown",
                f"run() takes no {name}=",
                fix=f"its name is {meant}=",
                facts={"argument": name, "nearest": meant},
            )
    flags = {name: value for name, value in settings.items() if value is not None}
    flags |= {f"waive.{check}": reason for check, reason in (waive or {}).items()}
    own: tuple[object, ...] = ()
    if models is not None:
        flags["search.models"], own = _told_apart(models)
    given_steps: tuple[object, ...] = ()
    if steps is not None:
        flags["features.steps"], given_steps = _told_apart(steps)
    flags |= _space(space or {})
    frame = None
    if source is not None:
        flags["data.source"], frame = given(source, Path.cwd())
    if target is not None:
        flags["target"] = target
    opened = Project.open(
        Path(project) if project is not None else None,
        create=True,
        flags=flags,
        environ=os.environ,
    )
    opened.workspace = replace(opened.workspace, frame=frame, own=own, own_steps=given_steps)
    rules, given_checks = _told_apart(checks)
    opened.workspace = replace(opened.workspace, own_checks=given_checks)
    build = opened.build(
        rules=rules, new_contract=new_contract, listener=_Quiet(), progress=Silent()
    )
    return Run(opened, build)


def _told_apart(given: Sequence[object] | object) -> tuple[tuple[str, ...], tuple[object, ...]]:
    """Return the names among models or steps, and what is one itself."""
    several = given if isinstance(given, list | tuple) else [given]
    names = tuple(each for each in several if isinstance(each, str))
    return names, tuple(each for each in several if not isinstance(each, str))


def _space(space: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Return a search space as the spec's lines."""
    return {
        f"space.{model}.{parameter}": ", ".join(map(_written, values))
        if isinstance(values, list | tuple)
        else _written(values)
        for model, parameters in space.items()
        for parameter, values in parameters.items()
    }


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
