"""Who is live, read from the roles file: models loaded beside the old ones, then swapped."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NewType

from mlwright.core.digest import Digest
from mlwright.core.errors import BrokenError, MlwrightError, NotFoundError, nearest
from mlwright.core.records import load as load_record
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import Scorer, load
from mlwright.serve.foreign import SlowLane, lane_of
from mlwright.serve.guard import Guard, columns_guard_of, guard_of
from mlwright.store.protocol import Store

_FORMAT = 1
_UNREADABLE = (OSError, ValueError, KeyError, TypeError)
_AGAIN = 10  # looks after which what could not be loaded is tried again


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A version ready to answer for an endpoint; a slow one has a ``lane`` of its own."""

    endpoint: str
    ref: str
    model: str
    package: Digest
    scorer: Scorer
    guard: Guard
    columns_keep: Callable[..., bool]
    lane: SlowLane | None = None


_Stamp = NewType("_Stamp", tuple[int, int, int])


class Endpoints:
    """The live version of every endpoint; ``live`` is replaced whole, never changed.

    A request that took a model from it is answered by that model, whatever is swapped meanwhile.

    Parameters
    ----------
    file
        The roles file, which is only ever replaced atomically.
    store
        Where the packages are.
    policy
        What becomes of cells that break the contract.
    only
        The endpoints to answer for; all of them where it is empty.
    slow_queue, timeout
        How many requests may wait for a slow model, and how long one may take.
    tell
        Takes an error that keeps a version from being loaded.
    """

    def __init__(
        self,
        file: Path,
        store: Store,
        *,
        policy: Mapping[str, str],
        only: Sequence[str] = (),
        slow_queue: int = 64,
        timeout: float = 30.0,
        tell: Callable[[MlwrightError], None],
    ) -> None:
        self.live: Mapping[str, LoadedModel] = {}
        self.why_not = "no roles have been read yet"
        self._file = file
        self._store = store
        self._policy = policy
        self._only = only
        self._slow_queue = slow_queue
        self._timeout = timeout
        self._tell = tell
        self._stamp: _Stamp | None = None
        self._looks = 0
        self._told: set[str] = set()

    def changed(self) -> bool:
        """Tell whether to read the file: it is another one, or the last could not be followed."""
        self._looks += 1
        return self._now() != self._stamp or bool(self.why_not and self._looks >= _AGAIN)

    def refresh(self) -> None:
        """Read the file and load what became live; an endpoint that cannot keeps its old model."""
        stamp = self._now()
        if stamp != self._stamp:
            self._told.clear()
        self._stamp, self._looks = stamp, 0
        try:
            wanted = self._wanted()
        except (MlwrightError, *_UNREADABLE) as error:
            self.why_not = self._failed(_unreadable(self._file, error))
            return
        before = self.live
        live: dict[str, LoadedModel] = {}
        why_not = "" if wanted else f"nothing is live: {self._file} names no version"
        for name, role in wanted.items():
            old = before.get(name)
            if old is not None and (old.ref, old.package) == (role["ref"], role["package"]):
                live[name] = old
                continue
            try:
                live[name] = self._load(name, role)
            except (MlwrightError, *_UNREADABLE) as error:
                found = error
                if not isinstance(found, MlwrightError):
                    found = _unloadable(role["ref"], found)
                why_not = f"{role['ref']} cannot be loaded: {self._failed(found)}"
                if old is not None:
                    live[name] = old
        self.live, self.why_not = live, why_not

    def find(self, name: str) -> LoadedModel:
        """Return the model that is live for an endpoint.

        Raises
        ------
        NotFoundError
            ``endpoint-unknown``, naming the nearest.
        """
        found = self.live.get(name)
        if found is not None:
            return found
        close = nearest(name, self.live)
        hint = f"; did you mean {close!r}?" if close else ""
        there = ", ".join(sorted(self.live)) or "none"
        raise NotFoundError(
            "endpoint-unknown",
            f"there is no endpoint {name[:_SHOWN]!r}{hint}",
            fix=f"ask one that is live ({there}), or make a version live: "
            "mlw promote NAME@VERSION --to live",
            facts={"endpoint": name[:_SHOWN], "nearest": close},
            looked=sorted(self.live),
        )

    def _wanted(self) -> Mapping[str, Mapping[str, str]]:
        document: Any = json.loads(self._file.read_bytes())
        if document["format"] != _FORMAT:
            raise ValueError(f"it has the format {document['format']!r}, not {_FORMAT}")
        return {
            name: {"ref": str(live["ref"]), "package": str(live["package"])}
            for name, roles in document["endpoints"].items()
            if (live := roles["live"]) is not None and (not self._only or name in self._only)
        }

    def _load(self, name: str, role: Mapping[str, str]) -> LoadedModel:
        digest = Digest(role["package"])
        package = load_record(ModelPackage, self._store.get(digest))
        scorer = load(package, self._store, alone=True)
        guard = guard_of(package, self._policy)
        keep = columns_guard_of(package)
        # The first row through a plan prepares what the later ones use.
        for row in scorer.probe_rows()[:1]:
            scorer.predict_row(row)
        lane = lane_of(scorer, most=self._slow_queue, timeout=self._timeout)
        return LoadedModel(name, role["ref"], package.id, digest, scorer, guard, keep, lane)

    def _failed(self, error: MlwrightError) -> str:
        """Tell an error, once for each state of the file, and return what it says."""
        if error.message not in self._told:
            self._told.add(error.message)
            self._tell(error)
        return error.message

    def _now(self) -> _Stamp | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return _Stamp((found.st_mtime_ns, found.st_ino, found.st_size))


_SHOWN = 60


def _unloadable(ref: str, error: Exception) -> BrokenError:
    return BrokenError(
        "package-unreadable",
        f"the package of {ref} cannot be read: {type(error).__name__}: {error}",
        fix="mlw doctor tells whether it is damaged; one that a newer mlwright made is read by a "
        "server of that version",
        facts={"ref": ref},
    )


def _unreadable(file: Path, error: Exception) -> BrokenError:
    return BrokenError(
        "roles-unreadable",
        f"the roles cannot be read from {file}: {error}",
        fix="mlw serve writes that file again from the log when it starts",
        facts={"file": str(file)},
        looked=[str(file)],
    )
