"""Every edit that can change a result changes the closure, and no other edit does."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mlwright.run.closure.walk import closure

Files = Mapping[str, str]

LIBRARY = {
    "site-packages/thirdparty/__init__.py": "def f(x): return x\nclass Base: pass\n",
    "site-packages/thirdparty-1.0.dist-info/METADATA": "Name: ThirdParty\nVersion: 1.0\n\n",
    "site-packages/thirdparty-1.0.dist-info/RECORD": "thirdparty/__init__.py,,\n",
}


def library(version: str, **more: str) -> dict[str, str]:
    metadata = f"Name: ThirdParty\nVersion: {version}\n{more.get('requires', '')}\n"
    return {**LIBRARY, "site-packages/thirdparty-1.0.dist-info/METADATA": metadata}


# What the step is before and after; "EDIT" stands for the edit.
SEVEN = {
    "a helper": {
        "steps.py": """
def helper(x): return x + EDIT
def step(x): return helper(x)
"""
    },
    "a helper of a helper": {
        "steps.py": """
def inner(x): return x * EDIT
def helper(x): return inner(x)
def step(x): return helper(x)
"""
    },
    "an imported module": {
        "steps.py": "import pricing\ndef step(x): return pricing.rate(x)",
        "pricing.py": "def rate(x): return x * EDIT",
    },
    "a module constant": {
        "steps.py": "RATE = EDIT\ndef step(x): return x * RATE",
    },
    "a library's version": {
        "steps.py": "import thirdparty\ndef step(x): return thirdparty.f(x)",
        **library("1.EDIT"),
    },
    "a default argument": {"steps.py": "def step(x, rate=EDIT): return x * rate"},
    "a method": {
        "steps.py": """
class Price:
    def rate(self): return EDIT
def step(x): return Price().rate() * x
"""
    },
}

MORE = {
    "the step itself": {"steps.py": "def step(x): return x + EDIT"},
    "a closure cell": {
        "steps.py": """
def make(rate):
    def step(x): return x * rate
    return step
step = make(EDIT)
"""
    },
    "a function in a closure cell": {
        "steps.py": """
def helper(x): return x * EDIT
def make(f):
    def step(x): return [f(y) for y in x]
    return step
step = make(helper)
"""
    },
    "a wrapped helper": {
        "steps.py": """
import functools
def loud(f):
    @functools.wraps(f)
    def wrapper(*a): return f(*a)
    return wrapper
@loud
def helper(x): return x + EDIT
def step(x): return helper(x)
"""
    },
    "the decorator of a helper": {
        "steps.py": """
import functools
def loud(f):
    @functools.wraps(f)
    def wrapper(*a): return f(*a) + EDIT
    return wrapper
@loud
def helper(x): return x
def step(x): return helper(x)
"""
    },
    "the argument of a decorator": {
        "steps.py": """
import functools
def times(n):
    def decorate(f):
        @functools.wraps(f)
        def wrapper(x): return f(x) * n
        return wrapper
    return decorate
@times(EDIT)
def helper(x): return x
def step(x): return helper(x)
"""
    },
    "a helper behind lru_cache": {
        "steps.py": """
import functools
@functools.lru_cache
def helper(x): return x + EDIT
def step(x): return helper(x)
"""
    },
    "a helper behind contextmanager": {
        "steps.py": """
import contextlib
@contextlib.contextmanager
def helper(x): yield x + EDIT
def step(x):
    with helper(x) as y: return y
"""
    },
    "a case of singledispatch": {
        "steps.py": """
import functools
@functools.singledispatch
def helper(x): return 0
@helper.register
def _(x: int): return x + EDIT
def step(x): return helper(x)
"""
    },
    "a step called as a function": {
        "steps.py": """
from mlwright.run.steps.step import step as made
@made
def helper(x): return x + EDIT
def step(x): return helper(x)
"""
    },
    "a class attribute": {
        "steps.py": """
class Price:
    rate = EDIT
def step(x): return Price.rate * x
"""
    },
    "a partial's argument": {
        "steps.py": """
import functools
def helper(x, rate): return x * rate
rated = functools.partial(helper, rate=EDIT)
def step(x): return rated(x)
"""
    },
    "a partial's function": {
        "steps.py": """
import functools
def helper(x, rate): return x * rate * EDIT
step = functools.partial(helper, rate=2)
"""
    },
    "a lambda": {"steps.py": "helper = lambda x: x + EDIT\ndef step(x): return helper(x)"},
    "one of two lambdas": {
        "steps.py": "a = lambda x: x\nb = lambda x: x + EDIT\ndef step(x): return a(x) + b(x)"
    },
    "a nested function": {
        "steps.py": """
def step(x):
    def inner(y): return y + EDIT
    return inner(x)
"""
    },
    "a helper called by a nested function": {
        "steps.py": """
def helper(x): return x + EDIT
def step(x):
    def inner(y): return helper(y)
    return inner(x)
"""
    },
    "a comprehension": {"steps.py": "def step(x): return [y + EDIT for y in x if y in {1, 'a'}]"},
    "a helper called in a comprehension": {
        "steps.py": """
def helper(x): return x + EDIT
def step(x): return {helper(y): y for y in x}
"""
    },
    "a class made in the step": {
        "steps.py": """
BASE = EDIT
def step(x):
    class Local:
        base = BASE
    return Local.base + x
"""
    },
    "the end of an attribute chain": {
        "steps.py": "import shop\nimport shop.prices\ndef step(x): return shop.prices.rate(x)",
        "shop/__init__.py": "",
        "shop/prices.py": "def rate(x): return x * EDIT",
    },
    "a constant at the end of a chain": {
        "steps.py": "import shop.prices\ndef step(x): return x * shop.prices.RATE",
        "shop/__init__.py": "",
        "shop/prices.py": "RATE = EDIT",
    },
    "a name re-exported by a package": {
        "steps.py": "from shop import rate\ndef step(x): return rate(x)",
        "shop/__init__.py": "from shop.prices import rate",
        "shop/prices.py": "def rate(x): return x * EDIT",
    },
    "a package's lazy attribute": {
        "steps.py": "import shop\ndef step(x): return shop.rate(x)",
        "shop/__init__.py": "def __getattr__(n):\n from shop.prices import rate\n return rate",
        "shop/prices.py": "def rate(x): return x * EDIT",
    },
    "an import inside the step": {
        "steps.py": "def step(x):\n    import pricing\n    return pricing.rate(x)",
        "pricing.py": "def rate(x): return x * EDIT",
    },
    "a submodule imported under another name inside the step": {
        "steps.py": "def step(x):\n    import shop.prices as p\n    return p.rate(x)",
        "shop/__init__.py": "",
        "shop/prices.py": "def rate(x): return x * EDIT",
    },
    "a submodule imported inside the step": {
        "steps.py": "def step(x):\n    import shop.prices\n    return shop.prices.rate(x)",
        "shop/__init__.py": "",
        "shop/prices.py": "def rate(x): return x * EDIT",
    },
    "a submodule that something else imports later": {
        "steps.py": """
import shop
def step(x):
    load()
    return shop.prices.rate(x)
def load():
    import shop.prices
""",
        "shop/__init__.py": "",
        "shop/prices.py": "def rate(x): return x * EDIT",
    },
    "a submodule taken from its package inside the step": {
        "steps.py": "def step(x):\n    from shop import prices\n    return prices.rate(x)",
        "shop/__init__.py": "",
        "shop/prices.py": "def rate(x): return x * EDIT",
    },
    "a name imported inside the step": {
        "steps.py": "def step(x):\n    from pricing import RATE, rate\n    return rate(x)",
        "pricing.py": "RATE = 1\ndef rate(x): return x * EDIT",
    },
    "an import inside the step used by a nested function": {
        "steps.py": """
def step(x):
    import pricing
    return [pricing.rate(y) for y in x]
""",
        "pricing.py": "def rate(x): return x * EDIT",
    },
    "a relative import inside a helper": {
        "steps.py": "from shop.till import total\ndef step(x): return total(x)",
        "shop/__init__.py": "",
        "shop/till.py": "def total(x):\n    from .prices import rate\n    return rate(x)",
        "shop/prices.py": "def rate(x): return x * EDIT",
    },
    "a module handed on whole": {
        "steps.py": """
import pricing
def step(x): return getattr(pricing, "ra" + "te")(x)
""",
        "pricing.py": "def rate(x): return x * EDIT",
    },
    "a module imported by a literal name": {
        "steps.py": """
import importlib
def step(x): return importlib.import_module("pricing").rate(x)
""",
        "pricing.py": "def rate(x): return x * EDIT",
    },
    "a global looked up through globals()": {
        "steps.py": "RATE = EDIT\ndef step(x): return x * globals()['RATE']"
    },
    "a dictionary": {"steps.py": "RATES = {'a': [EDIT]}\ndef step(x): return RATES[x]"},
    "a list": {"steps.py": "RATES = [1, (2, EDIT)]\ndef step(x): return RATES[x]"},
    "a set": {"steps.py": "CODES = {'a', 'EDIT'}\ndef step(x): return x in CODES"},
    "the order of a dictionary": {
        "steps.py": "RATES = dict([('a', 1), ('b', 2)][::EDIT])\ndef step(x): return list(RATES)"
    },
    "a function in a dictionary": {
        "steps.py": """
def helper(x): return x + EDIT
TABLE = {"a": helper}
def step(x): return TABLE["a"](x)
"""
    },
    "the type of a number": {
        "steps.py": "RATE = 1 if EDIT == 1 else 1.0\ndef step(x): return x * RATE"
    },
    "an enumeration's value": {
        "steps.py": """
import enum
class Rate(enum.Enum):
    LOW = EDIT
DEFAULT = Rate.LOW
def step(x): return DEFAULT.value
"""
    },
    "an enumeration's method": {
        "steps.py": """
import enum
class Rate(enum.IntEnum):
    LOW = 7
    def times(self): return EDIT
def step(x): return Rate.LOW.times()
"""
    },
    "a dataclass instance": {
        "steps.py": """
from dataclasses import dataclass
@dataclass(frozen=True, slots=True)
class Rates:
    low: int
RATES = Rates(EDIT)
def step(x): return RATES.low * x
"""
    },
    "a dataclass's default": {
        "steps.py": """
from dataclasses import dataclass
@dataclass
class Rates:
    low: int = EDIT
def step(x): return Rates().low * x
"""
    },
    "a dataclass's default factory": {
        "steps.py": """
from dataclasses import dataclass, field
@dataclass
class Rates:
    low: list = field(default_factory=lambda: [EDIT])
def step(x): return Rates().low * x
"""
    },
    "a dataclass's method": {
        "steps.py": """
from dataclasses import dataclass
@dataclass(frozen=True)
class Rates:
    low: int = 0
    def __eq__(self, other): return EDIT
def step(x): return Rates() == x
"""
    },
    "a named tuple's default": {
        "steps.py": """
from typing import NamedTuple
class Rates(NamedTuple):
    low: int = EDIT
def step(x): return Rates().low * x
"""
    },
    "a property": {
        "steps.py": """
class Price:
    @property
    def rate(self): return EDIT
def step(x): return Price().rate * x
"""
    },
    "a cached property": {
        "steps.py": """
import functools
class Price:
    @functools.cached_property
    def rate(self): return EDIT
def step(x): return Price().rate * x
"""
    },
    "a static method": {
        "steps.py": """
class Price:
    @staticmethod
    def rate(): return EDIT
def step(x): return Price.rate() * x
"""
    },
    "a class method": {
        "steps.py": """
class Price:
    @classmethod
    def rate(cls): return EDIT
def step(x): return Price.rate() * x
"""
    },
    "a base class": {
        "steps.py": """
class Base:
    def rate(self): return EDIT
class Price(Base): pass
def step(x): return Price().rate() * x
"""
    },
    "which class is the base": {
        "steps.py": """
class A: rate = 1
class B: rate = 2
class Price((A, B)[EDIT - 1]): pass
def step(x): return Price().rate * x
"""
    },
    "a metaclass": {
        "steps.py": """
class Meta(type):
    def rate(cls): return EDIT
class Price(metaclass=Meta): pass
def step(x): return Price.rate() * x
"""
    },
    "a descriptor": {
        "steps.py": """
class Rate:
    def __get__(self, instance, owner): return EDIT
class Price:
    rate = Rate()
def step(x): return Price().rate * x
"""
    },
    "a method that super() reaches": {
        "steps.py": """
class Base:
    def rate(self): return EDIT
class Price(Base):
    def rate(self): return super().rate()
def step(x): return Price().rate() * x
"""
    },
    "another method of the step's own class": {
        "steps.py": """
class Price:
    def other(self): return EDIT
    def step(self, x): return self.other()
step = Price.step
"""
    },
    "the instance a bound method belongs to": {
        "steps.py": """
class Price:
    def __init__(self, rate): self.rate = rate
    def step(self, x): return self.rate * x
step = Price(EDIT).step
"""
    },
    "the state of a global instance": {
        "steps.py": """
class Price:
    __slots__ = ("rate",)
    def __init__(self, rate): self.rate = rate
PRICE = Price(EDIT)
def step(x): return PRICE.rate * x
"""
    },
    "an instance of a subclass of a container": {
        "steps.py": """
class Rates(dict): pass
RATES = Rates(low=EDIT)
def step(x): return RATES["low"] * x
"""
    },
    "an attribute of a function": {
        "steps.py": """
def step(x): return step.rate * x
step.rate = EDIT
"""
    },
    "a keyword default": {"steps.py": "def step(x, *, rate=EDIT): return x * rate"},
    "a default that is a function": {
        "steps.py": "def helper(x): return x + EDIT\ndef step(x, f=helper): return f(x)"
    },
    "a regular expression": {
        "steps.py": "import re\nP = re.compile('aEDIT')\ndef step(x): return P.match(x)"
    },
    "a date": {
        "steps.py": "import datetime\nDAY = datetime.date(2026, 1, EDIT)\ndef step(x): return DAY"
    },
    "a standard container": {
        "steps.py": """
import collections
RATES = collections.defaultdict(int, low=EDIT)
def step(x): return RATES[x]
"""
    },
    "a global numpy array": {
        "steps.py": "import numpy as np\nW = np.array([1.0, EDIT])\ndef step(x): return W @ x"
    },
    "a global polars frame": {
        "steps.py": "import polars as pl\nT = pl.DataFrame({'a': [EDIT]})\ndef step(x): return T"
    },
    "a polars expression": {
        "steps.py": "import polars as pl\nE = pl.col('a') > EDIT\ndef step(x): return x.filter(E)"
    },
    "a helper behind numpy.vectorize": {
        "steps.py": """
import numpy as np
def helper(x): return x + EDIT
V = np.vectorize(helper)
def step(x): return V(x)
"""
    },
    "a function in a namespace": {
        "steps.py": """
import types
def helper(x): return x + EDIT
SPACE = types.SimpleNamespace(f=helper)
def step(x): return SPACE.f(x)
"""
    },
    "a callable instance": {
        "steps.py": """
class Helper:
    def __call__(self, x): return x + EDIT
helper = Helper()
def step(x): return helper(x)
"""
    },
    "a partial method": {
        "steps.py": """
import functools
class P:
    def rate(self, n): return n
    one = functools.partialmethod(rate, EDIT)
def step(x): return P().one()
"""
    },
    "a function in a weak dictionary": {
        "steps.py": """
import weakref
def helper(x): return x + EDIT
TABLE = weakref.WeakValueDictionary(f=helper)
def step(x): return TABLE["f"](x)
"""
    },
    "a class that is matched": {
        "steps.py": """
class P:
    __match_args__ = ("EDIT",)
def step(x):
    match x:
        case P(y): return y
"""
    },
    "an asynchronous helper": {
        "steps.py": """
import asyncio
async def helper(x): return x + EDIT
def step(x): return asyncio.run(helper(x))
"""
    },
    "a generator helper": {
        "steps.py": "def helper(x): yield x + EDIT\ndef step(x): return list(helper(x))"
    },
    "two lambdas that change places": {
        "steps.py": """
pair = [lambda x: x, lambda x: -x][:: 1 if EDIT == 1 else -1]
a, b = pair
def step(x): return a(x), b(x)
"""
    },
    "an exception's class": {
        "steps.py": """
class Odd(Exception):
    code = EDIT
def step(x): raise Odd(x)
"""
    },
    "a star import": {
        "steps.py": "from pricing import *\ndef step(x): return rate(x)",
        "pricing.py": "def rate(x): return x * EDIT",
    },
    "an item getter": {
        "steps.py": "import operator\nGET = operator.itemgetter(EDIT)\ndef step(x): return GET(x)"
    },
    "a helper that a library's object holds": {
        "steps.py": """
import thirdparty
def helper(x): return x + EDIT
class Mine(thirdparty.Base):
    def __init__(self): self.f = helper
MINE = Mine()
def step(x): return MINE.f(x)
""",
        **LIBRARY,
    },
    "a user's function put into a library's module": {
        "steps.py": """
import thirdparty
def helper(x): return x + EDIT
thirdparty.f = helper
def step(x): return thirdparty.f(x)
""",
        **LIBRARY,
    },
    "the text of a docstring": {"steps.py": "def step(x):\n    'text EDIT'\n    return x"},
    "an assertion": {"steps.py": "def step(x):\n    assert x > EDIT\n    return x"},
    "one of two functions that call each other": {
        "steps.py": """
def even(x): return x == 0 or odd(x - EDIT)
def odd(x): return x != 0 and even(x - 1)
def step(x): return even(x)
"""
    },
    "a function that calls itself": {
        "steps.py": "def step(x): return 1 if x < EDIT else x * step(x - 1)"
    },
    "a branch that catches": {
        "steps.py": """
def step(x):
    try: return x
    except ValueError: return EDIT
"""
    },
}

LEAVE = {
    "a comment": ("def step(x):\n    return x\n", "def step(x):\n    # why\n    return x  # so\n"),
    "a blank line": (
        "def step(x):\n    y = x\n    return y\n",
        "\n\ndef step(x):\n    y = x\n\n    return y\n",
    ),
    "lines before a docstring": (
        'def step(x):\n    """Text."""\n    return x\n',
        '# moved\n\n\ndef step(x):\n\n    """Text."""\n    return x\n',
    ),
    "another function": (
        "def step(x): return x\n",
        "def other(x): return 1\nOTHER = 2\ndef step(x): return x\n",
    ),
    "the order of methods": (
        "class P:\n    def a(self): return 1\n    def b(self): return 2\ndef step(x): return P()\n",
        "class P:\n    def b(self): return 2\n    def a(self): return 1\ndef step(x): return P()\n",
    ),
    "lines in a method": (
        "class P:\n    def a(self): return 1\ndef step(x): return P().a()\n",
        "class P:\n\n    # why\n\n    def a(self): return 1\ndef step(x): return P().a()\n",
    ),
    "lines in a lambda and a nested function": (
        "def step(x):\n    f = lambda y: y\n    def g(z): return z\n    return f(g(x))\n",
        "def step(x):\n\n    f = lambda y: y\n\n    def g(z):\n        # why\n        return z"
        "\n\n    return f(g(x))\n",
    ),
    "the order of a set": (
        "CODES = {'a', 'b', 'c'}\ndef step(x): return x in CODES and x in {'p', 'q'}\n",
        "CODES = {'c', 'b', 'a'}\ndef step(x): return x in CODES and x in {'q', 'p'}\n",
    ),
    "a function of the module that is not read": (
        "import pricing\ndef step(x): return pricing.RATE\n",
        "import pricing\ndef step(x): return pricing.RATE\n#\n",
    ),
}


def key(module: Any) -> tuple[str, Mapping[str, str]]:
    found = closure(module.step)
    assert found.unseen == ()
    return found.digest, found.distributions


def edited(files: Files, edit: str) -> dict[str, str]:
    return {name: text.replace("EDIT", edit) for name, text in files.items()}


@pytest.mark.parametrize("what", [*SEVEN, *MORE])
def test_an_edit_changes_the_closure(what: str, write: Any) -> None:
    files = {**SEVEN, **MORE}[what]

    first = key(write(edited(files, "1")))
    again = key(write(edited(files, "1")))
    after = key(write(edited(files, "2")))

    assert first == again
    assert first != after


@pytest.mark.parametrize("what", LEAVE)
def test_an_edit_without_meaning_leaves_the_closure(what: str, write: Any) -> None:
    before, after = LEAVE[what]
    pricing = {"pricing.py": "RATE = 1\ndef unread(): return 1\n"}
    edited_pricing = {"pricing.py": "RATE = 1\n\ndef unread(): return 2\n"}

    assert key(write({"steps.py": before, **pricing})) == key(
        write({"steps.py": after, **edited_pricing})
    )


def test_an_installed_librarys_code_enters_as_its_version(write: Any) -> None:
    steps = "import thirdparty\ndef step(x): return thirdparty.f(x)"
    edit = {"site-packages/thirdparty/__init__.py": "def f(x): return x + 1\n"}

    before = closure(write({"steps.py": steps, **LIBRARY}).step)
    after = closure(write({"steps.py": steps, **LIBRARY, **edit}).step)

    assert before.distributions == {"thirdparty": "1.0"}
    assert before == after


def test_a_library_that_is_looked_for_by_name_enters_too(write: Any) -> None:
    steps = "from importlib.util import find_spec\ndef step(x): return find_spec('thirdparty')"

    assert closure(write({"steps.py": steps, **LIBRARY}).step).distributions == {
        "thirdparty": "1.0"
    }


def test_what_a_library_requires_enters_too(write: Any) -> None:
    steps = "import thirdparty\ndef step(x): return thirdparty.f(x)"

    found = closure(
        write({"steps.py": steps, **library("1.0", requires="Requires-Dist: numpy>1\n")}).step
    )

    assert found.distributions.keys() == {"thirdparty", "numpy"}


@pytest.mark.parametrize("editable", ["true", "false"])
def test_an_edit_of_a_library_installed_from_a_folder_changes_the_closure(
    editable: str, write: Any
) -> None:
    direct = '{"url": "file:///x", "dir_info": {"editable": EDITABLE}}'.replace(
        "EDITABLE", editable
    )
    files = {
        "steps.py": "import thirdparty\ndef step(x): return thirdparty.f(x)",
        **LIBRARY,
        "site-packages/thirdparty-1.0.dist-info/direct_url.json": direct,
    }
    edit = {"site-packages/thirdparty/__init__.py": "def f(x): return x + 1\n"}

    before = closure(write(files).step)
    after = closure(write({**files, **edit}).step)

    assert before.digest != after.digest
    assert [name for name in before.parts if before.parts[name] != after.parts[name]] == [
        "thirdparty:f()"
    ]


def test_an_edit_of_a_library_outside_any_distribution_changes_the_closure(write: Any) -> None:
    files = {
        "steps.py": "import loose\ndef step(x): return loose.f(x)",
        "site-packages/loose.py": "def f(x): return x\n",
    }
    edit = {"site-packages/loose.py": "def f(x): return x + 1\n"}

    assert closure(write(files).step).digest != closure(write({**files, **edit}).step).digest


def test_a_compiled_module_of_the_users_enters_by_its_file(
    write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = find_spec("_csv")
    assert spec is not None
    if spec.origin is None or not spec.origin.endswith(".so"):
        pytest.skip("this Python has its compiled modules built in: there is no file to copy")
    steps = "import _csv\ndef step(x): return FUNCTION(x)"
    found = {}
    for function in ("_csv.reader", "_csv.Dialect"):
        for edit in (b"", b"edit"):
            module = write({"steps.py": "def step(x): return x"})
            library = Path(module.__file__).with_name(Path(spec.origin).name)
            library.write_bytes(Path(spec.origin).read_bytes() + edit)
            Path(module.__file__).write_text(steps.replace("FUNCTION", function))
            for name in ("steps", "_csv"):
                monkeypatch.delitem(sys.modules, name, raising=False)
            module = importlib.import_module("steps")
            assert module._csv.__file__ == str(library)
            found[function, edit] = closure(module.step)

    assert [each.unseen for each in found.values()] == [()] * 4
    assert len({each.digest for each in found.values()}) == 4


def test_the_parts_name_the_function_that_changed(write: Any) -> None:
    before = closure(write(edited(SEVEN["a helper of a helper"], "1")).step)
    after = closure(write(edited(SEVEN["a helper of a helper"], "2")).step)

    assert before.parts.keys() == {"steps:step()", "steps:helper()", "steps:inner()"}
    assert [n for n in before.parts if before.parts[n] != after.parts[n]] == ["steps:inner()"]


def test_the_classes_of_arguments_belong_to_the_closure(write: Any) -> None:
    text = "class Price:\n    def rate(self): return EDIT\ndef step(price): return price.rate()\n"

    first = write({"steps.py": text.replace("EDIT", "1")})
    before = closure(first.step, [first.Price])
    second = write({"steps.py": text.replace("EDIT", "2")})
    after = closure(second.step, [second.Price])

    assert before.digest != after.digest


def test_a_constant_changed_while_the_program_runs_changes_the_closure(write: Any) -> None:
    module = write({"steps.py": "RATES = {'a': 1}\nRATE = 1\ndef step(x): return RATES, RATE"})
    digests = [closure(module.step).digest]

    module.RATES["a"] = 2
    digests.append(closure(module.step).digest)
    module.RATE = 2
    digests.append(closure(module.step).digest)

    assert len(set(digests)) == 3
