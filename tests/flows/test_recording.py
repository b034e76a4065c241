"""What was recorded is sealed into the project's log, audited, listed and exported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import polars as pl
import pytest
from tests.serve.recorded import record

from mlwright.api.project import Project
from mlwright.cli.main import run
from mlwright.core.errors import BrokenError, NotFoundError, UsageError
from mlwright.flows.recording import find_prediction, labels_of, seal_segments
from mlwright.flows.sealing import begin_after_sealed
from mlwright.govern.records import ProofVerdict
from mlwright.serve.ids import decode
from mlwright.serve.lookup import count as count_rows
from mlwright.serve.records import Unread
from mlwright.serve.sealed import labels_file, records_file

REQUESTS = [[{"k": k, "row": r, "odd": k % 5 == 0} for r in range(k % 3 + 1)] for k in range(30)]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path, create=True) as opened:
        yield opened


def test_sealed_records_stand_in_the_log_and_the_audit_finds_each_change(project: Project) -> None:
    records = project.workspace.records
    ids = record(records, REQUESTS, rows_per_segment=20)
    before = {f.what: f for f in project.examine()}["records"]
    assert before.well
    assert "not sealed yet" in before.found

    report = seal_segments(project.workspace)

    assert len(report.sealed) >= 2
    events = list(project.workspace.ledger.events(kind="segment.sealed"))
    assert [event.facts["predictions"] for event in events] == [
        entry.predictions for entry in report.sealed
    ]
    assert sum(entry.predictions for entry in report.sealed) == len(ids) == 60
    assert not any("row 0" in event.body.decode() for event in events)
    proof = project.prove("audit")
    assert proof.verdict is ProofVerdict.EXACT
    assert "32 sealed records" in proof.why
    assert "records" in [step.step for step in proof.steps]
    assert find_prediction(ids[0], project.workspace).segment.event == events[0].id
    for path in (records_file(records, 1), labels_file(records, len(events))):
        whole = path.read_bytes()
        for place in (9, len(whole) // 2, len(whole) - 9):
            flipped = bytearray(whole)
            flipped[place] ^= 4
            path.write_bytes(flipped)
            with pytest.raises(BrokenError) as caught:
                project.prove("audit")
            assert caught.value.code == "segment-broken"
            assert str(path) in caught.value.message
        assert not {f.what: f for f in project.examine()}["records"].well
        path.unlink()
        with pytest.raises(BrokenError, match=r"gone|no whole"):
            project.prove("audit")
        path.write_bytes(whole)
    assert project.prove("audit").verdict is ProofVerdict.EXACT


def test_a_sealed_file_the_log_does_not_name_fails_the_audit(project: Project) -> None:
    records = project.workspace.records
    record(records, REQUESTS)
    seal_segments(project.workspace)
    for made in (records_file, labels_file):
        made(records, 9).write_bytes(made(records, 1).read_bytes())

    with pytest.raises(BrokenError, match="no entry"):
        project.prove("audit")


def test_predictions_are_listed_and_exported_as_they_were_sent(
    project: Project, tmp_path: Path
) -> None:
    ids = record(project.workspace.records, REQUESTS, rows_per_segment=20)
    seal_segments(project.workspace)
    out = tmp_path / "out.parquet"

    listed = project.predictions(5)
    flagged = project.predictions(100, flag="unseen")
    days = [str(row["time"])[:10] for row in project.predictions(100)]
    count = project.export_predictions(out, endpoint="late")

    assert [row["prediction"] for row in listed] == ids[: -5 - 1 : -1]
    assert all(row["flags"] == ["age unseen"] for row in flagged)
    assert project.predictions(100, flag="any") == flagged
    assert project.predictions(100, flag="null") == []
    assert len(project.predictions(100, since=days[-1], until=days[0])) == 60
    assert project.predictions(100, until="2020-01-01") == []
    assert len(project.predictions(100, ref="late@1")) == count == 30
    table = pl.read_parquet(out)
    assert table["prediction"].to_list() == [
        row["prediction"] for row in project.predictions(100, endpoint="late")
    ]
    sent = [json.loads(text) for text in table["input"].reverse()]
    assert sent == [row for rows in REQUESTS[1::2] for row in rows]
    assert table["answer"].reverse()[0].to_list() == [1.0, 0.0]
    assert table["root"].null_count() == 0
    for wanted, code in (
        ({"endpoint": "lat"}, "endpoint-unknown"),
        ({"ref": "x@1"}, "model-unknown"),
    ):
        with pytest.raises(NotFoundError, match=code):
            project.predictions(5, **wanted)
        with pytest.raises(NotFoundError, match=code):
            project.export_predictions(tmp_path / "none.parquet", **wanted)
    with pytest.raises(UsageError) as caught:
        project.export_predictions(tmp_path / "out.xlsx")
    assert caught.value.code == "predictions-out-format"


def test_a_number_the_log_knows_is_not_given_again_though_its_files_are_gone(
    project: Project,
) -> None:
    records = project.workspace.records
    before = {decode(each).segment for each in record(records, REQUESTS, rows_per_segment=20)}
    seal_segments(project.workspace)
    rmtree(records)

    begin_after_sealed(project.workspace)
    ids = record(records, REQUESTS[:3])
    report = seal_segments(project.workspace)

    assert min(decode(each).segment for each in ids) > max(before)
    assert [entry.predictions for entry in report.sealed] == [len(ids)]
    assert report.faults == {}
    assert find_prediction(ids[0], project.workspace).segment.sealed


def test_a_damaged_segment_leaves_the_others_readable_and_every_list_says_so(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = project.workspace
    ids = record(workspace.records, REQUESTS, rows_per_segment=20)
    seal_segments(workspace)
    damaged, whole = decode(ids[0]).segment, decode(ids[-1]).segment
    path = records_file(workspace.records, damaged)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    lost = {each for each in ids if decode(each).segment == damaged}
    told: list[Unread] = []

    rows = project.predictions(100, tell=told.append)
    page = project.page("predictions", limit=100, cursor=None)
    count = project.export_predictions(tmp_path / "out.parquet", tell=told.append)
    found = find_prediction(ids[-1], workspace)
    labels_of(found, workspace, told.append, key="row 0")

    assert {row["prediction"] for row in rows} == {*ids} - lost
    assert [{**row, "value": None} for row in page.rows] == rows, "no such model is known here"
    assert count == len(rows) == len(ids) - len(lost)
    assert found.segment.number == whole != damaged
    assert {each.segment for each in (*told, *page.unread)} == {damaged}
    assert all(str(path) in each.message for each in told)
    for read in (
        lambda: find_prediction(ids[0], workspace),
        lambda: project.predictions(100),
        lambda: project.prove("audit"),
    ):
        with pytest.raises(BrokenError) as caught:
            read()
        assert caught.value.code == "segment-broken"
    path.write_bytes(b"no table at all")
    counted: list[Unread] = []
    assert count_rows(workspace.records, ["m_churn"], counted.append)["m_churn"] > 0
    assert [each.segment for each in counted] == [damaged]
    of_labels = project.page("labels", limit=100, cursor=None).unread
    assert [each.segment for each in of_labels] == [damaged]
    assert len(project.predictions(100, tell=told.append)) == count
    where = ["--project", str(project.folder)]
    assert run(["ls", "predictions", *where]) == 0
    text = capsys.readouterr()
    assert run(["ls", "predictions", "--json", *where]) == 0
    document = json.loads(capsys.readouterr().out)
    assert f"segment {damaged} is left out" in text.err
    assert [each["segment"] for each in document["unread"]] == [damaged]
    assert len(document["predictions"]) == 20
