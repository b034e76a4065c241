"""What a model goes by, told: which columns, how far each moves the answer, and which way."""

from __future__ import annotations

import math
from collections.abc import Iterator

from mlwright.core.errors import listed
from mlwright.evaluate.explanation.records import Dependence, Explanation, Importance, Level
from mlwright.govern.card import number
from mlwright.govern.charts import Bar, intervals
from mlwright.govern.dependence_chart import curve
from mlwright.govern.told import Figures, Told

_TITLE = "What it goes by"
_MOST_BARS = 12
_MOST_SAID = 3
_LONGEST = 21  # characters of a category and its rows that fit before the line
_FEW = 20  # rows near a value: fewer, and hardly anything was learned there


def told(found: Explanation) -> Told:
    """Tell what a model goes by."""
    if found.left_out is not None:
        return Told(_TITLE, f"not looked at: {found.left_out}; a larger --budget looks")
    counted = [each for each in found.importances if each.contribution > 0]
    if not counted:
        return Told(_TITLE, "no column: every row is answered alike")
    rows = tuple(
        (each.column, each.loss if math.isfinite(each.loss.value) else None, f"{each.share:.1%}",
         each.contribution)
        for each in found.importances
    )  # fmt: skip
    columns = ("column", f"{found.metric} lost (95 %)", "share", f"moves the {found.scale} by")
    return Told(
        _TITLE,
        _summary(found, counted),
        (
            Figures("What each column is worth", columns, rows),
            Figures(
                "Which way each column moves the answer",
                ("column", "where it is least", "where it is most"),
                tuple(_ways(found)),
            ),
        ),
        tuple(_notes(found)),
        _charts(found),
    )


def _summary(found: Explanation, counted: list[Importance]) -> str:
    first = counted[:_MOST_SAID]
    share = sum(each.share for each in first)
    said = f"most of all {listed([each.column for each in first], _MOST_SAID)}"
    if len(counted) > len(first):
        said += f", which make {share:.0%} of what moves its answers"
    best = counted[0]
    if math.isfinite(best.loss.value):
        said += (
            f"; without {best.column} its {found.metric} would be"
            f" {number(abs(best.loss.value))} {'worse' if best.loss.value >= 0 else 'better'}"
            f" (95 %: {number(best.loss.low)} to {number(best.loss.high)})"
        )
    return said


def _ways(found: Explanation) -> Iterator[tuple[str, str, str]]:
    for each in found.dependences:
        known = [level for level in each.levels if level.rows] or list(each.levels)
        least = min(known, key=lambda level: level.answer.value)
        most = max(known, key=lambda level: level.answer.value)
        yield each.column, _at(each, least), _at(each, most)


def _at(dependence: Dependence, level: Level) -> str:
    value = "missing" if level.value is None else level.value
    said = number(value) if not isinstance(value, str | bool) else str(value)
    return f"{_answered(dependence, level)} at {said} ({level.rows:,} rows)"


def _answered(dependence: Dependence, level: Level) -> str:
    if dependence.output is None:
        return number(level.answer.value)
    return f"{level.answer.value:.1%}"


def _notes(found: Explanation) -> Iterator[str]:
    times = "once" if found.repeats == 1 else f"{found.repeats} times"
    yield (
        f"Lost is how much worse the {found.metric} becomes on {found.rows:,} {found.method} when a"
        f" column's cells are dealt out anew among them ({times}), the interval over the rows. Two"
        " columns that tell the same share it: each alone may seem worth little. A column without"
        " a number was not shuffled, as it moves the answers least."
    )
    yield (
        f"Share and moves are exact contributions, the mean of their absolute amounts over"
        f" {found.contributed:,} rows."
    )
    if found.dependences:
        outputs = {each.output for each in found.dependences} - {None}
        what = "the mean answer" if not outputs else "the mean probability"
        if len(outputs) == 1:
            what += f" of {next(iter(outputs))}"
        yield (
            f"Each curve is {what} if all of {found.background:,} rows had that value and kept"
            f" their other cells, with the interval of that mean; the marks below are how many of"
            f" {found.supported:,} rows lie near. Where fewer than {_FEW} do (hollow), or where a"
            " value does not go with the other cells, it is an answer about rows nobody has seen."
            " It tells what the model does, not what would happen in the world."
        )


def _charts(found: Explanation) -> str:
    bars = [
        Bar(each.column, each.loss, emphasis=each.loss.low > 0)
        for each in found.importances[:_MOST_BARS]
    ]
    title = f"{found.metric} lost without each column, with 95 % intervals"
    drawn = [intervals(bars, title=title, headed=True)]
    drawn += [_chart(each) for each in found.dependences]
    return f'<div class="charts">{"".join(drawn)}</div>'


def _chart(dependence: Dependence) -> str:
    of = "" if dependence.output is None else f" of {dependence.output}"
    what = "answer" if dependence.output is None else f"probability{of}"
    title = f"{dependence.column}: mean {what} along it"
    if dependence.ordered and len(dependence.levels) > 2:
        return curve(dependence, title=title, few=_FEW)
    bars = [
        Bar(_short(level), level.answer, emphasis=level.rows >= _FEW) for level in dependence.levels
    ]
    return intervals(bars, title=title, headed=True)


def _short(level: Level) -> str:
    """Return a category and how many rows have it."""
    text = "missing" if level.value is None else str(level.value)
    rows = f" · {level.rows:,}"
    room = _LONGEST - len(rows)
    return (text if len(text) <= room else text[: room - 1] + "…") + rows
