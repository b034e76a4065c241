"""Feature steps of the user's own: found by name or given, and the tables they make."""

from __future__ import annotations

import inspect
from typing import Any

from mlwright.core.errors import UsageError, listed
from mlwright.data.digests import columns_of
from mlwright.data.records import Part, Snapshot, Split
from mlwright.data.split import Numbers, taken
from mlwright.data.table import Table
from mlwright.features.settings import FeatureSettings
from mlwright.flows.importing import imported
from mlwright.flows.owning import modules_of, own_parts
from mlwright.flows.records import RowRoles, SearchRule
from mlwright.flows.tables import Tables, parted
from mlwright.flows.workspace import Workspace
from mlwright.run.closure.walk import closure
from mlwright.run.code.sources import read_sources, require_open
from mlwright.run.steps.step import Step
from mlwright.scoring.own.apart import shared_steps
from mlwright.scoring.own.compiled import fuller_table
from mlwright.scoring.own.examine import examine
from mlwright.scoring.records import MadeColumn, OwnFeatures, OwnStep, OwnSteps
from mlwright.store.protocol import Store
from mlwright.train.own.blueprint import MAIN, reference

LEFT_OUT = "your steps leave it out"


def own_steps(workspace: Workspace) -> OwnSteps | None:
    """Return the feature steps of the user's own: those the spec names, then those a program gave.

    Raises
    ------
    UsageError
        ``own-step-missing`` for a name that leads nowhere, ``own-step-form`` for what is no
        function of a table.
    """
    named = workspace.settings.section(FeatureSettings).steps
    found = [_described(imported(name, workspace.folder, "step"), name) for name in named]
    found += [_described(given, None) for given in workspace.own_steps]
    return OwnSteps(tuple(found)) if found else None


def _described(given: Any, name: str | None) -> OwnStep:
    function = given.function if isinstance(given, Step) else given
    if not callable(function) or not hasattr(function, "__code__"):
        raise _no_step(name or repr(given), "it is no function")
    shown = name or str(getattr(function, "__qualname__", function))
    asked = [
        each
        for each in inspect.signature(function).parameters.values()
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    if len(asked) != 1 or asked[0].kind is asked[0].KEYWORD_ONLY:
        told = ", ".join(each.name for each in asked) or "nothing"
        raise _no_step(shown, f"it takes {told}, where it is given a table")
    try:
        where = reference(function)
    except UsageError as error:
        raise _no_step(shown, error.message) from None
    code = closure(function)
    read = read_sources(code.modules)
    require_open(read)
    sources = read.modules
    if where.startswith(f"{MAIN}:") and MAIN not in sources:
        raise _no_step(shown, "it was typed into an interpreter that kept no text of it")
    return OwnStep(
        name=shown,
        function=where,
        code=str(code.digest),
        parts=own_parts(code),
        modules=modules_of(sources),
        distributions=dict(code.distributions),
        unseen=code.unseen,
    )


def _no_step(name: str, why: str) -> UsageError:
    return UsageError(
        "own-step-form",
        f"{name} is no feature step: {why}",
        fix="define it at the top of a module or script: @mw.step def add_ratios(table: mw.Table)"
        " -> mw.Table",
        facts={"step": name},
    )


def examined(
    steps: OwnSteps,
    snapshot: Snapshot,
    split: Split,
    target: str,
    roles: RowRoles,
    rule: SearchRule,
    store: Store,
    tables: Tables,
) -> OwnFeatures:
    """Return what steps make of the training rows, once a row alone gives the same.

    They are given neither the target nor what is no feature: what they make is one.
    """
    key = (snapshot.digest, split, steps.digest, rule)
    if tables.examined is None or tables.examined[0] != key:
        table, numbers = parted(snapshot, split, store, tables)
        seen = taken(table, numbers, Part.TRAIN, Part.VALIDATION)
        kept = {target: "the target", **rule.left_out}
        given = [column for column in columns_of(seen.frame) if column.name not in kept]
        if roles.time is not None:
            kept[roles.time] = "the time"
        tables.examined = (key, examine(steps, seen, given, kept))
    return tables.examined[1]


def learnt(
    own: OwnFeatures | None,
    snapshot: Snapshot,
    split: Split,
    store: Store,
    tables: Tables,
    *parts: Part,
) -> Table:
    """Return the rows of some parts with what the user's steps make of them: to learn from."""
    table, numbers = parted_learnt(own, snapshot, split, store, tables)
    return taken(table, numbers, *parts)


def parted_learnt(
    own: OwnFeatures | None, snapshot: Snapshot, split: Split, store: Store, tables: Tables
) -> tuple[Table, Numbers]:
    """Return all rows with what the user's steps make of them, and the number of each one's part.

    Rows that training has not seen are made as they are when a model is asked about them.
    """
    table, numbers = parted(snapshot, split, store, tables)
    if own is None or not own.makes:
        return table, numbers
    key = (snapshot.digest, split.time, own.digest)
    if tables.made is None or tables.made[0] != key:
        fuller = fuller_table(own, shared_steps(own), table.frame)
        tables.made = (key, Table(fuller, table.row_ids))
    return tables.made[1], numbers


def ruled(rule: SearchRule, own: OwnFeatures | None) -> SearchRule:
    """Return the rule with what the user's steps leave out left out."""
    if own is None or not own.leaves_out:
        return rule
    left_out = {**rule.left_out, **dict.fromkeys(own.leaves_out, LEFT_OUT)}
    return SearchRule(left_out, rule.interpretable_within)


def steps_told(own: OwnFeatures) -> tuple[str, ...]:
    """Return what steps make of what, in words."""
    names = listed([step.name for step in own.steps.steps])
    read = {column.name for column in own.reads}
    made = [f"{each.name!r} of {_of(each)}" for each in own.makes if each.name not in read]
    back = [each.name for each in own.makes if each.name in read]
    lines = [f"{names}: {'; '.join(made) or 'no new column'}"]
    if back:
        lines.append(f"read, and given back as they are or changed: {listed(back)}")
    if own.leaves_out:
        lines.append(f"left out: {listed(own.leaves_out)}")
    return tuple(lines)


def _of(made: MadeColumn) -> str:
    return listed(made.sources) if made.sources else "nothing"
