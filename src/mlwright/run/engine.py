"""Execute steps, each once for its key, and record what was done before anyone uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass, replace
from pathlib import Path

from mlwright.core.digest import Digest
from mlwright.core.encoding import canonical_json, plain
from mlwright.core.errors import MlwrightError, UsageError
from mlwright.core.ids import Noun, random_id
from mlwright.core.records import dump
from mlwright.core.seam import Seam
from mlwright.ledger.ledger import Ledger
from mlwright.run.artefacts import unpack
from mlwright.run.closure.blindspots import OUTSIDE
from mlwright.run.closure.recalled import RECALLED
from mlwright.run.closure.walk import closure
from mlwright.run.code.snapshot import snapshot_code
from mlwright.run.code.trees import shelf_in
from mlwright.run.environments.record import environment
from mlwright.run.executors.inline import Inline
from mlwright.run.executors.protocol import Executor, Outcome, Task
from mlwright.run.kept import Done, kept
from mlwright.run.keyed import Heard, Keyed
from mlwright.run.noting import NotingStore
from mlwright.run.recording import Recording
from mlwright.run.records import Closure, Environment, KeyTerms, Shape, StepReport
from mlwright.run.steps.call import Call, key_terms
from mlwright.run.steps.classes import annotated_classes
from mlwright.run.steps.graph import AnyStep, edges, ordered
from mlwright.run.telling import Live, Telling
from mlwright.run.tracking.writer import Writer
from mlwright.run.values import Values
from mlwright.store.local import LocalStore
from mlwright.store.protocol import Store

RAISED_BY = "raised by step"
"""Begins the note on an error that code of the user's own raised in a step."""

__all__ = ["Runner", "StepReport"]


class Runner:
    """Carries out one run: start it, execute steps, finish it.

    What is recorded is durable before anything is carried out that takes it as given, and before
    a call returns that was not told to hold it. Of steps that were kept nothing has to be: they
    are recorded together, with what is durable next.

    Parameters
    ----------
    cache
        False executes every step, whatever was done before; results are kept all the same.
    on_step
        Hears of each finished step.
    folder
        The folder of the user's code, whose state is recorded; the current one by default.
    executor
        Carries steps out; in this process, one after the other, by default. Its owner closes it.
    live
        Hears at once what steps print and log.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        seam: Seam,
        *,
        cache: bool = True,
        on_step: Callable[[StepReport], None] | None = None,
        folder: Path | None = None,
        executor: Executor | None = None,
        live: Live | None = None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._seam = seam
        self._cache = cache
        self._on_step = on_step
        self._folder = folder or Path()
        self._executor = executor or Inline()
        self._memory = store.folder / "references" if isinstance(store, LocalStore) else None
        self._live = live
        self._ended = False
        self._record = Recording(store, ledger, "")
        self._values = Values({}, self._record.put)
        self._tellings: dict[str, Telling] = {}

    def start(
        self,
        command: str,
        inputs: Mapping[str, object] | None = None,
        config: Mapping[str, object] | None = None,
        shape: Shape | None = None,
        *,
        hold: bool = False,
    ) -> str:
        """Record that a run starts, with its inputs, configuration, code and environment.

        ``config`` gives steps the values of parameters nothing else gives; a step's key holds
        those it takes, not the whole. ``shape`` tells which steps are to come, where that is known
        before. With ``hold`` the start is recorded before the first step that has to be carried
        out, or with the end. Returns the run's id.
        """
        run = random_id(Noun.RUN, self._seam)
        self._ended = False
        record = self._record = Recording(self._store, self._ledger, run)
        self._values = Values(config or {}, record.put)
        if self._memory is not None:
            RECALLED.open(self._memory)
        packed = self._values.take(inputs or {})
        shelf = shelf_in(self._store)
        facts = {
            "command": command,
            "spec": record.put(canonical_json(plain(dict(config or {})))),
            "environment": record.put(
                _written(_under(environment(shelf), self._executor.variables()))
            ),
            "code": record.put(dump(snapshot_code(self._folder, shelf))),
            "inputs": {name: artefact.digest for name, artefact in packed.items()},
        }
        if shape is not None:
            facts["shape"] = record.put(dump(shape))
        named = [str(facts[n]) for n in ("spec", "environment", "code", "shape") if n in facts]
        objects = [*map(Digest, named), *(artefact.digest for artefact in packed.values())]
        objects += shelf.close()
        record.hold("run.started", facts, objects, uses=_ids((inputs or {}).values()))
        if not hold:
            record.append()
        return run

    def execute(
        self,
        steps: Sequence[AnyStep],
        *,
        inputs: Mapping[str, object] | None = None,
        resources: Mapping[str, object] | None = None,
        hold: bool = False,
    ) -> dict[str, object]:
        """Execute steps in the order of their edges and return their outputs by name.

        A step whose key is known gives its recorded output. Every step is handed values read
        back from their canonical bytes, so a first run and a kept one see the same.

        Parameters
        ----------
        inputs
            More inputs, beside those the run was started with.
        resources
            What steps work with and no result depends on, by parameter name; not in any key.
        hold
            The last step, and those kept before it, are recorded with what follows: the run's end.

        Raises
        ------
        UsageError
            ``step-input-missing``, ``step-cycle``, ``artefact-type``, ``run-not-started``.
        """
        if not self._record.run:
            raise UsageError(
                "run-not-started",
                "steps were given to a run that was not started",
                fix="call start(command, inputs, config) first",
            )
        self._values.take(inputs or {})
        outputs = self._carry_out(ordered(steps), resources or {}, hold=hold)
        if not hold:
            self._record.append()
        if self._memory is not None:
            RECALLED.keep(self._memory)
        return outputs

    def finish(self, status: str, facts: Mapping[str, object] | None = None) -> None:
        """Record how the run ended: ``finished``, or another word for it."""
        self._ended = True
        self._record.hold(f"run.{status}", {"status": status, **(facts or {})})
        self._record.append()

    @contextmanager
    def recording(self, step: AnyStep | None = None) -> Iterator[None]:
        """Record the run as failed or interrupted when the block raises, once, and raise on.

        Parameters
        ----------
        step
            The step that the block carries out; without one the block is what lies around them.
        """
        try:
            yield
        except BaseException as error:
            self._fail_once(step, error)
            raise

    def _carry_out(
        self, steps: Sequence[AnyStep], resources: Mapping[str, object], *, hold: bool
    ) -> dict[str, object]:
        """Begin each step once those it takes outputs of have given them, as places allow.

        When one fails no other is begun; those under way come to their end and are kept.
        """
        by_name = {step.name: step for step in steps}
        needed = {step.name: edges(step, by_name) for step in steps}
        waiting = list(steps)
        under_way: dict[str, _Begun] = {}
        outputs: dict[str, object] = {}
        failed: list[tuple[AnyStep, Exception]] = []
        at_work: AnyStep | None = None
        try:
            while True:
                room = not failed and len(under_way) < self._executor.places
                ready = (step for step in waiting if needed[step.name] <= outputs.keys())
                at_work = next(ready, None) if room else None
                if at_work is not None:
                    waiting.remove(at_work)
                    with _collected(at_work, failed):
                        begun = self._begin(at_work, set(by_name), resources)
                        if begun.kept is None:
                            self._record.append()
                            under_way[at_work.name] = begun
                            self._executor.submit(begun.task)
                        else:
                            outputs[at_work.name] = self._settle(begun, begun.kept, hold=True)
                elif under_way:
                    at_work = next(iter(under_way.values())).step
                    self._record.append()
                    outcome = self._executor.wait()
                    begun = under_way.pop(outcome.task.step)
                    with _collected(begun.step, failed):
                        done = self._done(begun, outcome)
                        last = not waiting and not under_way
                        outputs[begun.step.name] = self._settle(begun, done, hold=hold and last)
                else:
                    break
        except BaseException as error:
            self._executor.cancel()
            self._fail_once(at_work, error)
            raise
        if failed:
            self._fail_once(*failed[0])
            raise failed[0][1]
        return {step.name: outputs[step.name] for step in steps}

    def _begin(self, step: AnyStep, names: set[str], resources: Mapping[str, object]) -> _Begun:
        """Find what a step is called with, its key, and what was kept for it."""
        began = self._seam.elapsed()
        call = self._values.call(step, names, resources)
        kinds = call.types() | annotated_classes(step.function, call.resources)
        found = closure(step.function, kinds)
        unseen = _unseen(step, found)
        seed = self._values.seed() if step.takes_context else None
        terms = key_terms(step, found, call, seed)
        usable = self._cache and step.cache and not unseen
        key = terms.key
        before = kept(key, self._ledger, self._store) if usable else None
        if before is not None:
            self._record.know((before.artefact.digest, *before.parts))
        noting = NotingStore(self._store)
        telling = self._tellings[step.name] = Telling(
            step.name, lambda: self._writer(step.name), self._live
        )
        parts = {name: _part(resource, key, telling) for name, resource in call.resources.items()}
        task = Task(
            step=step.name,
            function=step.function,
            qualified=step.qualified,
            found=found,
            arguments=call.artefacts(),
            resources={name: noting if r is self._store else r for name, r in parts.items()},
            seed=seed,
            limits=step.limits,
            sources=lambda: self._record.sources(found.modules)[0],
            hearer=telling,
        )
        return _Begun(step, call, found, terms, key, unseen, began, before, task, noting)

    def _done(self, begun: _Begun, outcome: Outcome) -> Done:
        """Return what an attempt gave, or raise why it gave nothing."""
        if outcome.artefact is None:
            assert outcome.error is not None
            raise outcome.error
        return Done(
            outcome.artefact,
            self._record.run,
            cached=False,
            parts=tuple(begun.noting.noted),
            log=self._put_log(begun.step.name),
            failures=tuple(each.code for each in outcome.failures),
            executor=self._executor.name if outcome.apart else Inline.name,
            logged=None,
        )

    def _settle(self, begun: _Begun, done: Done, *, hold: bool) -> object:
        """Record a step that has its output, now or with what follows; return the output."""
        step = begun.step
        value = unpack(done.artefact.kind, done.artefact.raw)
        seconds = self._seam.elapsed() - begun.began
        self._record_step(begun, done, seconds)
        if not hold:
            self._record.append()
        self._values.add(step.name, value, done.artefact)
        report = StepReport(
            step=step.name,
            value=value,
            seconds=seconds,
            cached=done.cached,
            key=begun.key,
            output=done.artefact.digest,
            unseen=begun.unseen,
        )
        if self._on_step is not None:
            self._on_step(report)
        return value

    def _writer(self, step: str) -> Writer:
        return Writer(self._store, self._ledger, self._seam, self._record.run, scope=f"{step}/")

    def _has_logged(self, step: str) -> bool:
        return step in self._tellings and self._tellings[step].logged

    def _hold_last_told(self, step: str) -> None:
        """Have the numbers recorded that a step logged last, which its end makes durable."""
        if step in self._tellings:
            self._record.hold_points(self._tellings[step].close())

    def _hold_told_before(self, step: str, run: str, name: str) -> None:
        """Have the numbers recorded that a kept step logged when it was carried out."""
        from mlwright.run.tracking.reading import points_of_step

        batch = points_of_step(self._ledger, self._store, run, name)
        self._record.hold_points({f"{step}/{each}": series for each, series in batch.items()})

    def _put_log(self, step: str) -> Digest | None:
        """Keep what a step printed, if it printed anything."""
        text = self._tellings[step].text() if step in self._tellings else b""
        return self._record.put(text) if text else None

    def _record_step(self, begun: _Begun, done: Done, seconds: float) -> None:
        step, call = begun.step, begun.call
        given = call.artefacts()
        written = done.terms or self._record.put(dump(begun.terms))
        sources = self._record.sources(begun.found.modules)[1]
        facts = {
            "run": self._record.run,
            "step": step.name,
            "function": step.qualified,
            "key": begun.key,
            "terms": written,
            "code": begun.found.digest,
            "inputs": {name: each.content for name, each in given.items()},
            "objects": {name: each.digest for name, each in given.items()},
            "kinds": {name: each.kind for name, each in given.items()},
            "edges": call.edges,
            "resources": sorted(call.resources),
            "sources": sources,
            "output": self._record.put(done.artefact.raw, done.artefact.digest),
            "kind": done.artefact.kind,
            "content": done.artefact.content,
            "parts": done.parts,
            "seconds": seconds,
            "cached": done.cached,
            "made_by": done.made_by,
            "seed": begun.task.seed,
            "log": done.log,
            "failures": done.failures,
            "executor": done.executor,
            "logged": done.logged is not None or self._has_logged(step.name),
        }
        named = [done.artefact.digest, written, *done.parts]
        named += [each for each in (sources, done.log) if each is not None]
        named += [each.digest for each in given.values()]
        if done.logged is not None:
            self._hold_told_before(step.name, *done.logged)
        else:
            self._hold_last_told(step.name)
        self._record.hold("step.finished", facts, named)

    def _fail_once(self, step: AnyStep | None, error: BaseException) -> None:
        if not self._ended:
            self._fail(step, error)

    def _fail(self, step: AnyStep | None, error: BaseException) -> None:
        """Record how a run went wrong: a code and a type, never a message, which may hold data.

        What the step printed is kept beside, where it can be erased.
        """
        self._ended = True
        known = isinstance(error, MlwrightError)
        status = "failed" if known or isinstance(error, Exception) else "interrupted"
        raised = "run-raised" if step is None else "step-raised"
        facts: dict[str, object] = {
            "run": self._record.run,
            "step": None if step is None else step.name,
            "function": None if step is None else step.qualified,
            "code": error.code if isinstance(error, MlwrightError) else raised,
            "error": _kind(error),
        }
        if status == "interrupted":
            facts["code"] = status
        elif step is not None and not known and not step.qualified.startswith("mlwright."):
            error.add_note(
                f"{RAISED_BY} {step.name!r} ({step.qualified}) of run {self._record.run}"
            )
        try:
            log = None if step is None else self._put_log(step.name)
            facts["log"] = log
            for name in self._tellings:
                self._hold_last_told(name)
            self._record.hold(f"run.{status}", facts, () if log is None else (log,))
            self._record.append()
        except MlwrightError as other:
            error.add_note(f"and the failure could not be recorded: {other}")


@dataclass(frozen=True, slots=True, eq=False)
class _Begun:
    """A step that was looked into: its call, its key, and what was kept for it or is to be done."""

    step: AnyStep
    call: Call
    found: Closure
    terms: KeyTerms
    key: Digest
    unseen: tuple[str, ...]
    began: float
    kept: Done | None
    task: Task
    noting: NotingStore


@contextmanager
def _collected(step: AnyStep, failed: list[tuple[AnyStep, Exception]]) -> Iterator[None]:
    """Note what goes wrong with a step, so that others under way come to their end."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - raised again, once nothing is under way
        failed.append((step, error))


def _part(resource: object, key: str, telling: Telling) -> object:
    """Return what a resource is for the step with a key."""
    if isinstance(resource, Heard):
        return telling
    return resource.at(key) if isinstance(resource, Keyed) else resource


_WRITTEN: list[tuple[Environment, bytes]] = []


def _written(environment: Environment) -> bytes:
    """Return an environment as bytes: of hundreds of packages, once for the runs of a process."""
    if not _WRITTEN or _WRITTEN[0][0] != environment:
        _WRITTEN[:] = [(environment, dump(environment))]
    return _WRITTEN[0][1]


def _kind(error: BaseException) -> str:
    """Return the type of an error, of one raised in another process the type it had there."""
    there = error.facts.get("raised") if isinstance(error, MlwrightError) else None
    return str(there or f"{type(error).__module__}.{type(error).__qualname__}")


def _under(environment: Environment, variables: Mapping[str, str]) -> Environment:
    """Return the environment that steps have under an executor's variables."""
    if not variables:
        return environment
    return replace(environment, variables={**environment.variables, **variables})


def _unseen(step: AnyStep, found: Closure) -> tuple[str, ...]:
    if not step.pure:
        return found.unseen
    return tuple(what for what in found.unseen if not what.endswith(OUTSIDE))


def _ids(values: Iterable[object]) -> tuple[str, ...]:
    """Return the ids of the inputs that have one: what the run was made from."""
    found = (getattr(value, "id", None) for value in values if is_dataclass(value))
    return tuple(dict.fromkeys(each for each in found if isinstance(each, str)))
