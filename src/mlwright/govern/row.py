"""A row explained forward: the data that hold it, who learned from it, and what they answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlwright.core.encoding import plain
from mlwright.core.ids import short
from mlwright.govern.records import Link, Why
from mlwright.govern.why import why
from mlwright.ledger.ledger import Ledger
from mlwright.registry.records import ModelVersion
from mlwright.serve.records import Unread
from mlwright.store.protocol import Store

_RELATIONS = {"train": "learned by", "validation": "learned by", "test": "judged"}


@dataclass(frozen=True, slots=True)
class Use:
    """What a model did with a row.

    ``part`` is the row's part of that model's split, None where it was set aside or has no
    target; ``predictions`` counts what the model has answered and recorded since.
    """

    version: ModelVersion
    part: str | None
    reason: str
    predictions: int

    @property
    def learned(self) -> bool:
        """Whether the model was fitted on the row."""
        return self.part in ("train", "validation")


@dataclass(frozen=True, slots=True)
class Holding:
    """One data version with the row in it: found by its key or its content."""

    data: str
    by: str
    uses: tuple[Use, ...]


def explain_row(
    row: str,
    holdings: Sequence[Holding],
    ledger: Ledger,
    store: Store,
    unread: Sequence[Unread] = (),
) -> Why:
    """Explain a row by the data versions that hold it, oldest first.

    ``unread`` names the damaged segments whose predictions could not be counted.
    """
    uses = {use.version.ref: use for holding in holdings for use in holding.uses}
    learned = {use.version.model: use.predictions for use in uses.values() if use.learned}
    links: list[Link] = []
    for holding in holdings:
        back = why(holding.data, ledger, store)
        links.append(
            Link("in the data", "data", holding.data, f"by its {holding.by}; {back.what}", {})
        )
        links += [_use_link(use) for use in holding.uses]
        links += [link for link in back.lineage if link.kind == "source"]
    versions, models = len(holdings), len(learned)
    answers = sum(learned.values())
    return Why(
        kind="row",
        id=row,
        what=f"in {versions} data version{'s' * (versions != 1)}; {models or 'no'} "
        f"model{'s' * (models != 1)} learned from it"
        + (f" and gave {answers:,} recorded answers" if models else ""),
        facts={
            "data": [holding.data for holding in holdings],
            "learned by": [use.version.ref for use in uses.values() if use.learned],
            "judged": [use.version.ref for use in uses.values() if use.part == "test"],
            "predictions of models that learned from it": answers,
            **({"unread": plain(unread)} if unread else {}),
        },
        lineage=tuple(links),
    )


def _use_link(use: Use) -> Link:
    version = use.version
    return Link(
        relation=_RELATIONS.get(use.part or "", "left out by"),
        kind="model",
        id=version.model,
        what=f"{version.ref}, {use.reason}; registered in {version.event} by {version.actor}, "
        f"made by run {short(version.run)}; {use.predictions:,} recorded answers",
        facts={"ref": version.ref, "part": use.part, "predictions": use.predictions},
    )
