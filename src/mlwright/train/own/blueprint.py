"""Describe how a model of the user's own is made, as JSON without code, and make it again."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from mlwright.core.encoding import canonical_json
from mlwright.core.errors import UsageError

Made = dict[str, Any]

MAIN = "__main__"


def of_function(function: Callable[..., object]) -> str:
    """Return the blueprint of a training function."""
    return canonical_json({"fit": reference(function)}).decode()


def of_estimator(estimator: object) -> str:
    """Return the blueprint of an estimator that is not fitted: its class and its parameters.

    Raises
    ------
    UsageError
        ``own-model-form`` when a parameter is nothing that can be written down.
    """
    return canonical_json({"estimator": _described(estimator, type(estimator).__name__)}).decode()


def is_estimator(value: object) -> bool:
    """Tell whether an object is like scikit-learn's estimators."""
    return not isinstance(value, type) and all(
        callable(getattr(value, name, None)) for name in ("get_params", "fit", "predict")
    )


def reference(value: Any) -> str:
    """Return where a function or class is found again: ``module:qualname``.

    Raises
    ------
    UsageError
        ``own-model-form`` when it stands inside a function or has no module.
    """
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
    if not module or "<" in name or not name:
        raise UsageError(
            "own-model-form",
            f"{name or value!r} stands inside another function, so that it cannot be found again",
            fix="define it at the top of a module or script",
            facts={"model": name or repr(value)},
        )
    return f"{module}:{name}"


def found(name: str) -> Any:
    """Return what a reference names, imported."""
    module, _, qualname = name.partition(":")
    value: Any = import_module(module)
    for part in qualname.split("."):
        value = getattr(value, part)
    return value


def make(blueprint: str, parameters: Mapping[str, object], seed: int) -> Any:
    """Return the estimator of a blueprint, with other parameters and a seed where it takes one.

    Whatever is random and has no seed of its own gets ours; nothing starts threads.
    """
    estimator = _made(json.loads(blueprint)["estimator"])
    if parameters:
        estimator.set_params(**parameters)
    asked = estimator.get_params(deep=True)
    seeded = {n: seed for n, v in asked.items() if _last(n) == "random_state" and v is None}
    return estimator.set_params(**seeded) if seeded else estimator


def alone(model: Any) -> None:
    """Let a model use one thread, so that no sum depends on which of several was first."""
    asked = model.get_params(deep=True) if hasattr(model, "get_params") else {}
    threaded = {name: 1 for name, value in asked.items() if _last(name) == "n_jobs" and value != 1}
    if threaded:
        model.set_params(**threaded)


def _last(name: str) -> str:
    return name.rpartition("__")[2]


def _described(value: Any, where: str) -> object:
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()  # numpy's numbers
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, list | tuple):
        items = [_described(each, where) for each in value]
        return {type(value).__name__: items}
    if isinstance(value, dict) and all(isinstance(key, bool | int | str) for key in value):
        pairs = [[key, _described(each, where)] for key, each in value.items()]
        return {"dict": pairs}
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return {"named": reference(value)}
    if callable(getattr(value, "get_params", None)):
        asked = value.get_params(deep=False)
        described = {name: _described(each, f"{where}.{name}") for name, each in asked.items()}
        return {"class": reference(type(value)), "params": described}
    raise UsageError(
        "own-model-form",
        f"{where} is a {type(value).__name__}, which cannot be written down so that the same "
        "model is made again",
        fix="make the estimator in a function: @mw.train def fit(train, valid, params, ctx)",
        facts={"parameter": where, "type": type(value).__name__},
    )


def _made(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    if "class" in tree:
        params = {name: _made(each) for name, each in tree["params"].items()}
        return found(tree["class"])(**params)
    ((kind, held),) = tree.items()
    if kind == "float":
        return float(held)
    if kind == "named":
        return found(held)
    if kind == "dict":
        return {key: _made(each) for key, each in held}
    items = [_made(each) for each in held]
    return tuple(items) if kind == "tuple" else items
