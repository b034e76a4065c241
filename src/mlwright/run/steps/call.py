"""What a step is called with, and the terms of its key that follow from it."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from mlwright.run.artefacts import Artefact, pack
from mlwright.run.records import Closure, KeyTerms
from mlwright.run.steps.classes import classes_in
from mlwright.run.steps.graph import AnyStep


@dataclass(frozen=True, slots=True)
class Held:
    """A value with its bytes and the classes in it."""

    value: object
    artefact: Artefact
    types: frozenset[type]


def hold(value: object, artefact: Artefact) -> Held:
    """Return a value with its bytes, its classes looked up once."""
    return Held(value, artefact, classes_in((value,)))


@dataclass(frozen=True, slots=True)
class Call:
    """What a step is called with: values by parameter or slot, their edges, and resources."""

    held: dict[str, Held]
    edges: dict[str, str]
    configured: set[str]
    resources: dict[str, object]

    def artefacts(self) -> dict[str, Artefact]:
        """Return the arguments as bytes."""
        return {name: held.artefact for name, held in self.held.items()}

    def types(self) -> set[type]:
        """Return the classes of the arguments: their methods are code of the step's too."""
        return set().union(*(held.types for held in self.held.values()))


def key_terms(step: AnyStep, found: Closure, call: Call, seed: int | None = None) -> KeyTerms:
    """Return the terms of a step's key; ``seed`` is what its context tells, if it takes one."""
    given = {name: each.content for name, each in call.artefacts().items()}
    return KeyTerms(
        function=step.qualified,
        code=found.digest,
        parts=found.parts,
        inputs={n: d for n, d in given.items() if n not in call.configured and n != "seed"},
        config={n: d for n, d in given.items() if n in call.configured and n != "seed"},
        distributions=found.distributions,
        seed=given.get("seed") if seed is None else pack(seed).content,
        python=platform.python_version(),
        unseen=found.unseen,
    )
