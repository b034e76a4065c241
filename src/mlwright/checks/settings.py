"""The ``[checks]`` and ``[waive]`` settings: free tables of names and rules, or reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlwright.core.settings import FreeTable


@dataclass(frozen=True, slots=True)
class CheckSettings(FreeTable):
    """Rules by name as they were written; nested tables are flattened with dots."""

    rules: Mapping[str, str] = field(
        default_factory=dict,
        metadata={
            "doc": 'A rule by the name of what it judges, such as auc = ">= 0.7", or by its own: '
            'fairness.gender = "tpr_gap <= 0.1". A check of your own is named as MODULE:NAME: '
            'vip = "mychecks:vip_recall".'
        },
    )


@dataclass(frozen=True, slots=True)
class WaiverSettings(FreeTable):
    """Checks of leaks a person answers for, each with the reason."""

    reasons: Mapping[str, str] = field(
        default_factory=dict,
        metadata={
            "doc": "A reason by the check of leaks it answers for, of all columns or of one: "
            '"leak.target(arr_delay)" = "it is known at prediction time".'
        },
    )
