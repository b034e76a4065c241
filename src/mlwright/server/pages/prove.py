"""Prove: what earlier proofs of an id found, and the button that makes another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import cast

from starlette.requests import Request

from mlwright.flows.dossier import PastProof
from mlwright.server.control import Control
from mlwright.server.records import Page

PROVABLE = ("model", "run", "data", "prediction")
"""The kinds of what was made, and can be made again."""


def prove(request: Request, control: Control) -> Page:
    """Return the page of an id's proofs; reading it proves nothing."""
    ref = request.path_params["ref"]
    explained = control.project.why(ref)
    proofs = control.project.proofs(explained.id)
    steps = _steps(proofs, control)
    return Page(
        "prove.html",
        "page/prove",
        f"Prove {ref}",
        {
            "ref": ref,
            "kind": explained.kind,
            "id": explained.id,
            "what": explained.what,
            "proofs": proofs,
            "steps": steps,
        },
        {
            "provable": explained.kind in PROVABLE,
            "causes": [step for step in steps if step["verdict"] != "exact"],
            "counted": Counter(str(step["verdict"]) for step in steps),
            "differs": list(dict.fromkeys(each for step in steps for each in _differs(step))),
        },
    )


def _steps(proofs: Sequence[PastProof], control: Control) -> Sequence[Mapping[str, object]]:
    """Return the steps of the newest proof as its event tells them: verdict, cause and place."""
    if not proofs:
        return ()
    facts = cast("Mapping[str, object]", control.project.show(proofs[0].event).document["facts"])
    return cast("Sequence[Mapping[str, object]]", facts["steps"])


def _differs(step: Mapping[str, object]) -> Sequence[str]:
    return cast("Sequence[str]", step.get("differs", ()))
