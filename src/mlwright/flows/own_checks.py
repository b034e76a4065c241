"""Checks of the user's own: functions of a model or a table that say whether it is good enough.

Each is a step of the build's run, with the user's code in its key, so its verdict is recorded,
explained and proved as everything else is; and it gates the model as a rule does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlwright.checks.own import Verdict, is_own, judged
from mlwright.checks.records import Verdict as Judged
from mlwright.checks.settings import CheckSettings
from mlwright.core.errors import UsageError, nearest
from mlwright.data.frame import Table
from mlwright.data.records import Snapshot, Split
from mlwright.data.table import read
from mlwright.evaluate.unseen import Unseen, judged_rows
from mlwright.flows.importing import imported
from mlwright.flows.predict import answered, answers_of
from mlwright.flows.tables import Tables, rows_judged
from mlwright.flows.workspace import Workspace
from mlwright.run.context import CONTEXT
from mlwright.run.engine import RAISED_BY
from mlwright.run.pipelines.layout import Placed
from mlwright.run.steps.step import Parameter, Step
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import Scorer, load
from mlwright.store.protocol import Store

_MODEL, _TABLE, _ANSWERS = "model", "table", "answers"
_OF_MODEL = ("model", "unseen", "snapshot", "split", "store", "tables")
_OF_TABLE = ("snapshot", "store")


class Asked:
    """The model that a check judges: it answers, and knows what it is; it has no name yet."""

    def __init__(self, package: ModelPackage, scorer: Scorer) -> None:
        self._scorer = scorer
        self.id = package.id
        self.target = package.task.target
        self.task = package.task.kind.value
        self.classes = package.task.classes

    def predict(self, frame: Any) -> Any:
        """Return one row for each row of ``frame``: ``value``, and each class's probability."""
        return answered(frame, self._scorer)

    def __repr__(self) -> str:
        return f"<model {self.id} that predicts {self.target}>"


class Check(Step[..., Verdict]):
    """A function of the user's own that judges; calling it calls the function."""

    def __init__(self, function: Callable[..., Verdict]) -> None:
        super().__init__(function)
        self.judges = function
        context = (CONTEXT,) if self.takes_context else ()
        self.asks = (*(each.name for each in self.parameters), *context)
        _require_known(self)
        self.parameters = tuple(
            Parameter(name, name == "unseen")
            for name in (_OF_MODEL if self.of_model else _OF_TABLE)
        )
        self.function = _adapted(function, self.asks)

    @property
    def of_model(self) -> bool:
        """Whether it judges a model; else it judges the whole table the model is made of."""
        return self.asks != (_TABLE,)

    def __call__(self, *args: Any, **kwargs: Any) -> Verdict:
        """Call the function, without a record."""
        return self.judges(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<check {self.name} of {self.qualified}>"


def check(function: Callable[..., Verdict], /) -> Check:
    """Make a function a check: it judges a model or a table, and says so with a verdict.

    What it takes, by name: ``model``, which is asked with ``model.predict(table)``; ``table``, the
    rows it is judged by, the target among their columns; ``answers``, a table of what models that
    never saw those rows answered. One that takes the table alone is given all rows there are.

    >>> from mlwright.checks.own import Verdict
    >>> @check
    ... def enough(table):
    ...     return Verdict(table.height >= 1000, value=table.height)
    >>> enough.name, enough.of_model
    ('enough', False)
    """
    return Check(function)


@dataclass(frozen=True, slots=True)
class OwnCheck:
    """A check of the user's own in a build: its name there, its rule as written, its step."""

    name: str
    rule: str
    check: Check

    @property
    def step(self) -> Step[..., Verdict]:
        """The step of the build's run that carries it out."""
        return Placed(self.check, f"check.{self.name}", {})

    def verdict(self, told: object, *, model: str, data: str) -> Judged:
        """Return the verdict on the model, or on the data it was made of."""
        assert isinstance(told, Verdict)
        subject = model if self.check.of_model else data
        rule = self.rule if self.name == self.check.name else f"{self.name}: {self.rule}"
        return judged(told, rule=rule, name=self.name, subject=subject)

    def hold(self, table: Table, data: str) -> Judged:
        """Return the verdict on a whole table, without a run or a record."""
        try:
            told = require_verdict(self.check(table), self.check.name)
        except Exception as error:
            error.add_note(f"{RAISED_BY} {self.step.name!r} ({self.check.qualified})")
            raise
        return self.verdict(told, model=data, data=data)


def own_checks(
    workspace: Workspace, rules: Sequence[str], *, of_spec: bool = True
) -> tuple[OwnCheck, ...]:
    """Return the checks of the user's own: of the spec, of ``rules``, and those a program gave.

    Without ``of_spec`` the spec's are left out.

    Raises
    ------
    UsageError
        ``own-check-missing`` for a name that leads nowhere, ``own-check-form`` for what was not
        made one with ``@mw.check``, ``own-check-twice`` for two of one name.
    """
    spec = workspace.settings.section(CheckSettings).rules if of_spec else {}
    named = {name: rule for name, rule in spec.items() if is_own(rule)}
    found = [_named(name, rule.strip(), workspace) for name, rule in named.items()]
    found += [
        _named(rule.strip().rpartition(":")[2].rpartition(".")[2], rule.strip(), workspace)
        for rule in rules
        if is_own(rule)
    ]
    found += [_given(each) for each in workspace.own_checks]
    by_name: dict[str, OwnCheck] = {}
    for each in found:
        other = by_name.setdefault(each.name, each)
        if other.rule != each.rule:
            raise UsageError(
                "own-check-twice",
                f"two checks are named {each.name!r}: {other.rule} and {each.rule}",
                fix=f'name one under [checks]: OTHER = "{each.rule}"',
                facts={"check": each.name},
            )
    return tuple(by_name.values())


def checks_of_table(workspace: Workspace, rules: Sequence[str]) -> tuple[OwnCheck, ...]:
    """Return the checks of the user's own that judge a table which no model is made of yet.

    Raises
    ------
    UsageError
        As :func:`own_checks`; ``own-check-model`` for one of ``rules`` that judges a model. The
        spec's that do wait for one.
    """
    given = own_checks(workspace, rules, of_spec=False)
    for each in given:
        if each.check.of_model:
            raise UsageError(
                "own-check-model",
                f"check {each.name!r} takes {', '.join(each.check.asks)}: it judges a model, and"
                " here is a table alone",
                fix=f"mlw eval MODEL --check {each.rule}, or let it take table alone",
                facts={"check": each.name, "takes": list(each.check.asks)},
            )
    return tuple(each for each in own_checks(workspace, rules) if not each.check.of_model)


def _named(name: str, rule: str, workspace: Workspace) -> OwnCheck:
    found = imported(rule, workspace.folder, "check")
    return OwnCheck(name, rule, _require_check(found, rule))


def _given(found: object) -> OwnCheck:
    check = _require_check(found, getattr(found, "__name__", type(found).__name__))
    return OwnCheck(check.name, check.qualified, check)


def _require_check(found: object, name: str) -> Check:
    if isinstance(found, Check):
        return found
    raise UsageError(
        "own-check-form",
        f"{name} is a {type(found).__name__}, and no check",
        fix="write @mw.check above a function of a model or a table that returns mw.Verdict(…); a "
        "rule is written as 'auc >= 0.7'",
        facts={"check": name, "type": type(found).__name__},
    )


def _require_known(check: Check) -> None:
    known = (_MODEL, _TABLE, _ANSWERS)
    for name in check.asks:
        if name not in known:
            near = nearest(name, list(known))
            raise UsageError(
                "own-check-form",
                f"check {check.name!r} takes {name!r}, which no check is given"
                + (f"; did you mean {near!r}?" if near else ""),
                fix=f"it may take {', '.join(known)}",
                facts={"check": check.name, "parameter": name, "nearest": near},
            )


def _adapted(function: Callable[..., Verdict], asks: tuple[str, ...]) -> Callable[..., Verdict]:
    """Return the function as a step of a build: it takes what the other steps give."""

    def judging(**given: Any) -> Verdict:
        return require_verdict(function(**_handed(asks, given)), function.__name__)

    # A fresh process finds it by these: there the same decorator has made it again.
    judging.__module__, judging.__qualname__ = function.__module__, function.__qualname__
    judging.__name__ = function.__name__
    return judging


def require_verdict(told: object, name: str) -> Verdict:
    """Return what a check said, once it is a verdict.

    Raises
    ------
    UsageError
        ``own-check-answer``.
    """
    if isinstance(told, Verdict):
        return told
    raise UsageError(
        "own-check-answer",
        f"check {name!r} returned a {type(told).__name__}, and no verdict",
        fix="return mw.Verdict(passed, value=…, why=…)",
        facts={"check": name, "type": type(told).__name__},
    )


def _handed(asks: Sequence[str], given: Mapping[str, Any]) -> dict[str, object]:
    """Return what a check asks for, made of what the steps of the build gave."""
    if tuple(asks) == (_TABLE,):
        return {_TABLE: _whole(given["snapshot"], given["store"])}
    package: ModelPackage = given["model"]
    scorer = load(package, given["store"])
    table, answers = _judged_by(given, scorer)
    everything = {_MODEL: Asked(package, scorer), _TABLE: table, _ANSWERS: answers}
    return {name: everything[name] for name in asks}


def _whole(snapshot: Snapshot, store: Store) -> Table:
    return read(snapshot, store).frame


def _judged_by(given: Mapping[str, Any], scorer: Scorer) -> tuple[Table, Table]:
    """Return the rows a model is judged by, and what models that never saw them answered."""
    snapshot: Snapshot = given["snapshot"]
    split: Split = given["split"]
    tables: Tables = given["tables"]
    rows = rows_judged(snapshot, split, given["store"], tables)
    unseen: Unseen | None = given.get("unseen")
    if unseen is None:
        return rows.frame, answered(rows.frame, scorer)
    return judged_rows(rows, unseen).table.frame, answers_of(unseen.answers, scorer)
