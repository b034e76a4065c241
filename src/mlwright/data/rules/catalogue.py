"""Every rule of screening. A cell that one rule has marked is left alone by those after it."""

from __future__ import annotations

from mlwright.data.rules import (
    constants,
    contradictions,
    dates,
    duplicates,
    encoding,
    formats,
    identifiers,
    imbalance,
    keys,
    missing,
    missing_by_target,
    misspellings,
    near_duplicates,
    outliers,
    promises,
    sentinels,
    signs,
    spaces,
    units,
    variants,
)
from mlwright.data.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    promises.RULE,
    missing.RULE,
    sentinels.RULE,
    encoding.RULE,
    spaces.RULE,
    dates.RULE,
    formats.RULE,
    signs.RULE,
    units.RULE,
    outliers.RULE,
    variants.RULE,
    misspellings.RULE,
    duplicates.RULE,
    keys.RULE,
    contradictions.RULE,
    near_duplicates.RULE,
    constants.RULE,
    identifiers.RULE,
    imbalance.RULE,
    missing_by_target.RULE,
)
