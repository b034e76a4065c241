"""The models of the user's own that a build is to try: found by name or given, and described."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mlwright.core.errors import UsageError
from mlwright.features.recipes import known_recipe
from mlwright.flows.importing import MARK, imported
from mlwright.flows.workspace import Workspace
from mlwright.run.closure.walk import closure
from mlwright.run.code.sources import Source, read_sources, require_open
from mlwright.run.records import Closure
from mlwright.train.own import blueprint
from mlwright.train.own.content import pickle_not_asked
from mlwright.train.own.declare import Train
from mlwright.train.records import Module, OwnModel
from mlwright.train.settings import SearchSettings


def own_models(workspace: Workspace) -> tuple[OwnModel, ...]:
    """Return the models of the user's own: those the spec names, then those a program gave.

    Raises
    ------
    UsageError
        ``own-model-missing`` for a name that leads nowhere, ``own-model-form`` for what is neither
        a function nor an estimator, ``pickle-not-asked`` for one that can only be kept as a pickle.
    """
    search = workspace.settings.section(SearchSettings)
    named = [name for name in search.models if MARK in name]
    found = [_described(imported(n, workspace.folder, "model"), n, search.pickle) for n in named]
    found += [_described(given, None, search.pickle) for given in workspace.own]
    return tuple(_distinct(found))


def algorithms(models: Sequence[str]) -> tuple[str, ...]:
    """Return the names among ``models`` that are mlwright's own algorithms.

    >>> algorithms(("auto", "mymodels:fit"))
    ('auto',)
    """
    return tuple(name for name in models if MARK not in name)


def _described(given: Any, name: str | None, pickle: bool) -> OwnModel:
    recipe = "linear"
    if isinstance(given, type) and callable(getattr(given, "get_params", None)):
        given = given()
    if isinstance(given, Train):
        recipe, given = given.recipe, given.function
    if blueprint.is_estimator(given):
        kind = type(given)
        shown, written = name or kind.__name__, blueprint.of_estimator(given)
        if not pickle and not callable(getattr(kind, "to_bytes", None)):
            raise pickle_not_asked(shown, kind.__name__)
        recipe = "tree" if _takes_missing(given) else "linear"
        walked: Callable[..., object] = kind
        kinds = _kinds(given)
    elif callable(given) and hasattr(given, "__code__"):
        shown, written = name or f"{given.__module__}:{given.__qualname__}", ""
        written = blueprint.of_function(given)
        walked, kinds = given, set()
    else:
        raise UsageError(
            "own-model-form",
            f"{name or given!r} is neither a function that fits nor an estimator",
            fix="give def fit(train, valid, params, ctx), or an object with get_params, fit and "
            "predict",
            facts={"model": name or type(given).__name__},
        )
    code = closure(walked, kinds)
    read = read_sources(code.modules)
    require_open(read)
    sources = read.modules
    _require_source(shown, written, sources)
    return OwnModel(
        name=shown,
        blueprint=written,
        recipe=known_recipe(recipe),
        pickle=pickle,
        code=str(code.digest),
        parts=own_parts(code),
        modules=modules_of(sources),
        distributions=dict(code.distributions),
        unseen=code.unseen,
    )


def modules_of(sources: Mapping[str, Source]) -> tuple[Module, ...]:
    """Return the user's modules as they are kept with what is made of them."""
    return tuple(Module(name, each.package, each.text) for name, each in sources.items())


def own_parts(code: Closure) -> tuple[str, ...]:
    """Return the parts of a closure that are the user's."""
    return tuple(part for part in code.parts if not part.startswith("mlwright"))


def _takes_missing(estimator: Any) -> bool:
    """Tell whether an estimator says of itself that missing values are no harm."""
    tags = getattr(estimator, "__sklearn_tags__", None)
    return bool(tags is not None and tags().input_tags.allow_nan)


def _kinds(estimator: Any) -> set[type]:
    """Return the classes of an estimator and of those it holds."""
    asked = estimator.get_params(deep=True).values()
    return {type(estimator), *(type(each) for each in asked if hasattr(each, "get_params"))}


def _require_source(name: str, written: str, sources: Any) -> None:
    if f'"{blueprint.MAIN}:' in written and blueprint.MAIN not in sources:
        raise UsageError(
            "own-model-form",
            f"{name} was typed into an interpreter that kept no text of it",
            fix="put it into a script or a module",
            facts={"model": name},
        )


def _distinct(models: Sequence[OwnModel]) -> Iterator[OwnModel]:
    taken: dict[str, int] = {}
    for each in models:
        count = taken[each.name] = taken.get(each.name, 0) + 1
        yield each if count == 1 else replace(each, name=f"{each.name} ({count})")
