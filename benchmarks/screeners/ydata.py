"""Describe a table with ydata-profiling, its minimal report; run in its own environment."""

from __future__ import annotations

import json
import sys
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time

import pandas as pd
from ydata_profiling import ProfileReport

frame = pd.read_parquet(sys.argv[1])
start, busy = perf_counter(), process_time()
ProfileReport(frame, minimal=True, progress_bar=False).get_description()
seconds, busy = perf_counter() - start, process_time() - busy
peak = getrusage(RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "busy": busy, "peak": peak}))
