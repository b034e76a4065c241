"""A queue goes to Label Studio and comes back, and what is not understood is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlwright.api.project import Project
from mlwright.cli.main import run
from mlwright.core.errors import MlwrightError

SAYS = ["no", "yes", None]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with a data version and no model."""
    folder = tmp_path_factory.mktemp("studio")
    x = np.random.default_rng(2).normal(size=300).round(3)
    frame = pl.DataFrame({"id": np.arange(300), "x": x, "left": np.where(x > 0, "yes", "no")})
    frame.write_csv(folder / "table.csv")
    flags = {
        "data.source": str(folder / "table.csv"), "data.key": "id", "target": "left",
    }  # fmt: skip
    with Project.open(folder, create=True, flags=flags) as opened:
        opened.add()
        yield opened


def queue(project: Project) -> str:
    (data,) = {event.subject for event in project.workspace.ledger.events(kind="data.ingested")}
    made = project.labels.make(data, size=6, people=["ana", "ben"], shares={"control": 1.0}, seed=1)
    return made.name


@pytest.fixture(scope="module")
def unanswered(project: Project) -> str:
    """A queue that no test answers."""
    return queue(project)


def without_times(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for task in tasks:
        task["meta"].pop("queue")
        for annotation in task["annotations"]:
            del annotation["created_at"]
    return tasks


def test_what_goes_out_with_answers_comes_back_as_the_same_answers(project: Project) -> None:
    labels, first = project.labels, queue(project)
    for person in ("ana", "ben"):
        for number in range(6):
            value = SAYS[(number + (person == "ben")) % 3]
            labels.answer(first, value, person=person, note="so" if number == 2 else "")
    tasks = labels.export_tasks(first)
    second = queue(project)
    content = json.dumps(tasks).encode()

    brought = labels.import_tasks(second, content)

    assert (brought.answers, brought.known, brought.by) == (12, 0, {"ana": 6, "ben": 6})
    again: Any = labels.export_tasks(second)
    assert without_times(again) == without_times(json.loads(content))
    assert labels.agree(second).coefficients == labels.agree(first).coefficients
    assert labels.import_tasks(second, content).answers == 0
    (event, *_) = project.workspace.ledger.events(kind="label.answered", newest_first=True)
    assert project.workspace.store.get(brought.file) == content
    assert event.facts["imported"] == brought.file
    assert "predictions" in tasks[0]
    assert tasks[0]["predictions"] == []
    told: Any = labels.export_tasks(first, model=True)
    assert told[0]["predictions"][0]["result"][0]["value"]["choices"][0] in ("yes", "no")


def test_answers_of_an_open_row_do_not_go_out(project: Project) -> None:
    labels, name = project.labels, queue(project)
    labels.answer(name, "yes", person="ana")

    assert all(task["annotations"] == [] for task in labels.export_tasks(name))


def annotation(*results: object, by: object = "ana", **more: object) -> dict[str, object]:
    return {"completed_by": by, "result": list(results), "was_cancelled": False, **more}


def chosen(value: object) -> dict[str, object]:
    return {"type": "choices", "from_name": "label", "to_name": "row", "value": {"choices": value}}


def test_what_label_studio_itself_adds_is_kept_and_read_over(project: Project) -> None:
    labels, name = project.labels, queue(project)
    row = labels.queue(name).queue.rows[0].row
    user = {"id": 7, "email": "ana"}
    more = {"id": 9, "lead_time": 3.5, "ground_truth": False, "unique_id": "x", "updated_at": "…"}
    task = {
        "id": 3, "project": 1, "data": {"row": row, "x": 0.1}, "drafts": [], "predictions": [],
        "annotations": [annotation(chosen(["yes"]), by=user, **more)],
        "meta": {}, "inner_id": 1, "total_annotations": 1, "updated_by": 1,
    }  # fmt: skip

    brought = labels.import_tasks(name, json.dumps([task]).encode())

    assert brought.by == {"ana": 1}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "label-studio-form"),
        (b"{}", "label-studio-form"),
        (b"[1]", "label-studio-form"),
        ([{"data": {}}], "label-studio-form"),
        ([{"data": {"row": "ROW"}, "annotations": {}}], "label-studio-form"),
        ([{"data": {"row": "ROW"}, "annotations": [{"result": []}]}], "label-studio-result"),
        ([annotation(chosen(["yes"]), by=None)], "label-studio-form"),
        ([annotation(chosen(["yes", "no"]))], "label-studio-result"),
        ([annotation(chosen(["yes"]), chosen(["no"]))], "label-studio-result"),
        ([annotation({"type": "rectanglelabels", "value": {}})], "label-studio-result"),
        ([annotation(chosen(["perhaps"]))], "label-value"),
        ([annotation(chosen(["yes"]), by="zoe")], "annotator-unknown"),
        ([{"data": {"row": "gone"}, "annotations": [annotation(chosen(["yes"]))]}],
         "queue-row-unknown"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_understood_is_refused_whole(
    content: Any, code: str, project: Project, unanswered: str
) -> None:
    labels, name = project.labels, unanswered
    rows = labels.queue(name).queue.rows
    good = {"data": {"row": rows[1].row}, "annotations": [annotation(chosen(["no"]))]}
    if isinstance(content, list):
        bad = [
            each if not isinstance(each, dict) or "result" not in each
            else {"data": {"row": rows[0].row}, "annotations": [each]}
            for each in content
        ]  # fmt: skip
        content = json.dumps([good, *bad]).replace('"ROW"', f'"{rows[0].row}"').encode()

    with pytest.raises(MlwrightError) as caught:
        labels.import_tasks(name, content)

    assert caught.value.code == code
    assert labels.queue(name).answers == {}


def test_another_answer_than_the_one_that_stands_is_a_conflict(project: Project) -> None:
    labels, name = project.labels, queue(project)
    row = str(labels.next(name, person="ana").row)
    labels.answer(name, "yes", row=row, person="ana")
    task = {"data": {"row": row}, "annotations": [annotation(chosen(["no"]))]}

    with pytest.raises(MlwrightError) as caught:
        labels.import_tasks(name, json.dumps([task]).encode())

    assert caught.value.code == "label-conflict"


def test_the_commands_write_and_read_the_file(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project.folder)
    name = queue(project)
    for person in ("ana", "ben"):
        for _ in range(6):
            project.labels.answer(name, "yes", person=person)
    file = str(Path("tasks.json"))

    assert run(["label", "export", file, "--queue", name]) == 0
    assert run(["label", "import", file, "--queue", name, "--json"]) == 0

    told = capsys.readouterr().out
    assert "wrote 6 tasks" in told
    assert json.loads(told.splitlines()[-1])["imported"]["known"] == 12
