"""A pipeline is laid out by names: what feeds what, how often a step is done, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from mlwright.core.errors import UsageError
from mlwright.run.pipelines.annotations import agrees, may_pass
from mlwright.run.pipelines.pipeline import Pipeline
from mlwright.run.steps.step import step
from mlwright.run.steps.wires import Fixed, Gathered, Given, Output


@dataclass(frozen=True, slots=True)
class Fitted:
    depth: int


@step
def load(source: str) -> list[int]:
    return [len(source)]


@step
def clean(table: list[int]) -> list[int]:
    return table


@step
def fit(clean: list[int], depth: int, rate: float = 0.1) -> Fitted:
    return Fitted(depth)


@step
def score(fit: Fitted, clean: list[int]) -> float:
    return float(fit.depth)


@step
def best(score: dict[str, float], fit: list[Fitted]) -> Fitted:
    return fit[0]


def wires(pipeline: Pipeline) -> dict[str, dict[str, Any]]:
    return {each.name: dict(each.wires) for each in pipeline.steps}


def test_a_step_is_done_once_for_each_value_and_so_is_what_follows_until_a_list_gathers() -> None:
    flow = Pipeline(load, clean.named("clean", table="load"), fit.over(depth=[3, 5]), score, best)

    found = wires(flow)

    assert list(found) == [
        *("load", "clean", "fit[depth=3]", "fit[depth=5]", "score[depth=3]", "score[depth=5]"),
        "best",
    ]
    assert found["load"] == {"source": Given("source")}
    assert found["clean"] == {"table": Output("load")}
    assert found["fit[depth=5]"] == {
        "clean": Output("clean"),
        "depth": Fixed(5),
        "rate": Given("rate"),
    }
    assert found["score[depth=5]"] == {"fit": Output("fit[depth=5]"), "clean": Output("clean")}
    assert found["best"] == {
        "score": Gathered(
            (("depth=3", "score[depth=3]"), ("depth=5", "score[depth=5]")), by_label=True
        ),
        "fit": Gathered((("depth=3", "fit[depth=3]"), ("depth=5", "fit[depth=5]")), by_label=False),
    }
    assert {n: i.optional for n, i in flow.inputs.items()} == {"source": False, "rate": True}
    assert flow.laid.result == "best"


def test_values_are_combined_each_with_each_or_belong_together() -> None:
    crossed = fit.over(depth=[3, 5], rate=[0.1, 0.2])
    paired = fit.over([{"depth": 3, "rate": 0.1}, {"depth": 5, "rate": 0.05}])

    assert [each.name for each in Pipeline(crossed).steps] == [
        "fit[depth=3,rate=0.1]",
        "fit[depth=3,rate=0.2]",
        "fit[depth=5,rate=0.1]",
        "fit[depth=5,rate=0.2]",
    ]
    assert [each.name for each in Pipeline(paired).steps] == [
        "fit[depth=3,rate=0.1]",
        "fit[depth=5,rate=0.05]",
    ]


def test_a_pipeline_inside_another_gathers_what_arose_in_it_alone() -> None:
    @step
    def fold(clean: list[int], k: int) -> list[int]:
        return clean

    @step
    def scored(fold: list[int], depth: int) -> float:
        return float(depth)

    @step
    def mean(scored: list[float]) -> float:
        return sum(scored) / len(scored)

    @step
    def chosen(validated: dict[str, float]) -> str:
        return max(validated)

    validate = Pipeline(fold.over(k=[0, 1]), scored, mean, name="validated")
    flow = Pipeline(clean, validate.over(depth=[3, 5]), chosen)

    found = wires(flow)

    assert found["validated.fold[k=1]"] == {"clean": Output("clean"), "k": Fixed(1)}
    assert found["validated.mean[depth=5]"]["scored"] == Gathered(
        (
            ("k=0", "validated.scored[k=0,depth=5]"),
            ("k=1", "validated.scored[k=1,depth=5]"),
        ),
        by_label=False,
    )
    assert found["chosen"]["validated"] == Gathered(
        (("depth=3", "validated.mean[depth=3]"), ("depth=5", "validated.mean[depth=5]")),
        by_label=True,
    )
    assert list(flow.inputs) == ["table"]


def test_the_same_pipeline_stands_twice_each_fed_by_another() -> None:
    @step
    def ended(first: list[int], second: list[int]) -> int:
        return len(first + second)

    tidy = Pipeline(clean, name="tidy")
    flow = Pipeline(
        load, tidy.named("first", table="load"), tidy.named("second", table="first.clean"), ended
    )

    assert wires(flow) == {
        "load": {"source": Given("source")},
        "first.clean": {"table": Output("load")},
        "second.clean": {"table": Output("first.clean")},
        "ended": {"first": Output("first.clean"), "second": Output("second.clean")},
    }


def refused(make: Callable[[], object]) -> str:
    with pytest.raises(UsageError) as caught:
        make()
    return caught.value.code


def test_what_cannot_be_laid_out_is_refused_before_anything_runs() -> None:
    @step
    def shown(fit: str) -> str:
        return fit

    @step
    def opened(clean: list[int]) -> Callable[[], int]:
        return lambda: 1

    @step
    def ring(again: int) -> int:
        return again

    several = Pipeline(clean, fit, name="several", gives=None)
    two_ends = Pipeline(score, shown, name="two")

    assert refused(lambda: Pipeline(fit, shown)) == "step-type"
    assert refused(lambda: Pipeline(fit.over(depth=["three"]))) == "step-type"
    assert refused(lambda: Pipeline(opened)) == "artefact-type"
    assert refused(lambda: Pipeline(fit.over(deepth=[3]))) == "step-takes"
    assert refused(lambda: Pipeline(load, clean.named("clean", tabel="load"))) == "step-takes"
    assert refused(lambda: Pipeline(several.named("s", nothing="load"))) == "step-takes"
    assert refused(lambda: Pipeline(ring, step(ring.function).named("again", again="ring"))) == (
        "step-cycle"
    )
    assert refused(lambda: fit.over(depth=[])) == "fan-values"
    assert refused(lambda: fit.over(depth=[3, 3])) == "fan-values"
    assert refused(lambda: fit.over()) == "fan-values"
    assert refused(lambda: fit.over(depth=[3]).over(depth=[5])) == "fan-values"
    assert refused(lambda: fit.named("fit it")) == "step-name"
    assert refused(lambda: Pipeline()) == "pipeline-empty"
    assert refused(lambda: Pipeline(3)) == "pipeline-part"  # type: ignore[arg-type]
    assert refused(lambda: Pipeline(two_ends, step(lambda two: two).named("taken"))) == (
        "pipeline-result"
    )


@pytest.mark.parametrize(
    ("given", "wanted", "expected"),
    [
        (int, float, True),
        (float, int, False),
        (np.int64, int, True),
        (np.float32, float, True),
        (str, float, False),
        (list[int], list[str], False),
        (dict[str, int], dict[str, float], True),
        (int | None, int, True),
        (str, int | None, False),
        (np.ndarray, object, True),
        (np.ndarray, list, False),
        (Any, Fitted, True),
        (Fitted, "Unknown", True),
    ],
)
def test_annotations_contradict_only_where_it_is_sure(
    given: Any, wanted: Any, expected: bool
) -> None:
    assert agrees(given, wanted) is expected


def test_what_may_pass_is_told_from_its_class() -> None:
    class Closed:
        """Has no canonical bytes."""

    class Open(Closed):
        def to_bytes(self) -> bytes:
            return b""

        @classmethod
        def from_bytes(cls, _raw: bytes) -> Open:
            return cls()

    assert may_pass(Open)
    assert may_pass(Closed)  # for a class below it can be passed on
    assert may_pass(np.ndarray)
    assert may_pass(Fitted)
    assert not may_pass(Callable)
    assert not may_pass(pytest.MonkeyPatch)
