"""A step is done once for its key, and what was done is recorded before anyone uses it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlwright.core.digest import Digest, digest_bytes
from mlwright.core.errors import FaultError, UsageError
from mlwright.core.seam import ReplaySeam
from mlwright.ledger.ledger import Ledger
from mlwright.run.engine import Runner, StepReport
from mlwright.run.history import run_record
from mlwright.run.pipelines.pipeline import Pipeline
from mlwright.run.recorded import ENDINGS
from mlwright.run.steps.step import Step, step
from mlwright.store.local import LocalStore
from mlwright.store.memory import MemoryStore


class Bench:
    """A store and a ledger, and runs over them that remember what each executed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store: Any = LocalStore(folder / "store")
        self.ledger = Ledger.open(folder / "ledger", ReplaySeam(), create=True)
        self.reports: list[StepReport] = []

    def run(self, *steps: Any, runner: Any = None, **inputs: Any) -> dict[str, Any]:
        self.reports.clear()
        runner = runner or self.runner()
        runner.start("test", inputs)
        return dict(runner.execute(steps))

    def runner(self, **options: Any) -> Runner:
        seam = ReplaySeam(seed=self.ledger.size)
        options = {"on_step": self.reports.append, "folder": self.folder, **options}
        return Runner(self.store, self.ledger, seam, **options)

    def executed(self) -> list[str]:
        return [report.step for report in self.reports if not report.cached]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.ledger.close()


@dataclass(frozen=True, slots=True)
class Table:
    digest: Digest
    id: str
    place: str


@step
def doubled(number: int) -> int:
    return 2 * number


@step
def listed(doubled: int, number: int = 7) -> list[int]:
    return [doubled, number]


def test_a_second_run_is_given_what_the_first_made(bench: Bench) -> None:
    first = bench.run(doubled, listed, number=3)
    executed = bench.executed()
    second = bench.run(listed, doubled, number=3)

    assert first == second == {"doubled": 6, "listed": [6, 3]}
    assert executed == ["doubled", "listed"]
    assert bench.executed() == []


def test_the_ledger_tells_which_run_made_what_a_cached_step_gave(bench: Bench) -> None:
    bench.run(doubled, number=3)
    bench.run(doubled, number=3)
    bench.run(doubled, number=3)

    steps = [event.facts for event in bench.ledger.events(kind="step.finished")]
    assert [facts["cached"] for facts in steps] == [False, True, True]
    assert {facts["made_by"] for facts in steps} == {steps[0]["run"]}
    assert len({facts["run"] for facts in steps}) == 3


def test_another_input_executes_the_steps_it_reaches_alone(bench: Bench) -> None:
    @step
    def apart(other: int) -> int:
        return other

    bench.run(doubled, listed, apart, number=3, other=1)
    bench.run(doubled, listed, apart, number=4, other=1)

    assert bench.executed() == ["doubled", "listed"]


def test_an_equal_intermediate_result_stops_the_change_there(bench: Bench) -> None:
    @step
    def rounded(number: float) -> int:
        return round(number)

    @step
    def shown(rounded: int) -> str:
        return str(rounded)

    bench.run(rounded, shown, number=3.1)
    bench.run(rounded, shown, number=3.2)

    assert bench.executed() == ["rounded"]


def test_a_step_is_executed_again_when_a_method_of_its_argument_is_edited(
    bench: Bench, write: Any
) -> None:
    text = """
from dataclasses import dataclass
from mlwright.run.steps.step import step
@dataclass(frozen=True)
class Price:
    value: int
    def rate(self): return self.value * EDIT
@step
def rated(price): return price.rate()
"""
    given = []
    for edit in ("2", "2", "3"):
        module = write({"steps.py": text.replace("EDIT", edit)})
        given.append((bench.run(module.rated, price=module.Price(5)), bench.executed()))

    assert given == [({"rated": 10}, ["rated"]), ({"rated": 10}, []), ({"rated": 15}, ["rated"])]


def test_a_step_is_executed_again_when_the_declared_class_of_a_resource_is_edited(
    bench: Bench, write: Any
) -> None:
    text = """
from typing import Protocol
from mlwright.run.steps.step import step
class Tables:
    def rows(self, n): return n * EDIT
class Listener(Protocol):
    def hear(self): ...
class Loud:
    def hear(self): return EDIT
@step
def declared(n: int, tables: "Tables") -> int: return tables.rows(n)
@step
def left_open(n: int, listener: Listener) -> int: return n
"""
    for edit in ("2", "3"):
        steps = write({"steps.py": text.replace("EDIT", edit)})
        runner = bench.runner()
        bench.reports.clear()
        runner.start("test", {"n": 1})
        given = {"tables": steps.Tables(), "listener": steps.Loud()}
        runner.execute([steps.declared, steps.left_open], resources=given)

    assert bench.executed() == ["declared"]


def test_an_input_with_a_digest_of_its_own_is_known_by_it(bench: Bench) -> None:
    @step
    def taken(table: Table) -> str:
        return table.id

    one, other = digest_bytes(b"one"), digest_bytes(b"other")
    bench.run(taken, table=Table(one, "d_a", "here"))
    bench.run(taken, table=Table(one, "d_a", "there"))
    assert bench.executed() == []

    bench.run(taken, table=Table(other, "d_a", "here"))
    assert bench.executed() == ["taken"]


def test_a_run_uses_the_data_it_was_given(bench: Bench) -> None:
    bench.run(doubled, number=1, table=Table(digest_bytes(b""), "d_abc", ""))

    run = bench.ledger.steps_named("doubled")[0].run
    assert bench.ledger.uses(run) == ("d_abc",)
    assert bench.ledger.used_by("d_abc") == (run,)


def test_resources_are_in_no_key(bench: Bench) -> None:
    @step
    def stored(number: int, store: Any) -> int:
        return len(store) + number

    given = []
    for resource in ([1], [1, 2]):
        runner = bench.runner()
        runner.start("test", {"number": 1})
        given.append(runner.execute([stored], resources={"store": resource}))

    assert given == [{"stored": 2}, {"stored": 2}]
    run = bench.ledger.steps_named("stored")[0].run
    assert run_record(bench.ledger, run).steps[0].resources == ("store",)


def test_configuration_counts_for_the_steps_that_take_it(bench: Bench) -> None:
    @step
    def scaled(number: int, rate: float) -> float:
        return number * rate

    executed = []
    for config in ({"rate": 2.0, "note": "a"}, {"rate": 2.0, "note": "b"}, {"rate": 3.0}):
        runner = bench.runner()
        bench.reports.clear()
        runner.start("test", {"number": 2}, config)
        runner.execute([scaled])
        executed.append(bench.executed())

    assert executed == [["scaled"], [], ["scaled"]]


def test_a_default_is_taken_when_nothing_gives_the_parameter(bench: Bench) -> None:
    @step
    def scaled(number: int, rate: int = 5) -> int:
        return number * rate

    assert bench.run(scaled, number=2) == {"scaled": 10}
    assert bench.run(scaled, number=2, rate=3) == {"scaled": 6}


def test_what_a_step_does_to_its_argument_stays_its_own(bench: Bench) -> None:
    @step
    def made() -> dict[str, list[int]]:
        return {"b": [1], "a": [2]}

    @step
    def spoiled(made: dict[str, list[int]]) -> int:
        made["a"].append(3)
        return len(made["a"])

    @step
    def looked(made: dict[str, list[int]]) -> list[str]:
        return [f"{key}{value}" for key, value in made.items()]

    given = bench.run(made, spoiled, looked)

    assert given["looked"] == ["a[2]", "b[1]"]
    assert given["made"] == {"a": [2], "b": [1]}


def test_a_step_that_cannot_be_seen_through_is_executed_each_time_and_says_why(
    bench: Bench,
) -> None:
    @step
    def dynamic(text: str) -> int:
        return int(eval(text))

    @step
    def after(dynamic: int) -> int:
        return dynamic

    for _ in range(2):
        bench.run(dynamic, after, text="1 + 1")

    assert bench.executed() == ["dynamic"]
    assert "builtins.eval runs code that does not show" in bench.reports[0].unseen[0]


def test_the_author_can_answer_for_a_step_that_reads(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "table.txt").write_text("text")

    @step
    def trusted(path: str) -> str:
        return Path(path).read_text()

    pure = Step(trusted.function, pure=True)
    executed = []
    for each in (trusted, trusted, pure, pure):
        bench.run(each, path=str(tmp_path / "table.txt"))
        executed.append(bench.executed())

    assert executed == [["trusted"], ["trusted"], [], []]


def test_a_step_may_refuse_to_be_kept(bench: Bench) -> None:
    @step(cache=False)
    def fresh(number: int) -> int:
        return number

    bench.run(fresh, number=1)
    bench.run(fresh, number=1)

    assert bench.executed() == ["fresh"]


def test_a_run_may_ignore_what_was_done_before(bench: Bench) -> None:
    bench.run(doubled, number=1)
    bench.run(doubled, number=1, runner=bench.runner(cache=False))

    assert bench.executed() == ["doubled"]


def test_an_output_that_was_spoiled_is_made_again(bench: Bench) -> None:
    bench.run(doubled, number=1)
    output = bench.reports[0].output
    path = bench.store._path(output)
    path.chmod(0o644)
    path.write_bytes(b"spoiled")

    assert bench.run(doubled, number=1) == {"doubled": 2}
    assert bench.executed() == ["doubled"]
    assert bench.store.get(output) == b"2"


def test_what_a_step_puts_into_the_store_is_named_and_needed(bench: Bench) -> None:
    @step
    def parted(number: int, store: Any) -> str:
        return str(store.put(b"part"))

    def run() -> Any:
        runner = bench.runner()
        bench.reports.clear()
        runner.start("test", {"number": 1})
        return runner.execute([parted], resources={"store": bench.store})["parted"]

    part = run()
    run()
    assert part in bench.ledger.objects()
    assert bench.executed() == []

    path = bench.store._path(part)
    path.unlink()
    run()
    assert bench.executed() == ["parted"]
    assert bench.store.get(part) == b"part"


def test_a_failed_step_is_recorded_without_its_message_and_raised(bench: Bench) -> None:
    @step
    def fails(number: int) -> int:
        raise ValueError("Alice lives at 1 High Street")

    with pytest.raises(ValueError, match="Alice"):
        bench.run(doubled, fails, number=1)

    event = next(iter(bench.ledger.events(newest_first=True)))
    assert event.kind == "run.failed"
    assert event.facts["code"] == "step-raised"
    assert event.facts["error"] == "builtins.ValueError"
    assert event.facts["step"] == "fails"
    assert b"Alice" not in event.body
    assert run_record(bench.ledger, event.subject).status == "failed"
    assert [s.step for s in run_record(bench.ledger, event.subject).steps] == ["doubled"]


def test_a_failed_step_is_recorded_with_the_code_of_our_own_errors(bench: Bench) -> None:
    @step
    def fails(number: int) -> object:
        return object()

    with pytest.raises(UsageError):
        bench.run(fails, number=1)

    event = next(iter(bench.ledger.events(newest_first=True)))
    assert event.facts["code"] == "artefact-type"


def test_an_interrupted_step_is_recorded_as_that(bench: Bench) -> None:
    @step
    def waits() -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.run(waits)

    event = next(iter(bench.ledger.events(newest_first=True)))
    assert (event.kind, event.facts["code"]) == ("run.interrupted", "interrupted")
    assert run_record(bench.ledger, event.subject).status == "interrupted"


def test_what_goes_wrong_around_the_steps_ends_the_run_too_and_once(bench: Bench) -> None:
    runner = bench.runner()
    run = runner.start("test", {"number": 3})

    def carry_out() -> None:
        with runner.recording():
            runner.execute([doubled])
            raise ValueError("after the steps")

    with pytest.raises(ValueError, match="after"):
        carry_out()

    assert run_record(bench.ledger, run).status == "failed"
    ended = [e for e in bench.ledger.events(subject=run) if e.kind in ENDINGS]
    assert [e.facts["code"] for e in ended] == ["run-raised"]


class FullStore(MemoryStore):
    """A store whose disk is full after some writes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def put(self, content: bytes) -> Digest:
        if self.room <= 0:
            raise FaultError("disk-full", "the disk is full", fix="free some space")
        self.room -= 1
        return super().put(content)


def test_whenever_the_disk_fills_up_every_object_an_event_names_is_there(tmp_path: Path) -> None:
    finished = False
    for room in range(20):
        bench = Bench(tmp_path / str(room))
        bench.store = FullStore(room)
        with suppress(FaultError):
            bench.run(doubled, listed, number=room)
            finished = True
        named = bench.ledger.objects()
        assert all(bench.store.has(digest) for digest in named)
        bench.store.room = 100
        assert bench.run(doubled, listed, number=room)["doubled"] == 2 * room
        bench.ledger.close()

    assert finished


def test_a_step_is_durable_before_the_next_begins_and_the_last_with_the_end(bench: Bench) -> None:
    run = Pipeline(doubled, listed).carry_out(bench.runner(), {"number": 3}).run

    # The clock ticks with each transaction: events of one have the same time.
    times = {e.facts.get("step", e.kind): e.time for e in bench.ledger.events(subject=run)}
    assert times["run.started"] < times["doubled"] < times["listed"] == times["run.finished"]


def test_an_output_handed_in_again_is_still_its_steps(bench: Bench) -> None:
    @step
    def whole(parts: list[int]) -> int:
        return sum(parts)

    runner = bench.runner()
    run = runner.start("test", {"number": 3})
    made = runner.execute([doubled, listed])
    runner.execute([whole], inputs={"parts": made["listed"]})

    assert run_record(bench.ledger, run).steps[-1].edges == {"parts": "listed"}


def test_an_input_that_only_equals_an_output_is_no_output(bench: Bench) -> None:
    @step
    def one() -> int:
        return 1

    @step
    def next_of(count: int) -> int:
        return count + 1

    runner = bench.runner()
    run = runner.start("test", {"count": 1})
    runner.execute([one, next_of])

    assert run_record(bench.ledger, run).steps[-1].edges == {}


def test_a_later_execution_of_the_run_sees_earlier_outputs(bench: Bench) -> None:
    runner = bench.runner()
    run = runner.start("test", {"number": 3})
    runner.execute([doubled])
    runner.execute([listed])
    runner.finish("finished", {"note": "done"})

    record = run_record(bench.ledger, run[:12])
    assert record.status == "finished"
    assert record.steps[-1].edges == {"doubled": "doubled"}
    assert record.command == "test"


def test_a_run_names_its_code_its_environment_and_its_inputs(bench: Bench) -> None:
    runner = bench.runner()
    run = runner.start("test", {"number": 3}, {"data.source": "a.csv"})

    record = run_record(bench.ledger, run)
    assert b'"python"' in bench.store.get(record.environment)
    assert b'"commit":null' in bench.store.get(record.code)
    assert bench.store.get(record.spec) == b'{"data.source":"a.csv"}'
    assert bench.store.get(record.inputs["number"]) == b"3"
    assert record.status == "open"


def test_a_parameter_nothing_gives_names_the_nearest(bench: Bench) -> None:
    with pytest.raises(UsageError) as caught:
        bench.run(doubled, numbre=3)

    assert caught.value.code == "step-input-missing"
    assert caught.value.facts["nearest"] == "numbre"
    assert any("numbre" in place for place in caught.value.looked)


def test_steps_that_need_each_other_are_refused(bench: Bench) -> None:
    @step
    def hen(egg: int) -> int:
        return egg

    @step
    def egg(hen: int) -> int:
        return hen

    with pytest.raises(UsageError) as caught:
        bench.run(hen, egg)

    assert caught.value.code == "step-cycle"


def test_two_steps_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError) as caught:
        Pipeline(doubled, Step(doubled.function))

    assert caught.value.code == "step-duplicate"


def test_a_parameter_without_a_name_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        step(lambda *values: values)

    assert caught.value.code == "step-parameters"


def test_steps_before_the_start_are_refused(bench: Bench) -> None:
    with pytest.raises(UsageError) as caught:
        bench.runner().execute([doubled])

    assert caught.value.code == "run-not-started"


def test_a_parameter_named_like_its_own_step_is_an_input(bench: Bench) -> None:
    @step
    def table(table: int) -> int:
        return table + 1

    assert bench.run(table, table=1) == {"table": 2}


def test_a_pipeline_is_one_run(bench: Bench) -> None:
    done = Pipeline(listed, doubled).carry_out(bench.runner(), {"number": 2}, command="mine")

    assert done.outputs == {"doubled": 4, "listed": [4, 2]}
    assert run_record(bench.ledger, done.run).status == "finished"
    assert run_record(bench.ledger, done.run).command == "mine"
