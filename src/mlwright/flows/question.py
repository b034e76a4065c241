"""The inputs of a build: the question, who a row is, what is left out, which rules judge."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mlwright.checks.grammar import parse
from mlwright.checks.own import is_own
from mlwright.checks.records import Rule, Waiver
from mlwright.checks.sense import require_sense
from mlwright.checks.settings import CheckSettings, WaiverSettings
from mlwright.core.errors import DataError, UsageError, listed, nearest
from mlwright.core.settings import Settings
from mlwright.data.leaks.records import CHECKS, MOST, SHARES
from mlwright.data.records import FeatureContract, Kind, Snapshot
from mlwright.data.repair.grammar import parse_all
from mlwright.data.repair.records import RepairRule
from mlwright.data.settings import ContractSettings, DataSettings
from mlwright.data.terms import Line, promised, read_line, require_lines
from mlwright.evaluate.costs import read_costs
from mlwright.evaluate.fairness.records import LABEL_GAP
from mlwright.evaluate.fairness.settings import FairnessSettings
from mlwright.evaluate.settings import CostSettings
from mlwright.evaluate.truth import CROSSED, columns_named
from mlwright.evaluate.values import GAPS
from mlwright.features.settings import FeatureSettings
from mlwright.flows.leak_gates import leak_scales, waivers_of
from mlwright.flows.records import Goal, Judgement, RowRoles, SearchRule
from mlwright.registry.settings import ProjectSettings
from mlwright.registry.versions import allowed_name, valid_name
from mlwright.train.evening import THRESHOLDS
from mlwright.train.records import Evening, TaskKind
from mlwright.train.settings import WITHOUT_TARGET, QuestionSettings, SearchSettings
from mlwright.train.unsupervised.catalogue import ANSWER_OF

DEFAULT_RULES = {"gain": "gain.low > 0"}
"""Judged always, unless the spec has a rule of the same name: a model must beat the dummy by more
than chance explains. The gain itself is above 0 for half of all models that learned nothing."""

LEAK_RULES = {
    check: f"{check} <= {MOST:.0%}" if check in SHARES else f"{check} == 0" for check in CHECKS
}
"""Judged always too, unless the spec has a rule of the same name; they alone can be waived."""

ON_REQUEST = "left out on request"


@dataclass(frozen=True, slots=True)
class Question:
    """Everything a build is asked, before any data is read.

    ``stated`` are the lines of the contract that a person wrote, as they were written. ``leaks``
    are the rules about leaks, ``checks`` all others. ``repair`` is None where the spec has no
    steps. ``immutable`` columns are proposed no other value of.
    """

    name: str
    goal: Goal
    roles: RowRoles
    rule: SearchRule
    judgement: Judgement
    checks: tuple[Rule, ...]
    stated: tuple[tuple[str, str], ...]
    leaks: tuple[Rule, ...]
    waivers: tuple[Waiver, ...]
    repair: RepairRule | None = None
    immutable: tuple[str, ...] = ()

    @property
    def without_target(self) -> bool:
        """Whether rows are told apart without a column to predict."""
        return self.goal.task in WITHOUT_TARGET

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines of the contract that a person wrote, read."""
        return tuple(read_line(key, text) for key, text in self.stated)


def ask(settings: Settings, more_rules: Sequence[str]) -> Question:
    """Read the question out of the settings.

    Raises
    ------
    UsageError
        ``target-missing``; ``cost-line``; ``drop-target``; ``model-name``; ``check-syntax`` for a
        rule;
        ``contract-line`` and others for a line of ``[contract]``; ``repair-syntax`` for a step;
        ``waive-check`` and ``reason-empty`` for a waiver; ``remedy-column``.
    """
    costs = read_costs(settings.section(CostSettings).lines)
    stated = stated_lines(settings)
    data = settings.section(DataSettings)
    goal = replace(_goal(settings), costs=costs, weight=data.weight)
    texts = _texts(settings)
    goal = replace(goal, text=texts.text or None, categories=texts.categories or None)
    search = settings.section(SearchSettings)
    checks = (*model_rules(settings), *(parse(text) for text in more_rules if not is_own(text)))
    # A key names a row, a subject a person, a group a household: none of them is a feature.
    apart = {
        data.group: "the group",
        data.subject: "the subject",
        data.key: "the key",
        data.weight: "the weight",
    }
    dropped = dict.fromkeys(_dropped(settings, goal.target), ON_REQUEST)
    dropped |= {
        column: f"it is {role}, and so no feature"
        for column, role in apart.items()
        if column is not None and column != goal.target
    }
    fairness = {r.name.removeprefix("fairness.") for r in checks if r.name.startswith("fairness.")}
    fairness |= {rule.term.name for rule in checks if rule.term.function in (*GAPS, LABEL_GAP)}
    fairness |= set(settings.section(FairnessSettings).protected)
    called = goal.task if goal.task in WITHOUT_TARGET else goal.target
    return Question(
        name=valid_name(settings.section(ProjectSettings).name or allowed_name(str(called))),
        goal=goal,
        roles=RowRoles(key=data.key, time=data.time, group=data.group, seed=search.seed),
        rule=SearchRule(dropped, search.interpretable_within),
        judgement=Judgement(tuple(sorted(fairness))),
        checks=tuple(rule for rule in checks if rule.term.name not in CHECKS),
        stated=stated,
        leaks=() if goal.task in WITHOUT_TARGET else _leak_rules(checks),
        waivers=waivers_of(settings.section(WaiverSettings).reasons),
        repair=repair_rule(settings),
        immutable=settings.section(FeatureSettings).immutable,
    )


def repair_rule(settings: Settings) -> RepairRule | None:
    """Return the steps of ``[data] repair``, once each can be read; None where there are none."""
    steps = settings.section(DataSettings).repair
    parse_all(steps)
    target = settings.section(QuestionSettings).target
    return RepairRule(steps, kept_columns(settings), target) if steps else None


def kept_columns(settings: Settings) -> dict[str, str]:
    """Return the columns that no step of repair may change, each with its role."""
    data = settings.section(DataSettings)
    roles = {
        "the subject": data.subject,
        "the group": data.group,
        "the time": data.time,
        "the key": data.key,
    }
    return {column: role for role, column in roles.items() if column is not None}


def stated_lines(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return the lines of ``[contract]``, once each of them can be read."""
    stated = tuple(settings.section(ContractSettings).lines.items())
    require_lines(read_line(key, text) for key, text in stated)
    return stated


def _goal(settings: Settings) -> Goal:
    question = settings.section(QuestionSettings)
    metric = settings.section(SearchSettings).metric
    if question.task in WITHOUT_TARGET:
        _require_no_target(question, metric)
        return Goal(ANSWER_OF[TaskKind(question.task)], question.task, None)
    if question.target is None:
        raise UsageError(
            "target-missing",
            "no target: which column is to be predicted?",
            fix='give --target COLUMN, or write target = "COLUMN" in mlwright.toml; without one'
            " there are --task anomaly and --task clustering",
            looked=["--target", "MLWRIGHT_TARGET", "target in mlwright.toml"],
        )
    return Goal(question.target, question.task, metric, _evening(settings))


def _texts(settings: Settings) -> FeatureSettings:
    """Return the settings that say which columns are texts to read, and which only name something.

    Raises
    ------
    UsageError
        ``text-contradicts`` for a column that is named twice, or where nothing is learnt of words.
    """
    features = settings.section(FeatureSettings)
    both = {*features.text} & {*features.categories, *features.drop}
    unasked = settings.section(QuestionSettings).task in WITHOUT_TARGET
    if both or (unasked and (features.text or features.categories)):
        name = sorted(both or {*features.text, *features.categories})[0]
        why = (
            "features.categories or features.drop names it too"
            if both
            else "a task without a target reads no words"
        )
        raise UsageError(
            "text-contradicts",
            f"features.text or features.categories names {name!r}, and {why}",
            fix="name it once, or leave it out",
            facts={"column": name},
        )
    return features


def _evening(settings: Settings) -> Evening | None:
    """Return what is to be done so that groups are treated more alike.

    Raises
    ------
    UsageError
        ``remedy-column``.
    """
    asked = settings.section(FairnessSettings)
    if asked.remedy == "none":
        return None
    limits = asked.remedy == THRESHOLDS
    dropped = settings.section(FeatureSettings).drop
    problem = None
    if not asked.protected:
        problem = "fairness.protected names no column whose groups it is for"
    elif limits and len(asked.protected) > 1:
        problem = f"limits are set for the groups of one column, not of {len(asked.protected)}"
    elif limits and asked.protected[0] in dropped:
        problem = f"the model is not to read {asked.protected[0]!r}, and limits go by it"
    if problem is not None:
        raise UsageError(
            "remedy-column",
            f"fairness.remedy is {asked.remedy!r}, but {problem}",
            fix='name one column: protected = ["sex"]; remedy = "weights" takes several, and'
            " columns that the model does not read",
            facts={"remedy": asked.remedy, "protected": list(asked.protected)},
        )
    return Evening(asked.remedy, CROSSED.join(asked.protected), asked.aim)


def _require_no_target(question: QuestionSettings, metric: str | None) -> None:
    for setting, given in (("target", question.target), ("search.metric", metric)):
        if given is not None:
            raise UsageError(
                "task-without-target",
                f"the task {question.task} predicts no column, and {setting} is {given!r}",
                fix="leave it out; to keep a column from telling rows apart: --drop COLUMN",
                facts={"task": question.task, "setting": setting, "given": given},
            )


def _dropped(settings: Settings, target: str) -> tuple[str, ...]:
    drop = settings.section(FeatureSettings).drop
    if target in drop:
        raise UsageError(
            "drop-target",
            f"the target {target!r} is also named among the columns to leave out",
            fix="it is never a feature: take it out of --drop or features.drop, or choose another"
            " target",
            facts={"target": target, "drop": list(drop)},
        )
    return drop


def model_rules(settings: Settings) -> tuple[Rule, ...]:
    """Return the rules of the spec, with those that are judged always; no checks of one's own."""
    named = {**DEFAULT_RULES, **settings.section(CheckSettings).rules}
    return tuple(parse(text, name=name) for name, text in named.items() if not is_own(text))


def _leak_rules(checks: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return the rules about leaks: what was asked, else the rule of each check."""
    asked = [rule for rule in checks if rule.term.name in CHECKS]
    require_sense(asked, leak_scales())
    said = {rule.term.name for rule in asked}
    usual = [parse(text, name=name) for name, text in LEAK_RULES.items() if name not in said]
    order = list(CHECKS)
    return tuple(sorted((*asked, *usual), key=lambda rule: order.index(rule.term.name)))


def check_columns(question: Question, snapshot: Snapshot) -> None:
    """Refuse a column that is named in the question and not in the table.

    Raises
    ------
    DataError
        ``column-unknown``, with the nearest name; ``remedy-column``.
    UsageError
        ``check-kind`` for a line of the contract that a column's kind does not allow.
    """
    names = [column.name for column in snapshot.columns]
    roles = question.roles
    lines = question.lines
    wanted = {
        "target": None if question.without_target else question.goal.target,
        "data.time": roles.time,
        "data.group": roles.group,
        "data.weight": question.goal.weight,
        **{
            f"fairness.{name}": name
            for crossed in question.judgement.fairness
            for name in columns_named(crossed, names)
        },
        **{f"features.drop ({name})": name for name in question.rule.drop},
        **{f"features.immutable ({name})": name for name in question.immutable},
        **{f"features.text ({name})": name for name in question.goal.text or ()},
        **{f"features.categories ({name})": name for name in question.goal.categories or ()},
        **{f"waive ({w.check}({w.column}))": w.column for w in question.waivers},
        **{f"contract ({line.key})": line.term.name for line in lines},
    }
    for setting, name in wanted.items():
        if name is None or name in names:
            continue
        near = nearest(name, names)
        parts = [part.strip() for part in name.split(",")]
        fix = f"use {near!r}" if near else "name one of the table's columns"
        if len(parts) > 1 and set(parts) <= set(names):
            fix = f"name each on its own: {' '.join(f'--drop {shlex.quote(p)}' for p in parts)}"
        raise DataError(
            "column-unknown",
            f"{setting}: the table has no column {name!r}"
            + (f"; did you mean {near!r}?" if near else ""),
            fix=fix,
            facts={"setting": setting, "column": name, "nearest": near},
            looked=[f"the {len(names)} columns: {listed(names)}"],
        )
    kinds = {column.name: column.kind for column in snapshot.columns}
    _require_categories(question, kinds)
    _require_texts(question, kinds)
    for line in lines:
        name = line.term.name
        promised(FeatureContract(name, kinds[name], True, None, None, None), line)


def _require_texts(question: Question, kinds: Mapping[str, Kind]) -> None:
    goal = question.goal
    for name in (*(goal.text or ()), *(goal.categories or ())):
        if kinds[name] is not Kind.STRING:
            raise DataError(
                "text-kind",
                f"features.text or features.categories names {name!r}, which holds no texts but"
                f" {kinds[name].value} values",
                fix="leave it out, or write its cells as texts in the source",
                facts={"column": name, "kind": kinds[name].value},
            )


def _require_categories(question: Question, kinds: Mapping[str, Kind]) -> None:
    evening = question.goal.evening
    if evening is None or evening.how != THRESHOLDS or kinds.get(evening.name) is Kind.STRING:
        return
    raise DataError(
        "remedy-column",
        f"fairness.remedy is 'thresholds', and {evening.name!r} holds no categories but"
        f" {kinds[evening.name].value} values: there are no groups to set limits for",
        fix='use remedy = "weights", which takes bands of numbers, or a column of texts',
        facts={"remedy": evening.how, "column": evening.name},
    )
