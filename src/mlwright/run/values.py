"""The values of a run: inputs, configuration and what steps made; a parameter finds its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mlwright.core.digest import Digest
from mlwright.core.errors import UsageError, nearest
from mlwright.run.artefacts import Artefact, pack
from mlwright.run.context import SEED
from mlwright.run.steps.call import Call, Held, hold
from mlwright.run.steps.graph import AnyStep
from mlwright.run.steps.step import Parameter
from mlwright.run.steps.wires import Fixed, Gathered, Given, Output

_SHARED = (int, float, str, bytes, tuple, type(None))
"""Kinds of which Python keeps one object for many values: being the same says nothing of them."""


class Values:
    """What the steps of one run can be called with.

    Parameters
    ----------
    config
        Values of parameters nothing else gives.
    put
        Keeps the bytes of a value under their name.
    """

    def __init__(
        self, config: Mapping[str, object], put: Callable[[bytes, Digest], object]
    ) -> None:
        self._config = dict(config)
        self._put = put
        self._inputs: dict[str, Held] = {}
        self._made: dict[str, Held] = {}

    def take(self, inputs: Mapping[str, object]) -> dict[str, Artefact]:
        """Take inputs, and return them as bytes that are kept."""
        for name, value in inputs.items():
            if name not in self._inputs or self._inputs[name].value is not value:
                self._inputs[name] = self._pack(name, value)
        return {name: self._inputs[name].artefact for name in inputs}

    def add(self, step: str, value: object, artefact: Artefact) -> None:
        """Add what a step made."""
        self._made[step] = hold(value, artefact)

    def seed(self) -> int:
        """Return the run's seed, for steps that ask their context for it.

        Raises
        ------
        UsageError
            ``run-seed`` when it is no whole number.
        """
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

    def call(self, step: AnyStep, names: set[str], resources: Mapping[str, object]) -> Call:
        """Find each parameter: another step's output, an input, a resource, configuration.

        Parameters
        ----------
        names
            The steps that are carried out together.

        Raises
        ------
        UsageError
            ``step-input-missing``, ``artefact-type``.
        """
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
                self._find_outside(call, step, parameter, wire, names, resources)
        return call

    def _find_outside(
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

    def _pack(self, name: str, value: object) -> Held:
        try:
            artefact = pack(value)
        except UsageError as error:
            error.add_note(f"the value is the input {name!r}")
            raise
        self._put(artefact.raw, artefact.digest)
        return hold(value, artefact)
