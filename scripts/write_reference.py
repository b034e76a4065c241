#!/usr/bin/env python3
"""Write the reference pages that come from the code: commands, settings, checks."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from mlwright.api.spec import PLANNED, SECTIONS
from mlwright.checks import grammar
from mlwright.cli.main import mlw
from mlwright.core.declared import Setting, declared
from mlwright.core.quantities import format_quantity
from mlwright.core.settings import FreeTable
from mlwright.data.leaks.records import CHECKS
from mlwright.data.rules.catalogue import RULES
from mlwright.flows.findings.catalogue import FINDINGS
from mlwright.flows.question import LEAK_RULES
from mlwright.stats.metrics import METRICS, Metric

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
WIDTH = 96
OTHER_VALUES = {
    "pinball_90": "of a model for a quantile (`search.metric`, any whole percent): what the "
    "answers are off by, nine times as much where the value lies above; has ends",
    "below_90": "the share of values at or under the answers of that model; has ends",
    "gain": "how much better than the dummy model, in the metric of the search; has ends",
    "gain_over_linear": "how much better than the linear model; has ends",
    "gap": "how much worse on rows it never saw than on the training rows; has ends",
    "tpr_gap": "the largest difference between groups in the share of true positives found; in a "
    "rule named `fairness.COLUMN`, or anywhere as `tpr_gap(COLUMN)`",
    "fpr_gap": "the same for false positives",
    "selection_gap": "the same for the share that is selected at all",
    "calibration_gap": "the same for how much more often a group turns out positive than is stated",
    "importance": "how much worse the metric is when a column's cells are dealt out anew among the "
    "rows, as `importance(COLUMN)`; has an interval",
    "reliance": "the share of what moves the answers that a column makes, as `reliance(COLUMN)`",
    "latency_p99": "how long one row takes, the slowest in a hundred, on this machine; a time "
    "needs its unit: `<= 20ms`",
}
GENERATED = "<!-- Written by scripts/write_reference.py from the code. Do not edit. -->"


def commands_page() -> str:
    """Return the page of all commands: what ``--help`` says, one heading a command."""
    parts = [
        "# Commands",
        GENERATED,
        "Every command also takes `--json` (one document on standard output, logs on standard "
        "error), `-q`, `-v` and `--project`. [Exit codes and errors](errors.md) say how a "
        "command ended. `mlwright` is the same program as `mlw`.",
    ]
    for heading, text in _helps(mlw, "mlw"):
        parts += [f"## {heading}" if heading != "mlw" else "## The list", f"```text\n{text}\n```"]
    return "\n\n".join(parts) + "\n"


def _helps(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[tuple[str, str]]:
    context = click.Context(
        command,
        parent,
        name,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        **command.context_settings,
    )
    lines = command.get_help(context).splitlines()
    yield context.command_path, "\n".join(line.rstrip() for line in lines)
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            child = command.get_command(context, each)
            if child is not None:
                yield from _helps(child, each, context)


def settings_page() -> str:
    """Return the page of all settings: one table a section."""
    parts = [
        "# Settings",
        GENERATED,
        "Settings stand in `mlwright.toml`, or in `[tool.mlwright]` of `pyproject.toml`. A flag "
        "wins over the environment variable `MLWRIGHT_SECTION_KEY`, that over the file, that "
        "over the default; `mlw show settings` says where each value came from. An unknown key "
        "is an error that names the nearest right one. A JSON Schema for editors ships with the "
        "package as `spec.schema.json`.",
    ]
    for section, kind in SECTIONS.items():
        parts.append(f"## [{section}]" if section else "## Above all sections")
        parts.append((kind.__doc__ or "").strip().splitlines()[0])
        if not issubclass(kind, FreeTable):
            rows = [_row(setting) for setting in declared(section, kind)]
            parts.append("\n".join(["| key | holds | default |", "|---|---|---|", *rows]))
    parts.append("## Not acted on yet")
    parts.append(
        "These belong to the spec, but this version does not carry them out, so it refuses them: "
        + ", ".join(f"`{key}`" for key in PLANNED)
        + "."
    )
    return "\n\n".join(parts) + "\n"


def _row(setting: Setting) -> str:
    doc = setting.doc
    if setting.choices:
        doc += f" One of {', '.join(f'`{choice}`' for choice in setting.choices)}."
    return f"| `{setting.key}` | {_cell(doc)} | {_default(setting)} |"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _default(setting: Setting) -> str:
    value = setting.default
    if value is None or value == ():
        return ""
    if isinstance(value, tuple):
        return ", ".join(f"`{each}`" for each in value)
    if setting.quantity is not None and isinstance(value, float):
        return f"`{format_quantity(value, setting.quantity)}`"
    return f"`{value}`"


def checks_page() -> str:
    """Return the page of the rules' grammar and of every value a rule can be about."""
    _, _, rest = (grammar.__doc__ or "").partition("::\n\n")
    block, _, told = rest.partition("\n\n")
    metrics = [
        f"| `{metric.name}` | {', '.join(metric.tasks)} | "
        f"{'more' if metric.greater_is_better else 'less'} | {_span(metric)} | "
        f"{_cell(metric.doc)} |"
        for metric in METRICS.values()
    ]
    leaks = [f"| `{name}` | `{LEAK_RULES[name]}` | {what} |" for name, what in CHECKS.items()]
    found = {name: what for each in FINDINGS for name, what in each.terms.items()}
    others = [f"| `{name}` | {what} |" for name, what in {**OTHER_VALUES, **found}.items()]
    parts = [
        "# Checks",
        GENERATED,
        "A check is a rule with a verdict: `pass`, `fail`, `warn`, `waived` or `not applicable`. "
        "Data tests, model gates and fairness limits are all written in one grammar. "
        "[How to set rules](../how-to/set-rules.md).",
        "## Grammar",
        f"```text\n{textwrap.dedent(block)}\n```",
        textwrap.dedent(told).strip().replace("``", "`"),
        "## Leaks",
        "What a model is told in training and will not be told when it is asked. Judged by every "
        "run, by the rule given unless one of the same name takes its place; a failed one can be "
        "waived with a reason. [How to find leaks](../how-to/find-leaks.md).",
        "\n".join(["| name | rule | what it counts |", "|---|---|---|", *leaks]),
        "## Metrics",
        "Each is measured on rows the model never saw, with a 95 % interval; `auc.low` and "
        "`auc.high` are the interval's ends, and so for every metric. A metric that is not defined "
        "on the rows (one class only, numbers beyond a float) passes no rule. A limit outside what "
        "the value can be is refused before training; a share may be written in percent.",
        "\n".join(
            [
                "| name | tasks | better is | can be | what it is |",
                "|---|---|---|---|---|",
                *metrics,
            ]
        ),
        "## Other values of a model",
        "\n".join(["| name | what it is |", "|---|---|", *others]),
    ]
    return "\n\n".join(parts) + "\n"


def data_checks_page() -> str:
    """Return the page of what `mlw check data` looks for: one line a rule."""
    rows = [f"| `{rule.name}` | {_cell(rule.about)} |" for rule in RULES]
    parts = [
        "# What is looked for in a table",
        GENERATED,
        "`mlw check data` asks these rules in this order. A cell that one has marked is left alone "
        "by those after it; only `contract` is told beside the others. Whatever a rule learns, it "
        "learns from rows outside the sealed test part. "
        "[How to check data](../how-to/check-data.md).",
        "\n".join(["| check | what it finds |", "|---|---|", *rows]),
    ]
    return "\n\n".join(parts) + "\n"


def _span(metric: Metric) -> str:
    low = "any" if metric.least == float("-inf") else f"{metric.least:g}"
    high = "any" if metric.most == float("inf") else f"{metric.most:g}"
    return f"{low} to {high}"


PAGES: dict[str, Callable[[], str]] = {
    "checks.md": checks_page,
    "commands.md": commands_page,
    "data-checks.md": data_checks_page,
    "settings.md": settings_page,
}


def main() -> None:
    """Write every generated page and say which one changed."""
    for name, page in PAGES.items():
        target = FOLDER / name
        text = page()
        if not target.exists() or target.read_text() != text:
            target.write_text(text)
            print(f"wrote docs/reference/{name}")


if __name__ == "__main__":
    main()
