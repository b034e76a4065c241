"""Which term of a step's key changed since the time before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlwright.core.errors import NotFoundError
from mlwright.core.seam import ReplaySeam
from mlwright.ledger.ledger import Ledger
from mlwright.run.engine import Runner
from mlwright.run.recorded import StepWhy
from mlwright.run.why import why_step
from mlwright.store.memory import MemoryStore

STEPS = """
from mlwright.run.steps.step import step
import thirdparty
RATE = 2
class Price:
    def rate(self): return 1
def inner(x): return x + 1
def helper(x): return inner(x) * RATE
@step
def rated(number: int, seed: int = 0, scale: int = 1):
    return [helper(number), thirdparty.f(seed), Price().rate(), scale]
@step
def dynamic(number: int): return eval("number")
"""
LIBRARY = {
    "site-packages/thirdparty/__init__.py": "def f(x): return x\n",
    "site-packages/thirdparty-1.0.dist-info/METADATA": "Name: ThirdParty\nVersion: 1.0\n\n",
    "site-packages/thirdparty-1.0.dist-info/RECORD": "thirdparty/__init__.py,,\n",
}


class Asked:
    """Runs the step ``rated`` of edited projects and asks why."""

    def __init__(self, folder: Path, write: Any) -> None:
        self.folder, self.write = folder, write
        self.store, self.ledger = MemoryStore(), Ledger.in_memory(ReplaySeam())

    def run(
        self,
        edit: tuple[str, str] = ("", ""),
        files: dict[str, str] | None = None,
        config: dict[str, object] | None = None,
        name: str = "rated",
        cache: bool = True,
        **inputs: int,
    ) -> StepWhy:
        text = STEPS.replace(*edit) if edit[0] else STEPS
        module = self.write({"steps.py": text, **LIBRARY, **(files or {})})
        seam = ReplaySeam(seed=self.ledger.size)
        runner = Runner(self.store, self.ledger, seam, cache=cache, folder=self.folder)
        runner.start("test", {"number": 3, **inputs}, config)
        runner.execute([getattr(module, name)])
        return why_step(self.ledger, self.store, name)


@pytest.fixture
def asked(tmp_path: Path, write: Any) -> Iterator[Asked]:
    made = Asked(tmp_path / "state", write)
    yield made
    made.ledger.close()


def test_the_first_time_has_nothing_to_compare_with(asked: Asked) -> None:
    assert asked.run().why == "it had not run before"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("x + 1", "x + 2"), "steps:inner() changed"),
        (("* RATE", "* RATE * 1"), "steps:helper() changed"),
        (("RATE = 2", "RATE = 3"), "steps:RATE changed"),
        (("return 1", "return 2"), "steps:Price.rate() changed"),
        (("seed: int = 0", "seed: int = 1"), "steps:rated()(seed=) changed"),
    ],
)
def test_an_edit_is_named_by_the_function_or_value_it_is_in(
    asked: Asked, edit: tuple[str, str], said: str
) -> None:
    asked.run()

    found = asked.run(edit)

    assert found.why == said
    assert [change.term for change in found.changes] == ["code"]
    assert found.previous is not None


def test_a_function_that_is_called_now_is_named_as_new(asked: Asked) -> None:
    asked.run()

    edit = (
        "def helper(x): return inner(x)",
        "def more(x): return x\ndef helper(x): return more(x)",
    )
    why = asked.run(edit).why

    assert why == "steps:helper() changed, steps:inner() is gone, steps:more() is new"


def test_an_input_is_named(asked: Asked) -> None:
    asked.run()

    assert asked.run(number=4).why == "input 'number' changed"


def test_a_configuration_value_is_named(asked: Asked) -> None:
    asked.run(config={"scale": 1})

    assert asked.run(config={"scale": 2}).why == "config 'scale' changed"


def test_a_seed_is_named(asked: Asked) -> None:
    asked.run(seed=1)

    assert asked.run(seed=2).why == "the seed changed"


def test_a_librarys_version_is_named(asked: Asked) -> None:
    asked.run()

    metadata = "Name: ThirdParty\nVersion: 1.1\n\n"
    found = asked.run(files={"site-packages/thirdparty-1.0.dist-info/METADATA": metadata})

    assert found.why == "thirdparty 1.0 became 1.1"


def test_a_step_that_was_kept_says_since_when_nothing_changed(asked: Asked) -> None:
    first = asked.run()
    found = asked.run()

    assert found.cached
    assert found.made_by == first.run
    assert found.why == f"nothing changed since {first.run[:12]}"


def test_a_step_that_is_never_kept_says_why(asked: Asked) -> None:
    asked.run(name="dynamic")

    why = asked.run(name="dynamic").why

    assert why == "it is not kept: steps:dynamic(): builtins.eval runs code that does not show"


def test_a_step_asked_for_without_the_cache_says_so(asked: Asked) -> None:
    asked.run()

    assert asked.run(cache=False).why == "nothing changed; the cache was not asked or had lost it"


def test_an_execution_other_than_the_last_is_explained_by_its_run(asked: Asked) -> None:
    first = asked.run(seed=1)
    second = asked.run(seed=2)
    asked.run(seed=3, config={"scale": 2})

    found = why_step(asked.ledger, asked.store, "rated", run=second.run)

    assert (found.run, found.previous, found.why) == (second.run, first.run, "the seed changed")
    with pytest.raises(NotFoundError):
        why_step(asked.ledger, asked.store, "rated", run="r_other")


def test_an_unknown_step_names_the_nearest(asked: Asked) -> None:
    asked.run()

    with pytest.raises(NotFoundError) as caught:
        why_step(asked.ledger, asked.store, "ratde")

    assert caught.value.code == "step-unknown"
    assert caught.value.facts["nearest"] == "rated"
