"""Every automatic decision of a run, with its reason and what changes it, from what is recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

from mlwright.core.digest import Digest
from mlwright.core.errors import listed
from mlwright.core.records import load
from mlwright.data.records import Snapshot, Split, Terms
from mlwright.evaluate.explanation.records import Explanation
from mlwright.flows import decision_costs as costs
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.own_steps import steps_told
from mlwright.flows.question import DEFAULT_RULES, LEAK_RULES, ON_REQUEST
from mlwright.flows.records import RowRoles
from mlwright.flows.workspace import Workspace
from mlwright.registry.versions import versions
from mlwright.scoring.records import ModelPackage, OwnFeatures
from mlwright.store.protocol import Store
from mlwright.train.plan import MANY_CELLS, MOST_FOLDED
from mlwright.train.records import Decision, Plan, SearchResult, Task
from mlwright.train.settings import WITHOUT_TARGET

R = TypeVar("R")

_TOLD_HERE = ("--task, --metric", "change the column in the source")
"""The search's decisions that are told here with more of the reason."""

_OPEN = ("None", "", "()")
"""How settings without a value stand in what a run stored, now and in earlier versions."""

_RECIPES = {
    "tree": "trees read numbers as they are, categories as codes and what is missing as missing",
    "linear": "a linear model needs numbers of one scale, what is missing filled beside an"
    " indicator, and each category in a column of its own",
    "encoded": "beside each category's code stands what the target is like in it, learned without"
    " the row's own: it answered better out of fold",
    "rich": "features of two columns say what a first model did not, and columns that gain no more"
    " than shuffled ones are left out where that answers better",
    "binned": "a linear model follows a curve through bins at the quantiles of each number",
    "logged": "numbers that are skewed and not below 0 are more even by their logarithm",
}


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What a run left in the ledger and the store."""

    run: str
    started: Mapping[str, object]
    outputs: Mapping[str, str]
    workspace: Workspace

    def input(self, name: str, kind: type[R]) -> R | None:
        """Return an input of the run; None when it had no such one."""
        digest = cast("Mapping[str, str]", self.started["inputs"]).get(name)
        return None if digest is None else load(kind, self.workspace.store.get(Digest(digest)))

    def output(self, step: str, kind: type[R]) -> R | None:
        """Return what a step gave; None when it did not finish."""
        digest = self.outputs.get(step)
        return None if digest is None else load(kind, self.workspace.store.get(Digest(digest)))

    def setting(self, key: str) -> str | None:
        """Return a setting the run had, None when it was left open."""
        return self.spec.get(key)

    @property
    def spec(self) -> Mapping[str, str]:
        """The settings of the run that were not left open."""
        return spec_of(self.started, self.workspace.store)


def spec_of(started: Mapping[str, object], store: Store) -> Mapping[str, str]:
    """Return the settings a run was started with, but for those that were left open."""
    written = cast("Mapping[str, str]", json.loads(store.get(Digest(str(started["spec"])))))
    return {key: value for key, value in written.items() if value not in _OPEN}


def decisions(run: str, workspace: Workspace) -> tuple[Decision, ...]:
    """Return what was decided for a run without being asked, in the order of the work.

    Of a run that was not finished, as far as it came.
    """
    events = list(workspace.ledger.events(subject=run))
    started = next(event.facts for event in events if event.kind == "run.started")
    finished = [e.facts for e in events if e.kind == "step.finished"]
    outputs = {str(facts["step"]): str(facts["output"]) for facts in finished}
    seconds = {
        str(facts["step"]): cast("float", facts["seconds"])
        for facts in finished
        if not facts["cached"]
    }
    recorded = _Recorded(run, started, outputs, workspace)
    data = [used for used in workspace.ledger.uses(run) if used.startswith("d_")]
    found: list[Decision] = []
    if data:
        found += _of_data(snapshot_of(data[0], workspace), recorded)
    split = recorded.output("split", Split)
    if split:
        found += _of_split(split, recorded)
    if task := recorded.output("task", Task):
        found += _of_task(task)
    if plan := recorded.input("plan", Plan):
        found += _of_plan(plan, recorded, split, seconds)
    if search := recorded.output("search", SearchResult):
        told = costs.of_search(search)
        found += (each for each in told if each.override not in _TOLD_HERE)
    if package := recorded.output("model", ModelPackage):
        found += _of_columns(package)
        found += _of_own_steps(recorded, package)
        found += _of_contract(package, recorded)
    if (explained := recorded.output("explanation", Explanation)) is not None:
        told_from = costs.of_explanation(explained, seconds)
        found += [] if told_from is None else [told_from]
    if split:
        found += _of_registration(recorded)
    return tuple(found)


def _of_data(snapshot: Snapshot, recorded: _Recorded) -> Iterator[Decision]:
    for reading in snapshot.readings:
        what = f"{reading.column!r}: {reading.what}"
        cells = "cell" if reading.count == 1 else "cells"
        yield Decision(what, f"so in {reading.count:,} {cells}", "correct the source")
    roles = recorded.input("roles", RowRoles)
    if roles is not None and roles.key is None:
        why = "no key was named, so a row is told apart by its content"
        cost = "a row that is delivered changed counts as another row"
        yield Decision("rows named by their content", why, "--key COLUMN", cost)


def _of_split(split: Split, recorded: _Recorded) -> Iterator[Decision]:
    counts = ", ".join(f"{count:,} {part}" for part, count in split.counts.items() if count)
    what = f"the split: {counts}"
    if split.method == "nested":
        what = f"no sealed test part: all {sum(split.counts.values()):,} rows are judged in turn"
    yield Decision(what, split.why, "--key, --time, --group, --seed", costs.of_split(split))
    if recorded.setting("search.seed") == "0":
        cost = "how far the metric moves with it is not measured"
        yield Decision("seed 0", "the default; another one draws other parts", "--seed", cost)


def _of_task(task: Task) -> Iterator[Decision]:
    # The task tells its reasons in one sentence: the kind's first, the metric's last.
    kind, _, rest = task.why.partition("; ")
    metric = rest.rpartition("; ")[2] or kind
    yield Decision(f"the task: {task.kind.value}", kind, "--task")
    if len(task.classes) == 2:
        what = f"{task.classes[1]!r} is the positive class"
        yield Decision(
            what,
            "the last of the two in order",
            "name the classes in another order",
            "nothing: the probabilities of both are answered",
        )
    cost = "nothing: the others are measured too"
    yield Decision(f"the metric: {task.metric}", metric, "--metric", cost)


def _of_plan(
    plan: Plan, recorded: _Recorded, split: Split | None, measured: Mapping[str, float]
) -> Iterator[Decision]:
    if recorded.setting("task") in WITHOUT_TARGET:
        many = len(plan.configurations)
        what = f"{many} configuration{'' if many == 1 else 's'} on at most {plan.rows:,} rows"
        yield Decision(what, "more rows make such a model no better", "search.clusters")
        return
    seconds = plan.measured.get("seconds_foreseen")
    foreseen = "" if seconds is None else f", foreseen to take {seconds:.1f} s"
    many = len(plan.configurations)
    yield Decision(
        f"{many} configuration{'' if many == 1 else 's'} on at most {plan.rows:,} rows",
        f"the most worth having within {plan.budget_seconds:g} s{foreseen},"
        f" probed on {plan.machine}",
        "--budget, --models, --replan",
        costs.of_plan(plan, split, measured),
    )
    judging = costs.of_judging(plan, split)
    yield Decision(f"chosen by {judged_by(plan)}", _why_judged(plan), "--budget", judging)
    if recorded.setting("search.threads"):
        why = "as asked"
    elif plan.threads > 1:
        why = f"every core, since the table has {MANY_CELLS:,} cells or more outside the test part"
    else:
        why = f"under {MANY_CELLS:,} cells a second thread costs more than it gives"
    yield Decision(f"{threads(plan)} to train with", why, "--threads")


def judged_by(plan: Plan) -> str:
    """Return what judges the configurations of a plan, in words."""
    if plan.outer_folds:
        times = f"{plan.repeats} x " if plan.repeats > 1 else ""
        return f"{times}{plan.outer_folds}-fold nested cross-validation"
    return f"{plan.folds} folds" if plan.folds else "the validation part"


def threads(plan: Plan) -> str:
    """Return how many threads a plan trains with, in words.

    >>> from mlwright.train.records import Plan
    >>> threads(Plan((), 1, 0, 0, 0, 1, 0, 1.0, "", {}))
    '1 thread'
    """
    return f"{plan.threads} thread{'' if plan.threads == 1 else 's'}"


def _why_judged(plan: Plan) -> str:
    if plan.outer_folds:
        return "too few rows, or groups of rows, to seal a part of them"
    if plan.folds:
        if plan.rows >= MOST_FOLDED:
            return "the budget lets all rows judge, not one part of them alone"
        return f"under {MOST_FOLDED:,} rows folds tell models apart better than one part of them"
    if plan.time:
        return "models are compared on rows that come after those they were trained on"
    if plan.rows >= MOST_FOLDED:
        return f"from {MOST_FOLDED:,} rows on it tells models apart well enough"
    return "folds over all rows tell models apart better, but take more than the budget"


def _of_columns(package: ModelPackage) -> Iterator[Decision]:
    preparation = package.preparation
    why = {name: reason for name, reason in preparation.dropped if reason != ON_REQUEST}
    for reason in dict.fromkeys(why.values()):
        names = [name for name, each in why.items() if each == reason]
        what = f"no feature: {listed(names, 3)}"
        cost = "what they could tell is not used"
        yield Decision(what, reason, "change the column in the source, or its role", cost)
    yield Decision(
        f"{len(preparation.inputs):,} columns become {len(preparation.outputs):,} features",
        _RECIPES.get(preparation.recipe, preparation.recipe),
        "--drop, --models",
    )


def _of_own_steps(recorded: _Recorded, package: ModelPackage) -> Iterator[Decision]:
    own = recorded.output("own_features", OwnFeatures)
    if own is None:
        return
    first, *more = steps_told(own)
    why = "; ".join(("each row by itself, as seen on training rows", *more))
    cost = "a process apart: slower" if package.own else "none: the model reads nothing of it"
    yield Decision(f"your steps, {first}", why, "features.steps, --steps", cost)


def _of_contract(package: ModelPackage, recorded: _Recorded) -> Iterator[Decision]:
    terms = recorded.input("terms", Terms)
    if terms is None:  # a run of before contracts were agreed on
        return
    stated = {key for key, _ in terms.stated}
    told = [
        feature.name
        for feature in package.contract.features
        if feature.name not in stated and (feature.low, feature.categories) != (None, None)
    ]
    if told:
        why = "as the rows outside the sealed test part are"
        if terms.before is not None:
            why = "as an earlier run of this name agreed"
        what = f"the promises of {listed(told, 3)}"
        yield Decision(what, why, "a line under [contract], --new-contract")


def _of_registration(recorded: _Recorded) -> Iterator[Decision]:
    for name, rule in DEFAULT_RULES.items():
        if f"checks.{name}" not in recorded.spec:
            why = f"no rule is named {name}: every model must beat the dummy beyond chance"
            yield Decision(f"the check {rule}", why, f'{name} = "…" under [checks]')
    asked = [check for check in LEAK_RULES if f"checks.{check}" not in recorded.spec]
    unasked = recorded.setting("task") in WITHOUT_TARGET
    if asked and not unasked:
        why = "a model that was told the answer in training is of no use; each can be waived"
        yield Decision(f"the checks {listed(asked, 10)}", why, '"leak.…" = "reason" under [waive]')
    made = [v.name for v in versions(recorded.workspace.ledger) if v.run == recorded.run]
    if made and recorded.setting("project.name") is None:
        of = "task" if unasked else "target"
        yield Decision(f"the name {made[0]}", f"made from the {of}'s", "--name")
