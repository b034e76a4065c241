"""The spec: every section that is built, and what is documented but not built yet."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mlwright.checks.settings import CheckSettings, WaiverSettings
from mlwright.core.settings import TOP
from mlwright.data.settings import ContractSettings, DataSettings
from mlwright.evaluate.fairness.settings import FairnessSettings
from mlwright.evaluate.settings import CostSettings
from mlwright.features.settings import FeatureSettings
from mlwright.registry.settings import ProjectSettings
from mlwright.run.settings import EnvironmentSettings, RunSettings
from mlwright.serve.settings import ServeSettings
from mlwright.train.settings import QuestionSettings, SearchSettings, SpaceSettings

SECTIONS: Mapping[str, type] = MappingProxyType(
    {
        TOP: QuestionSettings,
        "project": ProjectSettings,
        "data": DataSettings,
        "contract": ContractSettings,
        "features": FeatureSettings,
        "search": SearchSettings,
        "space": SpaceSettings,
        "fairness": FairnessSettings,
        "checks": CheckSettings,
        "waive": WaiverSettings,
        "costs": CostSettings,
        "run": RunSettings,
        "serve": ServeSettings,
        "environment": EnvironmentSettings,
    }
)

PLANNED = (
    "serve.shadow",
    "serve.canary",
    "serve.rollback",
    "serve.redact",
    "monitor",
    "approve",
)
"""Keys the documentation names and this version refuses, because it would not act on them."""
