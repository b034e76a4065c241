"""The house is in order: documents say what the code does, and nothing leaks into the files."""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

import click
import pytest

from mlwright.cli.main import mlw
from mlwright.core import errors
from mlwright.core.errors import ExitCode, MlwrightError
from mlwright.evaluate.records import Evaluation, Fit
from mlwright.evaluate.values import EvaluationValues
from mlwright.stats.metrics import METRICS
from mlwright.stats.records import Interval

R = TypeVar("R")

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "mlwright"
DOCS = ROOT / "docs"
KINDS = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, MlwrightError)
}
CODE = re.compile(r"[a-z]+(-[a-z]+)*")
HEAVY = {
    "cryptography",
    "jinja2",
    "lightgbm",
    "numpy",
    "pandas",
    "polars",
    "rich",
    "scipy",
    "sklearn",
    "sqlalchemy",
}


@cache
def tracked() -> tuple[Path, ...]:
    """Return the files git knows; what is not there is being deleted."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z"]
    listed = subprocess.run(command, check=True, capture_output=True).stdout.decode()
    paths = [ROOT / name for name in listed.split("\0") if name]
    return tuple(path for path in paths if path.is_file())


def modules(folder: Path) -> list[Path]:
    """Return the tracked Python files below a folder."""
    return [path for path in tracked() if path.suffix == ".py" and folder in path.parents]


def load_script(name: str) -> ModuleType:
    """Return a script of ours as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


# Errors: every code is documented, and nothing else is.


def codes_used() -> dict[str, set[ExitCode]]:
    """Return every error code of the source with the exit codes its classes give."""
    used: dict[str, set[ExitCode]] = {}
    for path in modules(SOURCE):
        tree = ast.parse(path.read_text())
        for kind, code in _codes_in(tree, path):
            used.setdefault(code, set()).add(KINDS[kind].exit_code)
    return used


def _codes_in(tree: ast.Module, path: Path) -> Iterator[tuple[str, str]]:
    for scope, call in _calls(tree):
        kind = call.func.id if isinstance(call.func, ast.Name) else ""
        if kind not in KINDS:
            continue
        first = call.args[0] if call.args else None
        if isinstance(first, ast.Constant):
            yield kind, str(first.value)
        elif isinstance(first, ast.IfExp):
            yield from ((kind, code) for code in _codes_below(first))
        else:
            found = list(_codes_passed(tree, scope, first))
            assert found, f"{path}:{call.lineno}: cannot tell the error's code"
            yield from ((kind, code) for code in found)


def _codes_below(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        text = each.value if isinstance(each, ast.Constant) else None
        if isinstance(text, str) and "-" in text and CODE.fullmatch(text):
            yield text


def _calls(
    node: ast.AST, scope: ast.FunctionDef | None = None
) -> Iterator[tuple[ast.FunctionDef | None, ast.Call]]:
    if isinstance(node, ast.Call):
        yield scope, node
    if isinstance(node, ast.FunctionDef):
        scope = node
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, scope)


def _codes_passed(
    tree: ast.Module, scope: ast.FunctionDef | None, first: ast.expr | None
) -> Iterator[str]:
    """Return the codes a helper is called with, or those of the table its code comes from."""
    if scope is not None and isinstance(first, ast.Name):
        names = [argument.arg for argument in scope.args.args]
        if first.id in names:
            place = names.index(first.id)
            for _, call in _calls(tree):
                if isinstance(call.func, ast.Name) and call.func.id == scope.name:
                    given = [*call.args[place : place + 1]]
                    given += [k.value for k in call.keywords if k.arg == first.id]
                    yield from (str(g.value) for g in given if isinstance(g, ast.Constant))
            return
    yield from _codes_below(tree)


def codes_documented() -> dict[str, str]:
    """Return every code of the reference page with the exit code written there."""
    rows = re.findall(
        r"^\| `([a-z-]+)` \| (\d+) \|", (DOCS / "reference" / "errors.md").read_text(), re.M
    )
    assert len(rows) == len({code for code, _ in rows}), "a code is documented twice"
    return dict(rows)


def test_every_error_code_is_documented_and_no_other() -> None:
    used, documented = set(codes_used()), set(codes_documented())

    assert used - documented == set(), "in the source, not in docs/reference/errors.md"
    assert documented - used == set(), "in docs/reference/errors.md, not in the source"


def test_every_documented_exit_code_is_the_one_returned() -> None:
    used, documented = codes_used(), codes_documented()

    wrong = {
        code: (sorted(map(int, used[code])), exit_code)
        for code, exit_code in documented.items()
        if code in used and {int(each) for each in used[code]} != {int(exit_code)}
    }

    assert wrong == {}


def test_every_error_code_is_written_in_kebab_case() -> None:
    assert [code for code in codes_used() if not CODE.fullmatch(code)] == []


# Reference pages that are written from the code.


@pytest.mark.parametrize("page", ["checks.md", "commands.md", "data-checks.md", "settings.md"])
def test_generated_reference_page_is_current(page: str) -> None:
    written = (DOCS / "reference" / page).read_text()

    current = load_script("write_reference").PAGES[page]()

    assert written == current, "run: .venv/bin/python scripts/write_reference.py"


def test_every_value_a_rule_can_be_about_is_documented() -> None:
    interval = Interval(0.5, 0.4, 0.6)
    evaluation = replace(
        blank(Evaluation),
        metric="auc",
        metrics=dict.fromkeys(METRICS, interval),
        gain=interval,
        gain_over_linear=interval,
        fit=replace(blank(Fit), gap=0.0),
        fairness={"COLUMN": {}},
    )
    page = (DOCS / "reference" / "checks.md").read_text()

    known = EvaluationValues(evaluation, {"latency_p99": 0.001}).known()

    names = {re.sub(r"\.(low|high)$", "", name) for name in known}
    assert {name for name in names if f"`{name}`" not in page and "(" not in name} == set()


def blank(kind: type[R]) -> R:
    """Return a record with nothing in its fields, for a test that sets those it reads."""
    nothing = dict.fromkeys(field.name for field in fields(cast("Any", kind)))
    return kind(**nothing)


# Files.


def test_no_tracked_file_names_a_registry_host_or_a_place_on_a_machine() -> None:
    # Written in pieces, so that this file does not find itself.
    hosts = "|".join(["py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.", "deb" + r"\.debian"])
    places = r"(?:^|[^A-Za-z0-9_.])/(?:tmp|work|root|home)/[A-Za-z0-9._-]"
    forbidden = re.compile(f"{hosts}|{places}")

    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), 1):
            if forbidden.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")

    assert found == []


def test_locks_hold_a_hash_for_every_package() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        packages = re.split(r"\n(?=\S)", lock.read_text().strip())

        assert [p.splitlines()[0] for p in packages if "--hash=sha256:" not in p] == []


def test_dev_lock_pins_what_the_run_lock_pins() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^\S+==\S+", (ROOT / "requirements" / name).read_text(), re.M))

    assert pins("run.lock") - pins("dev.lock") == set()


def test_every_declared_dependency_is_imported_somewhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[<>=~!\[; ]", each)[0] for each in project["dependencies"]}
    imported = {
        name.partition(".")[0]
        for path in modules(SOURCE)
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    imported_as = {
        "scikit-learn": "sklearn",
        "backports-zstd": "backports",
        "xgboost-cpu": "xgboost",
    }
    unused = {name for name in declared if imported_as.get(name, name) not in imported}

    # uvicorn brings no parser of its own choice: the worker asks it for httptools.
    assert unused - {"httptools"} == set()


def test_every_module_opens_with_a_docstring() -> None:
    folders = [SOURCE, ROOT / "scripts", ROOT / "benchmarks"]
    without = [
        str(path.relative_to(ROOT))
        for folder in folders
        for path in modules(folder)
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert without == []


# Documents.


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as code hosts derive them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {text.strip().replace(" ", "-") for text in plain}


def test_every_link_in_the_documents_resolves() -> None:
    pages = [path for path in tracked() if path.suffix == ".md"]
    broken = []
    for page in pages:
        text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if link.startswith(("http://", "https://", "mailto:")):
                broken.append(f"{page.name}: {link} leaves the repository")
            elif not target.exists():
                broken.append(f"{page.relative_to(ROOT)}: {link}")
            elif anchor and anchor not in anchors(target):
                broken.append(f"{page.relative_to(ROOT)}: {link} has no such heading")

    assert broken == []


def test_every_document_is_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or not page.exists():
            continue
        seen.add(page)
        links = re.findall(r"\]\(([^)#\s]+)", page.read_text())
        waiting += [(page.parent / link).resolve() for link in links if link.endswith(".md")]

    pages = {path for path in tracked() if path.suffix == ".md" and DOCS in path.parents}

    assert {str(page.relative_to(ROOT)) for page in pages - seen} == set()


def command_lines(page: Path) -> list[str]:
    """Return every command line of ours in a page: in blocks and within the text."""
    text = page.read_text()
    blocks = "\n".join(re.findall(r"```(?:sh)?\n(.*?)```", text, re.S))
    inline = re.findall(r"`(mlw [^`]*)`", re.sub(r"```.*?```", "", text, flags=re.S))
    return [*re.findall(r"^mlw .*", blocks, re.M), *inline]


def find_command(words: list[str]) -> click.Command | None:
    """Return the command that words begin with, down to a subcommand."""
    found: click.Command | None = mlw
    for word in words:
        if not isinstance(found, click.Group) or word.startswith("-"):
            break
        found = found.get_command(click.Context(found), word)
    return found


def test_every_command_line_in_the_documents_exists() -> None:
    wrong = []
    for page in (path for path in tracked() if path.suffix == ".md"):
        for line in command_lines(page):
            words = shlex.split(line, comments=True)[1:]
            command = find_command(words)
            known = {name for each in command.params for name in each.opts} if command else set()
            unknown = {word for word in words if word.startswith("--")} - known - {"--help"}
            if command is None or unknown:
                wrong.append(f"{page.relative_to(ROOT)}: {line} {sorted(unknown)}")

    assert wrong == []


# A light start.


def imported_by(statement: str) -> set[str]:
    """Return the top-level packages a fresh process has imported after a statement."""
    program = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import mlwright",
        "import mlwright.cli.main",
        *(
            f"import mlwright.{'.'.join(path.parent.relative_to(SOURCE).parts)}.records"
            for path in modules(SOURCE)
            if path.name == "records.py"
        ),
    ],
)
def test_import_is_light(statement: str) -> None:
    assert imported_by(statement) & HEAVY == set()


def test_import_mlwright_does_not_even_import_the_command_line() -> None:
    assert "click" not in imported_by("import mlwright")


# Data sets.


def test_a_data_set_that_was_tampered_with_is_written_again(tmp_path: Path) -> None:
    fetch = load_script("fetch_data")
    first = fetch.ensure("wine", tmp_path, tmp_path)
    (tmp_path / "wine.csv").write_text("alcohol\n1\n")

    second, third = (fetch.ensure("wine", tmp_path, tmp_path) for _ in range(2))

    assert (first, second, third) == ("written", "written", "kept")
    assert fetch.digest(tmp_path / "wine.csv") == fetch.DATASETS["wine"].sha256


def test_a_data_set_that_comes_out_different_is_refused(tmp_path: Path) -> None:
    fetch = load_script("fetch_data")
    fetch.DATASETS["wine"] = fetch.Dataset("wine.csv", None, fetch.sklearn("diabetes"), "0", "")

    with pytest.raises(fetch.FetchError, match="pinned is"):
        fetch.ensure("wine", tmp_path, tmp_path)

    assert not (tmp_path / "wine.csv").exists()


def test_flights_hold_nothing_that_is_known_only_after_departure() -> None:
    fetch = load_script("fetch_data")

    assert {"arr_time", "arr_delay", "air_time"} & set(fetch.LATE_COLUMNS) == set()
