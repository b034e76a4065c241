"""Real tables of 35 features, and one model of a table: ours, with what others need to fit it too.

``flights``: every flight that left New York in 2013, joined with the weather at its airport, its
aircraft and its destination (26 numbers, 9 texts); asked is whether it arrived more than a quarter
of an hour late. ``satimage``: 35 of the 36 numbers of a place in a satellite's picture; asked is
whether its ground is very damp grey soil.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from polars.selectors import numeric, string

from mlwright.core import records
from mlwright.core.digest import Digest
from mlwright.data.contract import infer
from mlwright.data.profile import profile
from mlwright.data.table import Table
from mlwright.scoring.package import package
from mlwright.scoring.records import ModelPackage
from mlwright.scoring.scorer import Scorer, load
from mlwright.store.local import LocalStore
from mlwright.train.fit import fit
from mlwright.train.records import Configuration, Plan, Task, TaskKind

TARGET = "target"
LATE_MINUTES = 15
TRAINED, SENT = 20_000, 2_000
TREES, LEAVES, RATE, SMALLEST_LEAF = 100, 31, 0.1, 20

Row = dict[str, Any]

_FLIGHT = [
    "month",
    "day",
    "hour",
    "minute",
    "weekday",
    "sched_dep_time",
    "sched_arr_time",
    "dep_delay",
    "carrier",
    "flight",
    "origin",
    "dest",
    "distance",
]
_WEATHER = [
    "temp",
    "dewp",
    "humid",
    "wind_dir",
    "wind_speed",
    "wind_gust",
    "precip",
    "pressure",
    "visib",
]
_PLANE = ["built", "type", "manufacturer", "model", "engines", "seats", "engine"]
_PLACE = ["lat", "lon", "alt", "tz", "dst", "tzone"]
_SOIL = 7
_CONFIGURATION = Configuration(
    "trees",
    "lightgbm",
    {
        "trees": TREES,
        "rate": RATE,
        "leaves": LEAVES,
        "smallest_leaf": SMALLEST_LEAF,
        "row_share": 1.0,
        "column_share": 1.0,
        "l2": 0.0,
        "bins": 255,
        "random_thresholds": False,
        "unordered": False,
    },
)
_TASK = Task(TaskKind.BINARY, TARGET, (False, True), "auc", "")
_PLAN = Plan((), 0, 0, 0, 0, 1, 1, 1.0, "", {})


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """Our model in a store, and the rows to send.

    ``package`` is the digest under which the store keeps the model's package; ``recipe`` says how
    others fit the same model.
    """

    model: ModelPackage
    package: Digest
    store: Path
    scorer: Scorer
    recipe: Mapping[str, Any]
    rows: list[Row]


def trained(frame: pl.DataFrame, folder: Path) -> Trained:
    """Train our model, and leave in a folder what other servers need to fit and serve it.

    That is the rows (``train.jsonl``), how they become the model (``recipe.json``), our store and
    the name of the package in it (``package``).
    """
    learnt = _evenly(frame, min(TRAINED, frame.height))
    table = Table(learnt, pl.Series([f"row {place}" for place in range(learnt.height)]))
    fitted = fit(table, _CONFIGURATION, _TASK, _PLAN, ())
    store = LocalStore(folder / "store")
    made = package(fitted, infer(profile(table), TARGET), table, store)
    digest = store.put(records.dump(made))
    recipe = _recipe(made)
    learnt.write_ndjson(folder / "train.jsonl")
    (folder / "recipe.json").write_text(json.dumps(recipe))
    (folder / "package").write_text(digest)
    rows = list(_evenly(frame.drop(TARGET), SENT).iter_rows(named=True))
    return Trained(made, digest, store.folder, load(made, store), recipe, rows)


def _recipe(model: ModelPackage) -> dict[str, Any]:
    categories = {
        step.column: step.categories for step in model.preparation.steps if step.categories
    }
    return {
        "target": TARGET,
        "numbers": [each.name for each in model.signature.inputs if each.name not in categories],
        "categories": categories,
        "lightgbm": {
            "n_estimators": TREES,
            "num_leaves": LEAVES,
            "learning_rate": RATE,
            "min_child_samples": SMALLEST_LEAF,
            "max_bin": 255,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
            # More threads cost a single row milliseconds.
            "n_jobs": 1,
        },
    }


def _flights(data: Path) -> pl.DataFrame:
    """Return the joined table; flights that never arrived stay out."""
    read = {
        name: pl.read_csv(data / f"flights/{name}.csv", null_values="NA", infer_schema_length=None)
        for name in ("flights", "weather", "planes", "airports")
    }
    weather = read["weather"].select("origin", "month", "day", "hour", *_WEATHER)
    planes = read["planes"].rename({"year": "built"}).select("tailnum", *_PLANE)
    airports = read["airports"].rename({"faa": "dest"}).select("dest", *_PLACE)
    late = pl.col("arr_delay") > LATE_MINUTES
    weekday = pl.date("year", "month", "day").dt.weekday().cast(pl.Int64)
    joined = (
        read["flights"]
        .filter(pl.col("arr_delay").is_not_null())
        .with_columns(late.alias(TARGET), weekday.alias("weekday"))
        .join(weather, on=["origin", "month", "day", "hour"], how="left", maintain_order="left")
        .join(planes, on="tailnum", how="left", maintain_order="left")
        .join(airports, on="dest", how="left", maintain_order="left")
        .select(*_FLIGHT, *_WEATHER, *_PLANE, *_PLACE, TARGET)
    )
    # Numbers first, as a ColumnTransformer puts them: trees break ties by the order of columns.
    # A text that is missing becomes a word: not every protocol has an empty text.
    return joined.select(numeric(), string().fill_null("unknown"), TARGET)


def _satimage(data: Path) -> pl.DataFrame:
    frame = pl.read_csv(data / "satimage.csv")
    target = (pl.col("class") == _SOIL).alias(TARGET)
    return frame.select(pl.exclude("x36", "class"), target)


TABLES: Mapping[str, Callable[[Path], pl.DataFrame]] = {
    "flights": _flights,
    "satimage": _satimage,
}
"""How each table is read from the folder of the data sets."""


def _evenly(frame: pl.DataFrame, count: int) -> pl.DataFrame:
    """Return so many rows, evenly spread over a table's."""
    return frame[[place * frame.height // count for place in range(count)]]
