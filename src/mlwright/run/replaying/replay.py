"""Execute a recorded run's steps again, in a fresh process, from its root inputs alone.

Caches are not read, nothing is written to the store that is proved, and no recorded output is
opened: each step is fed what the steps before it gave this time. The user's modules are those
that were recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from mlwright.core.errors import FaultError, RefusedError
from mlwright.core.records import dump, load
from mlwright.ledger.ledger import Ledger
from mlwright.run.code.restore import MAIN
from mlwright.run.code.sources import Sources
from mlwright.run.history import run_record
from mlwright.run.recorded import RunRecord, StepRecord
from mlwright.run.records import Environment
from mlwright.run.replaying.afresh import deciding, modules_path, told
from mlwright.run.replaying.diagnose import Found, Query
from mlwright.run.replaying.records import Diagnosis, Replay, Replayed
from mlwright.run.replaying.reexecute import DEFAULT_RESOURCES, Request
from mlwright.store.local import LocalStore
from mlwright.store.protocol import Store


def replay(
    run_id: str,
    store: Store,
    ledger: Ledger,
    *,
    resources: str = DEFAULT_RESOURCES,
    environ: Mapping[str, str] | None = None,
    top: LocalStore | None = None,
    python: Path | None = None,
    diagnose: bool = False,
    only: str | None = None,
) -> Replay:
    """Execute the steps of a run again and compare the content of each output.

    Parameters
    ----------
    resources
        ``module:function`` that, given a store, returns the resources of the steps by name.
    environ
        Environment variables for the fresh process, beside those that were recorded.
    top
        Where the replay puts what it makes, for a closer comparison; forgotten by default.
    python
        The interpreter of the environment to replay in, such as a rebuilt one; this process's by
        default. Packages are then imported from that environment alone, mlwright from ours only
        where it has none.
    diagnose
        Execute the first steps that differ once more, watched, to learn of the cause.
    only
        The one step to execute, fed what was recorded of the steps before it.

    Raises
    ------
    NotFoundError
        ``run-unknown``; ``object-missing`` for what was recorded and is gone.
    RefusedError
        ``replay-no-source`` for a step whose code was not kept; ``replay-local-function`` for
        one defined inside another function.
    FaultError
        ``replay-died`` when the fresh process ended without an answer.
    """
    run = run_record(ledger, run_id)
    if only is not None:
        run = replace(run, steps=tuple(alone(s) for s in run.steps if s.step == only))
    for step in run.steps:
        _check_source(step, store)
    with _local(store) as local:
        asked = _Asked(run, local, resources, environ or {}, python)
        made = asked.replayed(top)
        if not diagnose:
            return made
        try:
            return replace(made, diagnoses=asked.diagnosed(made))
        except FaultError:
            return made  # what ends the process that watches it takes no verdict away


@contextmanager
def _local(store: Store) -> Iterator[LocalStore]:
    """Give the same objects where another process can read them."""
    if isinstance(store, LocalStore):
        yield store
        return
    with TemporaryDirectory(prefix="mlwright-replay-") as folder:
        copy = LocalStore(Path(folder))
        for digest in store.digests():
            copy.put(store.get(digest))
        yield copy


def _check_source(step: StepRecord, store: Store) -> None:
    module, _, qualname = step.function.partition(":")
    if "<locals>" in qualname or "<lambda>" in qualname:
        raise RefusedError(
            "replay-local-function",
            f"step {step.step!r} is {qualname}, defined inside another function: its code "
            "cannot be imported again",
            fix="define the step at the top of a module, then run it again",
            facts={"step": step.step, "function": step.function},
        )
    kept = () if step.sources is None else load(Sources, store.get(step.sources)).modules
    if module == MAIN and MAIN not in kept:
        raise RefusedError(
            "replay-no-source",
            f"step {step.step!r} was typed into an interpreter that kept no text of it",
            fix="put the step into a script or a module, then run it again",
            facts={"step": step.step, "function": step.function},
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of fresh processes: a run to do again, and how they are started."""

    run: RunRecord
    store: LocalStore
    resources: str
    environ: Mapping[str, str]
    python: Path | None

    def replayed(self, top: LocalStore | None) -> Replay:
        """Execute every step again."""
        puts = None if top is None else str(top.folder.absolute())
        request = Request(self._folder(), puts, self.run.steps, self.resources, self._path())
        return load(Replay, self._told("reexecute", request, _HASH_SEED))

    def diagnosed(self, made: Replay) -> tuple[Diagnosis, ...]:
        """Look closer at the steps that differ though they were fed what was recorded.

        In another environment that is cause enough for steps without code of the user's.
        """
        then = load(Environment, self.store.get(self.run.environment))
        alike = _alike(then, made.environment)
        different = first_different(self.run.steps, made.steps)
        first = tuple(step for step in different if alike or step.sources is not None)
        if not first:
            return ()
        given = {each.step: each.replayed for each in made.steps}
        query = Query(self._folder(), first, self.resources, self._path(), given, only_again=False)
        found = load(Found, self._told("diagnose", query, _OTHER_HASH_SEED)).diagnoses
        moody = {each.step for each in found if each.by_process}
        if not moody:
            return found
        chosen = tuple(step for step in first if step.step in moody)
        query = replace(query, steps=chosen, only_again=True)
        again = load(Found, self._told("diagnose", query, _HASH_SEED)).diagnoses
        hashed = {each.step for each in again if each.steady}
        return tuple(replace(each, by_hash=each.step in hashed) for each in found)

    def _folder(self) -> str:
        return str(self.store.folder.absolute())

    def _path(self) -> tuple[str, ...]:
        return modules_path(elsewhere=self.python is not None)

    def _told(self, module: str, request: object, hash_seed: str) -> bytes:
        """Return what a fresh process answers."""
        recorded = load(Environment, self.store.get(self.run.environment))
        environ = {**deciding(recorded, elsewhere=self.python is not None), **self.environ}
        if "PYTHONHASHSEED" not in recorded.variables and hash_seed == _OTHER_HASH_SEED:
            environ["PYTHONHASHSEED"] = hash_seed
        environ.setdefault("PYTHONHASHSEED", hash_seed)
        return told(module, dump(request), environ, self.python, about=self.run.id)


def alone(step: StepRecord) -> StepRecord:
    """Return a step without edges: fed what was recorded, whatever the steps before it give."""
    return replace(step, edges={})


def first_different(
    recorded: Sequence[StepRecord], replayed: Sequence[Replayed]
) -> tuple[StepRecord, ...]:
    """Return the steps that differ though all they were fed is what was recorded.

    They are returned without edges: fed what was recorded.
    """
    exact = {each.step for each in replayed if each.exact}
    return tuple(
        alone(step)
        for step in recorded
        if step.step not in exact and exact.issuperset(step.edges.values())
    )


def _alike(then: Environment, now: Environment) -> bool:
    """Tell whether two environments should give the same bits."""
    versions = [
        {name: each.version for name, each in one.distributions.items()} for one in (then, now)
    ]
    same = (then.machine_class, then.python) == (now.machine_class, now.python)
    return same and versions[0] == versions[1]


_HASH_SEED, _OTHER_HASH_SEED = "1", "2"
"""Of the replay and of the diagnosis, where none was set: so what hangs on it can be told."""
