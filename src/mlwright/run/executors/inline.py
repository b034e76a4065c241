"""Carry steps out where the run is, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlwright.run.executors.here import carried_out
from mlwright.run.executors.protocol import Outcome, Task

if TYPE_CHECKING:
    from mlwright.run.executors.processes import Processes


class Inline:
    """Calls a step in this process; Ctrl-C reaches it as it reaches any code.

    What it prints is shown as ever, and kept. A step that may take so much time or memory and no
    more gets a process of its own, under the variables of this one: nothing else can be held to
    it.
    """

    name = "inline"
    places = 1

    def __init__(self) -> None:
        self._task: Task | None = None
        self._apart: Processes | None = None

    def variables(self) -> Mapping[str, str]:
        """Return nothing: a step here runs under what this process runs under."""
        return {}

    def submit(self, task: Task) -> None:
        """Take a task; it is carried out when it is waited for."""
        assert self._task is None
        self._task = task

    def wait(self) -> Outcome:
        """Carry the task out."""
        task, self._task = self._task, None
        assert task is not None
        if not task.limits.need_a_process:
            return carried_out(task)
        if self._apart is None:
            from mlwright.run.executors.processes import Processes

            self._apart = Processes(1, variables={})
        self._apart.submit(task)
        return self._apart.wait()

    def cancel(self) -> None:
        """End a process that was started."""
        self._task = None
        if self._apart is not None:
            self._apart.cancel()

    def close(self) -> None:
        """End a process that was started."""
        self.cancel()
