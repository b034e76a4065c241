"""A table looked through for leaks; nothing is learnt from rows of the sealed test part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mlwright.data.joins.records import JoinRule
from mlwright.data.leaks.grouping import sharing
from mlwright.data.leaks.knowing import Rest, best_of, knowing, present_with_target
from mlwright.data.leaks.later import joined_later, later
from mlwright.data.leaks.nature import Nature, nature_of
from mlwright.data.leaks.ordering import sorting
from mlwright.data.leaks.records import (
    FOLDS,
    GROUP,
    MOST,
    ORDER,
    OVERLAP,
    TARGET,
    TIME,
    Leak,
    LeakReport,
    Looked,
)
from mlwright.data.leaks.sample import Sample, draw
from mlwright.data.leaks.twins import Cut, Twins, twins
from mlwright.data.records import Fault
from mlwright.data.rules.rule import counted, share
from mlwright.data.table import Table

_FEWEST_ROWS = 50
_SHOWN = 20
_TRAIN, _VALIDATION, _TEST = 0, 1, 2
_MOMENTS = (pl.Date(), pl.Datetime("us"))

_Found = tuple[Looked, Sequence[Leak]]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What is known of a table whose leaks are looked for.

    ``features`` are the columns that may be features; ``parts`` the part of each row (0 train, 1
    validation, 2 test, others none), None where rows are not parted; ``by_time`` says that the
    split follows a time; ``joins`` are those that brought columns in.
    """

    target: str
    is_amount: bool
    features: tuple[str, ...]
    key: str | None
    time: str | None
    parts: npt.NDArray[np.int8] | None
    by_time: bool
    joins: tuple[JoinRule, ...] = ()

    @property
    def is_sealed(self) -> bool:
        """Whether there is a test part."""
        return self.parts is not None and bool((self.parts == _TEST).any())


def look_for_leaks(
    table: Table, asked: Asked, *, rest: Rest, rounds: Callable[[], Sequence[Cut]] | None
) -> LeakReport:
    """Return every check's value and the leaks found.

    Parameters
    ----------
    rest
        Tells how much of the target a model tells from all features but some.
    rounds
        Gives the cuts by which a model is chosen; None where they are not known yet.
    """
    fitted = _fitted(table, asked)
    ordered = [*asked.features, *filter(None, [asked.key])]
    natures = {n: nature_of(table.frame[n].gather(fitted)) for n in dict.fromkeys(ordered)}
    found: list[_Found] = []
    if len(fitted) < _FEWEST_ROWS:
        why = f"{counted(len(fitted), 'row')} with a target: too few to tell"
        found += [(Looked(check, None, why), ()) for check in (TARGET, ORDER, GROUP)]
    else:
        sample = draw(table, asked.target, list(natures), is_amount=asked.is_amount, within=fitted)
        found += [
            _target(table, asked, sample, natures, rest),
            _order(asked, sample, natures),
            _group(table, asked, natures, fitted),
        ]
    named = [name for name in asked.features if natures[name] is not Nature.ID]
    found += [
        _overlap(table, asked, named),
        _folds(table, named, rounds),
        _time(table, asked),
    ]
    # A column is told once: by the check that comes first.
    leaks: dict[tuple[str | None, str], Leak] = {}
    for _, each in found:
        for leak in each:
            told = any(column == leak.column is not None for column, _ in leaks)
            if not told or leak.check == TIME:
                leaks[leak.column, leak.check] = leak
    kept = tuple(leaks.values())
    return LeakReport(tuple(_counted(looked, kept) for looked, _ in found), kept)


def _counted(looked: Looked, leaks: Sequence[Leak]) -> Looked:
    if looked.value is None or looked.check in (OVERLAP, FOLDS):
        return looked
    return Looked(
        looked.check, float(sum(leak.check == looked.check for leak in leaks)), looked.why
    )


def _fitted(table: Table, asked: Asked) -> npt.NDArray[np.int64]:
    """Return the rows that may be learnt from: outside the test part, with a target."""
    known = table.frame[asked.target].is_not_null().to_numpy().copy()
    if asked.parts is not None:
        known &= (asked.parts == _TRAIN) | (asked.parts == _VALIDATION)
    return np.flatnonzero(known)


def _target(
    table: Table, asked: Asked, sample: Sample, natures: Mapping[str, Nature], rest: Rest
) -> _Found:
    apart = {Nature.ID} if asked.by_time else {Nature.ID, Nature.MOMENT}
    names = [
        name
        for name in asked.features
        if natures[name] not in apart
        and not (natures[name] is Nature.GROUP and sample.frame[name].dtype == pl.String())
    ]
    leaks = list(knowing(sample, names, rest))
    seen = _seen(table, asked).frame
    told = {leak.column for leak in leaks}
    leaks += [
        leak for leak in present_with_target(seen, asked.target, names) if leak.column not in told
    ]
    best = best_of(sample, names)
    why = "there is no column to look at"
    if best is not None:
        name, explained = best
        why = (
            f"none of {counted(len(names), 'column')} knows {asked.target!r}: {name!r} alone tells "
            f"most, {share(max(explained.share, 0.0))}"
        )
    return Looked(TARGET, 0.0, why), leaks


def _order(asked: Asked, sample: Sample, natures: Mapping[str, Nature]) -> _Found:
    leaks = list(sorting(sample, natures, by_time=asked.by_time))
    looked = [n for n, nature in natures.items() if nature in (Nature.ID, Nature.MOMENT)]
    why = f"none of {counted(len(looked), 'id or date', 'ids and dates')} sorts {asked.target!r}"
    return Looked(ORDER, 0.0, why if looked else "there is no id and no date"), leaks


def _group(
    table: Table, asked: Asked, natures: Mapping[str, Nature], fitted: npt.NDArray[np.int64]
) -> _Found:
    if asked.by_time:
        why = "the split follows the time: groups known from before are met again later"
        return Looked(GROUP, None, why), ()
    groups = [name for name, nature in natures.items() if nature is Nature.GROUP]
    leaks = list(
        sharing(table, asked.target, groups, asked.parts, fitted, is_amount=asked.is_amount)
    )
    why = f"of {counted(len(groups), 'column')} of groups none shares the answer"
    return Looked(GROUP, 0.0, why if groups else "no column groups a few rows each"), leaks


def _overlap(table: Table, asked: Asked, names: Sequence[str]) -> _Found:
    if asked.parts is None or not asked.is_sealed:
        return Looked(OVERLAP, None, "there is no sealed test part"), ()
    test = np.flatnonzero(asked.parts == _TEST)
    fitted = np.flatnonzero((asked.parts == _TRAIN) | (asked.parts == _VALIDATION))
    return _twins(table, OVERLAP, names, [(fitted, test)], "test")


def _folds(
    table: Table, names: Sequence[str], rounds: Callable[[], Sequence[Cut]] | None
) -> _Found:
    if rounds is None:
        return Looked(FOLDS, None, "no split was made yet"), ()
    return _twins(table, FOLDS, names, rounds(), "choosing")


def _twins(
    table: Table, check: str, names: Sequence[str], cuts: Sequence[Cut], which: str
) -> _Found:
    judging = sum(len(each) for _, each in cuts)
    if not names or not judging:
        return Looked(check, None, "there are no rows to compare"), ()
    found = twins(table, names, cuts)
    part = len(found.places) / judging
    alike = counted(len(found.places), f"{which} row")
    why = f"{alike} of {judging:,} stand among the fitted ones, value for value"
    if found.usual:
        why += f"; {found.usual:,} more by chance, of common values"
    if part <= MOST:
        return Looked(check, part, why), ()
    fix = (
        "remove the repeated rows; where one thing stands in several rows, --group COLUMN keeps "
        "them together"
    )
    leak = Leak(check, None, len(found.places), why, fix, tuple(_faults(table, check, found)))
    return Looked(check, part, why), (leak,)


def _faults(table: Table, check: str, found: Twins) -> Iterator[Fault]:
    rows = table.row_ids.gather(found.places[:_SHOWN])
    others = table.row_ids.gather(found.of[:_SHOWN])
    for row, other in zip(rows, others, strict=True):
        yield Fault(check, None, row, None, f"row {other} is the same in every feature")


def _time(table: Table, asked: Asked) -> _Found:
    told = "; ".join(
        f"columns {rule.name}_… were known at {rule.time!r}, by the join" for rule in asked.joins
    )
    if asked.time is None:
        why = "no time column says when a row happened: --time COLUMN"
        return Looked(TIME, 0.0 if told else None, told or why), ()
    if table.frame[asked.time].dtype not in _MOMENTS:
        return Looked(TIME, None, f"{asked.time!r} holds no dates to compare with"), ()
    names = [name for name in asked.features if name != asked.time]
    dates = [name for name in names if table.frame[name].dtype in _MOMENTS]
    why = f"none of {counted(len(dates), 'other date')} is later than {asked.time!r}"
    why = "; ".join(filter(None, [why if dates else f"no date beside {asked.time!r}", told]))
    seen = _seen(table, asked)
    leaks = [
        *later(seen, asked.time, dates),
        *(leak for rule in asked.joins for leak in joined_later(seen, asked.time, rule, names)),
    ]
    return Looked(TIME, 0.0, why), leaks


def _seen(table: Table, asked: Asked) -> Table:
    if asked.parts is None:
        return table
    return table.filter(pl.Series((asked.parts == _TRAIN) | (asked.parts == _VALIDATION)))
