"""The spec: every section that is built, and what is documented but not built yet."""

from __future__ import annotations

from mlwright.core.sections import Sections
from mlwright.core.settings import TOP

SECTIONS = Sections(
    {
        TOP: "mlwright.train.settings:QuestionSettings",
        "project": "mlwright.registry.settings:ProjectSettings",
        "data": "mlwright.data.settings:DataSettings",
        "contract": "mlwright.data.settings:ContractSettings",
        "features": "mlwright.features.settings:FeatureSettings",
        "search": "mlwright.train.settings:SearchSettings",
        "space": "mlwright.train.settings:SpaceSettings",
        "fairness": "mlwright.evaluate.fairness.settings:FairnessSettings",
        "checks": "mlwright.checks.settings:CheckSettings",
        "waive": "mlwright.checks.settings:WaiverSettings",
        "costs": "mlwright.evaluate.settings:CostSettings",
        "run": "mlwright.run.settings:RunSettings",
        "serve": "mlwright.serve.settings:ServeSettings",
        "environment": "mlwright.run.settings:EnvironmentSettings",
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
