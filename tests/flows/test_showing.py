"""One thing shown whole: runs that stopped early, settings with their units."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlwright.api.spec import SECTIONS
from mlwright.core.errors import UsageError
from mlwright.core.seam import ReplaySeam
from mlwright.core.settings import resolve
from mlwright.flows.showing import show
from mlwright.flows.workspace import Workspace
from mlwright.ledger.ledger import Ledger
from mlwright.run.engine import Runner
from mlwright.store.memory import MemoryStore


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    seam = ReplaySeam()
    settings = resolve(
        SECTIONS, flags={"budget": "90s"}, environ={}, document={}, document_name=None
    )
    with Ledger.in_memory(seam) as ledger:
        yield Workspace(tmp_path, MemoryStore(), ledger, settings, seam)


def test_a_run_that_did_nothing_yet_is_shown_with_no_decision(workspace: Workspace) -> None:
    runner = Runner(workspace.store, workspace.ledger, workspace.seam)
    run = runner.start("notebook", inputs={}, config={"target": "y"})

    shown = show(run, workspace, decisions=True)

    rows = {str(row[0]): row[1] for row in shown.sections[0].rows}
    assert str(rows["status"]).startswith("open")
    assert (rows["target"], rows["made"], rows["data"]) == ("y", "no model", "none")
    assert shown.document["decisions"] == []


@pytest.mark.parametrize("ref", ["settings", "spec"])
def test_a_setting_is_shown_as_it_is_written_with_its_unit(ref: str, workspace: Workspace) -> None:
    shown = show(ref, workspace)

    text = {row[0]: row[1:] for row in shown.sections[0].rows}
    assert text["search.budget"] == ("90s", "flag")
    assert text["search.interpretable_within"] == ("0.5%", "default")
    assert text["target"] == ("not set", "default")
    assert text["search.models"] == (("auto",), "default")
    told = shown.document[ref]
    assert isinstance(told, dict)
    assert told["search.budget"] == {"value": 90.0, "from": "flag", "unit": "s"}
    assert told["target"] == {"value": None, "from": "default"}


def test_the_start_of_no_id_is_told_so(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="id-form"):
        show("d_", workspace)
