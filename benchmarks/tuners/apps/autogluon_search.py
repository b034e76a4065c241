"""AutoGluon: one fit within the budget, with the presets asked for."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from asked import asked, row_seconds, size_of, told
from autogluon.tabular import TabularPredictor, __version__
from frames import tables

METRICS = {"auc": "roc_auc", "log_loss": "log_loss", "rmse": "root_mean_squared_error"}

job = asked()
X, y, test = tables(job)
folder = Path(job["out"]) / "model"
began = perf_counter()
predictor = TabularPredictor(
    label=job["target"],
    problem_type=job["task"],
    eval_metric=METRICS[job["metric"]],
    path=str(folder),
    verbosity=0,
)
predictor.fit(
    X.assign(**{job["target"]: y}),
    time_limit=job["budget"],
    presets=job["presets"],
    num_cpus=job["threads"],
    num_gpus=0,
)
seconds = perf_counter() - began


def answer(table):
    if job["task"] == "regression":
        return predictor.predict(table).to_numpy()
    return predictor.predict_proba(table).to_numpy()


answers = answer(test)
loaded = TabularPredictor.load(str(folder), verbosity=0)
loaded.persist()
predictor = loaded
told(
    job,
    answers,
    seconds=seconds,
    size=size_of(folder),
    row=row_seconds(answer, [test.iloc[[at]] for at in range(20)]),
    what=f"autogluon {__version__} {job['presets']}, {len(predictor.model_names())} models",
)
