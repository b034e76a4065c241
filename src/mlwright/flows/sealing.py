"""Seal what workers recorded, while they go on answering: a thread of the process that serves."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType

from mlwright.core.errors import FaultError, MlwrightError
from mlwright.flows.workspace import Workspace
from mlwright.serve.segments import begin_after

_EVERY = 1.0


class Sealer:
    """Looks for closed and abandoned segments each second and seals them into the log.

    What cannot be sealed now, for example on a full disk, is told once and tried again.
    """

    def __init__(self, workspace: Workspace, *, tell: Callable[[MlwrightError], None]) -> None:
        self._workspace = workspace
        self._tell = tell
        self._told: str | None = None
        self._ending = Event()
        self._thread = Thread(target=self._run, name="sealing", daemon=True)

    def __enter__(self) -> Sealer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._thread.join()

    def finish(self) -> None:
        """Seal what is left, once every worker has ended."""
        self._ending.set()
        self._thread.join()
        self._pass()

    def _run(self) -> None:
        while True:
            self._pass()
            if self._ending.wait(_EVERY):
                return

    def _pass(self) -> None:
        try:
            seal_records(self._workspace)
            self._told = None
        except MlwrightError as error:
            self._say(error)
        except Exception as error:  # noqa: BLE001  the top of a thread: it tells what it caught
            self._say(_unexpected(error))

    def _say(self, error: MlwrightError) -> None:
        if error.message != self._told:
            self._told = error.message
            self._tell(error)


def _unexpected(error: Exception) -> MlwrightError:
    return FaultError(
        "sealing-failed",
        f"records could not be sealed: {type(error).__name__}: {error}",
        fix="it is tried again each second; predictions go on and none is lost. Report this",
        facts={"type": type(error).__name__},
    )


def begin_after_sealed(workspace: Workspace) -> None:
    """See to it that no new segment has the number of one the log knows.

    The files of those may be gone: moved away, or not restored with the log.
    """
    events = workspace.ledger.events(kind="segment.sealed")
    numbers = (int(str(event.facts["number"])) for event in events)
    begin_after(workspace.records, max(numbers, default=0))


def seal_records(workspace: Workspace) -> int:
    """Seal every segment no living worker holds, and checkpoint the log; return how many.

    Raises
    ------
    MlwrightError
        What kept one from being sealed; all others are sealed by then.
    """
    from mlwright.flows.recording import seal_segments  # tables take long to import

    report = seal_segments(workspace)
    if report.sealed:
        workspace.ledger.checkpoint()
    for error in report.faults.values():
        raise error
    return len(report.sealed)
