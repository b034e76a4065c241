"""mlwright: from a table and a question to a model in production that can answer for itself."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlwright.api.client import Answer as Answer
    from mlwright.api.client import Client as Client
    from mlwright.api.estimators import AutoClassifier as AutoClassifier
    from mlwright.api.estimators import AutoRegressor as AutoRegressor
    from mlwright.api.model import Model as Model
    from mlwright.api.pipeline import pipeline as pipeline
    from mlwright.api.project import Project as Project
    from mlwright.api.run import Run as Run
    from mlwright.api.run import run as run
    from mlwright.api.track import Track as Track
    from mlwright.api.track import runs as runs
    from mlwright.api.track import track as track
    from mlwright.checks.own import Verdict as Verdict
    from mlwright.core.errors import MlwrightError as MlwrightError
    from mlwright.data.frame import Table as Table
    from mlwright.flows.own_checks import check as check
    from mlwright.run.steps.step import step as step
    from mlwright.train.own.declare import train as train
    from mlwright.train.own.fold import Context as Context
    from mlwright.train.own.fold import Fold as Fold

__version__ = "0.1.0"

_HOMES = {
    "Answer": "mlwright.api.client",
    "AutoClassifier": "mlwright.api.estimators",
    "AutoRegressor": "mlwright.api.estimators",
    "Client": "mlwright.api.client",
    "Context": "mlwright.train.own.fold",
    "Fold": "mlwright.train.own.fold",
    "MlwrightError": "mlwright.core.errors",
    "Model": "mlwright.api.model",
    "Project": "mlwright.api.project",
    "Run": "mlwright.api.run",
    "Table": "mlwright.data.frame",
    "Verdict": "mlwright.checks.own",
    "check": "mlwright.flows.own_checks",
    "pipeline": "mlwright.api.pipeline",
    "Track": "mlwright.api.track",
    "run": "mlwright.api.run",
    "runs": "mlwright.api.track",
    "step": "mlwright.run.steps.step",
    "track": "mlwright.api.track",
    "train": "mlwright.train.own.declare",
}

__all__ = [
    "Answer",
    "AutoClassifier",
    "AutoRegressor",
    "Client",
    "Context",
    "Fold",
    "MlwrightError",
    "Model",
    "Project",
    "Run",
    "Table",
    "Track",
    "Verdict",
    "check",
    "pipeline",
    "run",
    "runs",
    "step",
    "track",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import a public name on its first use: ``import mlwright`` itself stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'mlwright' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)


class _Package(ModuleType):
    """The package itself: importing its subpackage ``run`` must not hide the function."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
