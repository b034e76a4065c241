"""Three trivial steps in ZenML, kept by their inputs: ``zenml_app.py NUMBER [ROUNDS]``."""

from __future__ import annotations

import json
import sys
from time import perf_counter

import steps
from zenml import pipeline, step

first, second, third = step(steps.first), step(steps.second), step(steps.third)


@pipeline(enable_cache=True)
def three(n: int):
    third(second(first(n)))


def seconds(number: int) -> float:
    began = perf_counter()
    three(n=number)
    return perf_counter() - began


if __name__ == "__main__":
    number = int(sys.argv[1])
    seconds(number)
    if len(sys.argv) > 2:
        rounds = range(number + 1, number + 1 + int(sys.argv[2]))
        firsts = [seconds(each) for each in rounds]
        print(json.dumps({"first": firsts, "again": [seconds(each) for each in rounds]}))
