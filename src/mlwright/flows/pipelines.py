"""A pipeline of the user's own, carried out as one run of a project."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlwright.core.errors import NotFoundError, UsageError, nearest
from mlwright.flows.importing import imported
from mlwright.flows.workspace import Workspace
from mlwright.run.context import SEED
from mlwright.run.engine import Runner, StepReport
from mlwright.run.executors.choose import executor_of
from mlwright.run.pipelines.annotations import agrees, told
from mlwright.run.pipelines.layout import Input, Laid, Placed
from mlwright.run.pipelines.pipeline import Pipeline
from mlwright.run.pipelines.scope import takes_unknown
from mlwright.run.settings import EnvironmentSettings, RunSettings
from mlwright.run.steps.graph import AnyStep
from mlwright.run.steps.wires import Given
from mlwright.run.telling import Live

_SCALARS = (bool, int, float, str, type(None))

POLARS = "polars"
"""No annotation is a table's before its library is loaded, which takes longer than small steps."""

Listener = Callable[[StepReport], None]


@dataclass(frozen=True, slots=True)
class Carried:
    """A pipeline that was carried out: the run, how it was laid out, every step's report."""

    run: str
    laid: Laid
    reports: Mapping[str, StepReport]


def carry_out(
    workspace: Workspace,
    pipeline: Pipeline,
    given: Mapping[str, object],
    *,
    cache: bool = True,
    on_step: Listener | None = None,
    live: Live | None = None,
    executor: str | None = None,
    command: str | None = None,
) -> Carried:
    """Carry a pipeline out as one run; what was done before is kept.

    ``live`` hears what steps print and log; ``executor`` stands in place of ``run.executor``.

    A table that is named (a file, an address, the id of a data version) becomes a data version
    first, where the pipeline's steps take a table; a polars frame is taken as it is.

    Raises
    ------
    UsageError
        ``step-input-missing``, ``step-takes`` and ``step-type`` for inputs that are missing, that
        nobody takes, or that are annotated as something else: before anything runs.
    """
    workspace.ledger.require_writable()
    workspace.ledger.require_sound()
    _require_inputs(pipeline, given)
    values: dict[str, object] = {}
    config: dict[str, object] = {}
    sources: dict[str, AnyStep] = {}
    for name, value in given.items():
        if name == SEED and name not in pipeline.inputs:
            config[name] = value
            continue
        wanted = pipeline.inputs[name]
        if POLARS in sys.modules and (source := _source(name, value, wanted, workspace)):
            values[name], sources[name] = source
            continue
        _require_agreement(name, value, wanted)
        (config if _is_plain(value) else values)[name] = value
    laid = pipeline.lay_out(sources) if sources else pipeline.laid
    reports: dict[str, StepReport] = {}

    def heard(report: StepReport) -> None:
        reports[report.step] = report
        if on_step is not None:
            on_step(report)

    settings = workspace.settings.section(RunSettings)
    chosen = executor_of(executor or settings.executor, settings.workers)
    runner = Runner(
        workspace.store,
        workspace.ledger,
        workspace.seam,
        cache=cache,
        on_step=heard,
        folder=workspace.folder,
        executor=chosen,
        live=live,
    )
    with closing(chosen):
        finished = pipeline.carry_out(
            runner,
            values,
            config=config,
            resources={"store": workspace.store},
            laid=laid,
            command=command or f"pipeline {pipeline.name}",
        )
    if workspace.settings.section(EnvironmentSettings).keep_wheels:
        from mlwright.flows.environments import keep_environment

        keep_environment(finished.run, workspace)
    return Carried(finished.run, laid, reports)


def named_pipeline(ref: str, folder: Path) -> Pipeline:
    """Return the pipeline of a file: ``flow.py``, or ``flow.py:NAME`` where it holds several.

    Raises
    ------
    NotFoundError
        ``pipeline-missing`` for a file that is not there, or holds no such pipeline.
    UsageError
        ``pipeline-import`` for a module that cannot be imported.
    """
    file, _, name = ref.partition(":")
    path = folder / file
    if not path.is_file():
        raise _no_pipeline(ref, f"there is no file {path}", [], looked=str(path.parent))
    known = imported(f"{path.stem}:__dict__", path.parent, "pipeline")
    if Path(str(known.get("__file__"))).resolve() != path.resolve():
        raise _no_pipeline(
            ref, f"Python has another module named {path.stem!r}", [], looked=str(path)
        )
    found = {each: value for each, value in known.items() if isinstance(value, Pipeline)}
    inside = {id(use.part) for each in found.values() for use in each.parts.values()}
    if name in found:
        return found[name]
    outer = {id(each): each for each in found.values() if id(each) not in inside}
    if name or len(outer) != 1:
        names = ", ".join(found)
        problem = f"{file} holds no pipeline {name!r}" if name else f"{file} holds {len(outer)}"
        problem += f": {names}" if names else " pipelines"
        raise _no_pipeline(ref, problem, list(found), looked=str(path))
    return next(iter(outer.values()))


def _no_pipeline(ref: str, problem: str, known: list[str], *, looked: str) -> NotFoundError:
    file, _, name = ref.partition(":")
    near = nearest(name, known) or (known[0] if known else None)
    return NotFoundError(
        "pipeline-missing",
        problem,
        fix=f"mlw run {file}:{near}" if near else "make one in it: flow = mw.pipeline(load, fit)",
        facts={"pipeline": ref, "nearest": near},
        looked=[looked],
    )


def _require_inputs(pipeline: Pipeline, given: Mapping[str, object]) -> None:
    seeded = any(each.takes_context for each in pipeline.steps)
    for name in given:
        if name not in pipeline.inputs and not (seeded and name == SEED):
            raise takes_unknown(f"pipeline {pipeline.name}", name, list(pipeline.inputs))
    missing = [n for n, i in pipeline.inputs.items() if n not in given and not i.optional]
    if missing:
        takers = [s.name for s in pipeline.steps if Given(missing[0]) in s.wires.values()]
        raise UsageError(
            "step-input-missing",
            f"step {takers[0]!r} takes {missing[0]!r}, which no step gives and the run was not "
            "given",
            fix=f"run({', '.join(f'{name}=…' for name in missing)}), on the command line "
            f"{' '.join(f'--give {name}=…' for name in missing)}; or give the parameter a default",
            facts={"step": takers[0], "parameter": missing[0], "missing": missing},
            looked=[
                f"steps: {', '.join(pipeline.laid.variants)}",
                f"inputs: {', '.join(given) or 'none'}",
            ],
        )


def _source(
    name: str, value: object, wanted: Input, workspace: Workspace
) -> tuple[object, AnyStep] | None:
    """Return the data version of a table that was named, and the step that makes a table of it."""
    from mlwright.flows.pipeline_tables import named_table, names_table, table_of, takes_table

    if not takes_table(wanted, value):
        return None
    if not names_table(value):
        _require_agreement(name, value, wanted)
    return named_table(value, workspace), Placed(table_of, name, {"snapshot": Given(name)})


def _require_agreement(name: str, value: object, wanted: Input) -> None:
    for annotation in wanted.annotations:
        if not agrees(type(value), annotation):
            raise UsageError(
                "step-type",
                f"the input {name!r} is taken as {told(annotation)}, and was given as "
                f"{told(type(value))}",
                fix="give a value of that type, or correct the annotation",
                facts={
                    "parameter": name,
                    "wanted": told(annotation),
                    "given": told(type(value)),
                },
            )


def _is_plain(value: object) -> bool:
    """Tell whether a value is a setting, shown with the run, and no data."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return type(value) in _SCALARS


def written_value(text: str) -> Any:
    """Return a value as it is written on the command line: a number, true, false, else text.

    >>> [written_value(each) for each in ("5", "0.5", "true", "none", "a.csv", "1,2")]
    [5, 0.5, True, None, 'a.csv', [1, 2]]
    """
    if "," in text:
        return [written_value(each.strip()) for each in text.split(",")]
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", text, re.IGNORECASE):
        return float(text)
    return text
