"""The fresh process of a replay: import the recorded code, execute the steps, compare."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO, cast

from mlwright.core.digest import Digest
from mlwright.core.errors import MlwrightError, RefusedError
from mlwright.core.records import dump, load
from mlwright.run.artefacts import Artefact, pack, unpack
from mlwright.run.closure.walk import closure
from mlwright.run.code.restore import MAIN, restore_main, restore_modules
from mlwright.run.code.sources import Source, Sources
from mlwright.run.context import CONTEXT, Context
from mlwright.run.environments.record import environment
from mlwright.run.points import Nowhere
from mlwright.run.recorded import StepRecord
from mlwright.run.records import KeyTerms
from mlwright.run.replaying.records import Replay, Replayed
from mlwright.run.steps.classes import annotated_classes, classes_in
from mlwright.run.steps.step import Step
from mlwright.run.steps.wires import assembled
from mlwright.store.local import LocalStore
from mlwright.store.memory import MemoryStore
from mlwright.store.overlay import OverlayStore
from mlwright.store.protocol import Store

DEFAULT_RESOURCES = "mlwright.run.replaying.reexecute:only_store"


@dataclass(frozen=True, slots=True)
class Request:
    """What the fresh process is asked: which steps, where to read and to put, how to import."""

    store: str
    top: str | None
    steps: tuple[StepRecord, ...]
    resources: str
    path: tuple[str, ...]


class _Blinkered:
    """A store that will not give a recorded output: a replay that opened one proves nothing."""

    def __init__(self, store: Store, hidden: frozenset[Digest]) -> None:
        self._store = store
        self._hidden = hidden

    def put(self, content: bytes) -> Digest:
        """Keep ``content``."""
        return self._store.put(content)

    def get(self, digest: Digest) -> bytes:
        """Return an object, unless it is hidden."""
        self._refuse_hidden(digest)
        return self._store.get(digest)

    def held(self, digest: Digest) -> Path | bytes:
        """Return where an object lies, unless it is hidden."""
        self._refuse_hidden(digest)
        return self._store.held(digest)

    def _refuse_hidden(self, digest: Digest) -> None:
        if digest in self._hidden:
            raise RefusedError(
                "replay-old-output",
                f"a step asked for the recorded output {digest}",
                fix="take the output as a parameter named like its step",
                facts={"digest": digest},
            )

    def has(self, digest: Digest) -> bool:
        """Tell whether there is such an object in sight."""
        return digest not in self._hidden and self._store.has(digest)

    def digests(self) -> Iterator[Digest]:
        """Give the names of what is in sight."""
        return (digest for digest in self._store.digests() if digest not in self._hidden)

    def read_only(self) -> Store:
        """Return the same, seen without ever changing anything."""
        return _Blinkered(self._store.read_only(), self._hidden)


def only_store(store: Store) -> dict[str, object]:
    """Return the resources of steps that need no more than the store."""
    return {"store": store}


def answer(request: Request) -> Replay:
    """Execute the steps of a request in this process."""
    base = LocalStore(Path(request.store), writable=False)
    top: Store = MemoryStore() if request.top is None else LocalStore(Path(request.top))
    outputs = {step.output for step in request.steps}
    inputs = {d for s in request.steps for n, d in s.objects.items() if n not in s.edges}
    # What a step gives again is on top, under the same name, and may be read there.
    hidden = _Blinkered(base, frozenset(outputs - inputs))
    overlay = OverlayStore(hidden, top)
    sys.path.extend(entry for entry in request.path if entry not in sys.path)
    terms = {step.step: load(KeyTerms, base.get(step.terms)) for step in request.steps}
    restore_code(request.steps, base, terms)
    resources = resources_of(request.resources, overlay)
    made: dict[str, Artefact] = {}
    steps = tuple(_replay_step(s, terms[s.step], overlay, resources, made) for s in request.steps)
    return Replay(steps, environment())


def restore_code(
    steps: tuple[StepRecord, ...], store: Store, terms: Mapping[str, KeyTerms]
) -> dict[str, Source]:
    """Let imports from now on give the user's modules as recorded; return them by name."""
    sources: dict[str, Source] = {}
    for step in steps:
        if step.sources is not None:
            sources.update(load(Sources, store.get(step.sources)).modules)
    restore_modules(sources)
    if MAIN in sources:
        parts = {part for term in terms.values() for part in term.parts}
        parts |= {step.function for step in steps}
        parts |= {kind for step in steps for kind in (step.kind, *step.kinds.values())}
        restore_main(sources[MAIN], parts)
    return sources


def resources_of(name: str, store: Store) -> Mapping[str, object]:
    """Return what the function of that name gives steps to work with."""
    make = cast("Callable[[Store], Mapping[str, object]]", _found(name))
    return make(store)


def _found(name: str) -> Any:
    module, _, qualname = name.partition(":")
    found: Any = sys.modules[MAIN] if module == MAIN else import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    return found


def _replay_step(
    step: StepRecord,
    terms: KeyTerms,
    store: Store,
    resources: Mapping[str, object],
    made: dict[str, Artefact],
) -> Replayed:
    began = perf_counter()
    absent = sorted(edge for edge in step.edges.values() if edge not in made)
    if absent:
        return _not_done(step, began, f"step {absent[0]} gave nothing")
    try:
        function, arguments, given = prepared(step, store, resources, made)
        kinds = classes_in(arguments.values()) | annotated_classes(function, step.resources)
        found = closure(function, kinds)
        output = pack(function(**arguments, **given))
    # Whatever a step raises is the replay's finding: told, and the steps after it not done.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        code = f"[{error.code}] " if isinstance(error, MlwrightError) else ""
        return _not_done(step, began, f"{type(error).__name__}: {code}{error}")
    made[step.step] = output
    store.put(output.raw)
    names = found.parts.keys() | terms.parts.keys()
    changed = sorted(n for n in names if found.parts.get(n) != terms.parts.get(n))
    return Replayed(
        step=step.step,
        recorded=step.content,
        replayed=output.content,
        output=output.digest,
        seconds=perf_counter() - began,
        error=None,
        changed=tuple(changed),
    )


def prepared(
    step: StepRecord,
    store: Store,
    resources: Mapping[str, object],
    made: Mapping[str, Artefact],
) -> tuple[Callable[..., object], dict[str, object], dict[str, object]]:
    """Return a step's function, its arguments read anew, and its resources."""
    function = _found(step.function)
    function = function.function if isinstance(function, Step) else function
    arguments = _arguments(step, store, made)
    given = {name: resources[name] for name in step.resources}
    if step.seed is not None:
        given[CONTEXT] = Context(step.seed, step.step, Nowhere())
    return function, arguments, given


def _arguments(step: StepRecord, store: Store, made: Mapping[str, Artefact]) -> dict[str, object]:
    arguments = {}
    for name, digest in step.objects.items():
        if name in step.edges:
            artefact = made[step.edges[name]]
            arguments[name] = unpack(artefact.kind, artefact.raw)
        else:
            arguments[name] = unpack(step.kinds[name], store.get(digest))
    return assembled(arguments)


def _not_done(step: StepRecord, began: float, error: str) -> Replayed:
    return Replayed(step.step, step.content, None, None, perf_counter() - began, error, ())


def main() -> None:
    """Read a request from standard input and write the answer to standard output."""
    with answering() as out:
        out.write(dump(answer(load(Request, sys.stdin.buffer.read()))))


@contextmanager
def answering() -> Iterator[BinaryIO]:
    """Give standard output to an answer alone: what a step prints goes to standard error."""
    real = os.dup(1)
    os.dup2(2, 1)
    with os.fdopen(real, "wb") as out:
        yield out
