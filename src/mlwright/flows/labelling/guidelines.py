"""What annotators go by: a text, versioned by its digest."""

from __future__ import annotations

from dataclasses import dataclass

from mlwright.core.digest import Digest
from mlwright.core.errors import DataError
from mlwright.flows.labelling.records import Given, Guideline, QueueStanding
from mlwright.flows.labelling.standing import GUIDED, standing
from mlwright.flows.workspace import Workspace
from mlwright.ledger.records import NewEvent


@dataclass(frozen=True, slots=True)
class GuidelineChange:
    """A guideline that was changed, and the answers given under another one before."""

    queue: str
    guideline: Digest
    before: Digest | None
    moved: bool
    under_other: tuple[Given, ...]


def guideline_object(text: bytes, workspace: Workspace) -> Digest:
    """Return the digest of a guideline's text, which is in the store then.

    Raises
    ------
    DataError
        ``guideline-form`` for what is no text.
    """
    try:
        readable = text.decode("utf-8").strip()
    except UnicodeDecodeError:
        readable = ""
    if not readable:
        raise DataError(
            "guideline-form",
            "the guideline is empty, or no text in UTF-8",
            fix="give a text file that says how to decide",
        )
    return workspace.store.put(text)


def change_guideline(workspace: Workspace, ref: str | None, text: bytes) -> GuidelineChange:
    """Make a text what annotators go by from now on; the same text again changes nothing."""
    workspace.ledger.require_writable()
    content = guideline_object(text, workspace)
    now = standing(ref, workspace)
    others = tuple(
        each for given in now.answers.values() for each in given if each.guideline != content
    )
    moved = now.guideline != content
    if moved:
        facts = {"guideline": content, "before": now.guideline, "answers_before": len(others)}
        event = NewEvent(GUIDED, now.name, facts, objects=(content,))
        workspace.ledger.append([event])
    return GuidelineChange(now.name, content, now.guideline, moved, others)


def guidelines_of(
    workspace: Workspace, ref: str | None
) -> tuple[tuple[Guideline, ...], str | None]:
    """Return every version of a queue's guideline, oldest first, and the text followed now."""
    now = standing(ref, workspace)
    versions = tuple(each for each in now.guidelines if each.text is not None)
    if now.guideline is None:
        return versions, None
    return versions, workspace.store.get(now.guideline).decode("utf-8")


def under(now: QueueStanding) -> dict[str, int]:
    """Return how many answers were given under each guideline; ``none`` where there was none."""
    counts: dict[str, int] = {}
    for given in now.answers.values():
        for each in given:
            name = str(each.guideline or "none")
            counts[name] = counts.get(name, 0) + 1
    return counts
