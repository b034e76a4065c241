"""Execute steps, each once for its key, and record what was done before anyone uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any

from mlwright.core.dataclass import dataclass
from mlwright.core.digest import Digest
from mlwright.core.encoding import canonical_json, plain
from mlwright.core.errors import BrokenError, MlwrightError, NotFoundError, UsageError, nearest
from mlwright.core.ids import Noun, random_id
from mlwright.core.records import dump
from mlwright.core.seam import Seam
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent
from mlwright.run.artefacts import Artefact, pack, unpack
from mlwright.run.closure.blindspots import OUTSIDE
from mlwright.run.closure.recalled import RECALLED
from mlwright.run.closure.walk import closure
from mlwright.run.code.snapshot import snapshot_code
from mlwright.run.code.sources import Sources, read_sources
from mlwright.run.code.trees import shelf_in
from mlwright.run.context import SEED
from mlwright.run.environments.record import environment
from mlwright.run.executors.inline import Inline
from mlwright.run.executors.protocol import Executor, Outcome, Task
from mlwright.run.keyed import Heard, Keyed
from mlwright.run.noting import NotingStore
from mlwright.run.records import Closure, Environment, KeyTerms, Shape, StepReport
from mlwright.run.steps.call import Call, Held, hold, key_terms
from mlwright.run.steps.classes import annotated_classes
from mlwright.run.steps.graph import AnyStep, edges, ordered
from mlwright.run.steps.step import Parameter
from mlwright.run.steps.wires import Fixed, Gathered, Given, Output
from mlwright.run.telling import Live, Telling
from mlwright.run.tracking.events import points_event
from mlwright.run.tracking.writer import Writer
from mlwright.store.local import LocalStore
from mlwright.store.protocol import Store

RAISED_BY = "raised by step"
"""Begins the note on an error that code of the user's own raised in a step."""

_SHARED = (int, float, str, bytes, tuple, type(None))
"""Kinds of which Python keeps one object for many values: being the same says nothing of them."""

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
        self._run = ""
        self._ended = False
        self._held: list[NewEvent] = []
        self._inputs: dict[str, Held] = {}
        self._config: dict[str, object] = {}
        self._made: dict[str, Held] = {}
        self._stored: set[Digest] = set()
        self._sources: dict[tuple[str, ...], tuple[Sources, Digest | None]] = {}
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
        self._run = random_id(Noun.RUN, self._seam)
        self._ended = False
        self._held = []
        self._config = dict(config or {})
        self._inputs = {}
        self._made = {}
        if self._memory is not None:
            RECALLED.open(self._memory)
        packed = self._pack_inputs(inputs or {})
        shelf = shelf_in(self._store)
        facts = {
            "command": command,
            "spec": self._put(canonical_json(plain(self._config))),
            "environment": self._put(
                _written(_under(environment(shelf), self._executor.variables()))
            ),
            "code": self._put(dump(snapshot_code(self._folder, shelf))),
            "inputs": {name: artefact.digest for name, artefact in packed.items()},
        }
        if shape is not None:
            facts["shape"] = self._put(dump(shape))
        named = [str(facts[n]) for n in ("spec", "environment", "code", "shape") if n in facts]
        objects = [*map(Digest, named), *(artefact.digest for artefact in packed.values())]
        objects += shelf.close()
        self._hold("run.started", facts, objects, uses=_ids((inputs or {}).values()))
        if not hold:
            self._append()
        return self._run

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
            The last steps that were kept are recorded with what follows, such as the run's end.

        Raises
        ------
        UsageError
            ``step-input-missing``, ``step-cycle``, ``artefact-type``, ``run-not-started``.
        """
        if not self._run:
            raise UsageError(
                "run-not-started",
                "steps were given to a run that was not started",
                fix="call start(command, inputs, config) first",
            )
        self._pack_inputs(inputs or {})
        outputs = self._carry_out(ordered(steps), resources or {})
        if not hold:
            self._append()
        if self._memory is not None:
            RECALLED.keep(self._memory)
        return outputs

    def finish(self, status: str, facts: Mapping[str, object] | None = None) -> None:
        """Record how the run ended: ``finished``, or another word for it."""
        self._ended = True
        self._hold(f"run.{status}", {"status": status, **(facts or {})}, [])
        self._append()

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
        self, steps: Sequence[AnyStep], resources: Mapping[str, object]
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
                            self._append()
                            under_way[at_work.name] = begun
                            self._executor.submit(begun.task)
                        else:
                            outputs[at_work.name] = self._settle(begun, begun.kept)
                elif under_way:
                    at_work = next(iter(under_way.values())).step
                    self._append()
                    outcome = self._executor.wait()
                    begun = under_way.pop(outcome.task.step)
                    with _collected(begun.step, failed):
                        outputs[begun.step.name] = self._settle(begun, self._done(begun, outcome))
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
        call = self._connect(step, names, resources)
        kinds = call.types() | annotated_classes(step.function, call.resources)
        found = closure(step.function, kinds)
        unseen = _unseen(step, found)
        seed = self._seed() if step.takes_context else None
        terms = key_terms(step, found, call, seed)
        kept = None if unseen or not (self._cache and step.cache) else self._look_up(terms.key)
        noting = NotingStore(self._store)
        telling = self._tellings[step.name] = Telling(
            step.name, lambda: self._writer(step.name), self._live
        )
        parts = {
            name: _part(resource, terms.key, telling) for name, resource in call.resources.items()
        }
        task = Task(
            step=step.name,
            function=step.function,
            qualified=step.qualified,
            found=found,
            arguments=call.artefacts(),
            resources={name: noting if r is self._store else r for name, r in parts.items()},
            seed=seed,
            limits=step.limits,
            sources=lambda: self._read_sources(found.modules)[0],
            hearer=telling,
        )
        return _Begun(step, call, found, terms, unseen, began, kept, task, noting)

    def _done(self, begun: _Begun, outcome: Outcome) -> _Done:
        """Return what an attempt gave, or raise why it gave nothing."""
        if outcome.artefact is None:
            assert outcome.error is not None
            raise outcome.error
        return _Done(
            outcome.artefact,
            self._run,
            cached=False,
            parts=tuple(begun.noting.noted),
            log=self._put_log(begun.step.name),
            failures=tuple(each.code for each in outcome.failures),
            executor=self._executor.name if outcome.apart else Inline.name,
            logged=None,
        )

    def _settle(self, begun: _Begun, done: _Done) -> object:
        """Record a step that has its output, tell of it, and return the output."""
        step = begun.step
        value = unpack(done.artefact.kind, done.artefact.raw)
        seconds = self._seam.elapsed() - begun.began
        self._record_step(begun, done, seconds)
        self._made[step.name] = hold(value, done.artefact)
        report = StepReport(
            step=step.name,
            value=value,
            seconds=seconds,
            cached=done.cached,
            key=begun.terms.key,
            output=done.artefact.digest,
            unseen=begun.unseen,
        )
        if self._on_step is not None:
            self._on_step(report)
        return value

    def _seed(self) -> int:
        """Return the run's seed, for steps that ask their context for it."""
        held = self._inputs.get(SEED)
        seed = self._config.get(SEED, 0) if held is None else held.value
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise UsageError(
                "run-seed",
                f"the run's seed is {seed!r}, which is no whole number",
                fix="give a whole number, such as seed=7",
                facts={"seed": repr(seed)},
            )
        return seed

    def _writer(self, step: str) -> Writer:
        return Writer(self._store, self._ledger, self._seam, self._run, scope=f"{step}/")

    def _has_logged(self, step: str) -> bool:
        return step in self._tellings and self._tellings[step].logged

    def _last_told(self, step: str) -> list[NewEvent]:
        """Return the event of the numbers a step logged last, which its end makes durable."""
        batch = self._tellings[step].close() if step in self._tellings else {}
        event = points_event(self._run, batch, self._store.put)
        return [] if event is None else [event]

    def _told_before(self, step: str, done: _Done) -> list[NewEvent]:
        """Return the event of the numbers a kept step logged when it was carried out."""
        from mlwright.run.tracking.reading import points_of_step

        assert done.logged is not None
        batch = points_of_step(self._ledger, self._store, *done.logged)
        there = {f"{step}/{name}": series for name, series in batch.items()}
        event = points_event(self._run, there, self._store.put)
        return [] if event is None else [event]

    def _put_log(self, step: str) -> Digest | None:
        """Keep what a step printed, if it printed anything."""
        text = self._tellings[step].text() if step in self._tellings else b""
        return self._put(text) if text else None

    def _look_up(self, key: Digest) -> _Done | None:
        """Return what a key gave; if any of its bytes are gone it is to be made again."""
        row = self._ledger.step(key)
        if row is None:
            return None
        event = self._ledger.event(row.sequence)
        facts: Any = event.facts
        parts = tuple(map(Digest, facts["parts"]))
        if not all(map(self._store.has, parts)):
            return None
        try:
            raw = self._store.get(row.output)
        except (NotFoundError, BrokenError):
            return None
        self._stored.update((row.output, *parts))
        artefact = Artefact(facts["kind"], Digest(facts["content"]), row.output, raw)
        log = None if facts.get("log") is None else Digest(facts["log"])
        return _Done(
            artefact,
            facts["made_by"],
            cached=True,
            parts=parts,
            log=log if log is not None and self._store.has(log) else None,
            failures=(),
            executor=facts.get("executor", Inline.name),
            logged=(facts["run"], facts["step"]) if facts.get("logged") else None,
            terms=Digest(facts["terms"]) if self._store.has(Digest(facts["terms"])) else None,
        )

    def _record_step(self, begun: _Begun, done: _Done, seconds: float) -> None:
        step, call = begun.step, begun.call
        given = call.artefacts()
        written = done.terms or self._put(dump(begun.terms))
        sources = self._read_sources(begun.found.modules)[1]
        facts = {
            "run": self._run,
            "step": step.name,
            "function": step.qualified,
            "key": begun.terms.key,
            "terms": written,
            "code": begun.found.digest,
            "inputs": {name: each.content for name, each in given.items()},
            "objects": {name: each.digest for name, each in given.items()},
            "kinds": {name: each.kind for name, each in given.items()},
            "edges": call.edges,
            "resources": sorted(call.resources),
            "sources": sources,
            "output": self._put(done.artefact.raw, done.artefact.digest),
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
        told = self._told_before(step.name, done) if done.logged else self._last_told(step.name)
        finished = NewEvent("step.finished", self._run, facts, objects=tuple(dict.fromkeys(named)))
        self._held += [*told, finished]
        if not done.cached:
            self._append()

    def _connect(self, step: AnyStep, names: set[str], resources: Mapping[str, object]) -> Call:
        """Find each parameter: another step's output, an input, a resource, configuration."""
        call = Call({}, {}, set(), {})
        for parameter in step.parameters:
            name = parameter.name
            wire = step.wires.get(name)
            if isinstance(wire, Output):
                call.held[name], call.edges[name] = self._made[wire.step], wire.step
            elif isinstance(wire, Gathered):
                for slot, made in wire.slots(name):
                    call.held[slot], call.edges[slot] = self._made[made], made
            elif isinstance(wire, Fixed):
                call.held[name] = self._pack(name, wire.value)
                call.configured.add(name)
            elif wire is None and name in names and name != step.name:
                call.held[name], call.edges[name] = self._made[name], name
            else:
                self._connect_outside(call, step, parameter, wire, names, resources)
        return call

    def _connect_outside(
        self,
        call: Call,
        step: AnyStep,
        parameter: Parameter,
        wire: Given | None,
        names: set[str],
        resources: Mapping[str, object],
    ) -> None:
        """Find a parameter outside the steps that are carried out together."""
        name = parameter.name if wire is None else wire.name
        if name in self._inputs:
            call.held[parameter.name] = self._inputs[name]
            # An output handed in again is still that step's: a replay makes it anew.
            for made, held in self._made.items():
                if held.value is self._inputs[name].value and not isinstance(held.value, _SHARED):
                    call.edges[parameter.name] = made
        elif wire is None and name in self._made and name != step.name:
            call.held[name], call.edges[name] = self._made[name], name
        elif name in resources:
            call.resources[parameter.name] = resources[name]
        elif name in self._config:
            call.held[parameter.name] = self._pack(name, self._config[name])
            call.configured.add(parameter.name)
        elif not parameter.optional:
            raise self._missing(step, name, names, resources)

    def _missing(
        self, step: AnyStep, name: str, names: set[str], resources: Mapping[str, object]
    ) -> UsageError:
        known = sorted({*names, *self._inputs, *self._made, *resources, *self._config})
        near = nearest(name, known)
        hint = f"; did you mean {near!r}?" if near else ""
        return UsageError(
            "step-input-missing",
            f"step {step.name!r} takes {name!r}, which no step, input or setting gives{hint}",
            fix=f"rename the parameter, or give an input named {name!r}",
            facts={"step": step.name, "parameter": name, "nearest": near},
            looked=[
                f"steps: {', '.join(sorted(names))}",
                f"inputs: {', '.join(self._inputs) or 'none'}",
                f"resources: {', '.join(resources) or 'none'}",
            ],
        )

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
            "run": self._run,
            "step": None if step is None else step.name,
            "function": None if step is None else step.qualified,
            "code": error.code if isinstance(error, MlwrightError) else raised,
            "error": _kind(error),
        }
        if status == "interrupted":
            facts["code"] = status
        elif step is not None and not known and not step.qualified.startswith("mlwright."):
            error.add_note(f"{RAISED_BY} {step.name!r} ({step.qualified}) of run {self._run}")
        try:
            log = None if step is None else self._put_log(step.name)
            facts["log"] = log
            told = [each for name in self._tellings for each in self._last_told(name)]
            objects = () if log is None else (log,)
            self._held += [*told, NewEvent(f"run.{status}", self._run, facts, (), objects)]
            self._append()
        except MlwrightError as other:
            error.add_note(f"and the failure could not be recorded: {other}")

    def _hold(
        self,
        kind: str,
        facts: Mapping[str, object],
        objects: Iterable[Digest],
        uses: tuple[str, ...] = (),
    ) -> None:
        """Have an event recorded with the next that are."""
        self._held.append(NewEvent(kind, self._run, facts, uses=uses, objects=tuple(objects)))

    def _append(self) -> None:
        """Record what was held: on return it survives a crash."""
        self._ledger.append(self._held)
        self._held = []

    def _put(self, content: bytes, digest: Digest | None = None) -> Digest:
        if digest is not None and digest in self._stored:
            return digest
        digest = self._store.put(content)
        self._stored.add(digest)
        return digest

    def _pack(self, name: str, value: object) -> Held:
        try:
            artefact = pack(value)
        except UsageError as error:
            error.add_note(f"the value is the input {name!r}")
            raise
        self._put(artefact.raw, artefact.digest)
        return hold(value, artefact)

    def _pack_inputs(self, inputs: Mapping[str, object]) -> dict[str, Artefact]:
        for name, value in inputs.items():
            if name not in self._inputs or self._inputs[name].value is not value:
                self._inputs[name] = self._pack(name, value)
        return {name: self._inputs[name].artefact for name in inputs}

    def _read_sources(self, modules: tuple[str, ...]) -> tuple[Sources, Digest | None]:
        """Return the text of modules, and the object it is kept in where there is any."""
        if modules not in self._sources:
            found = read_sources(modules)
            self._sources[modules] = found, self._put(dump(found)) if found.modules else None
        return self._sources[modules]


@dataclass(frozen=True, slots=True)
class _Done:
    """What a step gave, who made it and where, and what it left beside it in the store.

    ``logged`` is the run, and the step's name there, where a kept step logged numbers; ``terms``
    the object of its key's terms, which are equal as the keys are.
    """

    artefact: Artefact
    made_by: str
    cached: bool
    parts: tuple[Digest, ...]
    log: Digest | None
    failures: tuple[str, ...]
    executor: str
    logged: tuple[str, str] | None
    terms: Digest | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Begun:
    """A step that was looked into: its call, its key, and what was kept for it or is to be done."""

    step: AnyStep
    call: Call
    found: Closure
    terms: KeyTerms
    unseen: tuple[str, ...]
    began: float
    kept: _Done | None
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
