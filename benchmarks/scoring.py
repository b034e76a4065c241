"""How long a row takes and how many rows a second a table gets, beside scikit-learn pipelines.

One table of 35 columns (numbers, counts, truth values, categories; 3 % missing), two models of
each kind fitted to the same rows: ours packaged and opened as a server opens it, and a
``Pipeline`` over a ``ColumnTransformer``. The works take turns and the fastest turn of each
counts, because a machine is rarely alone; the ratio says how much longer than ours.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import lightgbm
import numpy as np
import polars as pl
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from mlwright.data.records import Contract
from mlwright.data.table import Table
from mlwright.scoring.package import package
from mlwright.scoring.scorer import Scorer, load
from mlwright.store.memory import MemoryStore
from mlwright.train.fit import fit
from mlwright.train.portfolio import LINEAR
from mlwright.train.records import Configuration, Plan, Task, TaskKind

TRAINED, SCORED, SINGLE, TURNS = 5_000, 50_000, 50, 7
TREES, LEAVES = 100, 31
NUMBERS = [f"number_{i}" for i in range(20)] + [f"count_{i}" for i in range(7)]
FLAGS = [f"flag_{i}" for i in range(3)]
TEXTS = [f"text_{i}" for i in range(5)]
CONFIGURATION = Configuration(
    "trees",
    "lightgbm",
    {
        "trees": TREES,
        "rate": 0.1,
        "leaves": LEAVES,
        "smallest_leaf": 20,
        "row_share": 1.0,
        "column_share": 1.0,
        "l2": 0.0,
        "bins": 255,
        "random_thresholds": False,
        "unordered": False,
    },
)


def rows(count: int, seed: int) -> pl.DataFrame:
    """Return a table of 35 features and a target ``y``."""
    drawn = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for name in NUMBERS:
        columns[name] = (
            drawn.normal(size=count) if name.startswith("number") else drawn.integers(0, 90, count)
        )
    columns |= {name: drawn.random(count) < 0.4 for name in FLAGS}
    columns |= {name: drawn.choice(list("abcdefghij"), count).astype(object) for name in TEXTS}
    frame = pl.DataFrame(columns).with_columns(pl.col(TEXTS).cast(pl.String))
    score = columns["number_0"] * columns["number_1"] + (columns["text_0"] == "c")
    missing = {name: pl.Series(drawn.random(count) < 0.03) for name in frame.columns}
    frame = frame.with_columns(
        pl.when(missing[name]).then(None).otherwise(pl.col(name)).alias(name)
        for name in frame.columns
    )
    return frame.with_columns(y=pl.Series((score + drawn.normal(size=count) > 0).astype(int)))


def ours(frame: pl.DataFrame, configuration: Configuration) -> Scorer:
    """Return our model, packaged and opened."""
    table = Table(frame, pl.Series([f"r{i}" for i in range(frame.height)]))
    task = Task(TaskKind.BINARY, "y", (0, 1), "auc", "")
    fitted = fit(table, configuration, task, Plan((), 0, 0, 0, 0, 1, 1, 1.0, "", {}), ())
    store = MemoryStore()
    return load(package(fitted, Contract((), ()), table, store), store)


def theirs(frame: pl.DataFrame, model: Any, *, trees: bool) -> Pipeline:
    """Return a pipeline with the same preparation in scikit-learn's terms."""
    if trees:
        numbers: Any = "passthrough"
        texts: Any = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    else:
        numbers = make_pipeline(
            SimpleImputer(strategy="median", add_indicator=True), StandardScaler()
        )
        texts = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer([("numbers", numbers, NUMBERS + FLAGS), ("texts", texts, TEXTS)])
    return make_pipeline(columns, model).fit(for_pipeline(frame), frame["y"].to_numpy())


def for_pipeline(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the features as a pipeline wants them: numbers as floats."""
    return frame.select(pl.col(NUMBERS + FLAGS).cast(pl.Float64), *TEXTS)


def race(works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the seconds of each work's fastest turn; the turns take turns."""
    fastest = dict.fromkeys(works, float("inf"))
    for _ in range(TURNS):
        for name, work in works.items():
            start = perf_counter()
            work()
            fastest[name] = min(fastest[name], perf_counter() - start)
    return fastest


def compare(name: str, scorer: Scorer, pipeline: Pipeline, frame: pl.DataFrame) -> None:
    """Print one model's lines."""
    features = frame.drop("y")
    few = list(features.head(SINGLE).iter_rows(named=True))
    framed = [for_pipeline(features[place]) for place in range(SINGLE)]
    taken = race(
        {
            "ours": lambda: [scorer.predict_row(row) for row in few],
            "pipeline": lambda: [
                pipeline.predict_proba(for_pipeline(pl.DataFrame([row]))) for row in few
            ],
            "pipeline, its table ready": lambda: [pipeline.predict_proba(one) for one in framed],
        }
    )
    for who, seconds in taken.items():
        print(
            line(name, "one row", who, f"{seconds / SINGLE * 1e6:,.1f} us", seconds / taken["ours"])
        )
    hundred = list(features.head(100).iter_rows(named=True))
    for rows, work in (
        (100, lambda: scorer.predict_rows(hundred)),
        (SCORED, lambda: scorer.predict_frame(features)),
    ):
        ready = for_pipeline(features.head(rows))
        taken = race(
            {"ours": work, "pipeline, its table ready": partial(pipeline.predict_proba, ready)}
        )
        for who, seconds in taken.items():
            speed = f"{rows / seconds:,.0f} rows/s"
            print(line(name, f"{rows:,} rows", who, speed, seconds / taken["ours"]))


def line(model: str, what: str, who: str, figure: str, ratio: float) -> str:
    """Return one line of the table."""
    return f"{model:8}{what:14}{who:27}{figure:>16}{ratio:10.1f} x"


def main() -> None:
    train, test = rows(TRAINED, 1), rows(SCORED, 2)
    # One thread: more of them cost a single row milliseconds.
    boosted = lightgbm.LGBMClassifier(n_estimators=TREES, num_leaves=LEAVES, verbosity=-1, n_jobs=1)
    compare("trees", ours(train, CONFIGURATION), theirs(train, boosted, trees=True), test)
    logistic = LogisticRegression(max_iter=300)
    compare("linear", ours(train, LINEAR), theirs(train, logistic, trees=False), test)


if __name__ == "__main__":
    main()
