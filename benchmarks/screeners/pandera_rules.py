"""Hold a table against 60 checks with pandera on Polars; run in pandera's own environment."""

from __future__ import annotations

import json
import sys
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time

import pandera.polars as pa
import polars as pl


def column(name: str, dtype: pl.DataType) -> pa.Column:
    checks = []
    if name.startswith("integer"):
        checks = [pa.Check.in_range(0, 10**10)]
    elif name.startswith("float"):
        checks = [pa.Check.in_range(-20.0, 20.0)]
    elif name.startswith("text"):
        checks = [pa.Check.str_startswith("category ")]
    elif name == "name":
        checks = [pa.Check.str_endswith("Smith, J.")]
    return pa.Column(dtype, checks, nullable=True, unique=name == "id")


frame = pl.read_parquet(sys.argv[1])
schema = pa.DataFrameSchema({name: column(name, kind) for name, kind in frame.schema.items()})
start, busy = perf_counter(), process_time()
schema.validate(frame, lazy=True)
seconds, busy = perf_counter() - start, process_time() - busy
peak = getrusage(RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "busy": busy, "peak": peak}))
