"""MLflow's client on its SQLite store: the same words as ours, in its own environment."""

from __future__ import annotations

import json
import random
import sys
import time
import uuid
from pathlib import Path
from time import perf_counter

from mlflow.entities import Metric, ViewType
from mlflow.store.tracking.dbmodels import models
from mlflow.tracking import MlflowClient

BATCH = 1_000


def ready():
    return 0.0


def log(count):
    run = CLIENT.create_run(EXPERIMENT).info.run_id
    CLIENT.log_batch(run, metrics=[Metric("loss", 1.0, int(time.time() * 1000), -1)])
    began = perf_counter()
    for start in range(0, count, BATCH):
        batch = [
            Metric("loss", 1 / (step + 1), int(time.time() * 1000), step)
            for step in range(start, start + BATCH)
        ]
        CLIENT.log_batch(run, metrics=batch, synchronous=True)
    return perf_counter() - began


def fill(runs, metrics, params):
    """Write the rows that create_run, log_batch and set_terminated write, many at once."""
    draw = random.Random(1)
    store = CLIENT._tracking_client.store
    began = perf_counter()
    for start in range(0, runs, 500):
        rows = {name: [] for name in ("run", "metric", "latest", "param", "tag")}
        for number in range(start, min(start + 500, runs)):
            run, now = uuid.uuid4().hex, 1_700_000_000_000 + number
            rows["run"].append(
                {
                    "run_uuid": run,
                    "name": f"run {number}",
                    "artifact_uri": f"{FOLDER}/artifacts/{run}/artifacts",
                    "experiment_id": int(EXPERIMENT),
                    "user_id": "user",
                    "status": "FINISHED",
                    "start_time": now,
                    "end_time": now + 5,
                    "deleted_time": None,
                    "source_version": "",
                    "source_type": "UNKNOWN",
                    "source_name": "",
                    "entry_point_name": "",
                    "lifecycle_stage": "active",
                }
            )
            for name, value in (("mlflow.runName", f"run {number}"), ("mlflow.user", "user")):
                rows["tag"].append({"run_uuid": run, "key": name, "value": value})
            for k in range(params):
                value = str(draw.randrange(10))
                rows["param"].append({"run_uuid": run, "key": f"p{k}", "value": value})
            for k in range(metrics):
                row = {
                    "run_uuid": run,
                    "key": f"m{k}",
                    "value": draw.random(),
                    "timestamp": now,
                    "step": 0,
                    "is_nan": False,
                }
                rows["metric"].append(row)
                rows["latest"].append(row)
        with store.ManagedSessionMaker() as session:
            session.bulk_insert_mappings(models.SqlRun, rows["run"])
            session.bulk_insert_mappings(models.SqlTag, rows["tag"])
            session.bulk_insert_mappings(models.SqlParam, rows["param"])
            session.bulk_insert_mappings(models.SqlMetric, rows["metric"])
            session.bulk_insert_mappings(models.SqlLatestMetric, rows["latest"])
    return perf_counter() - began


def page():
    return _search("", ["attributes.start_time DESC"])


def top():
    return _search("", ["metrics.m3 DESC"])


def where():
    return _search("metrics.m1 > 0.5 and params.p1 = '5'", ["metrics.m3 DESC"])


def _search(condition, order):
    began = perf_counter()
    found = CLIENT.search_runs(
        [EXPERIMENT], condition, ViewType.ACTIVE_ONLY, max_results=100, order_by=order
    )
    taken = perf_counter() - began
    assert len(found) == 100
    assert len(found[50].data.metrics) > 5
    return taken


FOLDER = Path(sys.argv[1])
FOLDER.mkdir(parents=True, exist_ok=True)
CLIENT = MlflowClient(f"sqlite:///{FOLDER / 'mlflow.db'}")
EXPERIMENT = CLIENT.create_experiment("benchmark", artifact_location=str(FOLDER / "artifacts"))
for line in sys.stdin:
    asked, *arguments = json.loads(line)
    print(json.dumps(globals()[asked](*arguments)), flush=True)
