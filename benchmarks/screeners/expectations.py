"""Hold a table against 30 expectations with Great Expectations; run in its own environment."""

from __future__ import annotations

import json
import sys
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time

import great_expectations as gx
import pandas as pd

frame = pd.read_parquet(sys.argv[1])
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
asset = context.data_sources.add_pandas("memory").add_dataframe_asset("table")
whole = asset.add_batch_definition_whole_dataframe("whole")
suite = gx.ExpectationSuite("suite")
for name in frame.columns:
    if name.startswith("integer"):
        wanted = gx.expectations.ExpectColumnValuesToBeBetween(
            column=name, min_value=0, max_value=10**10
        )
    elif name.startswith("float"):
        wanted = gx.expectations.ExpectColumnValuesToBeBetween(
            column=name, min_value=-20, max_value=20
        )
    elif name.startswith("text"):
        wanted = gx.expectations.ExpectColumnValuesToMatchRegex(column=name, regex="^category ")
    elif name == "id":
        wanted = gx.expectations.ExpectColumnValuesToBeUnique(column=name)
    else:
        wanted = gx.expectations.ExpectColumnValuesToNotBeNull(column=name)
    suite.add_expectation(wanted)
start, busy = perf_counter(), process_time()
found = whole.get_batch(batch_parameters={"dataframe": frame}).validate(suite)
seconds, busy = perf_counter() - start, process_time() - busy
assert found.success, "the table keeps every expectation"
peak = getrusage(RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "busy": busy, "peak": peak}))
