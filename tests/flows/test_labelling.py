"""People label rows blind; what they settle becomes a data version that remembers them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from io import StringIO
from pathlib import Path
from shutil import copytree

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import cohen_kappa_score
from tests.flows.test_investigating import ask

from mlwright.api.labels import Labels
from mlwright.api.project import Project
from mlwright.cli.main import run
from mlwright.core.errors import MlwrightError
from mlwright.data.labels.records import Origin
from mlwright.data.split import parts
from mlwright.data.table import read
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.labelling.documents import shown_document
from mlwright.flows.labelling.queueing import splits_of
from mlwright.govern.records import ProofVerdict
from mlwright.train.progress import Silent

ROWS, FLIPS = 2_200, 80


class Quiet:
    """Hears of a build and says nothing."""

    def finished(self, stage: str, value: object, seconds: float, *, cached: bool) -> None:
        """Do nothing."""


def table() -> tuple[pl.DataFrame, set[str]]:
    """Return a table whose target two columns tell, and the keys of rows whose label is wrong."""
    generator = np.random.default_rng(5)
    x, y = generator.normal(size=(2, ROWS))
    truth = x + y > 0
    flips = generator.choice(np.flatnonzero(np.abs(x + y) > 1), FLIPS, replace=False)
    told = truth.copy()
    told[flips] = ~truth[flips]
    keys = [f"k{place:04d}" for place in range(ROWS)]
    frame = pl.DataFrame(
        {
            "key": keys,
            "x": x.round(4),
            "y": y.round(4),
            "city": generator.choice(["Oslo", "Bonn", "Rome"], ROWS),
            "left": np.where(told, "yes", "no"),
        }
    )
    return frame, {keys[place] for place in flips}


FRAME, WRONG = table()
TRUTH = {
    row["key"]: {"yes": "no", "no": "yes"}[row["left"]] if row["key"] in WRONG else row["left"]
    for row in FRAME.iter_rows(named=True)
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a model over the table."""
    folder = tmp_path_factory.mktemp("made")
    FRAME.write_csv(folder / "table.csv")
    flags = {
        "data.source": str(folder / "table.csv"),
        "data.key": "key",
        "target": "left",
        "search.budget": "1s",
        "search.models": ("linear",),
    }
    with Project.open(folder, create=True, flags=flags) as project:
        project.build(listener=Quiet(), progress=Silent())
        project.labels.errors("left")  # answers out of fold are kept for every queue
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Iterator[Project]:
    """A copy of it, for one test."""
    folder = tmp_path / "project"
    copytree(made, folder)
    with Project.open(folder) as opened:
        yield opened


def answer_all(labels: Labels, person: str, says: Callable[[str], str | None]) -> list[str]:
    """Answer everything that is left to a person; return the rows in their order."""
    rows = []
    while (row := labels.next(person=person).row) is not None:
        labels.answer(None, says(row), row=row, person=person)
        rows.append(row)
    return rows


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(MlwrightError) as caught:
        act()
    return caught.value.code


def test_a_queue_holds_suspects_from_outside_the_test_part_and_a_control_from_everywhere(
    project: Project,
) -> None:
    now = project.labels.make("left", size=120, seed=1)
    again = project.labels.make("left", size=120, seed=1)

    rows = now.queue.rows
    of = {origin: [each for each in rows if each.origin is origin] for origin in Origin}
    sealed = set(_parts(project)[2])
    assert {origin: len(each) for origin, each in of.items()} == {
        Origin.WRONG: 48, Origin.UNCERTAIN: 48, Origin.CONTROL: 24,
    }  # fmt: skip
    assert not {each.row for each in (*of[Origin.WRONG], *of[Origin.UNCERTAIN])} & sealed
    assert {each.row for each in of[Origin.CONTROL]} & sealed
    assert sum(each.row in WRONG for each in of[Origin.WRONG]) >= 44
    assert sum(each.row in WRONG for each in of[Origin.UNCERTAIN]) <= 12
    assert [each.row for each in rows] == sorted(each.row for each in rows)
    # The same seed draws the same control; what people were asked before is not asked again.
    control = {each.row for each in again.queue.rows if each.origin is Origin.CONTROL}
    assert control == {each.row for each in of[Origin.CONTROL]}
    others = {each.row for each in again.queue.rows} - control
    assert not others & {each.row for each in rows}


@pytest.mark.deep
def test_a_queue_is_chosen_again_to_the_last_row(project: Project) -> None:
    now = project.labels.make("left", size=120, seed=1)

    assert project.prove(now.run).verdict is ProofVerdict.EXACT


def _parts(project: Project) -> dict[int, list[str]]:
    (data,) = {event.subject for event in project.workspace.ledger.events(kind="data.ingested")}
    found = read(snapshot_of(data, project.workspace), project.workspace.store)
    (split,) = splits_of(data, project.workspace)
    numbers = parts(found, split)
    return {n: found.row_ids.filter(pl.Series(numbers == n)).to_list() for n in (0, 1, 2)}


def test_nobody_learns_what_the_label_is_what_the_model_or_another_says(project: Project) -> None:
    labels = project.labels
    now = labels.make("left", size=30, people=["ana", "ben"], seed=2)

    orders = {}
    for person in ("ana", "ben"):
        shown = labels.next(person=person)
        assert set(shown.cells) == {"key", "x", "y", "city"}
        told = json.dumps(shown_document(shown), default=str)
        assert not any(word in told for word in ("expected", "recorded", "wrong", "control"))
        orders[person] = answer_all(labels, person, TRUTH.__getitem__)

    asked = {each.row for each in now.queue.rows}
    assert set(orders["ana"]) == set(orders["ben"]) == asked
    assert len(orders["ana"]) == len(orders["ben"]) == len(asked)
    assert orders["ana"] != orders["ben"]
    # The log tells who answered which row, and not even by its digest what was said.
    events = list(project.workspace.ledger.events(kind="label.answered"))
    assert len({event.facts["answer"] for event in events}) == 60
    assert not any(b'"yes"' in event.body or b'"no"' in event.body for event in events)


def test_one_persons_answer_stays_unsaid_until_the_other_has_answered(project: Project) -> None:
    labels = project.labels
    labels.make("left", size=10, people=["ana", "ben"], seed=3)
    row = str(labels.next(person="ana").row)
    given, _ = labels.answer(None, "yes", row=row, person="ana", note="a hunch")

    before = project.why(given.label)
    unseen = project.why(row)
    assert "yes" not in before.what
    assert "hunch" not in json.dumps([before.facts, *(link.what for link in unseen.lineage)])
    assert labels.agree().disagreements == []

    labels.answer(None, "no", row=row, person="ben")

    assert "'yes', by ana" in project.why(given.label).what
    assert [(each.row, dict(each.answers)) for each in labels.agree().disagreements] == [
        (row, {"ana": "yes", "ben": "no"})
    ]


def test_a_row_is_answered_once_by_each_and_only_by_those_asked(project: Project) -> None:
    labels = project.labels
    labels.make("left", size=5, people=["ana", "ben"], seed=4)
    row = str(labels.next(person="ana").row)

    assert code_of(lambda: labels.answer(None, "maybe", row=row, person="ana")) == "label-value"
    labels.answer(None, "YES", row=row, person="ana")
    assert code_of(lambda: labels.answer(None, "no", row=row, person="ana")) == "label-given"
    assert code_of(lambda: labels.next(person="anna")) == "annotator-unknown"
    assert code_of(labels.next) == "annotator-unknown"
    assert code_of(lambda: labels.answer(None, "no", row="k", person="ana")) == "queue-row-unknown"
    answer_all(labels, "ana", lambda row: None)
    assert code_of(lambda: labels.answer(None, "no", person="ana")) == "queue-done"
    assert code_of(lambda: labels.queue("9")) == "queue-unknown"
    assert code_of(lambda: labels.next(person="a\nb")) == "annotators-form"


def test_agreement_is_told_and_a_third_person_decides(project: Project) -> None:
    labels = project.labels
    now = labels.make("left", size=40, people=["ana", "ben"], shares={"control": 1.0}, seed=5)
    other = {"yes": "no", "no": "yes"}
    rows = answer_all(labels, "ana", TRUTH.__getitem__)
    wrong = rows[:6]
    answer_all(labels, "ben", lambda row: other[TRUTH[row]] if row in wrong else TRUTH[row])

    found = labels.agree(seed=7)

    kappa = found.coefficients["Cohen's kappa"]
    said = [
        [TRUTH[row] for row in rows],
        [other[TRUTH[r]] if r in wrong else TRUTH[r] for r in rows],
    ]
    assert kappa.value == pytest.approx(cohen_kappa_score(*said))
    assert kappa.low < kappa.value < kappa.high
    assert labels.agree(seed=7) == found
    assert (found.complete, found.settled, len(found.disagreements)) == (40, 34, 6)
    assert found.one_actor  # one account told both answers, and the numbers say so
    row = wrong[0]
    for at, person, reason, code in (
        (row, "ana", "so", "adjudicator-party"),
        (rows[-1], "cy", "so", "row-agreed"),
        (row, "cy", " ", "reason-empty"),
    ):
        decide = partial(labels.adjudicate, None, at, "no", reason=reason, person=person)
        assert code_of(decide) == code
    for row in wrong:
        labels.adjudicate(None, row, TRUTH[row], reason="by the contract", person="cy")

    errors = labels.agree().errors

    assert errors is not None
    assert (errors.drawn, errors.settled) == (40, 40)
    assert errors.wrong == sum(each.row in WRONG for each in now.queue.rows)
    assert errors.rate.low <= FLIPS / ROWS <= errors.rate.high


def test_settled_labels_make_a_version_that_tells_who_said_what(project: Project) -> None:
    labels = project.labels
    now = labels.make("left", size=50, people=["ana", "ben"], seed=6, guideline=b"as billed")
    assert code_of(labels.apply) == "queue-unsettled"
    first = answer_all(labels, "ana", TRUTH.__getitem__)[0]
    answer_all(labels, "ben", lambda row: None if row == first else TRUTH[row])

    made = labels.apply()

    flipped = {each.row for each in now.queue.rows} & WRONG - {first}
    assert (made.settled, made.open, made.changed) == (49, 1, len(flipped))
    workspace = project.workspace
    before, after = (
        read(snapshot_of(data, workspace), workspace.store) for data in (made.before, made.data)
    )
    assert after.row_ids.equals(before.row_ids)
    differing = before.row_ids.filter(before.frame["left"] != after.frame["left"])
    assert set(differing) == flipped
    assert after.frame.drop("left").equals(before.frame.drop("left"))
    assert splits_of(made.data, workspace) == splits_of(made.before, workspace)
    assert project.prove(made.data).verdict is ProofVerdict.EXACT
    assert labels.apply().event is None
    lineage = project.why(made.data).lineage
    (labelled,) = (link for link in lineage if link.relation == "labelled in")
    assert {row["row"] for row in labelled.facts["rows"]} == flipped  # type: ignore[attr-defined]
    assert {"made from", "used by"} <= {link.relation for link in lineage}
    told = [link for link in project.why(min(flipped)).lineage if link.kind == "label"]
    assert [link.facts["person"] for link in told] == ["ana", "ben"]
    assert all("under guideline sha256:" in link.what for link in told)

    labels.adjudicate(None, first, TRUTH[first], reason="asked again", person="cy")
    more = labels.apply()

    assert (more.settled, more.open) == (50, 0)
    assert more.event is not None
    assert "cy" in str(project.why(first).lineage[2].facts["person"])


def test_rows_without_a_key_keep_their_ids_when_their_label_changes(tmp_path: Path) -> None:
    FRAME.drop("key").head(400).write_csv(tmp_path / "table.csv")
    flags = {"data.source": str(tmp_path / "table.csv"), "target": "left"}
    with Project.open(tmp_path, create=True, flags=flags) as project:
        data = project.add().snapshot.id
        labels = project.labels
        labels.make(data, size=20, wanted=1, shares={"wrong": 1.0}, seed=0)
        now = labels.queue()
        recorded = {each.row: str(each.recorded) for each in now.queue.rows}
        flip = {"yes": "no", "no": "yes"}
        answer_all(labels, "ana", lambda row: flip[recorded[row]])

        made = labels.apply()

        workspace = project.workspace
        tables = [read(snapshot_of(each, workspace), workspace.store) for each in (data, made.data)]
        assert tables[0].row_ids.equals(tables[1].row_ids)
        assert made.changed == 20 == int((tables[0].frame["left"] != tables[1].frame["left"]).sum())
        assert made.data != data
        row = min(recorded)
        assert {link.id for link in project.why(row).lineage if link.kind == "data"} == {
            data, made.data,
        }  # fmt: skip


def test_a_changed_guideline_names_the_answers_given_under_the_other(project: Project) -> None:
    labels = project.labels
    labels.make("left", size=6, people=["ana"], seed=8, guideline=b"as billed\n")
    first, _ = labels.answer(None, "yes", person="ana")

    same = labels.change_guideline(None, b"as billed\n")
    changed = labels.change_guideline(None, b"as told by the customer\n")
    second, _ = labels.answer(None, "yes", person="ana")

    assert (same.moved, same.under_other) == (False, ())
    assert [each.label for each in changed.under_other] == [first.label]
    assert first.guideline != second.guideline == changed.guideline
    history, text = labels.guideline()
    assert [each.text for each in history] == [first.guideline, second.guideline]
    assert text == "as told by the customer\n"
    assert set(labels.agree().under.values()) == {1}
    assert code_of(lambda: labels.change_guideline(None, b" \n")) == "guideline-form"


def test_numbers_are_labelled_and_their_errors_found(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    x = generator.uniform(0, 10, 600)
    price = (3 * x + generator.normal(0, 0.3, 600)).round(2)
    price[:12] += 15
    frame = pl.DataFrame({"id": np.arange(600), "x": x, "price": price})
    frame.write_csv(tmp_path / "table.csv")
    flags = {
        "data.source": str(tmp_path / "table.csv"), "data.key": "id", "target": "price",
    }  # fmt: skip
    with Project.open(tmp_path, create=True, flags=flags) as project:
        labels = project.labels
        now = labels.make(
            project.add().snapshot.id, size=15, people=["ana", "ben"],
            shares={"wrong": 0.8, "control": 0.2}, seed=1,
        )  # fmt: skip
        wrong = [each for each in now.queue.rows if each.origin is Origin.WRONG]
        assert sum(int(each.row) < 12 for each in wrong) >= 10
        truth = {each.row: 3 * x[int(each.row)] for each in now.queue.rows}
        answer_all(labels, "ana", lambda row: f"{truth[row]:.2f}")
        answer_all(labels, "ben", lambda row: f"{truth[row] + 0.01:.2f}")

        found = labels.agree()

        assert found.coefficients["Krippendorff's alpha, interval"].value > 0.99
        assert "Cohen's kappa" not in found.coefficients
        assert len(found.disagreements) == 15
        assert code_of(lambda: labels.agree(level="ratio")) == "agree-level"
        assert code_of(lambda: labels.answer(None, "nan", row="1")) == "annotator-unknown"


ANNOTATE = """
import sys
from pathlib import Path
from mlwright.api.project import Project
from mlwright.core.errors import MlwrightError
person, folder = sys.argv[1:]
with Project.open(Path(folder)) as project:
    while (row := project.labels.next(person=person).row) is not None:
        try:
            given, _ = project.labels.answer(None, "yes", row=row, person=person)
        except MlwrightError as error:
            assert error.code == "label-given", error
        else:
            print(given.label, row, flush=True)
"""


def test_processes_that_annotate_at_once_collide_nowhere_and_a_kill_loses_no_answer(
    project: Project,
) -> None:
    project.labels.make("left", size=30, people=["ana", "ben"], seed=9)

    def annotate(person: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", ANNOTATE, person, str(project.folder)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    # One person in two terminals, another in one that is killed in the middle.
    processes = [annotate(person) for person in ("ana", "ana", "ben")]
    killed = processes[2]
    assert killed.stdout is not None
    told = [killed.stdout.readline() for _ in range(8)]
    os.kill(killed.pid, signal.SIGKILL)
    told += killed.communicate()[0].splitlines(keepends=True)
    for process in processes[:2]:
        told += process.communicate(timeout=120)[0].splitlines(keepends=True)
        assert process.returncode == 0

    acknowledged = [line.split() for line in told if line.endswith("\n")]
    events = list(project.workspace.ledger.events(kind="label.answered"))
    recorded = {(e.subject, str(e.facts["row"])): str(e.facts["person"]) for e in events}
    assert {(label, row) for label, row in acknowledged} <= set(recorded)
    assert len(recorded) - len(acknowledged) <= 1  # written, and killed before it could say so
    by_person = [(person, row) for (_, row), person in recorded.items()]
    assert len(set(by_person)) == len(by_person)
    assert sum(person == "ana" for person, _ in by_person) == 30
    again = annotate("ben").communicate(timeout=120)[0]
    assert len(again.splitlines()) == 30 - sum(person == "ben" for person, _ in by_person)
    assert project.labels.queue().answered == 30
    assert project.prove("audit").verdict is ProofVerdict.EXACT


def test_the_commands_tell_what_the_handles_do(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project.folder)

    def mlw(*arguments: str, code: int = 0) -> str:
        assert run(list(arguments)) == code
        return "".join(capsys.readouterr())

    made = json.loads(mlw("label", "queue", "left", "--size", "9", "--annotators", "ana,ben",
                          "--share", "control=100%", "--json"))  # fmt: skip
    assert (made["queue"], made["rows"], made["of"]) == ("queue/1", 9, {"control": 9})
    shown = json.loads(mlw("label", "next", "--as", "ana", "--json"))
    told = mlw("label", "next", "--as", "ana", "--answer", "yes", "--note", "seen")
    assert f"answered row {shown['row']} as ana" in told
    assert "8 left for ana" in told
    assert "skipped row" in mlw("label", "next", "queue/1", "--as", "ana", "--skip")
    assert "label-given" in mlw("label", "next", "--as", "ana", "--row", shown["row"],
                                "--answer", "no", code=5)  # fmt: skip
    assert "options-contradict" in mlw("label", "next", "--skip", "--answer", "yes", code=2)
    mlw("label", "next", "--as", "ben", "--row", shown["row"], "--answer", "no")
    assert "1 disagreement, 1 waiting" in mlw("label", "agree")
    assert "argument-missing" in mlw("label", "agree", "--row", shown["row"], code=2)
    decision = ("--row", shown["row"], "--answer", "no", "--reason", "signed", "--as", "cy")
    assert "is decided by cy" in mlw("label", "agree", *decision)
    applied = json.loads(mlw("label", "apply", "--json"))
    assert (applied["settled"], applied["open"]) == (1, 8)
    assert "queue/1" in mlw("label", "queue")
    guideline = project.folder / "how.md"
    guideline.write_text("as billed")
    assert "3 answers were given under another" in mlw("label", "guideline", str(guideline))
    assert "as billed" in mlw("label", "guideline")
    assert "decided by" in mlw("why", shown["row"])
    assert "9 rows of" in mlw("why", "queue/1")
    assert "queue/1  9 rows of" in mlw("label", "queue", "queue/1")
    label = next(iter(project.workspace.ledger.events(kind="label.answered"))).subject
    assert "'yes', by ana" in mlw("show", label)


class Typed(StringIO):
    """Lines that a person types on a terminal."""

    def isatty(self) -> bool:
        """Tell that it is one."""
        return True


def test_on_a_terminal_row_follows_row_until_an_empty_line(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project.folder)
    project.labels.make("left", size=9, people=["ana"], seed=1, guideline=b"as billed")
    monkeypatch.setattr(sys, "stdin", Typed("yes\nperhaps\nno\n-\n\n"))

    assert run(["label", "next", "--as", "ana"]) == 0

    told = capsys.readouterr()
    events = list(project.workspace.ledger.events(kind="label.answered"))
    assert [event.facts["skipped"] for event in events] == [False, False, True]
    assert told.out.count("as ana: l_") == 3
    assert "'perhaps' is no value of 'left'" in told.err
    assert "mlw label guideline" in told.out


def test_a_version_that_one_queues_labels_made_is_corrected_by_the_next(project: Project) -> None:
    labels = project.labels
    answers = []
    for seed in (1, 2):
        name = labels.make("left", size=20, wanted=1, shares={"wrong": 1.0}, seed=seed).name
        answers.append(answer_all(labels, "ana", TRUTH.__getitem__))
        assert labels.queue(name).answered == 20
    first = labels.apply("1")

    both = labels.apply("2", onto=first.data)

    assert not set(answers[0]) & set(answers[1])
    workspace = project.workspace
    found = read(snapshot_of(both.data, workspace), workspace.store)
    told = dict(zip(found.row_ids, found.frame["left"], strict=True))
    assert all(told[row] == TRUTH[row] for row in (*answers[0], *answers[1]))
    relations = [link.relation for link in project.why(both.data).lineage]
    assert relations.count("labelled in") == 2
    assert both.before == first.data


def test_what_an_endpoint_answered_is_labelled_and_becomes_a_table(project: Project) -> None:
    labels = project.labels
    project.promote("left@1", reason="for the test")
    sent = list(FRAME.drop("key", "left").head(60).iter_rows(named=True))
    ids, _ = ask(project, "left", [sent])
    truth = dict(zip(ids, FRAME["left"].head(60), strict=True))

    now = labels.make("left", size=20, people=["ana", "ben"], answered=True, seed=0)

    assert {each.row for each in now.queue.rows} <= set(ids)
    of = {origin: [e for e in now.queue.rows if e.origin is origin] for origin in Origin}
    assert (len(of[Origin.UNCERTAIN]), len(of[Origin.CONTROL])) == (16, 4)
    assert not of[Origin.WRONG]
    doubtful = [each.worth for each in of[Origin.UNCERTAIN]]
    assert min(doubtful) > 0.0
    assert set(labels.next(person="ana").cells) == {"x", "y", "city"}
    for person in ("ana", "ben"):
        answer_all(labels, person, truth.__getitem__)
    errors = labels.agree().errors
    made = labels.apply()
    assert errors is not None
    assert errors.wrong == sum(truth[e.row] != e.expected for e in of[Origin.CONTROL])
    workspace = project.workspace
    found = read(snapshot_of(made.data, workspace), workspace.store)
    rows = dict(zip(found.row_ids, found.frame.iter_rows(named=True), strict=True))
    for each in now.queue.rows:
        row = rows[each.row]
        assert row["left"] == truth[each.row]
        assert {name: row[name] for name in ("x", "y", "city")} == sent[ids.index(each.row)]
    assert project.why(made.data).lineage
    assert project.prove(made.data).verdict is ProofVerdict.EXACT
