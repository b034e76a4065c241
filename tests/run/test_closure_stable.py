"""A closure does not depend on the process: hash seeds, order of import, place of the files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from mlwright.run.closure.walk import closure

STEPS = """
import enum, re
from dataclasses import dataclass
import shop.prices

NAMES = {"alpha", "beta", "gamma", ("a", 1), 2.5}
FROZEN = frozenset({"x", "y", None})
class Color(enum.Enum):
    RED = 1
    BLUE = 2
@dataclass(frozen=True, slots=True)
class P:
    a: int = 1
    def m(self): return {f for f in (one, two)}
def one(x): return x in {"p", "q", "r", 3}
def two(x): return [y for y in x if y not in ("s", "t")]
HANDLERS = {one, two}
def make():
    first, second = one, two
    def step(x, *, c=Color.RED):
        def inner(): return first, second, NAMES, FROZEN
        return inner(), HANDLERS, P().m(), shop.prices.rate(x), re.compile("a")
    return step
step = make()
"""
PRINT = """
from mlwright.run.closure.walk import closure
import steps
found = closure(steps.step)
print(found.digest, sorted(found.parts.items()), found.unseen)
"""


def test_four_hash_seeds_give_one_closure(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text(STEPS)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/prices.py").write_text("TABLE = {'a', 'b', 'c'}\ndef rate(x): return TABLE")

    said = [
        subprocess.run(
            [sys.executable, "-B", "-c", PRINT],
            env={"PYTHONPATH": str(tmp_path), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2", "3")
    ]

    assert "unseen" not in said[0]
    assert said[0].endswith("()\n")
    assert len(set(said)) == 1


def test_the_order_of_imports_does_not_matter(write: Any) -> None:
    files = {
        "steps.py": "import FIRST\nimport SECOND\ndef step(x): return a.f(x) + b.f(x)",
        "a.py": "import b\ndef f(x): return b.f(x)",
        "b.py": "def f(x): return x",
    }

    def ordered(first: str, second: str) -> str:
        text = files["steps.py"].replace("FIRST", first).replace("SECOND", second)
        return closure(write({**files, "steps.py": text}).step).digest

    assert ordered("a", "b") == ordered("b", "a")


def test_calling_a_function_does_not_change_its_closure(write: Any) -> None:
    module = write(
        {
            "steps.py": """
import functools
@functools.cache
def cached(x): return x
class P:
    @functools.cached_property
    def v(self): return 1
def step(x): return cached(x) + P().v
"""
        }
    )
    before = closure(module.step)

    module.step(1)

    assert closure(module.step) == before


LATE = """
def step(x):
    import email.message
    import json
    import numpy as np
    import shop.prices
    from numpy.linalg import norm
    from sklearn.metrics import roc_auc_score
    from shop import till
    return json, norm(np.ones(2)), shop.prices.rate(x), till.total(x), roc_auc_score
"""
AROUND = """
from mlwright.run.closure.walk import closure
import steps
before = closure(steps.step)
steps.step(1)
after = closure(steps.step)
print(before == after, before.unseen, sorted(before.distributions)[:1])
"""


def test_importing_what_a_function_imports_does_not_change_its_closure(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text(LATE)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/__init__.py").write_text("")
    (tmp_path / "shop/prices.py").write_text("def rate(x): return x")
    (tmp_path / "shop/till.py").write_text("def total(x):\n    from . import prices\n    return x")

    done = subprocess.run(
        [sys.executable, "-B", "-c", AROUND],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "True () ['cloudpickle']\n"


def test_a_class_is_the_same_whether_or_not_somebody_asked_for_its_annotations(write: Any) -> None:
    steps = write({"steps.py": "class Till:\n    pass\ndef step(x): return Till()"})

    before = closure(steps.step)
    assert steps.Till.__annotations__ == {}
    after = closure(steps.step)

    assert after.digest == before.digest


def test_a_packing_of_bytes_is_seen_through(write: Any) -> None:
    text = "import struct\nHEAD = struct.Struct({!r})\ndef step(x): return HEAD.pack(x)"

    short, long = (closure(write({"steps.py": text.format(n)}).step) for n in ("<h", "<q"))

    assert short.unseen == ()
    assert short.digest != long.digest
