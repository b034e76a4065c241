"""Whether the project is well, looked at in the background: a page never waits for every object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock, Thread

from mlwright.core.seam import Seam
from mlwright.flows.examining import Finding

_FRESH = 60.0  # seconds for which a look counts, however much was recorded since
_SHARE = 20.0  # and as many times as long as it took, so that looking is never most of the work


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the project found, and when; ``error`` when it could not be ended."""

    findings: Sequence[Finding]
    time: str
    error: str | None

    @property
    def well(self) -> bool:
        """Whether everything that could be verified is well."""
        return self.error is None and all(finding.well for finding in self.findings)


class Watch:
    """Keeps the newest look at a project; asks for another in a thread when it has grown old."""

    def __init__(self, examine: Callable[[], Sequence[Finding]], seam: Seam) -> None:
        self._examine = examine
        self._seam = seam
        self._lock = Lock()
        self._looking: Thread | None = None
        self._latest: Look | None = None
        self._until = 0.0

    def latest(self, *, wait: float = 0.0) -> Look | None:
        """Return the newest look, waiting at most ``wait`` seconds for the first one."""
        with self._lock:
            old = self._latest is None or self._seam.elapsed() > self._until
            if old and (self._looking is None or not self._looking.is_alive()):
                self._looking = Thread(target=self._look, daemon=True, name="mlwright-watch")
                self._looking.start()
            looking = self._looking
        if self._latest is None and looking is not None:
            looking.join(wait)
        return self._latest

    def _look(self) -> None:
        findings: Sequence[Finding] = ()
        error = None
        began = self._seam.elapsed()
        try:
            findings = self._examine()
        except Exception as caught:  # noqa: BLE001  the top of a thread: the page tells of it
            error = f"{type(caught).__name__}: {caught}"
        time = self._seam.now().isoformat(timespec="seconds").replace("+00:00", "Z")
        with self._lock:
            self._latest = Look(findings, time, error)
            ended = self._seam.elapsed()
            self._until = ended + max(_FRESH, _SHARE * (ended - began))
