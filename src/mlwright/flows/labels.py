"""A label explained by what it is about."""

from __future__ import annotations

from datetime import datetime

from mlwright.core.errors import NotFoundError
from mlwright.flows.labelling.explaining import logged_label, why_answer
from mlwright.flows.passport import passport_of
from mlwright.flows.recording import find_label
from mlwright.flows.workspace import Workspace
from mlwright.govern.label import explain_label
from mlwright.govern.records import Why
from mlwright.govern.why import why
from mlwright.registry.standing import standing


def why_label(ref: str, workspace: Workspace) -> Why:
    """Explain a label: what a person said of a row, or a truth that was sent.

    The latter by its prediction, else by who was live when it was told.
    """
    answered = logged_label(ref, workspace)
    if answered is not None:
        return why_answer(answered, workspace)
    label = find_label(ref, workspace)
    if label.prediction is not None:
        return explain_label(label, _about(label.prediction, workspace), None, None)
    try:
        told = datetime.fromisoformat(label.time)
        then = standing(workspace.ledger, str(label.endpoint), told)
    except NotFoundError:  # told before anything was live there
        return explain_label(label, None, None, None)
    model = why(then.version.ref, workspace.ledger, workspace.store)
    return explain_label(label, None, then, model)


def _about(prediction: str, workspace: Workspace) -> Why | None:
    """Return the prediction explained, None where there is no record of it."""
    try:
        return passport_of(prediction, workspace)
    except NotFoundError as error:
        if error.code != "id-unknown":
            raise
        return None
