"""Passport: one prediction on one sheet, for the person it is about and for who answers for it."""

from __future__ import annotations

from starlette.requests import Request

from mlwright.core.errors import NotFoundError
from mlwright.core.ids import Noun, noun_of, short
from mlwright.govern.charts import Push, pushes
from mlwright.govern.records import Passport, Reason
from mlwright.server.control import Control
from mlwright.server.lineage import lineage
from mlwright.server.records import Page
from mlwright.server.rendering import exact

_BARS = 10
_CLASSES = 4
_LONGEST = 34  # characters of a reason that fit beside its bar


def passport(request: Request, control: Control) -> Page:
    """Return the sheet of a prediction.

    Raises
    ------
    NotFoundError
        ``id-unknown`` for what is no prediction's id.
    """
    ref = request.path_params["ref"]
    if noun_of(ref) is not Noun.PREDICTION:
        raise NotFoundError(
            "id-unknown",
            f"{ref!r} is no prediction: their ids begin with 'p_'",
            fix="give the search box any id or name",
            facts={"id": ref},
        )
    found = control.project.why(ref)
    assert isinstance(found, Passport)
    target = control.project.dossier(found.version.ref).package.task.target
    return Page(
        "passport.html",
        "page/passport",
        f"{found.version.name}: {found.prediction.id}",
        {
            "id": found.id,
            "what": found.what,
            "target": target,
            "value": found.value,
            "probabilities": found.probabilities,
            "surely": found.surely,
            "prediction": _as_recorded(found),
            "version": found.version,
            "start": found.start,
            "reasons": found.reasons,
            "additive": found.additive,
            "sent": found.sent,
            "used": found.used,
            "flags": found.prediction.flags,
            "prepared": found.prepared,
            "neighbours": found.neighbours,
            "distance": found.distance,
            "otherwise": found.otherwise,
            "fixed": found.fixed,
            "change": found.change,
            "labels": found.labels,
            "unread": found.unread,
            "lineage": found.lineage,
            "proofs": control.project.proofs(found.id),
        },
        {
            "chart": _chart(found.reasons),
            "graph": lineage(found, name=short(found.id)),
            "likely": sorted(found.probabilities.items(), key=lambda each: -each[1])[:_CLASSES],
            "behind": {link.kind: link for link in reversed(found.lineage)},
        },
    )


def _as_recorded(found: Passport) -> dict[str, object]:
    """Return the record; its body as the text it is, for the row itself is shown as sent."""
    record = found.prediction
    return {
        "time": record.time,
        "endpoint": record.endpoint,
        "ref": record.ref,
        "model": record.model,
        "role": record.role,
        "row": record.row,
        "rows": record.rows,
        "answer": record.answer,
        "segment": record.segment,
    }


def _chart(reasons: tuple[Reason, ...]) -> str:
    rows = [Push(_said(reason), reason.amount) for reason in reasons[:_BARS]]
    rest = reasons[_BARS:]
    if rest:
        name = f"{len(rest)} further column{'s' if len(rest) > 1 else ''}"
        rows.append(Push(name, sum(reason.amount for reason in rest)))
    return pushes(rows, title="What each column adds to the score")


def _said(reason: Reason) -> str:
    said = f"{reason.column} = {exact(reason.value)}"
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
