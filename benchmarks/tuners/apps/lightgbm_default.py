"""LightGBM as it comes: no parameter set but the seed and the threads."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import lightgbm
from asked import asked, row_seconds, size_of, told
from frames import categories, tables

job = asked()
X, y, test = tables(job)
X, test = categories(X, test)
began = perf_counter()
usual = {"n_jobs": job["threads"], "random_state": 0, "verbose": -1}
if job["task"] == "regression":
    model = lightgbm.LGBMRegressor(**usual).fit(X, y)
    answer = model.predict
else:
    model = lightgbm.LGBMClassifier(**usual).fit(X, y)
    answer = model.predict_proba
seconds = perf_counter() - began
file = Path(job["out"]) / "model.txt"
model.booster_.save_model(file)
told(
    job,
    answer(test),
    seconds=seconds,
    size=size_of(file),
    row=row_seconds(answer, [test.iloc[[at]] for at in range(50)]),
    what=f"lightgbm {lightgbm.__version__}, {model.n_estimators} trees",
)
