"""Runs and steps as they are read back from the ledger: what was done, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlwright.core.digest import Digest


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A finished step of a run, as the ledger has it.

    ``inputs`` and ``content`` are digests of content; ``objects`` and ``output`` name the stored
    bytes, ``kinds`` and ``kind`` how to read them. ``edges`` maps a parameter to the step of the
    same run that gave it. ``sources`` names the object that holds the user's modules, ``log`` the
    one that holds what the step printed. ``seed`` is what its context told it, if it took one;
    ``failures`` are the codes of attempts before the one that gave the output.
    """

    run: str
    step: str
    function: str
    key: Digest
    terms: Digest
    code: Digest
    inputs: Mapping[str, Digest]
    objects: Mapping[str, Digest]
    kinds: Mapping[str, str]
    edges: Mapping[str, str]
    resources: tuple[str, ...]
    sources: Digest | None
    output: Digest
    kind: str
    content: Digest
    seconds: float
    cached: bool
    made_by: str
    sequence: int
    seed: int | None = None
    log: Digest | None = None
    failures: tuple[str, ...] = ()
    executor: str = "inline"


ENDINGS = ("run.finished", "run.failed", "run.interrupted")


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run, as the ledger has it: what it was started with, and the steps it finished.

    ``status`` is ``open`` until the run is finished, failed or interrupted; one that was killed
    stays open.
    """

    id: str
    status: str
    command: str
    started: str
    actor: str
    spec: Digest
    environment: Digest
    code: Digest
    inputs: Mapping[str, Digest]
    steps: tuple[StepRecord, ...]


@dataclass(frozen=True, slots=True)
class StepStanding:
    """A step of a run as it stands: what feeds it, and what has come of it.

    ``state`` is ``done``, ``kept`` (from an earlier run), ``failed``, ``open`` (it was begun, or
    is to come) or ``not reached``. ``edges`` maps parameters to steps, ``inputs`` to inputs.
    """

    step: str
    function: str
    state: str
    edges: Mapping[str, str]
    inputs: Mapping[str, str]
    seconds: float | None
    output: Digest | None
    made_by: str | None


@dataclass(frozen=True, slots=True)
class RunShape:
    """The steps of a run, in order: those that are finished and those that were to come."""

    run: str
    name: str
    status: str
    steps: tuple[StepStanding, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One term of a key that differs between two executions of a step.

    ``term`` is ``code``, ``input``, ``config``, ``distribution``, ``seed`` or ``python``.
    """

    term: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class StepWhy:
    """Why a step was executed, or not, the last time it was asked for."""

    step: str
    run: str
    key: Digest
    cached: bool
    made_by: str
    previous: str | None
    changes: tuple[Change, ...]
    why: str
