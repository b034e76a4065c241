"""What came of a queue: who agrees, which rows are settled, how many labels were wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mlwright.core.errors import NotFoundError, RefusedError, UsageError
from mlwright.data.labels.records import Origin, QueuedRow
from mlwright.data.labels.values import read_value
from mlwright.data.records import Scalar
from mlwright.flows.labelling.answering import answer_event, require_name, require_row
from mlwright.flows.labelling.guidelines import under
from mlwright.flows.labelling.records import Agreement, ErrorRate, Given, QueueStanding, Settled
from mlwright.flows.labelling.standing import ADJUDICATED, given_of, said, standing
from mlwright.flows.workspace import Workspace
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import NewEvent
from mlwright.stats.agreement import (
    INTERVAL,
    LEVELS,
    NOMINAL,
    agreement_interval,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    raw_agreement,
)
from mlwright.stats.counts import FloatArray
from mlwright.stats.records import Interval
from mlwright.stats.shares import wilson

SEED = 0


def agree(
    workspace: Workspace, ref: str | None, *, level: str | None = None, seed: int = SEED
) -> Agreement:
    """Tell how far the annotators of a queue agree, and which rows wait for a third person.

    Only rows with all their answers are looked at, so that nobody learns from here what another
    said of a row they have still to answer.

    Parameters
    ----------
    level
        How far apart answers are, for Krippendorff's alpha: ``nominal``, ``ordinal`` or
        ``interval``; classes are nominal and numbers interval by default.
    seed
        Draws the resamples of the intervals.

    Raises
    ------
    UsageError
        ``agree-level`` for a level the answers do not have.
    """
    now = standing(ref, workspace)
    chosen = _level(level, now)
    rows = settled_rows(now, workspace)
    people = now.raters
    errors = _error_rate(now, rows)
    accounts = {(g.actor, g.person) for given in now.answers.values() for g in given}
    return Agreement(
        queue=now.name,
        raters=people,
        level=chosen,
        seed=seed,
        rows=len(now.queue.rows),
        complete=len(rows),
        coefficients=_coefficients(rows, people, now, chosen, seed),
        on_control=_coefficients(
            [row for row in rows if row.origin is Origin.CONTROL], people, now, chosen, seed
        ),
        disagreements=[
            each
            for each in rows
            if each.adjudicator is not None or not _agreed(list(each.answers.values()))
        ],
        settled=sum(each.value is not None for each in rows),
        errors=errors,
        under=under(now),
        one_actor=len({actor for actor, _ in accounts}) < len({who for _, who in accounts}),
    )


def adjudicate(
    workspace: Workspace,
    ref: str | None,
    row: str,
    value: object,
    *,
    reason: str,
    person: str | None = None,
) -> Given:
    """Record a third person's decision on a row whose answers differ.

    Raises
    ------
    RefusedError
        ``adjudicator-party`` for who answered the row; ``row-open`` where answers are missing,
        ``row-agreed`` where all are alike.
    UsageError
        ``reason-empty``.
    DataError
        ``label-value``.
    """
    workspace.ledger.require_writable()
    if not reason.strip():
        raise UsageError(
            "reason-empty",
            "a decision between two people needs its reason",
            fix='give --reason "…"',
        )
    before = standing(ref, workspace)
    found = require_row(before, row)
    told = read_value(value, before.queue)
    who = person or workspace.seam.actor()
    require_name(who)
    event = answer_event(
        workspace, before, found, who, told, reason, claimed=person is not None, kind=ADJUDICATED
    )

    def decide(log: Ledger) -> Sequence[NewEvent]:
        now = standing(before.name, workspace, log)
        _require_decidable(now, found, who, workspace)
        return (event,)

    (recorded,) = workspace.ledger.append_checked(decide)
    return given_of(recorded)


def settled_rows(now: QueueStanding, workspace: Workspace) -> list[Settled]:
    """Return the rows with all their answers, in the queue's order, with what follows from them."""
    return [_settled(now, each, workspace) for each in now.queue.rows if now.complete(each.row)]


def _settled(now: QueueStanding, row: QueuedRow, workspace: Workspace) -> Settled:
    given = now.answers[row.row]
    answers = {each.person: said(each, workspace).value for each in given}
    decided = now.adjudications.get(row.row)
    value = next(iter(answers.values())) if _agreed(list(answers.values())) else None
    reason = ""
    if decided is not None:
        content = said(decided, workspace)
        value, reason = content.value, content.note
    return Settled(
        row=row.row,
        origin=row.origin,
        answers=answers,
        value=value,
        adjudicator=None if decided is None else decided.person,
        reason=reason,
        labels=tuple(each.label for each in given),
        adjudication=None if decided is None else decided.label,
    )


def _agreed(values: Sequence[Scalar | None]) -> bool:
    return None not in values and all(value == values[0] for value in values)


def _require_decidable(now: QueueStanding, row: QueuedRow, who: str, workspace: Workspace) -> None:
    given = now.answers.get(row.row, ())
    facts: dict[str, object] = {"queue": now.name, "row": row.row, "person": who}
    if any(each.person == who for each in given):
        raise RefusedError(
            "adjudicator-party",
            f"{who} has answered row {row.row}, and so cannot decide on it",
            fix="let somebody else decide: --as NAME, or from their own account",
            facts=facts,
        )
    if not now.complete(row.row):
        raise RefusedError(
            "row-open",
            f"row {row.row} has {len(given)} of {now.wanted} answers",
            fix="wait for the others: mlw label next",
            facts={**facts, "answers": len(given), "wanted": now.wanted},
        )
    if _agreed([said(each, workspace).value for each in given]):
        raise RefusedError(
            "row-agreed",
            f"the answers to row {row.row} agree: there is nothing to decide",
            fix="mlw label agree lists the rows that wait for a decision",
            facts=facts,
        )


def _level(level: str | None, now: QueueStanding) -> str:
    numbers = not any(isinstance(each, str) for each in now.queue.classes)
    chosen = level or (NOMINAL if now.queue.classes else INTERVAL)
    if chosen not in LEVELS or (chosen == INTERVAL and not numbers):
        raise UsageError(
            "agree-level",
            f"the answers of {now.name} are no {chosen} ones"
            if chosen in LEVELS
            else f"there is no level {chosen!r}",
            fix=f"use one of {', '.join(LEVELS)}; interval needs numbers",
            facts={"level": chosen, "classes": list(now.queue.classes)},
        )
    return chosen


def _coefficients(
    rows: Sequence[Settled], people: Sequence[str], now: QueueStanding, level: str, seed: int
) -> Mapping[str, Interval]:
    """Return each coefficient that the answers allow, with its interval."""
    answers = _matrix(rows, people, now)
    if len(people) < 2 or not rows:
        return {}
    statistics = {"share of equal answers": raw_agreement(answers)}
    if now.queue.classes:
        if len(people) == 2:
            statistics["Cohen's kappa"] = cohen_kappa(answers)
        elif now.wanted >= 2:
            statistics["Fleiss's kappa"] = fleiss_kappa(answers, now.wanted)
    statistics[f"Krippendorff's alpha, {level}"] = krippendorff_alpha(answers, level)
    return {
        name: agreement_interval(statistic, len(rows), seed=seed)
        for name, statistic in statistics.items()
    }


def _matrix(rows: Sequence[Settled], people: Sequence[str], now: QueueStanding) -> FloatArray:
    """Return people x rows: class numbers in order, or the numbers themselves; NaN for none."""
    places = {value: float(place) for place, value in enumerate(now.queue.classes)}
    answers = np.full((len(people), len(rows)), np.nan)
    for place, each in enumerate(rows):
        for who, value in each.answers.items():
            if value is not None:
                number = places[value] if places else float(value)
                answers[people.index(who), place] = number
    return answers


def _error_rate(now: QueueStanding, rows: Sequence[Settled]) -> ErrorRate | None:
    drawn = {each.row: each for each in now.queue.rows if each.origin is Origin.CONTROL}
    if not drawn:
        return None
    settled = [each for each in rows if each.row in drawn and each.value is not None]
    # A recorded prediction has no label but the model's answer: what is told is how often it errs.
    held = {
        row: each.recorded if now.queue.answered is None else each.expected
        for row, each in drawn.items()
    }
    wrong = sum(each.value != held[each.row] for each in settled)
    return ErrorRate(len(drawn), len(settled), wrong, wilson(wrong, len(settled)))


def require_settled(now: QueueStanding, rows: Sequence[Settled]) -> list[Settled]:
    """Return the rows that have a label now.

    Raises
    ------
    NotFoundError
        ``queue-unsettled`` when none has.
    """
    settled = [each for each in rows if each.value is not None]
    if not settled:
        raise NotFoundError(
            "queue-unsettled",
            f"no row of {now.name} is settled yet: {len(rows)} of {len(now.queue.rows)} rows"
            " have all their answers",
            fix="mlw label next takes answers; mlw label agree tells what waits for a decision",
            facts={"queue": now.name, "complete": len(rows)},
        )
    return settled
