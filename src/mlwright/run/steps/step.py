"""A step: a plain function whose result is kept by content, with edges by argument name."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, ParamSpec, TypeVar, overload

from mlwright.core.errors import UsageError
from mlwright.run.context import CONTEXT
from mlwright.run.steps.limits import Limits, limits
from mlwright.run.steps.use import Use
from mlwright.run.steps.wires import Wire

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A step's parameter: its name, and whether the function has a default for it."""

    name: str
    optional: bool


class Step(Generic[P, R]):
    """A function that a run executes once for each key; calling it calls the function.

    Parameters
    ----------
    function
        Any function with named parameters. A parameter named like another step takes that
        step's output, any other is an input, a resource or a configuration value of that name.
    cache
        False executes the step in every run.
    pure
        True is the author's word that the code reads nothing but its arguments where mlwright
        only sees that it could, such as a call to ``open``.
    limits
        How often it is tried, and what each attempt may take; no part of the key.

    ``wires`` say what feeds a parameter where its name alone does not: they are the pipeline's.
    """

    def __init__(
        self,
        function: Callable[P, R],
        *,
        cache: bool = True,
        pure: bool = False,
        limits: Limits | None = None,
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.name: str = function.__name__
        self.cache = cache
        self.pure = pure
        self.limits = limits or Limits()
        found = _parameters(function)
        self.parameters = tuple(each for each in found if each.name != CONTEXT)
        self.takes_context = len(found) > len(self.parameters)
        self.wires: Mapping[str, Wire] = {}

    @property
    def qualified(self) -> str:
        """Where the function is found again: ``module:qualname``."""
        return f"{self.function.__module__}:{self.function.__qualname__}"

    @property
    def returns(self) -> object:
        """The annotation of what the function returns, as written."""
        return getattr(self.function, "__annotations__", {}).get("return")

    def named(self, name: str, /, **takes: str) -> Use:
        """Return the step as a part of a pipeline, under another name and fed by others.

        ``clean.named("clean_test", table="test")`` is ``clean`` with ``table`` from ``test``.
        """
        return Use(self, self.name).named(name, **takes)

    def over(
        self, together: Sequence[Mapping[str, object]] = (), /, **values: Sequence[object]
    ) -> Use:
        """Return the step as a part of a pipeline, once for each value: ``fit.over(depth=[3, 5])``.

        Values of several parameters are combined each with each; ``together`` lists those that
        belong together: ``fit.over([{"depth": 3, "rate": 0.1}, {"depth": 5, "rate": 0.05}])``.
        """
        return Use(self, self.name).over(together, **values)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function, without a cache and without a record."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<step {self.name} of {self.qualified}>"


@overload
def step(function: Callable[P, R], /) -> Step[P, R]: ...


@overload
def step(
    *,
    cache: bool = ...,
    pure: bool = ...,
    retries: int = ...,
    timeout: str | float | None = ...,
    memory: str | int | None = ...,
    network: bool = ...,
    inputs: Sequence[str] = ...,
) -> Callable[[Callable[P, R]], Step[P, R]]: ...


def step(
    function: Callable[P, R] | None = None,
    /,
    *,
    cache: bool = True,
    pure: bool = False,
    retries: int = 0,
    timeout: str | float | None = None,
    memory: str | int | None = None,
    network: bool = False,
    inputs: Sequence[str] = (),
) -> Step[P, R] | Callable[[Callable[P, R]], Step[P, R]]:
    """Make a function a step: ``@step``, or ``@step(retries=2, timeout="10m", memory="2GB")``.

    A parameter named ``ctx`` is given a :class:`~mlwright.run.context.Context`.

    Parameters
    ----------
    cache
        False executes the step in every run.
    pure
        Your word that it reads nothing but its arguments.
    retries
        How often it is tried again when it fails.
    timeout, memory
        What one attempt may take: a time such as ``"10m"``, a size such as ``"2GB"``. A step
        with one of them is carried out in a process of its own.
    network, inputs
        What a sandbox leaves it: the network, and files and folders to read.

    >>> @step
    ... def total(prices: list[float], tax: float = 0.2) -> float:
    ...     return sum(prices) * (1 + tax)
    >>> total([10.0])
    12.0
    >>> [parameter.name for parameter in total.parameters]
    ['prices', 'tax']
    """
    if function is not None:
        return Step(function)

    def decorate(function: Callable[P, R]) -> Step[P, R]:
        of_it = limits(
            function.__name__,
            retries=retries,
            timeout=timeout,
            memory=memory,
            network=network,
            inputs=inputs,
        )
        return Step(function, cache=cache, pure=pure, limits=of_it)

    return decorate


def _parameters(function: Callable[..., object]) -> tuple[Parameter, ...]:
    found = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise UsageError(
                "step-parameters",
                f"step {function.__name__!r} takes {parameter}, which has no name to connect by",
                fix="give each parameter of a step its own name",
                facts={"step": function.__name__, "parameter": str(parameter)},
            )
        found.append(Parameter(parameter.name, parameter.default is not parameter.empty))
    return tuple(found)
