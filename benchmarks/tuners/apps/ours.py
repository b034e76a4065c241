"""mlwright: one run within the budget, on the same rows."""

from __future__ import annotations

import csv
from pathlib import Path
from time import perf_counter

import polars as pl
from asked import asked, row_seconds, told

import mlwright
from mlwright.api.run import Run
from mlwright.core.records import load
from mlwright.flows.predict import open_model
from mlwright.scoring.records import ModelPackage

SEARCHING = ("search", "model", "unseen")

job = asked()
out = Path(job["out"])
test = pl.read_parquet(job["test"])
began = perf_counter()
run: Run = mlwright.run(
    project=out,
    **{name.rpartition(".")[2]: value for name, value in job["flags"].items()},
)
seconds = perf_counter() - began
model = run.model
if job["sealed"]:
    # The rows that judge here are those the run itself kept apart, all of them and no others.
    run.project.write_rows(model.ref, out / "rows.csv")
    with (out / "rows.csv").open() as lines:
        sealed = {row["row_id"] for row in csv.DictReader(lines) if row["part"] == "test"}
    if sealed != {str(key) for key in test[job["key"]]}:
        raise SystemExit("the run sealed other rows than the benchmark judges by")
workspace = run.project.workspace
package = load(ModelPackage, workspace.store.get(model.version.package))
size = len(workspace.store.get(model.version.package)) + len(workspace.store.get(package.predictor))
answers = model.predict(test).drop("value") if job["task"] != "regression" else model.predict(test)
_, scorer = open_model(workspace, model.ref)
names = [column.name for column in package.signature.inputs]
rows = scorer.probe_rows()[:50] or test.select(names).head(50).to_dicts()
chosen = run.build.search.chosen.name
told(
    job,
    answers.to_numpy(),
    seconds=seconds,
    size=size,
    row=row_seconds(scorer.predict_row, rows),
    what=f"mlwright {mlwright.__version__}, {package.configuration.name}",
    search=sum(run.build.seconds.get(stage, 0.0) for stage in SEARCHING),
    foreseen=next(
        (e.row_seconds for e in run.build.search.scored if e.configuration.name == chosen), None
    ),
    model=model.ref,
    stages=dict(run.build.seconds),
    decisions=[each.what for each in run.build.search.decisions if "row_time" in each.override],
)
