"""The executor a project's settings ask for."""

from __future__ import annotations

from mlwright.core.errors import UsageError, nearest
from mlwright.run.executors.inline import Inline
from mlwright.run.executors.protocol import Executor

_PROCESSES = "processes"
_SANDBOX = "sandbox"
NAMES = (Inline.name, _PROCESSES, _SANDBOX)


def executor_of(name: str, workers: int | None = None) -> Executor:
    """Return the executor of a name, with as many places.

    Raises
    ------
    UsageError
        ``executor-unknown``
    FaultError
        ``sandbox-missing``
    """
    if name == Inline.name:
        return Inline()
    if name == _PROCESSES:
        from mlwright.run.executors.processes import Processes

        return Processes(workers)
    if name == _SANDBOX:
        from mlwright.run.executors.sandbox import Sandbox

        return Sandbox(workers)
    near = nearest(name, NAMES)
    raise UsageError(
        "executor-unknown",
        f"steps cannot be carried out {name!r:.80}" + (f"; did you mean {near!r}?" if near else ""),
        fix=f"write one of {', '.join(NAMES)}",
        facts={"executor": name, "nearest": near},
    )
