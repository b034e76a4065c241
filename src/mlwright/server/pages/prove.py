"""Prove: what earlier proofs of an id found, and the button that makes another."""

from __future__ import annotations

from starlette.requests import Request

from mlwright.server.control import Control
from mlwright.server.records import Page

PROVABLE = ("model", "run", "data", "prediction")
"""The kinds of what was made, and can be made again."""


def prove(request: Request, control: Control) -> Page:
    """Return the page of an id's proofs; reading it proves nothing."""
    ref = request.path_params["ref"]
    explained = control.project.why(ref)
    return Page(
        "prove.html",
        "page/prove",
        f"Prove {ref}",
        {
            "ref": ref,
            "kind": explained.kind,
            "id": explained.id,
            "what": explained.what,
            "proofs": control.project.proofs(explained.id),
        },
        {"provable": explained.kind in PROVABLE},
    )
