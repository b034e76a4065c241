"""Three trivial steps in mlwright: ``ours.py NUMBER [ROUNDS]``."""

from __future__ import annotations

import json
import sys
from time import perf_counter

import mlwright as mw


@mw.step
def first(n: int) -> int:
    return n + 1


@mw.step
def second(first: int) -> float:
    return 2.0 * first


@mw.step
def third(second: float) -> float:
    return second - 1.0


steps = mw.pipeline(first, second, third)


def seconds(number: int) -> float:
    began = perf_counter()
    done = steps.run(n=number)
    spent = perf_counter() - began
    assert done["third"] == 2.0 * (number + 1) - 1.0
    return spent


if __name__ == "__main__":
    number = int(sys.argv[1])
    if len(sys.argv) == 2:
        seconds(number)
    else:
        seconds(number)
        rounds = range(number + 1, number + 1 + int(sys.argv[2]))
        firsts = [seconds(each) for each in rounds]
        print(json.dumps({"first": firsts, "again": [seconds(each) for each in rounds]}))
