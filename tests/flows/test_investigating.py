"""Every recorded answer is explained and proved by its id, every row and label by its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import polars as pl
import pytest

from mlwright.api.project import Project
from mlwright.cli.main import run
from mlwright.core.errors import MlwrightError, NotFoundError
from mlwright.core.ids import short
from mlwright.data.table import read
from mlwright.flows.ingesting import snapshot_of
from mlwright.flows.promoting import roles_file
from mlwright.flows.recording import find_prediction, seal_segments
from mlwright.flows.replaying import loggable, replay_prediction
from mlwright.flows.serving import serving_environment
from mlwright.govern.records import Passport, ProofVerdict
from mlwright.registry.records import ModelVersion
from mlwright.serve.answering import answer
from mlwright.serve.journal import Journal
from mlwright.serve.records import Durability, JournalLimits, Truth
from mlwright.serve.roles import Endpoints
from mlwright.train.progress import Silent

POLICY = {"unseen": "flag", "out-of-range": "clip", "null": "flag"}
ROWS = 2_500


class Quiet:
    """Hears of a build and says nothing."""

    def finished(self, stage: str, value: object, seconds: float, *, cached: bool) -> None:
        """Do nothing."""


def built(project: Project) -> ModelVersion:
    return project.build(listener=Quiet(), progress=Silent()).version


def opened(folder: Path, table: Path, target: str, **settings: object) -> Project:
    flags = {
        "data.source": str(table),
        "target": target,
        "search.budget": "1s",
        "project.name": table.stem,
        **{name.replace("__", "."): value for name, value in settings.items()},
    }
    return Project.open(folder, create=True, flags=flags)


def rows_of(project: Project, version: ModelVersion, target: str) -> list[dict[str, object]]:
    snapshot = snapshot_of(version.data, project.workspace)
    frame = read(snapshot, project.workspace.store).frame.drop(target)
    return list(frame.iter_rows(named=True))


def ask(
    project: Project, endpoint: str, bodies: Sequence[object], truths: Sequence[Truth] = ()
) -> tuple[list[str], list[str]]:
    """Answer requests as a worker does, by whoever is live; return the ids of rows and truths."""

    async def work() -> tuple[list[str], list[str]]:
        workspace = project.workspace
        endpoints = Endpoints(roles_file(workspace), workspace.store, policy=POLICY, tell=_raise)
        endpoints.refresh()
        model = endpoints.find(endpoint)
        journal = Journal(
            workspace.records,
            durability=Durability.CRASH_SAFE,
            policy=POLICY,
            environment=serving_environment(),
            seam=workspace.seam,
            limits=JournalLimits(),
            loop=asyncio.get_running_loop(),
        )
        journal.start()
        ids = []
        for sent in bodies:
            body = json.dumps(sent, default=str).encode()
            made = answer(model, body)
            ticket = journal.submit(
                endpoint, model.ref, model.model, "live", made.rows, body, made.answers,
                made.recorded_flags,
            )  # fmt: skip
            await ticket.written()
            ids += [ticket.id(row) for row in range(made.rows)]
        told = []
        if truths:
            ticket = journal.submit_labels(truths)
            await ticket.written()
            told = [ticket.id(place) for place in range(len(truths))]
        await journal.close()
        return ids, told

    return asyncio.run(work())


def _raise(error: MlwrightError) -> None:
    raise error


@pytest.fixture(scope="module")
def churn(
    tmp_path_factory: pytest.TempPathFactory, dataset: Callable[[str], Path]
) -> Iterator[tuple[Project, ModelVersion, list[dict[str, object]]]]:
    """A project with a live model of trees over a table with a key."""
    folder = tmp_path_factory.mktemp("churn")
    table = folder / "churn.csv"
    pl.read_csv(dataset("churn"), infer_schema=False)[:ROWS].write_csv(table)
    with opened(
        folder, table, "Churn", data__key="customerID", search__models=("lightgbm",)
    ) as project:
        version = built(project)
        project.promote(version.ref, reason="the first")
        yield project, version, rows_of(project, version, "Churn")


def test_a_prediction_leads_back_to_everything_behind_it(
    churn: tuple[Project, ModelVersion, list[dict[str, object]]],
) -> None:
    project, version, rows = churn
    sent = {**rows[7], "gender": "Robot", "tenure": 5000, "MonthlyCharges": None}
    key = str(rows[7]["customerID"])
    (identifier,), _ = ask(project, "churn", [sent], [Truth(None, "churn", key, b'"Yes"')])

    found = project.why(short(identifier))

    assert isinstance(found, Passport)
    assert (found.id, found.version, found.kind) == (identifier, version, "prediction")
    assert found.value == max(found.probabilities, key=lambda name: found.probabilities[name])
    assert found.sent == json.loads(json.dumps(sent, default=str))
    flags = {(f.column, f.breach.value, f.value, f.clipped) for f in found.prediction.flags}
    assert flags == {
        ("gender", "unseen", "Robot", False),
        ("tenure", "out-of-range", 5000, True),
        ("MonthlyCharges", "null", None, False),
    }
    assert found.used["tenure"] == max(row["tenure"] for row in rows)  # type: ignore[type-var]
    assert found.surely.startswith("90 % sure to be")
    assert {column for column, _, _ in found.prepared} == {r.column for r in found.reasons}
    assert found.additive.exact
    assert [abs(r.amount) for r in found.reasons] == sorted(
        (abs(r.amount) for r in found.reasons), reverse=True
    )
    assert found.change is not None
    assert found.change.reason == "the first"
    assert [label.value for label in found.labels] == ["Yes"]
    kinds = {link.kind for link in found.lineage}
    assert kinds >= {"label", "segment", "model", "event", "run", "step", "code", "environment",
                     "rows", "data", "source"}  # fmt: skip
    json.dumps(found.facts, allow_nan=False)


def test_the_nearest_rows_are_ones_the_model_learned_from_and_a_learned_row_is_its_own(
    churn: tuple[Project, ModelVersion, list[dict[str, object]]], tmp_path: Path
) -> None:
    project, version, rows = churn
    project.write_rows(version.ref, tmp_path / "rows.csv")
    parts = dict(pl.read_csv(tmp_path / "rows.csv", infer_schema=False).iter_rows())
    learned = next(row for row in rows if parts[row["customerID"]] == "train")
    sealed = next(row for row in rows if parts[row["customerID"]] == "test")
    ids, _ = ask(project, "churn", [learned, sealed])

    near = [passport.neighbours for passport in map(project.why, ids)
            if isinstance(passport, Passport)]  # fmt: skip

    assert near[0][0].row == learned["customerID"]
    assert near[0][0].distance == 0.0
    for neighbours in near:
        assert len(neighbours) == 5
        assert all(parts[each.row] == each.part != "test" for each in neighbours)
        assert {each.target for each in neighbours} <= {"Yes", "No"}
        distances = [each.distance for each in neighbours]
        assert distances == sorted(distances)
    assert sealed["customerID"] not in {each.row for each in near[1]}


def test_a_prediction_is_answered_again_to_the_last_bit_and_the_proof_is_in_the_log(
    churn: tuple[Project, ModelVersion, list[dict[str, object]]],
) -> None:
    project, _, rows = churn
    columns = {name: [row[name] for row in rows[:3]] for name in rows[0]}
    ids, _ = ask(project, "churn", [rows[3], rows[4:6], columns])
    assert len(ids) == 6

    proofs = [project.prove(identifier) for identifier in ids]

    for identifier, proof in zip(ids, proofs, strict=True):
        assert (proof.subject, proof.kind) == (identifier, "prediction")
        assert proof.verdict is ProofVerdict.EXACT, proof.why
        assert [step.step for step in proof.steps] == ["record", "model", "input", "answer"]
        event = project.workspace.ledger.event(int(str(proof.event)[2:]))
        assert (event.kind, event.subject) == ("proof.made", identifier)
    assert project.workspace.ledger.resolve(ids[0])


def test_no_value_of_a_row_or_answer_nor_a_hash_of_one_enters_the_log(
    churn: tuple[Project, ModelVersion, list[dict[str, object]]],
) -> None:
    project, _, rows = churn
    (identifier,), _ = ask(project, "churn", [{**rows[15], "gender": "Robot"}])
    kept = find_prediction(identifier, project.workspace)
    forged = replay_prediction(replace(kept, answer=(0.25, 0.75)), project.workspace)

    proof = project.prove(identifier)

    entry = project.workspace.ledger.event(int(str(proof.event)[2:])).body.decode()
    told = [entry, repr(loggable(forged))]
    secret = [value.hex() for value in (*kept.answer, 0.25, 0.75)]
    secret += [each for step in (*proof.steps[2:], *forged.steps[2:])
               for each in (step.recorded, str(step.replayed))]  # fmt: skip
    assert not [each for each in secret for text in told if each in text]
    assert "Robot" not in entry
    assert json.loads(entry)["facts"]["verdict"] == "exact"
    assert loggable(forged).verdict is ProofVerdict.DIFFERENT
    assert "answer" in loggable(forged).why


def test_without_the_rows_of_its_data_an_answer_is_explained_and_proved_all_the_same(
    churn: tuple[Project, ModelVersion, list[dict[str, object]]],
) -> None:
    project, version, rows = churn
    (identifier,), _ = ask(project, "churn", [rows[12]])
    before = project.why(identifier)
    fragments = snapshot_of(version.data, project.workspace).fragments
    store = project.folder / ".mlwright" / "store"
    gone = [path for each in fragments for path in store.rglob(f"*{each.table[-40:]}")]
    assert gone
    for path in gone:
        path.rename(path.with_suffix(".away"))
    try:
        found, proof = project.why(identifier), project.prove(identifier)
    finally:
        for path in gone:
            path.with_suffix(".away").rename(path)

    assert isinstance(found, Passport)
    assert isinstance(before, Passport)
    assert (found.neighbours, len(before.neighbours)) == ((), 5)
    assert found.reasons == before.reasons
    assert proof.verdict is ProofVerdict.EXACT


def test_the_event_of_a_proof_leads_to_the_prediction_and_on(
    churn: tuple[Project, ModelVersion, list[dict[str, object]]],
) -> None:
    project, version, rows = churn
    (identifier,), _ = ask(project, "churn", [rows[13]])
    event = project.prove(identifier).event

    why = project.why(str(event))

    about = [link for link in why.lineage if link.relation == "about"]
    assert [(link.kind, link.id) for link in about] == [("prediction", identifier)]
    assert {link.kind for link in why.lineage} >= {"log", "model", "data", "source"}
    assert version.model in {link.id for link in why.lineage}


def test_the_command_line_tells_the_same_to_people_and_to_programs(
    churn: tuple[Project, ModelVersion, list[dict[str, object]]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    project, version, rows = churn
    (identifier,), _ = ask(project, "churn", [{**rows[14], "tenure": 900}])
    where = ["--project", str(project.folder)]

    assert run(["why", short(identifier), *where]) == 0
    text = capsys.readouterr().out
    assert run(["why", identifier, "--json", *where]) == 0
    document = json.loads(capsys.readouterr().out)
    assert run(["prove", identifier, "--json", *where]) == 0
    proof = json.loads(capsys.readouterr().out)
    assert run(["why", "p_zz", *where]) == 4
    refused = capsys.readouterr().err

    told = document["facts"]
    assert told["model"] == version.ref
    parts = (told["reasons"]["base"], *(each["amount"] for each in told["reasons"]["columns"]))
    assert sum(parts) == pytest.approx(told["reasons"]["score"], abs=1e-9)
    assert {each["column"] for each in told["reasons"]["columns"]} < set(told["sent"])
    assert [each["clipped"] for each in told["flags"]] == [True]
    assert told["reasons"]["columns"][0]["sentence"] in text
    assert told["reasons"]["start"] in text
    assert told["nearest"]["rows"][0]["row"] in text
    assert "out-of-range, scored as" in text
    assert "the first" in text
    assert (proof["verdict"], proof["kind"], proof["subject"]) == (
        "exact",
        "prediction",
        identifier,
    )
    assert "id-unknown" in refused


def test_a_prediction_and_its_label_are_shown_by_their_ids(
    churn: tuple[Project, ModelVersion, list[dict[str, object]]],
) -> None:
    project, version, rows = churn
    (asked,), _ = ask(project, "churn", [rows[16]])
    _, (told,) = ask(project, "churn", [rows[16]], [Truth(asked, None, None, b'"Yes"')])

    prediction, label = project.show(short(asked)), project.show(told)

    assert (prediction.kind, prediction.title) == ("prediction", asked)
    assert prediction.document["ref"] == version.ref
    assert prediction.document["row"] == json.loads(json.dumps(rows[16], default=str))
    assert sum(cast("dict[str, float]", prediction.document["answer"]).values()) == 1.0
    assert ("truth", ["Yes"]) in prediction.sections[0].rows
    listed = {row["prediction"]: row["value"] for row in project.predictions(5)}
    assert listed[asked] == prediction.document["value"] in ("Yes", "No")
    assert ("about", asked) in label.sections[0].rows
    assert ("value", "Yes") in label.sections[0].rows


def test_what_differs_is_named_and_the_environment_told(
    churn: tuple[Project, ModelVersion, list[dict[str, object]]],
) -> None:
    project, _, rows = churn
    (identifier,), _ = ask(project, "churn", [rows[9]])
    kept = find_prediction(identifier, project.workspace)
    no, yes = kept.answer
    other = replace(kept.segment, environment={**kept.segment.environment, "numpy": "1.0"})

    forged = replay_prediction(replace(kept, answer=(no, yes + 1e-16)), project.workspace)
    far = replay_prediction(
        replace(kept, answer=(no + 0.25, yes), segment=other), project.workspace
    )
    near = replay_prediction(
        replace(kept, answer=(no, yes * (1 + 1e-12)), segment=other), project.workspace
    )
    moved = replay_prediction(replace(kept, segment=other), project.workspace)
    body = json.dumps({**rows[9], "tenure": 0}, default=str).encode()
    edited = replay_prediction(replace(kept, body=body), project.workspace)

    assert (forged.verdict, forged.steps[-1].verdict) == (ProofVerdict.DIFFERENT,) * 2
    assert "probability:Yes was" in forged.why
    assert yes.hex() in forged.why
    assert far.verdict is ProofVerdict.DIFFERENT
    assert "probability:No was" in far.why
    assert "numpy 1.0 became" in far.why
    assert near.verdict is ProofVerdict.EQUIVALENT
    assert moved.verdict is ProofVerdict.EXACT
    assert "numpy 1.0 became" in moved.why
    assert edited.verdict is ProofVerdict.DIFFERENT


def test_after_sealing_a_new_version_and_a_rollback_old_answers_are_proved_under_their_root(
    churn: tuple[Project, ModelVersion, list[dict[str, object]]],
) -> None:
    project, first, rows = churn
    (before,), (label,) = ask(
        project, "churn", [rows[11]], [Truth("p_" + "a" * 26, None, None, b"true")]
    )
    with opened(
        project.folder, project.folder / "churn.csv", "Churn", data__key="customerID",
        search__models=("linear",),
    ) as again:  # fmt: skip
        second = built(again)
        again.promote(second.ref, reason="plainer")
        (between,), _ = ask(again, "churn", [rows[11]])
        again.rollback("churn", reason="worse")
        (after,), _ = ask(again, "churn", [rows[11]])
        seal_segments(again.workspace)

        passports = [again.why(identifier) for identifier in (before, between, after)]
        proofs = [again.prove(identifier) for identifier in (before, between, after)]

    assert second.ref != first.ref
    refs, reasons = [], []
    for found, proof in zip(passports, proofs, strict=True):
        assert isinstance(found, Passport)
        assert found.change is not None
        refs.append(found.version.ref)
        reasons.append(found.change.reason)
        assert found.prediction.segment.event is not None
        assert proof.verdict is ProofVerdict.EXACT, proof.why
        assert proof.steps[0].recorded == found.prediction.segment.root
        assert any(
            (link.relation, link.id) == ("recorded in", found.prediction.segment.event)
            for link in found.lineage
        )
    assert refs == [first.ref, second.ref, first.ref]
    assert reasons == ["the first", "plainer", "worse"]
    assert "of which there is no record" in project.why(label).what


def test_a_label_leads_to_what_it_is_about(
    churn: tuple[Project, ModelVersion, list[dict[str, object]]],
) -> None:
    project, version, rows = churn
    (identifier,), _ = ask(project, "churn", [rows[20]])
    key = str(rows[20]["customerID"])
    _, (by_id, by_key) = ask(
        project,
        "churn",
        [],
        [Truth(identifier, None, None, b'"No"'), Truth(None, "churn", key, b'"Yes"')],
    )

    first, second = project.why(short(by_id)), project.why(by_key)

    assert (first.kind, second.kind) == ("label", "label")
    assert first.facts["prediction"] == identifier
    assert first.lineage[0].id == identifier
    assert second.facts["key"] == key
    assert second.lineage[0].id == version.model
    for why in (first, second):
        assert {link.kind for link in why.lineage} >= {"event", "data", "source", "run"}
    found = project.why(identifier)
    assert isinstance(found, Passport)
    assert [label.value for label in found.labels] == ["No", "Yes"]


def test_a_row_leads_forward_to_the_models_that_learned_from_it_and_their_answers(
    churn: tuple[Project, ModelVersion, list[dict[str, object]]], tmp_path: Path
) -> None:
    project, version, rows = churn
    ask(project, "churn", rows[30:40])
    project.write_rows(version.ref, tmp_path / "rows.csv")
    parts = dict(pl.read_csv(tmp_path / "rows.csv", infer_schema=False).iter_rows())

    for part in ("train", "validation", "test"):
        row = next(row for row, its in parts.items() if its == part)

        found = project.why(row)

        assert (found.kind, found.id) == ("row", row)
        links = [link for link in found.lineage if link.facts.get("ref") == version.ref]
        assert [link.facts["part"] for link in links] == [part]
        assert [link.relation for link in links] == ["judged" if part == "test" else "learned by"]
        assert links[0].facts["predictions"] >= 10  # type: ignore[operator]
        assert (version.ref in found.facts["learned by"]) is (part != "test")  # type: ignore[operator]
        assert project.why(f"row:{row}") == found
    with pytest.raises(NotFoundError) as unknown:
        project.why("0000-NOONE")
    assert unknown.value.code == "name-unknown"
    assert any("rows of" in place for place in unknown.value.looked)


# Churn above is answered by trees; of the others one is, the search over trees takes so long.
TABLES = {
    "adult": ("income", "linear"),
    "diamonds": ("price", "lightgbm"),
    "satimage": ("class", "linear"),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["adult", "diamonds", pytest.param("satimage", marks=pytest.mark.deep)]
)
def test_ten_answers_of_each_table_are_exact_and_their_reasons_add_up(
    name: str, dataset: Callable[[str], Path], tmp_path: Path
) -> None:
    target, algorithm = TABLES[name]
    table = tmp_path / f"{name}.csv"
    pl.read_csv(dataset(name), infer_schema=False)[:ROWS].write_csv(table)
    with opened(tmp_path, table, target, search__models=(algorithm,)) as project:
        version = built(project)
        project.promote(version.ref, reason="the first")
        rows = rows_of(project, version, target)[:10]
        ids, _ = ask(project, name, [rows[:5], *rows[5:]])

        for identifier in ids:
            found, proof = project.why(identifier), project.prove(identifier)

            assert proof.verdict is ProofVerdict.EXACT, proof.why
            assert isinstance(found, Passport)
            assert found.additive.exact
            assert found.reasons
            assert len(found.neighbours) == 5
            assert isinstance(found.facts["reasons"], Mapping)
