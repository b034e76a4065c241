"""Why: any id, name or step explained, back to the rows and the people."""

from __future__ import annotations

from starlette.requests import Request

from mlwright.core.ids import Noun, noun_of, short
from mlwright.server.control import Control
from mlwright.server.lineage import lineage
from mlwright.server.links import address
from mlwright.server.pages.prove import PROVABLE
from mlwright.server.records import Page

_OWN_PAGES = (Noun.MODEL, Noun.PREDICTION, Noun.RUN)


def why(request: Request, control: Control) -> Page:
    """Return what ``mlw why`` says."""
    ref = request.path_params["ref"]
    found = control.project.why(ref)
    noun = noun_of(found.id)
    own = address(found.id) if noun in _OWN_PAGES else None
    drawn = lineage(found, name=short(found.id)) if noun is Noun.RUN else None
    return Page(
        "why.html",
        "why",
        f"Why {ref}",
        {
            "kind": found.kind,
            "id": found.id,
            "what": found.what,
            "facts": found.facts,
            "lineage": found.lineage,
        },
        {
            "own_page": own,
            "graph": drawn,
            "provable": found.kind in PROVABLE,
            "sheet": own if noun is Noun.PREDICTION else None,
        },
    )
