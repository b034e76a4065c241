"""A prediction's passport as text: the answer, its reasons, the row, its like, and the flags."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from mlwright.cli.output import Output, counted, number

if TYPE_CHECKING:
    from mlwright.govern.records import Passport

_MOST_REASONS = 8
_MOST_COLUMNS = 20


def tell_passport(passport: Passport, output: Output) -> None:
    """Print what is particular to a prediction; the way back is printed as for any id."""
    _tell_answer(passport, output)
    _tell_reasons(passport, output)
    _tell_otherwise(passport, output)
    _tell_row(passport, output)
    _tell_neighbours(passport, output)


def _tell_answer(passport: Passport, output: Output) -> None:
    prediction, change = passport.prediction, passport.change
    of_several = f", row {prediction.row + 1:,} of {prediction.rows:,}" * (prediction.rows > 1)
    moved = "by no move the log knows"
    if change is not None:
        moved = f"made live by {change.actor} at {change.time} in {change.event}: {change.reason}"
    fields = [
        ("endpoint", f"{prediction.endpoint}, role {prediction.role}{of_several}"),
        ("model", f"{prediction.ref}  {prediction.model}"),
        ("promoted", moved),
        *((f"probability {name}", number(share)) for name, share in passport.probabilities.items()),
        *((("surely", passport.surely),) if passport.surely else ()),
        *((f"distance to {name}", number(apart)) for name, apart in passport.distances.items()),
        *(("the truth", f"{label.value!r}, told at {label.time}") for label in passport.labels),
        *(("not read", f"segment {e.segment}: {e.message}") for e in passport.unread),
    ]
    output.fields(fields)


def _tell_reasons(passport: Passport, output: Output) -> None:
    additive = passport.additive
    output.line()
    output.heading("the reasons")
    output.line(f"  {passport.start}")
    shown = passport.reasons if output.verbose else passport.reasons[:_MOST_REASONS]
    output.table(
        (additive.scale.value, "because"),
        ((f"{reason.amount:+.4g}", reason.sentence) for reason in shown),
    )
    rest = passport.reasons[len(shown) :]
    if rest:
        total = sum(reason.amount for reason in rest)
        output.line(f"  {total:+.4g} by {counted(len(rest), 'smaller one')}; -v tells them")
    made = "make it but for rounding" if additive.exact else f"miss it by {additive.gap:.2g}"
    output.line(
        f"  the model's own score is {additive.score:.6g}: the start, {additive.base:.6g}, and "
        f"the reasons {made}"
    )


def _tell_otherwise(passport: Passport, output: Output) -> None:
    output.line()
    output.heading("what would have led to another answer")
    for goal in passport.otherwise:
        output.line(f"  {goal.told}")
        output.table(
            ("far", "nearest row", "changed"),
            (
                (
                    number(each.distance),
                    "unknown" if each.nearest is None else number(each.nearest),
                    each.sentence,
                )
                for each in goal.found
            ),
        )
    if passport.fixed:
        for why in dict.fromkeys(passport.fixed.values()):
            columns = [column for column, each in passport.fixed.items() if each == why]
            output.line(f"  left alone: {', '.join(columns)} ({why})")
    else:
        output.line(
            "  every column counts as changeable; [features] immutable names those that are not"
        )


def _tell_row(passport: Passport, output: Output) -> None:
    output.line()
    output.heading("the row")
    rows = list(_cells(passport))
    shown = rows if output.verbose else rows[:_MOST_COLUMNS]
    output.table(("column", "sent", "", "prepared"), shown)
    if len(rows) > len(shown):
        output.line(f"  {counted(len(rows) - len(shown), 'more column')}; -v tells them")


def _cells(passport: Passport) -> Iterator[tuple[str, str, str, str]]:
    features: dict[str, list[tuple[str, float]]] = {}
    for column, name, feature in passport.prepared:
        features.setdefault(column, []).append((name, feature))
    flags = {flag.column: flag for flag in passport.prediction.flags}
    for column, value in passport.sent.items():
        used = passport.used.get(column, value)
        note = ""
        if column not in features and column not in flags:
            note = "not read by the model"
        elif column in flags:
            note = flags[column].breach.value
            if flags[column].clipped:
                note += f", scored as {used!r}"
            elif used != value:
                note += f", repaired to {_shown(used)}"
        elif used != value:
            note = f"repaired to {_shown(used)}"
        yield column, repr(value), note, _prepared(features.get(column, []))


def _shown(value: object) -> str:
    if value is None:
        return "missing"
    return value.isoformat() if isinstance(value, date) else repr(value)


def _prepared(features: list[tuple[str, float]]) -> str:
    if len(features) == 1:
        return f"{features[0][1]:.6g}"
    return ", ".join(f"{name} {value:.6g}" for name, value in features if value != 0)


def _tell_neighbours(passport: Passport, output: Output) -> None:
    if not passport.neighbours:
        return
    output.line()
    output.heading("the nearest rows it learned from")
    output.line(f"  {passport.distance}")
    output.table(
        ("row", "distance", "part", "truth"),
        ((n.row, number(n.distance), n.part, repr(n.target)) for n in passport.neighbours),
    )
