"""A scorer is what its package says, decides in the target's own type, and opens nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlwright.core import records
from mlwright.core.digest import digest_bytes
from mlwright.core.errors import BrokenError, DataError, NotFoundError
from mlwright.data.records import Contract, Scalar
from mlwright.data.table import Table
from mlwright.scoring.package import package
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import Scorer, load
from mlwright.store.local import LocalStore
from mlwright.store.memory import MemoryStore
from mlwright.train.records import Fitted

Fit = Callable[[str, str], tuple[Fitted, Table]]


def packaged(fitted: Fit, name: str, algorithm: str) -> tuple[ModelPackage, MemoryStore]:
    model, table = fitted(name, algorithm)
    store = MemoryStore()
    return package(model, Contract((), ()), table, store), store


def opened(fitted: Fit, name: str, algorithm: str) -> Scorer:
    return load(*packaged(fitted, name, algorithm))


def test_a_package_with_another_part_is_not_opened(fitted: Fit) -> None:
    made, store = packaged(fitted, "mixed", "linear")
    others = (
        replace(made, predictor=store.put(b"{}")),
        replace(made, task=replace(made.task, classes=("a", "b", "c"))),
        replace(made, artefact=digest_bytes(b"")),
        replace(made, id="m_aaaaaaaaaaaaaaaaaaaaaaaaaa"),
    )

    for other in others:
        with pytest.raises(BrokenError, match="make another model") as broken:
            load(other, store)
        assert broken.value.code == "package-broken"


def test_a_predictor_that_is_gone_or_damaged_is_not_opened(fitted: Fit) -> None:
    made, store = packaged(fitted, "mixed", "lightgbm")
    good = store.objects[made.predictor]

    store.objects[made.predictor] = good.replace(b"leaf_value=0", b"leaf_value=1", 1) + b" "
    with pytest.raises(BrokenError, match="object-corrupt"):
        load(made, store)
    with pytest.raises(NotFoundError, match="object-missing"):
        load(made, store)


def test_a_missing_column_is_told_by_row_and_by_table(fitted: Fit) -> None:
    scorer = opened(fitted, "mixed", "lightgbm")
    frame = fitted("mixed", "lightgbm")[1].frame.rename({"count": "counts"})

    for ask in (
        lambda: scorer.predict_row(frame.row(0, named=True)),
        lambda: scorer.predict_frame(frame),
    ):
        with pytest.raises(DataError) as refused:
            ask()
        assert refused.value.facts == {"missing": ["count"], "nearest": "counts"}


def test_columns_the_model_does_not_read_are_told(fitted: Fit) -> None:
    scorer = opened(fitted, "mixed", "lightgbm")

    assert scorer.ignored([*fitted("mixed", "lightgbm")[1].frame.columns, "hat"]) == ("y", "hat")


@pytest.mark.parametrize("classes", [(False, True), (0, 1), ("no", "yes"), (0.0, 1.0)])
def test_a_class_keeps_its_type_and_needs_more_than_half(
    fitted: Fit, classes: tuple[Scalar, ...]
) -> None:
    model, table = fitted("binary", "linear")
    store = MemoryStore()
    task = replace(model.task, classes=classes)
    scorer = load(package(replace(model, task=task), Contract((), ()), table, store), store)
    above = float(np.nextafter(0.5, 1.0))
    answers = np.array([[0.5, 0.5], [1.0 - above, above], [0.9, 0.1]])

    decided = scorer.decide(answers)

    assert decided == [classes[0], classes[1], classes[0]]
    assert [type(value) for value in decided] == [type(classes[0])] * 3
    assert [scorer.decide_row(tuple(row)) for row in answers] == decided


def test_of_equal_classes_the_lower_one_wins(fitted: Fit) -> None:
    scorer = opened(fitted, "mixed", "dummy")

    assert scorer.package.task.classes == ("maybe", "no", "yes")
    assert scorer.decide(np.array([[0.2, 0.4, 0.4], [0.4, 0.2, 0.4]])) == ["no", "maybe"]
    assert scorer.decide_row((0.2, 0.4, 0.4)) == "no"


def test_a_regression_decides_on_its_number(fitted: Fit) -> None:
    scorer = opened(fitted, "diabetes", "linear")

    assert scorer.package.signature.outputs == ("value",)
    assert scorer.decide(np.array([[1.5], [-0.0]])) == [1.5, -0.0]
    assert scorer.decide_row((1.5,)) == 1.5


def test_the_probe_is_answered_again_to_the_same_digest(fitted: Fit) -> None:
    for algorithm in ("dummy", "linear", "lightgbm"):
        scorer = opened(fitted, "mixed", algorithm)

        assert scorer.probe_answers() == scorer.package.probe_answers


@pytest.mark.parametrize("algorithm", ["linear", "lightgbm"])
def test_threads_share_a_scorer_without_mixing_answers(fitted: Fit, algorithm: str) -> None:
    frame = fitted("mixed", algorithm)[1].frame
    rows = list(frame.iter_rows(named=True))
    scorer = opened(fitted, "mixed", algorithm)
    expected = [scorer.predict_row(row) for row in rows]

    with ThreadPoolExecutor(8) as pool:
        turns = list(pool.map(lambda _: [scorer.predict_row(row) for row in rows], range(16)))

    assert turns == [expected] * 16


SERVE = """
import sys
from pathlib import Path
from mlwright.core import records
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import load
from mlwright.store.local import LocalStore

folder = Path(sys.argv[1])
package = records.load(ModelPackage, (folder / "package.json").read_bytes())
scorer = load(package, LocalStore(folder / "store"))
rows = scorer.probe_rows()
scorer.predict_rows(rows[:5])
assert scorer.probe_answers() == package.probe_answers
heavy = {"lightgbm", "sklearn", "pandas", "sqlalchemy", "polars", "scipy", "cryptography"}
print(sorted(heavy & {name.partition(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize("algorithm", ["dummy", "linear", "lightgbm"])
def test_a_process_that_scores_rows_imports_nothing_heavy(
    fitted: Fit, algorithm: str, tmp_path: Path
) -> None:
    model, table = fitted("mixed", algorithm)
    made = package(model, Contract((), ()), table, LocalStore(tmp_path / "store"))
    (tmp_path / "package.json").write_bytes(records.dump(made))

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SERVE, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("[]\n", "")
