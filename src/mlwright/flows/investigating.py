"""Any id, name, step or row explained: by the log, and by what the records and the data know.

What reads tables is imported where it is needed: most questions are answered by the log alone,
in a tenth of the time.
"""

from __future__ import annotations

from dataclasses import replace

from mlwright.core.errors import NotFoundError
from mlwright.core.ids import Noun, noun_of
from mlwright.flows.labelling.standing import is_queue
from mlwright.flows.workspace import Workspace
from mlwright.govern.records import Link, Why
from mlwright.govern.why import RECORDED
from mlwright.govern.why import why as why_logged

ROW = "row:"
"""What goes before a row's id that also is a name or begins like an id."""


def why(ref: str, workspace: Workspace) -> Why:
    """Explain an id, a model, a step, a label queue, or a row by its key or its content.

    Raises
    ------
    NotFoundError
        ``id-unknown``, ``name-unknown`` or ``row-unknown``.
    UsageError
        ``id-ambiguous`` or ``id-form``.
    """
    noun = noun_of(ref)
    if noun is Noun.PREDICTION:
        from mlwright.flows.passport import passport_of

        return passport_of(ref, workspace)
    if noun is Noun.LABEL:
        from mlwright.flows.labels import why_label

        return why_label(ref, workspace)
    if is_queue(ref):
        from mlwright.flows.labelling.explaining import why_queue

        return why_queue(ref, workspace)
    if ref.startswith(ROW):
        from mlwright.flows.rows import why_row

        return why_row(ref.removeprefix(ROW), workspace)
    try:
        found = why_logged(ref, workspace.ledger, workspace.store)
    except NotFoundError as error:
        if error.code != "name-unknown":
            raise
        return _row_or(ref, error, workspace)
    if noun is Noun.EVENT:
        return _with_subject(found, workspace)
    return _with_labels(found, workspace)


def _with_labels(found: Why, workspace: Workspace) -> Why:
    """Return what was explained with the people whose labels made its data, where any did."""
    from mlwright.flows.labelling.explaining import links_of_data

    data = dict.fromkeys(link.id for link in found.lineage if link.relation == "from the data")
    links = [link for each in data for link in links_of_data(each, workspace)]
    return replace(found, lineage=(*found.lineage, *links)) if links else found


def _with_subject(event: Why, workspace: Workspace) -> Why:
    """Return an event with what it is about, where that is not in the log but in the records."""
    subject = workspace.ledger.event(int(event.id.partition("_")[2])).subject
    if noun_of(subject) not in RECORDED:
        return event
    about = why(subject, workspace)
    link = Link("about", about.kind, about.id, about.what, {})
    return replace(event, lineage=(*event.lineage, link, *about.lineage))


def _row_or(ref: str, unknown: NotFoundError, workspace: Workspace) -> Why:
    """Return the row of that name, or raise that nothing is called so, rows included."""
    from mlwright.flows.rows import why_row

    try:
        return why_row(ref, workspace)
    except NotFoundError as error:
        if error.code != "row-unknown":
            raise
        raise NotFoundError(
            unknown.code,
            unknown.message,
            fix=unknown.fix,
            facts=unknown.facts,
            looked=(*unknown.looked, *error.looked),
        ) from None
