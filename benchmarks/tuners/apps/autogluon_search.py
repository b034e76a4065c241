"""AutoGluon: one fit within the budget, with the presets asked for.

Where they train no model in so short a time, those that train the quickest are given it instead.
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

from asked import asked, row_seconds, size_of, told
from autogluon.tabular import TabularPredictor, __version__
from frames import tables

METRICS = {"auc": "roc_auc", "log_loss": "log_loss", "rmse": "root_mean_squared_error"}
QUICKEST = "medium_quality"
LEAST_STACKED = 30.0
"""Seconds below which its trial of stacking, a quarter of them, may end without any model."""


def fitted(job, presets):
    X, y, _ = tables(job)
    folder = Path(job["out"]) / presets
    predictor = TabularPredictor(
        label=job["target"],
        problem_type=job["task"],
        eval_metric=METRICS[job["metric"]],
        path=str(folder),
        verbosity=1,
    )
    predictor.fit(
        X.assign(**{job["target"]: y}),
        time_limit=job["budget"],
        presets=presets,
        num_cpus=job["threads"],
        num_gpus=0,
        **({} if job["budget"] >= LEAST_STACKED else {"dynamic_stacking": False}),
    )
    return folder


job = asked()
_, _, test = tables(job)
presets = job["presets"]
began = perf_counter()
try:
    folder = fitted(job, presets)
except (RuntimeError, AssertionError) as error:
    print(f"{presets} trained nothing: {error}", file=sys.stderr)
    presets = QUICKEST
    began = perf_counter()
    folder = fitted(job, presets)
seconds = perf_counter() - began
predictor = TabularPredictor.load(str(folder), verbosity=0)


def answer(table):
    if job["task"] == "regression":
        return predictor.predict(table).to_numpy()
    return predictor.predict_proba(table).to_numpy()


answers = answer(test)
predictor.persist()
told(
    job,
    answers,
    seconds=seconds,
    size=size_of(folder),
    row=row_seconds(answer, [test.iloc[[at]] for at in range(20)]),
    what=f"{__version__} {presets}, {len(predictor.model_names())} models",
)
