"""A table that a pipeline is given by name: a data version first, then a table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

from mlwright.data.frame import Table
from mlwright.data.records import Snapshot
from mlwright.data.settings import DataSettings
from mlwright.data.sources.frames import address_of, is_frame
from mlwright.data.table import read
from mlwright.flows.ingesting import ingest_source
from mlwright.flows.workspace import Workspace
from mlwright.run.pipelines.layout import Input
from mlwright.run.steps.step import step
from mlwright.store.protocol import Store


@step
def table_of(snapshot: Snapshot, store: Store) -> Table:
    """Return the rows of a data version as a table, in the order of their ids."""
    return read(snapshot, store).frame


def takes_table(wanted: Input, value: object) -> bool:
    """Tell whether a table is wanted and something else was given, which may name one."""
    tables = any(Table in (each, *get_args(each)) for each in wanted.annotations)
    return tables and not isinstance(value, Table)


def names_table(value: object) -> bool:
    """Tell whether a value can stand for a table: a name, a data version, another library's."""
    return isinstance(value, str | Path | Snapshot) or is_frame(value)


def named_table(value: object, workspace: Workspace) -> Snapshot:
    """Return the data version of a table that was named, or handed over by another library."""
    if isinstance(value, Snapshot):
        return value
    data = workspace.settings.section(DataSettings)
    if is_frame(value):
        workspace = replace(workspace, frame=value)
        return ingest_source(workspace, replace(data, source=address_of(value)))[0]
    return ingest_source(workspace, replace(data, source=str(value)))[0]
