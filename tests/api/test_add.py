"""Tables added from Python: names, frames, and rows to what is there already."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from arro3.core import Table

import mlwright as mw
from mlwright.core.errors import MlwrightError

ROWS = {"id": [1, 2, 3], "x": [0.5, None, 2.0], "plan": ["a", None, "b"]}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> mw.Project:
    monkeypatch.chdir(tmp_path)
    return mw.Project.open(tmp_path, create=True)


def facts(project: mw.Project, data: str) -> list[dict[str, object]]:
    events = project.workspace.ledger.events(kind="data.ingested", subject=data)
    return [dict(event.facts) for event in events]


def test_a_frame_of_any_library_and_a_file_of_it_are_one_version(project: mw.Project) -> None:
    frame = pl.DataFrame(ROWS)
    frame.write_csv(project.folder / "t.csv")
    with project:
        added = [
            project.add(source, key="id")
            for source in (frame, frame.lazy(), pd.DataFrame(ROWS), Table.from_arrow(frame),
                           "t.csv", Path("t.csv"))
        ]  # fmt: skip
        told = facts(project, added[0].snapshot.id)

    assert len({each.snapshot.id for each in added}) == 1
    assert [each.new for each in added] == [True] + [False] * 5
    assert [fact["address"] for fact in told] == [
        "frame:polars", "frame:pandas", "frame:arro3", str(project.folder / "t.csv"),
    ]  # fmt: skip
    assert told[1]["schema"] == {"id": "Int64", "x": "Float64", "plan": "String"}
    assert (told[0]["size"], told[-1]["size"]) == (None, (project.folder / "t.csv").stat().st_size)


def test_rows_are_added_to_an_id_a_source_and_a_model(project: mw.Project) -> None:
    pl.DataFrame(ROWS).write_csv(project.folder / "t.csv")
    later = pl.DataFrame({"id": [3, 4], "x": [9, 9], "plan": ["12", "13"]})
    later.write_csv(project.folder / "later.csv")
    with project:
        first = project.add("t.csv", key="id")
        by_id = project.add("later.csv", append=first.snapshot.id[:12])
        by_source = project.add(later, append="t.csv")
        with pytest.raises(MlwrightError) as unknown:
            project.add("later.csv", append="churned")
        with pytest.raises(MlwrightError) as differs:
            project.add(later.rename({"x": "y"}), append=by_id.snapshot.id)
        with pytest.raises(MlwrightError) as unread:
            project.add("later.csv", append="other.csv")
        told = facts(project, by_id.snapshot.id)
        why = project.why(by_id.snapshot.id)

    assert (by_id.snapshot.rows, by_id.snapshot.key) == (4, "id")
    assert by_source.snapshot.id == by_id.snapshot.id
    assert not by_source.new
    assert [fact["appended_to"] for fact in told] == [first.snapshot.id, by_id.snapshot.id]
    assert (unknown.value.code, differs.value.code) == ("model-unknown", "schema-differs")
    assert unread.value.code == "source-missing"
    assert any("tables read from" in place for place in unknown.value.looked)
    assert first.snapshot.id in [link.id for link in why.lineage]


def test_a_table_named_by_its_source_grows_from_day_to_day(project: mw.Project) -> None:
    days = [pl.DataFrame({"id": [n, n + 1], "x": [n, n]}) for n in (1, 3, 5)]
    days[0].write_csv(project.folder / "monday.csv")
    with project:
        monday = project.add("monday.csv", key="id")
        project.add(days[1], append="monday.csv")
        wednesday = project.add(days[2], append="monday.csv")
        apart = project.add(days[2], append=monday.snapshot.id)
        days[0].head(1).vstack(days[2]).write_csv(project.folder / "monday.csv")
        again = project.add("monday.csv", key="id")
        anew = project.add(days[1], append="monday.csv")

    assert [each.snapshot.rows for each in (wednesday, apart, again, anew)] == [6, 4, 3, 5]


def test_what_is_no_table_is_refused_by_its_type(project: mw.Project) -> None:
    for source in (7, {"a": [1]}, [1, 2], pd.Series([1, 2])):
        with pytest.raises(MlwrightError) as caught:
            project.add(source)

        assert caught.value.code == "frame-kind"
        assert type(source).__name__ in caught.value.message


def test_a_run_of_a_frame_reads_it_and_not_what_the_spec_names(project: mw.Project) -> None:
    project.close()
    (project.folder / "mlwright.toml").write_text('[data]\nsource = "other.csv"\nkey = "id"\n')

    with pytest.raises(MlwrightError) as caught:
        mw.run(pd.DataFrame(ROWS), target="churned", project=project.folder)

    assert caught.value.code == "column-unknown"
    with mw.Project.open(project.folder) as opened:
        (listed,) = opened.listing("data", 5)
    assert (listed["source"], listed["rows"]) == ("frame:pandas", 3)
