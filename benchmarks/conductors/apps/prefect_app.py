"""Three trivial tasks in Prefect, kept by their inputs: ``prefect_app.py NUMBER [ROUNDS]``."""

from __future__ import annotations

import json
import sys
from time import perf_counter

import steps
from prefect import flow, task
from prefect.cache_policies import INPUTS, TASK_SOURCE

kept = task(persist_result=True, cache_policy=INPUTS + TASK_SOURCE, log_prints=False)
first, second, third = kept(steps.first), kept(steps.second), kept(steps.third)


@flow(persist_result=False)
def three(n: int) -> float:
    return third(second(first(n)))


def seconds(number: int) -> float:
    began = perf_counter()
    made = three(number)
    spent = perf_counter() - began
    assert made == 2.0 * (number + 1) - 1.0
    return spent


if __name__ == "__main__":
    number = int(sys.argv[1])
    seconds(number)
    if len(sys.argv) > 2:
        rounds = range(number + 1, number + 1 + int(sys.argv[2]))
        firsts = [seconds(each) for each in rounds]
        print(json.dumps({"first": firsts, "again": [seconds(each) for each in rounds]}))
