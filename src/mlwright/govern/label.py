"""A label explained: the truth, what it is about, and the way back from there."""

from __future__ import annotations

from mlwright.core.ids import short
from mlwright.govern.records import Link, Why
from mlwright.registry.standing import Standing
from mlwright.serve.records import Label


def explain_label(label: Label, about: Why | None, then: Standing | None, model: Why | None) -> Why:
    """Explain a label.

    Parameters
    ----------
    about
        The prediction it is about, where it names one that is recorded.
    then, model
        Who was live at its endpoint when it was told, and that version explained, where it names
        an endpoint and a row's key.
    """
    told = f"{label.value!r}, told at {label.time}"
    facts = {"value": label.value, "time": label.time, "prediction": label.prediction,
             "endpoint": label.endpoint, "key": label.key}  # fmt: skip
    if about is not None:
        what = f"{told}, about {short(about.id)}"
        link = Link("the truth about", "prediction", about.id, about.what, {})
        return Why("label", label.id, what, facts, (link, *about.lineage))
    if label.prediction is not None:
        what = f"{told}, about {label.prediction}, of which there is no record"
        return Why("label", label.id, what, facts, ())
    what = f"{told}, about the row {label.key!r} at {label.endpoint}"
    lineage: tuple[Link, ...] = ()
    if then is not None and model is not None:
        change = then.change
        moved = f"by {change.actor} at {change.time}: {change.reason}"
        lineage = (
            Link("live then", "model", model.id, model.what, {"ref": then.version.ref}),
            Link("made live in", "event", change.event, moved, {}),
            *(link for link in model.lineage if link.relation != "made live in"),
        )
    return Why("label", label.id, what, facts, lineage)
