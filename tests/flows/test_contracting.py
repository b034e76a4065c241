"""A contract is agreed once for a name, kept by later runs, and each version has its author."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from mlwright.api.project import Project
from mlwright.core.errors import DataError, UsageError
from mlwright.data.contract import agree, infer
from mlwright.data.profile import profile
from mlwright.data.records import Contract
from mlwright.data.settings import DataSettings
from mlwright.data.table import read
from mlwright.flows.contracting import contract_version, outgrown, record_contract, terms_of
from mlwright.flows.ingesting import ingest_source
from mlwright.flows.question import ask
from mlwright.flows.records import ContractVersion
from mlwright.train.progress import Silent


class Quiet:
    """Hears of a build and says nothing."""

    def finished(self, stage: str, value: object, seconds: float, *, cached: bool) -> None:
        """Do nothing."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    for name, oldest in (("one", 80), ("two", 95)):
        rows = range(120)
        frame = pl.DataFrame(
            {
                "age": [18 + row * (oldest - 18) // 119 for row in rows],
                "plan": [("free", "pro")[row % 2] for row in rows],
                "y": [row % 3 for row in rows],
            }
        )
        frame.write_csv(tmp_path / f"{name}.csv")
    with Project.open(tmp_path, create=True):
        yield tmp_path


def agreed(
    folder: Path, table: str, stated: dict[str, str] | None = None, *, anew: bool = False
) -> tuple[ContractVersion, Contract, tuple[str, ...]]:
    """Agree on a contract for a table, as a build does between its profile and its search."""
    flags: dict[str, object] = {"target": "y", "data.source": str(folder / f"{table}.csv")}
    flags |= {f"contract.{key}": text for key, text in (stated or {}).items()}
    with Project.open(folder, flags=flags) as project:
        workspace = project.workspace
        question = ask(workspace.settings, ())
        snapshot, _ = ingest_source(workspace, workspace.settings.section(DataSettings))
        terms = terms_of(workspace, snapshot, question, anew=anew)
        described = profile(read(snapshot, workspace.store))
        contract = agree(infer(described, "y"), terms.terms)
        version = record_contract(workspace, "r_1", question, snapshot, terms, contract)
        assert contract_version("y", contract, workspace) is not None
        return version, contract, outgrown(contract, described, "y", list(stated or ()))


def test_later_rows_keep_what_was_agreed_and_are_told_where_they_go_beyond_it(
    folder: Path,
) -> None:
    first, contract, _ = agreed(folder, "one")
    later, kept, beyond = agreed(folder, "two")

    assert kept == contract
    assert "age in [18, 80]" in kept.rules
    assert beyond == ("age: 18 to 95",)
    assert (later.number, later.digest, later.kept_from) == (1, first.digest, 1)
    assert first.kept_from is None
    assert later.data != first.data
    assert "@" in first.actor
    assert first.event.startswith("e_")


def test_running_it_again_records_nothing_and_asking_anew_makes_a_version(folder: Path) -> None:
    first, _, _ = agreed(folder, "one")
    second, _, _ = agreed(folder, "two")

    again, _, _ = agreed(folder, "two")
    anew, contract, beyond = agreed(folder, "two", anew=True)
    after, _, _ = agreed(folder, "one")

    assert again.event == second.event
    assert "age in [18, 95]" in contract.rules
    assert (anew.number, anew.kept_from, beyond) == (2, None, ())
    assert after == first


def test_a_line_makes_a_version_and_taking_it_out_makes_its_column_inferred(folder: Path) -> None:
    first, inferred, _ = agreed(folder, "one")
    stated, contract, beyond = agreed(folder, "two", {"age": "clip: in [18, 90]"})

    out, without, _ = agreed(folder, "two")

    assert "clip: age in [18, 90]" in contract.rules
    assert (stated.number, stated.kept_from) == (2, 1)
    assert stated.stated == (("age", "clip: in [18, 90]"),)
    assert beyond == ()
    assert "age in [18, 95]" in without.rules
    assert without.features[1] == inferred.features[1]
    assert (out.number, out.kept_from, first.number) == (3, 2, 1)


def test_stated_lines_judge_a_file_before_there_is_a_model(folder: Path) -> None:
    (folder / "new.csv").write_text("age,plan,other\n40,free,1\nforty,gold,2\n400,,3\n")
    flags = {
        "contract.age": "in [18, 90]",
        "contract.plan": "in {free, pro}",
        "contract.null(plan)": "refuse: <= 50%",
        "contract.y": "> 0",
    }
    with Project.open(folder, flags=flags) as project:
        found = project.check_data(str(folder / "new.csv"))

    faults = [each for each in found.screening.faults if each.check == "contract"]
    assert sorted((f.place or 0, f.column, f.why.partition(":")[0]) for f in faults) == [
        (2, "age", "not of the kind float, which the contract is about"),
        (2, "plan", "unseen"),
        (3, "age", "out-of-range"),
        (3, "plan", "null"),
    ]
    assert {verdict.name: verdict.outcome.value for verdict in found.verdicts} == {
        "age": "fail",
        "plan": "fail",
        "null(plan)": "pass",
    }


@pytest.mark.parametrize(
    ("flags", "rules", "code", "nearest"),
    [
        ({"contract.aeg": "in [17, 90]"}, (), "column-unknown", "age"),
        ({"contract.null(plna)": "<= 5%"}, (), "column-unknown", "plan"),
        ({"contract.plan": "in [1, 2]"}, (), "check-kind", None),
        ({"contract.null(plan)": "<= 500%"}, (), "check-range", None),
        ({}, ("aeg <= 90",), "check-unknown-value", "age"),
        ({"checks.plan": "in [1, 2]", "checks.y": ">= 1ms"}, ("age in {",), "check-syntax", None),
    ],
)
def test_a_line_that_cannot_be_is_refused_before_anything_is_trained(
    flags: dict[str, str], rules: tuple[str, ...], code: str, nearest: str | None, folder: Path
) -> None:
    given = {"target": "y", "data.source": str(folder / "one.csv"), **flags}
    with (
        Project.open(folder, flags=given) as project,
        pytest.raises((DataError, UsageError)) as refused,
    ):
        project.build(rules=rules, listener=Quiet(), progress=Silent())

    assert refused.value.code == code
    assert refused.value.facts.get("nearest") == nearest
