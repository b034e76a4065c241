"""What labelling tells as JSON, the same on the command line and over HTTP."""

from __future__ import annotations

from collections import Counter

from mlwright.flows.labelling.applying import Applied
from mlwright.flows.labelling.guidelines import GuidelineChange
from mlwright.flows.labelling.records import Agreement, Given, QueueStanding, ShownRow

Document = dict[str, object]


def queue_document(now: QueueStanding) -> Document:
    """Return a queue and where it stands; neither its rows' origins nor any answer."""
    queue = now.queue
    return {
        "queue": now.name,
        "data": queue.data,
        "model": queue.model,
        "answered": queue.answered,
        "target": queue.target,
        "classes": queue.classes,
        "rows": len(queue.rows),
        "of": Counter(each.origin.value for each in queue.rows),
        "complete": now.answered,
        "answers": sum(map(len, now.answers.values())),
        "annotators": now.people,
        "wanted": now.wanted,
        "labelled": queue.labelled,
        "sealed": queue.sealed,
        "judged": queue.judged,
        "contradicted": queue.contradicted,
        "seed": queue.seed,
        "guideline": now.guideline,
        "run": now.run,
        "event": now.made,
    }


def shown_document(shown: ShownRow) -> Document:
    """Return a row as an annotator sees it."""
    return {
        "queue": shown.queue,
        "person": shown.person,
        "target": shown.target,
        "row": shown.row,
        "cells": shown.cells,
        "answers": shown.classes,
        "done": shown.done,
        "left": shown.left,
        "guideline": shown.guideline,
    }


def given_document(given: Given) -> Document:
    """Return an answer that was just recorded, without what it says."""
    return {
        "label": given.label,
        "queue": given.queue,
        "row": given.row,
        "person": given.person,
        "claimed": given.claimed,
        "skipped": given.skipped,
        "time": given.time,
        "event": given.event,
        "guideline": given.guideline,
    }


def agreement_document(found: Agreement) -> Document:
    """Return how far annotators agree, with the rows where they do not."""
    return {
        "queue": found.queue,
        "annotators": found.raters,
        "rows": found.rows,
        "complete": found.complete,
        "settled": found.settled,
        "level": found.level,
        "seed": found.seed,
        "coefficients": found.coefficients,
        "on_control": found.on_control,
        "disagreements": [
            {
                "row": each.row,
                "answers": each.answers,
                "value": each.value,
                "adjudicator": each.adjudicator,
                "reason": each.reason or None,
            }
            for each in found.disagreements
        ],
        "errors": found.errors,
        "guidelines": found.under,
        "one_actor": found.one_actor,
    }


def applied_document(made: Applied) -> Document:
    """Return a data version that was made from a queue's labels."""
    return {
        "queue": made.queue,
        "before": made.before,
        "data": made.data,
        "settled": made.settled,
        "changed": made.changed,
        "open": made.open,
        "rows": [each for each in made.rows if each.value != each.before],
        "event": made.event,
    }


def guideline_document(changed: GuidelineChange) -> Document:
    """Return a guideline that was changed, with the answers given under another."""
    return {
        "queue": changed.queue,
        "guideline": changed.guideline,
        "before": changed.before,
        "changed": changed.moved,
        "under_other": [given_document(each) for each in changed.under_other],
    }
