"""FLAML: one search within the budget, its own choice of learners."""

from __future__ import annotations

import pickle
from pathlib import Path
from time import perf_counter

import flaml
from asked import asked, row_seconds, size_of, told
from frames import tables

METRICS = {"auc": "roc_auc", "log_loss": "log_loss", "rmse": "rmse"}

job = asked()
X, y, test = tables(job)
began = perf_counter()
model = flaml.AutoML()
model.fit(
    X,
    y,
    task="regression" if job["task"] == "regression" else "classification",
    metric=METRICS[job["metric"]],
    time_budget=job["budget"],
    n_jobs=job["threads"],
    seed=0,
    verbose=0,
    **({"split_type": "time"} if job["time"] else {}),
)
seconds = perf_counter() - began
answer = model.predict if job["task"] == "regression" else model.predict_proba
file = Path(job["out"]) / "model.pickle"
file.write_bytes(pickle.dumps(model))
told(
    job,
    answer(test),
    seconds=seconds,
    size=size_of(file),
    row=row_seconds(answer, [test.iloc[[at]] for at in range(50)]),
    what=f"flaml {flaml.__version__}, {model.best_estimator}",
)
