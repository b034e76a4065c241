"""How labelling looks: the row to label, where a queue stands, who agrees, what was settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from mlwright.cli.output import Output, counted, interval
from mlwright.core.errors import UsageError

if TYPE_CHECKING:
    from mlwright.flows.labelling.applying import Applied
    from mlwright.flows.labelling.guidelines import GuidelineChange
    from mlwright.flows.labelling.records import (
        Agreement,
        Given,
        Guideline,
        QueueStanding,
        Settled,
        ShownRow,
    )
    from mlwright.flows.labelling.suspecting import Suspects
    from mlwright.stats.slices import RateShift

_MOST_CLASSES = 12
_MOST_ROWS = 20


def read_shares(given: Sequence[str]) -> dict[str, float] | None:
    """Return the parts of a queue by name, None where none was given.

    Raises
    ------
    UsageError
        ``queue-shares`` for what is no part.
    """
    shares: dict[str, float] = {}
    for text in given:
        name, _, part = text.partition("=")
        number = part.removesuffix("%")
        try:
            shares[name.strip()] = float(number) / (100.0 if number != part else 1.0)
        except ValueError:
            raise UsageError(
                "queue-shares",
                f"{text!r} is no part of a queue",
                fix="give it as WHAT=PART, such as --share control=50%",
                facts={"share": text},
            ) from None
    return shares or None


def tell_queue(output: Output, now: QueueStanding) -> None:
    """Print a queue that was just made."""
    queue = now.queue
    of = Counter(each.origin.value for each in queue.rows)
    about = queue.data if queue.model is None else f"{queue.data}, judged like {queue.model}"
    if queue.answered is not None:
        about = f"what {queue.model} answered as {queue.answered}"
    output.line(
        f"{click.style(now.name, bold=True)}  {counted(len(queue.rows), 'row')} of {about},"
        f" target {queue.target}"
    )
    rows = [
        ("probably wrong", f"{of['wrong']}"),
        ("uncertain", f"{of['uncertain']}"),
        ("random control", f"{of['control']} drawn from {counted(queue.labelled, 'row')}"),
        ("asks", f"{', '.join(now.people) or 'anybody'}; {counted(now.wanted, 'answer')} a row"),
    ]
    if queue.judged and queue.classes:
        rows.insert(
            0,
            (
                "contradicted",
                f"{queue.contradicted:,} of {queue.judged:,} labels looked at",
            ),
        )
    if queue.sealed:
        rows.append(("sealed", f"{counted(queue.sealed, 'test row')}: only the control asks there"))
    output.fields(rows)
    output.line()
    output.line(f"next  mlw label next {now.name}")


def tell_queues(output: Output, queues: Sequence[QueueStanding]) -> None:
    """Print every queue, newest first, and where it stands."""
    if not queues:
        output.line("no label queue yet: mlw label queue NAME makes one")
        return
    output.table(
        ("queue", "target", "rows", "complete", "annotators", "data"),
        [
            (
                now.name,
                now.queue.target,
                f"{len(now.queue.rows):,}",
                f"{now.answered:,}",
                ", ".join(now.people or now.raters) or "nobody yet",
                now.queue.data,
            )
            for now in queues
        ],
    )


def tell_shown(output: Output, shown: ShownRow, *, asking: bool = False) -> None:
    """Print the next row, or that nothing is left."""
    if shown.row is None:
        output.line(f"{shown.queue}: nothing is left for {shown.person} ({shown.done} answered)")
        output.line("next  mlw label agree " + shown.queue)
        return
    title = click.style(f"row {shown.row}", bold=True)
    output.line(f"{title}  {shown.queue}, {shown.left} left for {shown.person}")
    output.fields((name, "" if cell is None else str(cell)) for name, cell in shown.cells.items())
    output.line(f"{shown.target}?  {_choices(shown)}")
    if shown.guideline is not None:
        output.line(f"  by the guideline {shown.guideline[:19]}: mlw label guideline")
    if asking:
        output.line("  '-' skips the row, an empty line ends")
    else:
        output.line(f"next  mlw label next {shown.queue} --row {shown.row} --answer VALUE")


def _choices(shown: ShownRow) -> str:
    from mlwright.data.labels.values import written

    if not shown.classes:
        return "a number"
    names = [written(each) for each in shown.classes]
    more = f" and {len(names) - _MOST_CLASSES} more" if len(names) > _MOST_CLASSES else ""
    return " | ".join(names[:_MOST_CLASSES]) + more


def tell_answered(output: Output, given: Given) -> None:
    """Print that an answer is kept."""
    what = "skipped" if given.skipped else "answered"
    output.line(f"{what} row {given.row} as {given.person}: {given.label}")


def tell_agreement(output: Output, found: Agreement) -> None:
    """Print how far annotators agree, the rows where they do not, and how many labels are wrong."""
    output.line(
        f"{click.style(found.queue, bold=True)}  {found.complete} of {counted(found.rows, 'row')}"
        f" complete, {found.settled} settled; {', '.join(found.raters) or 'nobody'} answered"
    )
    for heading, coefficients in (
        ("agreement", found.coefficients),
        ("on the random control alone", found.on_control),
    ):
        if coefficients:
            output.line()
            output.heading(heading)
            output.fields(
                (name, interval(each.value, each.low, each.high))
                for name, each in coefficients.items()
            )
    if found.one_actor:
        output.warning("one account answered for several people: nobody vouches that they are two")
    if found.errors is not None:
        errors = found.errors
        told = f"{errors.wrong} of {errors.settled} settled control rows have another label"
        if errors.settled:
            told += f": {_percent(errors.rate.value)} of all labels are wrong (95 %:"
            told += f" {_percent(errors.rate.low)} to {_percent(errors.rate.high)})"
        output.line()
        output.line(told)
        if errors.settled < errors.drawn:
            waiting = f"{errors.drawn - errors.settled} of {errors.drawn} control rows wait"
            output.line(f"  {waiting}: until they are settled the share may lean to one side")
    _tell_disagreements(output, found)
    if len(found.under) > 1:
        output.line()
        output.heading("answers by guideline")
        output.fields((name[:19], counted(count, "answer")) for name, count in found.under.items())


def _tell_disagreements(output: Output, found: Agreement) -> None:
    waiting = [each for each in found.disagreements if each.adjudicator is None]
    if not found.disagreements:
        return
    output.line()
    output.heading(f"{counted(len(found.disagreements), 'disagreement')}, {len(waiting)} waiting")
    output.table(
        ("row", "answers", "decided"),
        [_disagreement(each) for each in found.disagreements[:_MOST_ROWS]],
    )
    if len(found.disagreements) > _MOST_ROWS:
        output.line(f"  and {len(found.disagreements) - _MOST_ROWS} more; --json names them")
    if waiting:
        output.line(
            f"next  mlw label agree {found.queue} --row {waiting[0].row} --answer VALUE"
            ' --reason "…"'
        )


def _disagreement(each: Settled) -> tuple[str, str, str]:
    answers = ", ".join(
        f"{who}: {'skipped' if value is None else value}" for who, value in each.answers.items()
    )
    if each.adjudicator is None:
        return each.row, answers, "waits"
    return each.row, answers, f"{each.value} by {each.adjudicator}: {each.reason}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def tell_adjudicated(output: Output, given: Given) -> None:
    """Print that a decision is kept."""
    output.line(f"row {given.row} is decided by {given.person}: {given.label}")


def tell_applied(output: Output, made: Applied) -> None:
    """Print the data version that holds the settled labels."""
    output.line(
        f"{click.style(made.data, bold=True)}  {counted(made.settled, 'row')} settled in"
        f" {made.queue}, {counted(made.changed, 'label')} changed from {made.before}"
    )
    if made.open:
        output.line(f"  {counted(made.open, 'row')} of the queue keep their label until settled")
    if made.event is None:
        output.line("  the same labels were applied before: nothing was recorded")
    output.line(f"next  mlw why {made.data}, or mlw diff {made.before} {made.data}")


def tell_guideline(output: Output, history: Sequence[Guideline], text: str | None) -> None:
    """Print the guideline followed now, and its versions."""
    if text is None:
        output.line("no guideline: mlw label guideline FILE gives one")
        return
    output.line(text.rstrip())
    output.line()
    output.fields((str(each.text)[:19], f"{each.time} by {each.actor}") for each in history)


def tell_guideline_change(output: Output, changed: GuidelineChange) -> None:
    """Print that the guideline changed, and how many answers another one was followed in."""
    if not changed.moved:
        output.line(f"{changed.queue} follows {changed.guideline[:19]} already: nothing changed")
        return
    output.line(f"{changed.queue} follows {changed.guideline[:19]} from now on")
    if changed.under_other:
        output.line(f"  {counted(len(changed.under_other), 'answer')} were given under another:")
        for each in changed.under_other[:_MOST_ROWS]:
            output.line(f"    row {each.row} by {each.person} at {each.time}")
        if len(changed.under_other) > _MOST_ROWS:
            output.line(f"    and {len(changed.under_other) - _MOST_ROWS} more; --json names them")


def tell_suspects(output: Output, found: Suspects, most: int) -> None:
    """Print the labels that are probably wrong, and the slices whose label rate moved."""
    output.line(
        f"{click.style(found.data, bold=True)}  target {found.target}:"
        f" {found.suspect:,} of {counted(found.judged, 'label')} are probably wrong"
    )
    if found.sealed:
        output.line(f"  {counted(found.sealed, 'sealed test row')} not looked at")
    for fault in found.faults[:most]:
        output.line(f"  row {fault.row}  {fault.value!r}  {fault.why}")
    if found.suspect > most:
        output.line(f"  and {found.suspect - most:,} more; --limit or --out FILE names them")
    if found.against is not None:
        output.line()
        output.heading(f"label rates of {found.compared:,} rows against {found.against}")
        for value, shift in found.slices:
            output.line(f"  {slice_words(value, shift)}")
        if not found.slices:
            output.line("  no slice differs by more than chance explains")
    output.line()
    output.line(f"next  mlw label queue {found.model or found.data} --annotators NAMES")


def slice_words(value: object, shift: RateShift) -> str:
    """Return a slice and how its label rate moved, as a sentence."""
    where = " and ".join(f"{name} {cell}" for name, cell in shift.where) or "all rows"
    return (
        f"{where}: {value!r} is {_percent(shift.rate)} of {counted(shift.rows, 'row')},"
        f" {_percent(shift.expected)} before"
    )


def suspects_document(found: Suspects, most: int | None) -> dict[str, object]:
    """Return the JSON document of `mlw label errors`."""
    slices = [
        {"check": "label-rate", "column": found.target, "row": None, "value": value,
         "why": slice_words(value, shift)}
        for value, shift in found.slices
    ]  # fmt: skip
    return {
        "data": found.data,
        "model": found.model,
        "target": found.target,
        "judged": found.judged,
        "sealed": found.sealed,
        "suspect": found.suspect,
        "against": found.against,
        "compared": found.compared,
        "faults": [*found.faults[:most], *slices],
        "slices": [{"label": value, **_shift(shift)} for value, shift in found.slices],
    }


def _shift(shift: RateShift) -> dict[str, object]:
    return {
        "where": dict(shift.where),
        "rows": shift.rows,
        "rate": shift.rate,
        "expected": shift.expected,
        "chance": shift.chance,
    }
