"""Carry steps out in fresh processes, several at once, each with its share of the cores."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

import mlwright
from mlwright.core.errors import MlwrightError, UsageError
from mlwright.run.artefacts import Artefact
from mlwright.run.code.restore import MAIN
from mlwright.run.code.sources import Sources
from mlwright.run.executors.attempts import attempted
from mlwright.run.executors.here import carried_out
from mlwright.run.executors.process import Launch, Process
from mlwright.run.executors.protocol import Outcome, Task

_SHARED = (
    "BLIS_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

_BLINK = 0.1
"""Seconds after which Ctrl-C is looked for: a library's own handler (polars has one) may have the
system go on waiting as if nothing had come."""


class Processes:
    """A fresh process for each attempt, so that no step meets what another left behind.

    A task with resources is carried out here, for they live here.

    Parameters
    ----------
    places
        How many may run at once; as many as there are cores by default.
    variables
        The environment variables of the processes, beside this one's; by default those that give
        each its share of the cores, and sets of texts one order.
    """

    name = "processes"

    def __init__(
        self, places: int | None = None, *, variables: Mapping[str, str] | None = None
    ) -> None:
        self.places = places or cores()
        self._variables = _shares(self.places) if variables is None else variables
        self._ended: SimpleQueue[Outcome | BaseException] = SimpleQueue()
        self._stopped = Event()
        self._here: list[Task] = []
        self._threads: list[Thread] = []
        self._lock = Lock()
        self._running: dict[Task, Process] = {}

    def variables(self) -> Mapping[str, str]:
        """Return what the processes run under and this one does not."""
        return self._variables

    def submit(self, task: Task) -> None:
        """Start the task."""
        if task.resources:
            self._here.append(task)
            return
        arguments = (task, task.sources(), self._ended, self._stopped)
        thread = Thread(target=self._carry_out, args=arguments, name=task.step, daemon=True)
        self._threads = [each for each in self._threads if each.is_alive()]
        self._threads.append(thread)
        thread.start()

    def wait(self) -> Outcome:
        """Wait for the next task to end."""
        if self._here:
            return carried_out(self._here.pop())
        ended = None
        while ended is None:
            with suppress(Empty):
                ended = self._ended.get(timeout=_BLINK)
        if isinstance(ended, BaseException):
            raise ended
        return ended

    def cancel(self) -> None:
        """End every process; a step that can ask whether it is cancelled is given a moment."""
        self._stopped.set()
        at_once = False
        try:
            self._end_all(at_once=False)
            for thread in self._threads:
                while thread.is_alive():
                    thread.join(_BLINK)
        except BaseException:  # asked once more, while a step takes its moment
            at_once = True
            raise
        finally:
            if at_once:
                self._end_all(at_once=True)
            self._here, self._threads = [], []
            self._ended, self._stopped = SimpleQueue(), Event()

    def close(self) -> None:
        """End every process."""
        self.cancel()

    def launch(self, task: Task) -> Launch:  # noqa: ARG002 - a sandbox looks at it
        """Return how the process of a task is started."""
        return Launch((), self.environ(os.environ), Path.cwd())

    def environ(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of a process out of what it is given of this one's."""
        ours = Path(mlwright.__file__).parents[1]
        path = [] if ours.name == "site-packages" else [str(ours)]
        path += filter(None, [given.get("PYTHONPATH")])
        more = {"PYTHONPATH": os.pathsep.join(path)} if path else {}
        # Unbuffered: what a step prints is shown as it comes.
        return {**given, **more, **self._variables, "PYTHONUNBUFFERED": "1"}

    def _end_all(self, *, at_once: bool) -> None:
        with self._lock:
            running = list(self._running.items())
        for task, process in running:
            process.cancel(at_once=at_once or task.seed is None)

    def _carry_out(
        self,
        task: Task,
        sources: Sources,
        ended: SimpleQueue[Outcome | BaseException],
        stopped: Event,
    ) -> None:
        def once() -> Artefact:
            with self._lock:
                process = self._running[task] = Process(self.launch(task))
                if stopped.is_set():
                    process.cancel(at_once=True)
            try:
                return process.carry_out(task, sources)
            finally:
                with self._lock:
                    del self._running[task]

        try:
            _require_importable(task, sources)
            ended.put(attempted(task, once, apart=True, stopped=stopped))
        except MlwrightError as refused:
            ended.put(Outcome(task, None, refused, apart=True))
        # The top of the thread: whoever waits raises it.
        except BaseException as error:  # noqa: BLE001
            ended.put(error)


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _shares(places: int) -> dict[str, str]:
    """Return the variables that give each of several processes its share of the cores."""
    share = max(1, cores() // places)
    given = {name: os.environ.get(name, "") for name in _SHARED}
    fewer = {name: min(share, int(n)) if n.isdigit() else share for name, n in given.items()}
    order = os.environ.get("PYTHONHASHSEED", "0")
    return {
        **{name: str(max(1, each)) for name, each in fewer.items()},
        "PYTHONHASHSEED": order if order.isdigit() else "0",
    }


def _require_importable(task: Task, sources: Sources) -> None:
    module, _, qualname = task.qualified.partition(":")
    if "<locals>" in qualname or "<lambda>" in qualname:
        raise UsageError(
            "step-local-function",
            f"step {task.step!r} is {qualname}, defined inside another function: a process of "
            "its own cannot find it",
            fix="define it at the top of a module, a script or a notebook",
            facts={"step": task.step, "function": task.qualified},
        )
    if module == MAIN and MAIN not in sources.modules:
        raise UsageError(
            "step-no-source",
            f"step {task.step!r} was typed into an interpreter that kept no text of it: a process "
            "of its own cannot find it",
            fix="put it into a script, a notebook or a module",
            facts={"step": task.step, "function": task.qualified},
        )
