"""``@mw.train``: a function of the user's own that fits a model."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, overload

Fit = Callable[..., Any]


class Train:
    """A training function, and how its features are prepared; calling it calls the function."""

    def __init__(self, function: Fit, *, recipe: str) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.recipe = recipe

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Call the function."""
        return self.function(*given, **named)


@overload
def train(function: Fit, /) -> Train: ...


@overload
def train(*, recipe: str = ...) -> Callable[[Fit], Train]: ...


def train(function: Fit | None = None, /, *, recipe: str = "linear") -> Any:
    """Say that a function fits a model: ``fit(train, valid, params, ctx)`` returns it.

    What it returns has ``predict``, and ``predict_proba`` where there are classes. ``train`` and
    ``valid`` are :class:`Fold`; ``valid`` is None in the last fit, on all rows. It stands at the
    top of a module, which is kept with the model.

    Parameters
    ----------
    recipe
        ``linear`` fills what is missing and spreads categories over columns; ``tree`` keeps
        missing values as NaN and categories as codes; ``logged`` is ``linear`` with the logarithms
        of skewed numbers. Any other recipe may be named too.

    >>> @train(recipe="tree")
    ... def fit(train, valid, params, ctx):
    ...     return None
    >>> fit.recipe
    'tree'
    """
    if function is not None:
        return Train(function, recipe=recipe)
    return lambda function: Train(function, recipe=recipe)
