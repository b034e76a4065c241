"""A step: a plain function whose result is kept by content, with edges by argument name."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, ParamSpec, TypeVar, overload

from mlwright.core.errors import UsageError
from mlwright.run.wires import Wire

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

    ``wires`` say what feeds a parameter where its name alone does not: they are the pipeline's.
    """

    def __init__(self, function: Callable[P, R], *, cache: bool = True, pure: bool = False) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.name: str = function.__name__
        self.cache = cache
        self.pure = pure
        self.parameters = _parameters(function)
        self.wires: Mapping[str, Wire] = {}

    @property
    def qualified(self) -> str:
        """Where the function is found again: ``module:qualname``."""
        return f"{self.function.__module__}:{self.function.__qualname__}"

    @property
    def returns(self) -> object:
        """The annotation of what the function returns, as written."""
        return getattr(self.function, "__annotations__", {}).get("return")

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function, without a cache and without a record."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<step {self.name} of {self.qualified}>"


@overload
def step(function: Callable[P, R], /) -> Step[P, R]: ...


@overload
def step(*, cache: bool = ..., pure: bool = ...) -> Callable[[Callable[P, R]], Step[P, R]]: ...


def step(
    function: Callable[P, R] | None = None, /, *, cache: bool = True, pure: bool = False
) -> Step[P, R] | Callable[[Callable[P, R]], Step[P, R]]:
    """Make a function a step: ``@step``, or ``@step(cache=False)``.

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
        return Step(function, cache=cache, pure=pure)

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
