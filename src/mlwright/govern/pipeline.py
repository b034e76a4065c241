"""The steps of a run as a picture and as a table: for a page, a notebook and a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape

from mlwright.core.ids import short
from mlwright.govern.graph import Node, graph
from mlwright.run.recorded import RunShape, StepStanding
from mlwright.run.records import Shape

_MOST_ALIKE = 6
"""Variants of one step that are drawn each for itself; more are one box."""

_STYLE = (
    ".mlw-steps svg{max-width:100%;font:13px system-ui,sans-serif}"
    ".mlw-steps text{fill:currentColor}"
    ".mlw-steps text.kind{font-size:11px;opacity:.7}"
    ".mlw-steps rect{fill:none;stroke:currentColor;stroke-opacity:.4}"
    ".mlw-steps rect.strong{stroke:#1d6fd8;stroke-opacity:1;stroke-width:2}"
    ".mlw-steps path{fill:none;stroke:currentColor;stroke-opacity:.5}"
)

Link = Callable[[str], str | None]
"""Gives the page of a step, where it has one."""


def steps_graph(shape: RunShape, link: Link = lambda _: None) -> str:
    """Draw the steps of a run as SVG, from its inputs to what nobody takes; done ones stand out."""
    boxes = _boxed(shape.steps)
    nodes = {
        name: Node(
            _state(steps),
            name if len(steps) == 1 else f"{name} x {len(steps)}",
            link(steps[0].step) if steps[0].state in ("done", "kept") else None,
            emphasis=any(each.state in ("done", "failed") for each in steps),
        )
        for name, steps in boxes.items()
    }
    box_of = {each.step: name for name, steps in boxes.items() for each in steps}
    before = {
        name: {box_of[e] for each in steps for e in each.edges.values() if e in box_of} - {name}
        for name, steps in boxes.items()
    }
    edges = [(nodes[giver], nodes[name]) for name, givers in before.items() for giver in givers]
    inputs = {i: Node("input", i, None) for each in shape.steps for i in each.inputs.values()}
    for name, steps in boxes.items():
        taken = {each for step in steps for each in step.inputs.values()}
        edges += [(inputs[each], nodes[name]) for each in sorted(taken)]
    depth = _depths(before)
    levels = range(max(depth.values(), default=-1) + 1)
    columns = [[nodes[name] for name in boxes if depth[name] == level] for level in levels]
    return graph(
        [list(inputs.values()), *columns], edges, title=f"The steps of {shape.name or shape.run}"
    )


def run_html(shape: RunShape) -> str:
    """Return a run as a piece of HTML that needs nothing from elsewhere."""
    cells = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>"
        for row in step_rows(shape.steps)
    )
    head = "".join(f"<th>{escape(name)}</th>" for name in STEP_COLUMNS)
    return (
        f'<section class="mlw-steps"><style>{_STYLE}</style>'
        f"<h4>{escape(shape.name or 'run')}: {escape(shape.status)}, {escape(_counted(shape))}</h4>"
        f"{steps_graph(shape)}<table><tr>{head}</tr>{cells}</table>"
        f"<p><code>{escape(shape.run)}</code></p></section>"
    )


def shape_html(shape: Shape) -> str:
    """Return a pipeline that has not run as a piece of HTML that needs nothing from elsewhere."""
    steps = tuple(
        StepStanding(s.step, s.function, "step", s.edges, s.inputs, None, None, None)
        for s in shape.steps
    )
    drawn = steps_graph(RunShape("", shape.name, "", steps))
    return f'<section class="mlw-steps"><style>{_STYLE}</style>{drawn}</section>'


def run_text(shape: RunShape) -> str:
    """Return a run as lines for a terminal."""
    rows = [STEP_COLUMNS, *(tuple(map(str, row)) for row in step_rows(shape.steps))]
    widths = [max(len(row[place]) for row in rows) for place in range(len(STEP_COLUMNS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    head = f"{shape.run} {shape.name}: {shape.status}, {_counted(shape)}"
    return "\n".join([head, *(f"  {line}" for line in lines)])


STEP_COLUMNS = ("step", "state", "seconds", "takes", "output")


def step_rows(steps: Sequence[StepStanding]) -> Iterator[tuple[str, ...]]:
    """Give a row for each step, under :data:`STEP_COLUMNS`."""
    for each in steps:
        kept = f"kept from {short(each.made_by)}" if each.state == "kept" and each.made_by else ""
        yield (
            each.step,
            kept or each.state,
            "-" if each.seconds is None else f"{each.seconds:.3f}",
            _taken(each),
            "-" if each.output is None else str(each.output)[:19],
        )


def _taken(step: StepStanding) -> str:
    """Return what feeds a step, a list or mapping of many in few words."""
    givers = list(dict.fromkeys((*step.inputs.values(), *step.edges.values())))
    more = len(givers) - _MOST_ALIKE
    return ", ".join(givers[:_MOST_ALIKE]) + (f" and {more} more" if more > 0 else "") or "-"


def _counted(shape: RunShape) -> str:
    states = [step.state for step in shape.steps]
    found = {state: states.count(state) for state in dict.fromkeys(states)}
    return ", ".join(f"{count} {state}" for state, count in found.items()) or "no steps"


def _boxed(steps: Sequence[StepStanding]) -> Mapping[str, list[StepStanding]]:
    """Return the steps by box: many variants of one step share one."""
    alike: dict[str, list[StepStanding]] = {}
    for step in steps:
        alike.setdefault(step.step.partition("[")[0], []).append(step)
    boxes: dict[str, list[StepStanding]] = {}
    for step in steps:
        base = step.step.partition("[")[0]
        boxes.setdefault(base if len(alike[base]) > _MOST_ALIKE else step.step, []).append(step)
    return boxes


def _state(steps: Sequence[StepStanding]) -> str:
    states = {step.state for step in steps}
    seconds = [step.seconds for step in steps if step.seconds is not None]
    state = next(iter(states)) if len(states) == 1 else "done in part"
    return f"{state}, {sum(seconds):.2f} s" if seconds else state


def _depths(before: Mapping[str, set[str]]) -> dict[str, int]:
    """Return how many steps lie before each, at most."""
    depth: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max(map(of, before[name]), default=-1)
        return depth[name]

    for name in before:
        of(name)
    return depth
