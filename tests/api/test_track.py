"""Work done elsewhere is logged, found again and read as it was, however its block ended."""

from __future__ import annotations

import math
import pickle
import struct
import subprocess
import sys
import zlib
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import mlwright as mw
from mlwright.core.errors import MlwrightError, UsageError
from mlwright.ledger.verify import verify


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run where there is little code to record."""
    monkeypatch.chdir(tmp_path)


@dataclass
class Options:
    """Parameters as a dataclass."""

    depth: int = 5
    on: bool = True


def shown(folder: Path, run: str) -> dict[str, object]:
    with mw.Project(folder) as project:
        return dict(project.show(run).document)


def test_what_was_logged_is_found_and_read_as_it_was(tmp_path: Path) -> None:
    params = {"opt": {"lr": math.nan, "name": "adam"}, "depth": np.int64(5), "none": None}
    with mw.track("süß 1", params=params, tags={"a": 1}, note="first", project=tmp_path) as t:
        for step in range(1_500):
            t.log({"val loss": 1 / (step + 1)}, step=step)
        t.log(auc=math.inf, loss=math.nan)
        t.params(Namespace(epochs=3))
        t.tag(a=None, stage="late")
        t.note("second")
    with mw.track(params=Options(), project=tmp_path) as other:
        other.log(auc=0.5)

    (found,) = mw.runs("params.depth = 5 and tags.stage", project=tmp_path)
    ordered = mw.runs("metrics.auc > 0.1", sort="metrics.auc", project=tmp_path)
    with mw.Project(tmp_path) as project:
        with pytest.raises(MlwrightError, match="proof-tracked"):
            project.prove(t.id)
        points = project.points(t.id)
        report = verify(project.workspace.ledger)
    document = shown(tmp_path, t.id)

    assert (found.id, found.name, found.status) == (t.id, "süß 1", "finished")
    assert math.isnan(found.params.pop("opt.lr"))  # type: ignore[attr-defined, arg-type]
    assert found.params == {"opt.name": "adam", "depth": 5, "none": None, "epochs": 3}
    assert found.tags == {"stage": "late"}
    assert found.metrics["auc"] == math.inf
    assert math.isnan(found.metrics["loss"])
    assert [run.id for run in ordered] == [other.id, t.id]
    assert ordered[0].params == {"depth": 5, "on": True}
    assert list(points["val loss"].values) == [1 / (step + 1) for step in range(1_500)]
    assert [note["text"] for note in document["notes"]] == ["first", "second"]  # type: ignore[index, attr-defined]
    assert report.projections.equal


def fail(t: mw.Track, raised: BaseException) -> None:
    t.log(loss=1.0)
    raise raised


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (ValueError("secret"), "failed"),
        (KeyboardInterrupt(), "interrupted"),
        (SystemExit(0), "finished"),
    ],
)
def test_a_block_that_raises_is_recorded_as_what_ended_it(
    tmp_path: Path, raised: BaseException, status: str
) -> None:
    t = mw.track(project=tmp_path)

    with pytest.raises(type(raised)), t:
        fail(t, raised)

    (found,) = mw.runs(f"status = {status}", project=tmp_path)
    assert found.metrics == {"loss": 1.0}
    assert "secret" not in str(shown(tmp_path, t.id))
    with pytest.raises(UsageError, match="run-ended"):
        t.log(loss=2.0)
    with pytest.raises(UsageError, match="run-ended"):
        mw.track(run=t.id, project=tmp_path)


def test_another_process_takes_a_run_up_and_only_who_began_it_ends_it(tmp_path: Path) -> None:
    script = (
        "import pickle, sys, mlwright as mw\n"
        "with pickle.loads(bytes.fromhex(sys.argv[1])) as t: t.log(there=1.0)\n"
        "again = mw.track(run=t.id, project=sys.argv[2])\n"
        "again.log(left=2.0)\n"  # no flush and no end: kept when the process ends
    )
    with mw.track("both", project=tmp_path) as t:
        t.log(here=1.0)
        given = [sys.executable, "-c", script, pickle.dumps(t).hex(), str(tmp_path)]
        subprocess.run(given, check=True)
        (between,) = mw.runs(project=tmp_path)

    (found,) = mw.runs(project=tmp_path)
    assert (between.status, found.status) == ("open", "finished")
    assert found.metrics == {"here": 1.0, "there": 1.0, "left": 2.0}
    with pytest.raises(UsageError, match="track-again"):
        mw.track("name", run=found.id, project=tmp_path)


def test_values_are_kept_as_the_files_they_are(tmp_path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    folder = tmp_path / "out"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "ä.txt").write_text("x")
    (folder / "model.onnx").write_bytes(b"\0\1")
    figure, axes = plt.subplots()
    axes.plot([0, 1], [1, 0])

    with mw.track(project=tmp_path) as t:
        t.artefact(folder)
        t.artefact(folder / "model.onnx", "best")
        t.artefact(pl.DataFrame({"a": [1, 2]}), "table")
        t.artefact({"deep": [1, None]}, "config", step=3)
        t.artefact(np.arange(3), "array.npy")
        t.artefact(figure, "roc")
        t.artefact(axes, "again")
        t.artefact("ü".encode(), "note.md")
        t.image(np.array([[0.0, 1.0], [0.5, math.nan]]), "grey")
        t.image(np.zeros((3, 4, 5), np.uint8), "plots/colour")
    plt.close(figure)

    with mw.Project(tmp_path) as project:
        names = [k["name"] for k in project.show(t.id).document["kept"]]  # type: ignore[attr-defined]
        kept = {name: project.kept(t.id, name) for name in names}
        with pytest.raises(MlwrightError, match="artefact-unknown"):
            project.kept(t.id, "nothing")
    assert names == [
        *("out/deep/ä.txt", "out/model.onnx", "best.onnx", "table.parquet", "config.json"),
        *("array.npy", "roc.svg", "again.svg", "note.md", "grey.png", "plots/colour.png"),
    ]
    assert kept["best.onnx"] == b"\0\1"
    (tmp_path / "table.parquet").write_bytes(kept["table.parquet"])
    assert pl.read_parquet(tmp_path / "table.parquet")["a"].to_list() == [1, 2]
    assert kept["roc.svg"] == kept["again.svg"]
    assert b"<svg" in kept["roc.svg"]
    assert pixels(kept["grey.png"]) == (2, 2, 0, bytes([0, 0, 255, 0, 128, 0]))
    assert pixels(kept["plots/colour.png"])[:3] == (5, 4, 2)


def pixels(png: bytes) -> tuple[int, int, int, bytes]:
    """Return width, height, colour type and rows (a filter byte before each) of a PNG."""
    width, height, _, colour = struct.unpack(">IIBB", png[16:26])
    start = png.index(b"IDAT")
    size = struct.unpack(">I", png[start - 4 : start])[0]
    return width, height, colour, zlib.decompress(png[start + 4 : start + 4 + size])


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda t: t.artefact("no such file"), "artefact-missing"),
        (lambda t: t.artefact({"a": 1}), "artefact-unnamed"),
        (lambda t: t.artefact(object(), "x"), "artefact-form"),
        (lambda t: t.artefact({"a": math}, "x"), "artefact-form"),
        (lambda t: t.artefact(b"", "../x"), "artefact-name"),
        (lambda t: t.artefact(b"", "a//b"), "artefact-name"),
        (lambda t: t.image(b"no picture", "x"), "image-form"),
        (lambda t: t.image(np.zeros((2, 2, 7)), "x"), "image-form"),
        (lambda t: t.params({"a": object()}), "param-value"),
        (lambda t: t.params({" a": 1}), "param-name"),
        (lambda t: t.params({f"p{n}": n for n in range(2001)}), "param-many"),
        (lambda t: t.tag({"a": "x" * 5000}), "tag-value"),
        (lambda t: t.tag({"": "x"}), "tag-name"),
        (lambda t: t.note(" "), "text-form"),
        (lambda t: t.note("\ud800"), "text-form"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_code(
    track: mw.Track, call: object, code: str
) -> None:
    assert callable(call)
    with pytest.raises(UsageError) as refused:
        call(track)

    assert refused.value.code == code


@pytest.fixture(scope="module")
def track(tmp_path_factory: pytest.TempPathFactory) -> object:
    """A run that takes nothing it is given."""
    with mw.track(project=tmp_path_factory.mktemp("refusals")) as t:
        yield t


@pytest.mark.slow
@pytest.mark.parametrize("count", [2_000, pytest.param(10_000, marks=pytest.mark.deep)])
def test_thousands_of_runs_are_searched(count: int) -> None:
    from mlwright.core.ids import Noun, random_id
    from mlwright.core.seam import SystemSeam
    from mlwright.ledger.ledger import Ledger
    from mlwright.ledger.searching import find_runs
    from mlwright.run.points import Series
    from mlwright.run.tracking.events import ended_event, started_event
    from mlwright.run.tracking.where import parse_sort, parse_where

    with Ledger.in_memory(SystemSeam()) as ledger:
        for start in range(0, count, 1_000):
            events = []
            for n in range(start, start + 1_000):
                run = random_id(Noun.RUN, SystemSeam())
                points = {"auc": Series([0], [n], [n * 7919 % 10_007 / 10_007])}
                facts = {"name": f"run {n}", "params": {"depth": n % 9}}
                events.append(started_event(run, facts, (), ()))
                events.append(ended_event(run, "finished", points, {}))
            ledger.append(events)

        best = find_runs(ledger.database, None, parse_sort("-metrics.auc"), limit=100)
        some = find_runs(
            ledger.database, parse_where("metrics.auc > 0.99 and params.depth = 5"), limit=1000
        )

    assert best is not None
    assert some is not None
    values = [n * 7919 % 10_007 / 10_007 for n in range(count)]
    assert [run.metrics["auc"] for run in best] == sorted(values, reverse=True)[:100]
    assert len(some) == sum(v > 0.99 and n % 9 == 5 for n, v in enumerate(values))
