"""The steps of a build: each stage as a function from records to records, cached and replayable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlwright.data.contract import infer
from mlwright.data.profile import profile as describe
from mlwright.data.records import Contract, Part, Profile, Snapshot, Split
from mlwright.data.settings import DataSettings
from mlwright.data.split import make_split
from mlwright.data.table import Table
from mlwright.evaluate.judge import judge
from mlwright.evaluate.nested import nested
from mlwright.evaluate.records import Evaluation
from mlwright.features.settings import FeatureSettings
from mlwright.flows.records import Baselines, Goal, RowRoles, SearchRule
from mlwright.flows.tables import Tables
from mlwright.run.step import step
from mlwright.scoring.package import package
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import load
from mlwright.store.protocol import Store
from mlwright.train.fit import fit
from mlwright.train.progress import Progress
from mlwright.train.records import Configuration, Plan, SearchResult, Task
from mlwright.train.search import search as run_search
from mlwright.train.task import infer_task

SEEN = (Part.TRAIN, Part.VALIDATION)


@step
def split(snapshot: Snapshot, goal: Goal, roles: RowRoles, window: Split | None, store: Store) -> Split:
    """Decide each row's part, for life; ``window`` is the split this project made before."""
    return make_split(snapshot, roles, goal.target, store, window)


@step
def task(
    snapshot: Snapshot, split: Split, goal: Goal, roles: RowRoles, tables: Tables
) -> Task:
    """Tell what kind of question the target asks, from rows outside the sealed test part."""
    seen = tables.part(snapshot, split, *SEEN)
    return infer_task(seen.frame, goal.target, goal.task, goal.metric)


@step
def profile(snapshot: Snapshot, split: Split, tables: Tables) -> Profile:
    """Describe every column, from rows outside the sealed test part."""
    return describe(tables.part(snapshot, split, *SEEN))


@step
def contract(profile: Profile, goal: Goal) -> Contract:
    """Write down what the columns promise, from the profile alone."""
    return infer(profile, goal.target)
