"""Carry out a plan: score every configuration on rows it was not trained on, choose one.

Nothing here reads a clock: the plan says which configurations, how many rows and how many rounds,
so that the same plan on the same rows gives the same result on any day and under any load.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from mlwright.core.errors import DataError, listed
from mlwright.data.table import Table
from mlwright.run.points import Nowhere, Sink
from mlwright.train.blending import blended, load_in
from mlwright.train.bounds import Bounds, preparing_seconds, reachable
from mlwright.train.calibrating import calibrated
from mlwright.train.choice import INTERPRETABLE as INTERPRETABLE
from mlwright.train.choice import best_of, choose, worth_of
from mlwright.train.drawing import drawn_next, told_of
from mlwright.train.fit import recipe_of
from mlwright.train.judged import Judged, JudgingRound, evenly_drawn, features_of, judge, shown_of
from mlwright.train.memory import Forgetful, Memory
from mlwright.train.mutate import child_of
from mlwright.train.portfolio import DUMMY
from mlwright.train.progress import Progress
from mlwright.train.records import Configuration, Decision, Plan, Scored, SearchResult, Task
from mlwright.train.reports import Reports
from mlwright.train.rounds import rounds_of
from mlwright.train.shortening import shortened
from mlwright.train.target import labelled, rows_of

_MOST_SHOWN = 10


def search(
    train: Table,
    validation: Table | None,
    task: Task,
    plan: Plan,
    drop: Collection[str],
    *,
    interpretable_within: float,
    progress: Progress,
    memory: Memory | None = None,
    sink: Sink | None = None,
) -> SearchResult:
    """Return every configuration's score and the configuration chosen.

    Parameters
    ----------
    train, validation
        Without validation rows, ``plan.folds`` rounds of cross-validation over ``train`` judge.
    drop
        Columns that are no features.
    interpretable_within
        An interpretable configuration is chosen when it costs no more than this: of the metric
        where greater is better, else as a share of the best loss.
    memory
        Keeps what was judged, so that a search that is cut short goes on from there.
    sink
        Hears what models of the user's own log while they are fitted.

    Raises
    ------
    DataError
        ``part-unlabelled`` when no row to fit on, or none to judge by, has a target.
    """
    known = _labelled_part(train, task, "fit on")
    unlabelled = len(train.row_ids) - len(known.row_ids)
    if validation is not None:
        judging = _labelled_part(validation, task, "choose a model by")
        unlabelled += len(validation.row_ids) - len(judging.row_ids)
        pairs = [(evenly_drawn(known, plan.rows), judging)]
    else:
        pairs = _cross_validation(evenly_drawn(known, plan.rows), task, plan)
    reports = Reports(sink=sink or Nowhere())
    rounds = [
        JudgingRound(*pair, str(number), memory or Forgetful(), reports.at(str(number)))
        for number, pair in enumerate(pairs)
    ]
    work = _Work(rounds, task, plan, drop, progress)
    progress.start(_pieces(plan), "")
    judged = work.in_full(work.looked_at(plan.configurations))
    judged, draws = work.drawn(judged)
    bounds = _bounds(rounds, judged, task, plan, drop)
    short = shortened(judged, bounds, task)
    if short is not None:
        judged.append(judge(short, rounds, task, plan, drop))
    progress.finish()
    scored = [_with_time(each, bounds) for each in judged]
    too_large = [e.scored.configuration.name for e in judged if not bounds.hold([load_in(e)])]
    given_up = [each.decision() for each in reports.ended]
    told = (*draws, *given_up, *_loosened(bounds, plan))
    first = recipe_of(plan.configurations[0])
    prepared = [features_of(each, first, task, plan, drop) for each in rounds]
    held = [judging for _, _, judging in prepared]
    if rounds and plan.members > 1:
        seen = [shown_of(fitting) for _, fitting, _ in prepared]
        whole = blended(judged, held, seen, task, plan, bounds)
        told = (*told, *whole.decisions)
        scored += [] if whole.scored is None else [whole.scored]
    result = choose(scored, task, interpretable_within, unlabelled, too_large)
    result = replace(result, decisions=(*result.decisions, *told, *_left_out(rounds, drop)))
    return calibrated(result, judged, held, task) if rounds and plan.calibrate else result


def _bounds(
    rounds: Sequence[JudgingRound],
    judged: Sequence[Judged],
    task: Task,
    plan: Plan,
    drop: Collection[str],
) -> Bounds:
    """Return what a model may take; preparing a row is foreseen from the first round's."""
    recipes = {load_in(each).recipe for each in judged}
    preparing = {
        recipe: preparing_seconds(features_of(rounds[0], recipe, task, plan, drop)[0])
        for recipe in sorted(recipes)
        if rounds
    }
    if not preparing:
        return Bounds(plan.size, plan.row_seconds, len(task.classes), dict.fromkeys(recipes, 0.0))
    seconds = reachable(plan.row_seconds, preparing)
    return Bounds(plan.size, seconds, len(task.classes), preparing)


def _loosened(bounds: Bounds, plan: Plan) -> Iterator[Decision]:
    if bounds.seconds is not None and bounds.seconds > (plan.row_seconds or 0.0):
        yield Decision(
            f"one row may take {1e6 * bounds.seconds:.0f} us",
            f"preparing it takes more than half of {1e6 * (plan.row_seconds or 0.0):.0f} us",
            "search.row_time, features.drop",
        )


def _with_time(judged: Judged, bounds: Bounds) -> Scored:
    """Return a score with what a row takes, where that is foreseen."""
    if not judged.blends:
        return judged.scored
    return replace(judged.scored, row_seconds=bounds.seconds_of([load_in(judged)]))


class _Work:
    """The configurations of a plan on their way from the first look to the last judgement."""

    def __init__(
        self,
        rounds: Sequence[JudgingRound],
        task: Task,
        plan: Plan,
        drop: Collection[str],
        progress: Progress,
    ) -> None:
        self._rounds = rounds
        self._task = task
        self._plan = plan
        self._drop = drop
        self._progress = progress

    def looked_at(self, offered: Sequence[Configuration]) -> Sequence[Configuration]:
        """Return the configurations that are worth judging in full, in the order they came."""
        kept = list(offered)
        for number, look in enumerate(self._plan.looks):
            rounds = [each.at_most(look.rows) for each in self._rounds[: look.rounds]]
            judged = self._judged(kept, rounds)
            if number == 0:
                judged += self._mutated(judged, rounds)
            kept = self._promising(judged, look.kept)
        return kept

    def in_full(self, kept: Sequence[Configuration]) -> list[Judged]:
        """Return each configuration judged by all rounds, and its children where none looked."""
        judged = self._judged(kept, self._rounds)
        if not self._plan.looks:
            judged += self._mutated(judged, self._rounds)
        return judged

    def drawn(self, judged: Sequence[Judged]) -> tuple[list[Judged], list[Decision]]:
        """Return what was judged and what was drawn after it, each by the scores before it."""
        whole, told = list(judged), []
        for space in self._plan.spaces:
            count = 0
            while count < space.tries:
                scored = [each.scored for each in whole]
                found = drawn_next(space, scored, count, self._task, self._plan)
                if found is None:
                    break
                whole.append(judge(found, self._rounds, self._task, self._plan, self._drop))
                self._tell(whole)
                count += 1
            told.append(told_of(space, count))
        return whole, told

    def _judged(
        self, configurations: Sequence[Configuration], rounds: Sequence[JudgingRound]
    ) -> list[Judged]:
        judged: list[Judged] = []
        for configuration in configurations:
            judged.append(judge(configuration, rounds, self._task, self._plan, self._drop))
            self._tell(judged)
        return judged

    def _mutated(self, judged: Sequence[Judged], rounds: Sequence[JudgingRound]) -> list[Judged]:
        """Return new configurations near the best so far, each judged before the next is drawn."""
        children: list[Judged] = []
        for number in range(self._plan.mutations):
            whole = [*judged, *children]
            ranked = [each.scored for each in self._ranked(whole)]
            child = child_of(ranked, number, self._plan.seed)
            if child is not None:
                children.append(judge(child, rounds, self._task, self._plan, self._drop))
            self._tell([*judged, *children])
        return children

    def _ranked(self, judged: Sequence[Judged]) -> list[Judged]:
        return sorted(judged, key=lambda each: -worth_of(each.scored, self._task))

    def _promising(self, judged: Sequence[Judged], count: int) -> list[Configuration]:
        """Return the first of each plain algorithm, and of all others the best, so many.

        Among them is the best of each algorithm, so that a blend finds members that differ.
        """
        ranked = [each.scored.configuration for each in self._ranked(judged)]
        asked = [each.scored.configuration for each in judged]
        plain = [c for c in asked if c.algorithm in (DUMMY.algorithm, *INTERPRETABLE)]
        first = {c.algorithm: c for c in reversed(plain)}
        others = [each for each in ranked if each not in plain]
        best = {each.algorithm: each for each in reversed(others)}
        one_each = [each for each in others if best[each.algorithm] is each]
        names = list(dict.fromkeys(each.name for each in (*one_each, *others)))[:count]
        names += [each.name for each in first.values()]
        return [each for each in asked if each.name in names]

    def _tell(self, judged: Sequence[Judged]) -> None:
        best = best_of([each.scored for each in judged], self._task)
        self._progress.advance(f"best so far {best.configuration.name}: {best.validation:.4f}")


def _pieces(plan: Plan) -> int:
    pieces, offered = plan.mutations, len(plan.configurations)
    for number, look in enumerate(plan.looks):
        pieces += offered
        offered = min(look.kept + 2, offered + (plan.mutations if number == 0 else 0))
    return pieces + offered + sum(each.tries for each in plan.spaces)


def _left_out(rounds: Sequence[JudgingRound], drop: Collection[str]) -> Iterator[Decision]:
    """Give each reason for which columns became no feature, but for those dropped on request."""
    columns: dict[str, list[str]] = {}
    for preparation, _, _ in list(rounds[0].prepared.values())[:1] if rounds else ():
        for name, reason in preparation.dropped:
            if name not in drop:
                columns.setdefault(reason, []).append(name)
    for reason, names in columns.items():
        shown = listed(names, _MOST_SHOWN)
        what = f"{len(names):,} column{'s' if len(names) > 1 else ''} left out: {shown}"
        yield Decision(what, reason, "change the column in the source")


def _labelled_part(table: Table, task: Task, purpose: str) -> Table:
    known = labelled(table, task.target)
    if not len(known.row_ids):
        raise DataError(
            "part-unlabelled",
            f"none of the {len(table.row_ids):,} rows to {purpose} has a value of the target"
            f" {task.target!r}",
            fix="give these rows a target, or leave rows without one out of the source",
            facts={"target": task.target, "rows": len(table.row_ids)},
        )
    return known


def _cross_validation(table: Table, task: Task, plan: Plan) -> list[tuple[Table, Table]]:
    rounds = rounds_of(table, task, plan.folds, seed=plan.seed, unit=plan.unit, time=plan.time)
    return [(rows_of(table, fit), rows_of(table, judge)) for fit, judge in rounds]
