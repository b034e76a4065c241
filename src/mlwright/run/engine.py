"""Execute steps, each once for its key, and record what was done before anyone uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any

from mlwright.core.digest import Digest
from mlwright.core.encoding import canonical_json, plain
from mlwright.core.errors import BrokenError, MlwrightError, NotFoundError, UsageError, nearest
from mlwright.core.ids import Noun, random_id
from mlwright.core.records import dump
from mlwright.core.seam import Seam
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent
from mlwright.run.artefacts import Artefact, pack, unpack
from mlwright.run.blindspots import OUTSIDE
from mlwright.run.call import Call, Held, hold, key_terms
from mlwright.run.classes import annotated_classes
from mlwright.run.closure import closure
from mlwright.run.code import snapshot_code
from mlwright.run.environment import environment
from mlwright.run.graph import AnyStep, ordered
from mlwright.run.keyed import Keyed
from mlwright.run.noting import NotingStore
from mlwright.run.records import Closure, KeyTerms, Shape, StepReport
from mlwright.run.sources import read_sources
from mlwright.run.step import Parameter
from mlwright.run.wires import Fixed, Gathered, Given, Output
from mlwright.run.trees import shelf_in
from mlwright.store.protocol import Store

__all__ = ["Runner", "StepReport"]


class Runner:
    """Carries out one run: start it, execute steps, finish it.

    Parameters
    ----------
    cache
        False executes every step, whatever was done before; results are kept all the same.
    on_step
        Hears of each finished step.
    folder
        The folder of the user's code, whose state is recorded; the current one by default.
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
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._seam = seam
        self._cache = cache
        self._on_step = on_step
        self._folder = folder or Path()
        self._run = ""
        self._ended = False
        self._inputs: dict[str, Held] = {}
        self._config: dict[str, object] = {}
        self._made: dict[str, Held] = {}
        self._stored: set[Digest] = set()
        self._sources: dict[tuple[str, ...], Digest | None] = {}

    def start(
        self,
        command: str,
        inputs: Mapping[str, object] | None = None,
        config: Mapping[str, object] | None = None,
        shape: Shape | None = None,
    ) -> str:
        """Record that a run starts, with its inputs, configuration, code and environment.

        ``config`` gives steps the values of parameters nothing else gives; a step's key holds
        those it takes, not the whole. ``shape`` tells which steps are to come, where that is known
        before. Returns the run's id.
        """
        self._run = random_id(Noun.RUN, self._seam)
        self._ended = False
        self._config = dict(config or {})
        self._inputs = {}
        self._made = {}
        packed = self._pack_inputs(inputs or {})
        shelf = shelf_in(self._store)
        facts = {
            "command": command,
            "spec": self._put(canonical_json(plain(self._config))),
            "environment": self._put(dump(environment())),
            "code": self._put(dump(snapshot_code(self._folder, shelf))),
            "inputs": {name: artefact.digest for name, artefact in packed.items()},
        }
        if shape is not None:
            facts["shape"] = self._put(dump(shape))
        named = [str(facts[n]) for n in ("spec", "environment", "code", "shape") if n in facts]
        objects = [*map(Digest, named), *(artefact.digest for artefact in packed.values())]
        objects += shelf.close()
        self._record("run.started", facts, objects, uses=_ids((inputs or {}).values()))
        return self._run

    def execute(
        self,
        steps: Sequence[AnyStep],
        *,
        inputs: Mapping[str, object] | None = None,
        resources: Mapping[str, object] | None = None,
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
        arranged = ordered(steps)
        outputs = {}
        for step in arranged:
            with self.recording(step):
                report = self._finish(step, {s.name for s in arranged}, resources or {})
            outputs[step.name] = report.value
            if self._on_step is not None:
                self._on_step(report)
        return outputs

    def finish(self, status: str, facts: Mapping[str, object] | None = None) -> None:
        """Record how the run ended: ``finished``, or another word for it."""
        self._ended = True
        self._record(f"run.{status}", {"status": status, **(facts or {})}, [])

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
            if not self._ended:
                self._fail(step, error)
            raise

    def _finish(
        self, step: AnyStep, names: set[str], resources: Mapping[str, object]
    ) -> StepReport:
        """Execute a step or find what it gave, and record it."""
        began = self._seam.elapsed()
        call = self._connect(step, names, resources)
        kinds = call.types() | annotated_classes(step.function, call.resources)
        found = closure(step.function, kinds)
        unseen = _unseen(step, found)
        terms = key_terms(step, found, call)
        kept = None if unseen or not (self._cache and step.cache) else self._look_up(terms.key)
        done = kept or self._execute(step, call, terms.key)
        value = unpack(done.artefact.kind, done.artefact.raw)
        seconds = self._seam.elapsed() - began
        self._record_step(step, call, found, terms, done, seconds)
        self._made[step.name] = hold(value, done.artefact)
        return StepReport(
            step=step.name,
            value=value,
            seconds=seconds,
            cached=done.cached,
            key=terms.key,
            output=done.artefact.digest,
            unseen=unseen,
        )

    def _execute(self, step: AnyStep, call: Call, key: Digest) -> _Done:
        noting = NotingStore(self._store)
        parts = {
            name: resource.at(key) if isinstance(resource, Keyed) else resource
            for name, resource in call.resources.items()
        }
        given = {name: noting if r is self._store else r for name, r in parts.items()}
        artefact = pack(step.function(**call.values(), **given))
        return _Done(artefact, self._run, cached=False, parts=tuple(noting.noted))

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
        return _Done(artefact, facts["made_by"], cached=True, parts=parts)

    def _record_step(
        self,
        step: AnyStep,
        call: Call,
        found: Closure,
        terms: KeyTerms,
        done: _Done,
        seconds: float,
    ) -> None:
        given = call.artefacts()
        written = self._put(dump(terms))
        sources = self._put_sources(found.modules)
        facts = {
            "run": self._run,
            "step": step.name,
            "function": step.qualified,
            "key": terms.key,
            "terms": written,
            "code": found.digest,
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
        }
        named = [done.artefact.digest, written, *done.parts]
        named += [] if sources is None else [sources]
        named += [each.digest for each in given.values()]
        self._record("step.finished", facts, dict.fromkeys(named))

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
                if held.value is self._inputs[name].value and held.value is not None:
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

    def _fail(self, step: AnyStep | None, error: BaseException) -> None:
        """Record how a run went wrong: a code and a type, never a message, which may hold data."""
        self._ended = True
        known = isinstance(error, MlwrightError)
        status = "failed" if known or isinstance(error, Exception) else "interrupted"
        raised = "run-raised" if step is None else "step-raised"
        facts = {
            "run": self._run,
            "step": None if step is None else step.name,
            "function": None if step is None else step.qualified,
            "code": error.code if isinstance(error, MlwrightError) else raised,
            "error": f"{type(error).__module__}.{type(error).__qualname__}",
        }
        if status == "interrupted":
            facts["code"] = status
        try:
            self._record(f"run.{status}", facts, [])
        except MlwrightError as other:
            error.add_note(f"and the failure could not be recorded: {other}")

    def _record(
        self,
        kind: str,
        facts: Mapping[str, object],
        objects: Iterable[Digest],
        uses: tuple[str, ...] = (),
    ) -> None:
        event = NewEvent(kind, self._run, facts, uses=uses, objects=tuple(objects))
        self._ledger.append([event])

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

    def _put_sources(self, modules: tuple[str, ...]) -> Digest | None:
        if modules not in self._sources:
            found = read_sources(modules)
            self._sources[modules] = self._put(dump(found)) if found.modules else None
        return self._sources[modules]


@dataclass(frozen=True, slots=True)
class _Done:
    """What a step gave, who made it, and the objects it put into the store beside it."""

    artefact: Artefact
    made_by: str
    cached: bool
    parts: tuple[Digest, ...]


def _unseen(step: AnyStep, found: Closure) -> tuple[str, ...]:
    if not step.pure:
        return found.unseen
    return tuple(what for what in found.unseen if not what.endswith(OUTSIDE))


def _ids(values: Iterable[object]) -> tuple[str, ...]:
    """Return the ids of the inputs that have one: what the run was made from."""
    found = (getattr(value, "id", None) for value in values if is_dataclass(value))
    return tuple(dict.fromkeys(each for each in found if isinstance(each, str)))
