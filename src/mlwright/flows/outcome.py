"""What a build says of its outcome, so that built runs are found and ordered like tracked ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mlwright.core.seam import Seam
from mlwright.evaluate.records import Evaluation
from mlwright.ledger.metrics import summarise, write_summary
from mlwright.scoring.records import ModelPackage

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def outcome(package: ModelPackage, evaluation: Evaluation, seam: Seam) -> dict[str, object]:
    """Return a run's metrics on its sealed test, and what it was done with, as an event's facts."""
    now = (seam.now() - _EPOCH) // timedelta(microseconds=1)
    return {
        "metrics": {
            name: write_summary(summarise([0], [now], [each.value]))
            for name, each in evaluation.metrics.items()
        },
        "params": {
            "target": package.task.target or None,
            "task": package.task.kind.value,
            "metric": evaluation.metric,
            "algorithm": package.configuration.algorithm,
            "configuration": package.configuration.name,
        },
    }
