"""What cannot be seen through is told, and what can be seen through is not accused."""

from __future__ import annotations

from typing import Any

import pytest

from mlwright.run.closure.walk import closure

# A file in memory: one on the disk that nobody closes would warn in a later test.
OPEN = "__import__('io').TextIOWrapper(__import__('io').BytesIO())"
UNSEEN = {
    "a global open file": (
        f"F = {OPEN}\ndef step(x): return F.read()",
        "TextIOWrapper",
    ),
    "a compiled object without a canonical form": (
        "import zlib\nZ = zlib.compressobj()\ndef step(x): return Z.compress(x)",
        "Compress",
    ),
    "a generator": ("G = (i for i in [1])\ndef step(x): return next(G)", "generator"),
    "a file in a closure cell": (
        f"def make(f):\n def step(x): return f.read()\n return step\nstep = make({OPEN})",
        "TextIOWrapper",
    ),
    "a file held by an instance": (
        f"class P:\n def __init__(self): self.f = {OPEN}\nP1 = P()\ndef step(x): return P1.f",
        "TextIOWrapper",
    ),
    "eval": ("def step(x): return eval(x)", "builtins.eval"),
    "exec": ("def step(x): exec(x)", "builtins.exec"),
    "exec in a helper": ("def helper(x): exec(x)\ndef step(x): helper(x)", "steps:helper()"),
    "a module imported by a name made at run time": (
        "import importlib\ndef step(x): return importlib.import_module(x).f()",
        "importlib.import_module",
    ),
    "import_module itself, imported by name": (
        "from importlib import import_module\ndef step(x): return import_module('a' + x)",
        "importlib.import_module",
    ),
    "__import__": ("def step(x): return __import__(x)", "builtins.__import__"),
    "a pickle": ("import pickle\ndef step(x): return pickle.loads(x)", "pickle.loads"),
    "a pickle, imported inside the step": (
        "def step(x):\n import pickle\n return pickle.loads(x)",
        "pickle.loads",
    ),
    "subclasses by registration": (
        "class P: pass\ndef step(x): return P.__subclasses__()",
        "__subclasses__",
    ),
    "another program": (
        "import subprocess\ndef step(x): return subprocess.run(x)",
        "subprocess",
    ),
    "the table of modules": ("import sys\ndef step(x): return sys.modules[x]", "sys.modules"),
    "opening a file": ("def step(x): return open(x).read()", "builtins.open"),
    "reading a path": (
        "from pathlib import Path\ndef step(x): return Path(x).read_text()",
        "read_text",
    ),
    "a library that reads a file": (
        "import polars as pl\ndef step(x): return pl.read_csv(x)",
        "polars.read_csv",
    ),
    "the environment": ("import os\ndef step(x): return os.environ['A']", "os.environ"),
    "the environment, imported by name": (
        "from os import getenv\ndef step(x): return getenv('A')",
        "os.getenv",
    ),
    "a polars expression that calls Python": (
        "import polars as pl\nE = pl.col('a').map_elements(lambda v: v, return_dtype=pl.Int64)\n"
        "def step(x): return x.select(E)",
        "calls a Python function",
    ),
    "a lazy frame": (
        "import polars as pl\nL = pl.LazyFrame({'a': [1]})\ndef step(x): return L.collect()",
        "lazy frame",
    ),
}

SEEN = {
    "a logger": "import logging\nLOG = logging.getLogger(__name__)\ndef step(x): LOG.info(x)",
    "a lock": "import threading\nL = threading.Lock()\ndef step(x):\n with L: return x",
    "types": """
from typing import NewType, TypeVar, Protocol, Generic
from collections.abc import Callable
T = TypeVar("T")
Id = NewType("Id", str)
Alias = Callable[[int], list[int] | None]
class Shape(Protocol):
    def area(self) -> float: ...
class Box(Generic[T]):
    item: T
def step(x: Alias) -> Id:
    Box[int], Shape, Alias
    return Id(str(x))
""",
    "numpy": """
import numpy as np
from numpy import exp
DTYPE = np.dtype("f8")
ONE = np.float64(1.0)
RNG = np.random.default_rng(0)
def step(x): return exp(np.sum(np.asarray(x, DTYPE))) + ONE + np.linalg.norm(x) + RNG.random()
""",
    "polars": """
import polars as pl
SCHEMA = {"a": pl.Int64, "t": pl.Datetime("us", "UTC")}
def step(x): return pl.DataFrame(x, SCHEMA).select(pl.col("a").cast(pl.List(pl.String)))
""",
    "standard values": """
import collections, datetime, decimal, enum, fractions, operator, pathlib, random, re, uuid
import zoneinfo
V = [collections.deque([1]), collections.OrderedDict(a=1), collections.Counter("ab"),
     datetime.timezone.utc, decimal.Decimal("1.2"), fractions.Fraction(1, 2),
     operator.attrgetter("a"), pathlib.PurePosixPath("/a"), random.Random(0), re.compile("a"),
     uuid.UUID(int=1), zoneinfo.ZoneInfo("Europe/Berlin"), range(3), slice(1), object(), ...,
     enum.Flag("F", "A B").A, "".join, [].append, dict.fromkeys, str.upper, memoryview, b"a", 1j]
def step(x): return V
""",
    "a class with everything": """
import abc, dataclasses, functools, weakref
@functools.total_ordering
@dataclasses.dataclass(frozen=True, slots=True)
class P(abc.ABC):
    a: int = 1
    b: dict = dataclasses.field(default_factory=dict, metadata={"doc": "text"})
    def __lt__(self, other): return self.a < other.a
CACHE = weakref.WeakKeyDictionary()
@functools.cache
def cached(x): return x
def step(x): return P, CACHE, cached
""",
    "scikit-learn": """
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
MODEL = LogisticRegression(C=2)
def step(x): return MODEL, roc_auc_score
""",
    "names that are nowhere": "def step(x): return undefined(x)",
    "a value that holds itself": "A = [1]\nA.append(A)\ndef step(x): return A",
    "a class that refers to itself": (
        "class P:\n    other: 'P'\nP.other = P()\ndef step(x): return P"
    ),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("what", UNSEEN)
def test_what_does_not_show_is_told(what: str, write: Any) -> None:
    text, named = UNSEEN[what]

    unseen = closure(write({"steps.py": text}).step).unseen

    assert any(named in each for each in unseen), unseen
    assert all(each.startswith("steps:") for each in unseen), unseen


@pytest.mark.parametrize("what", SEEN)
def test_what_shows_is_not_accused(what: str, write: Any) -> None:
    found = closure(write({"steps.py": SEEN[what]}).step)

    assert found.unseen == ()
    assert found == closure(write({"steps.py": SEEN[what]}).step)


def test_values_nested_beyond_following_are_told(write: Any) -> None:
    text = "A = []\nfor _ in range(100_000): A = [A]\ndef step(x): return A"
    module = write({"steps.py": text})

    assert "nested too deeply" in closure(module.step).unseen[0]

    while module.A:  # Freeing it at once would overflow the interpreter's own stack.
        module.A = module.A[0]
