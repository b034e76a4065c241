"""Bring back the user's code as it was recorded: modules from their text, a script by its parts."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType

from mlwright.run.code.sources import Source

MAIN = "__main__"


class RecordedModules(MetaPathFinder, InspectLoader):
    """Imports the recorded text of modules, whatever their files hold now."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = {name: found for name, found in sources.items() if name != MAIN}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the protocol's
        target: ModuleType | None = None,  # noqa: ARG002 - the protocol's
    ) -> ModuleSpec | None:
        """Return where to load a recorded module from: here."""
        found = self._sources.get(fullname)
        if found is None:
            return None
        spec = ModuleSpec(fullname, self, origin=found.file, is_package=found.package)
        spec.has_location = True
        if found.package:
            spec.submodule_search_locations = [str(Path(found.file).parent)]
        return spec

    def get_source(self, fullname: str) -> str:
        """Return a module's recorded text."""
        return self._sources[fullname].text

    def get_code(self, fullname: str) -> CodeType:
        """Return a module's recorded text, compiled under the name of the file it lay in."""
        found = self._sources[fullname]
        return self.source_to_code(found.text, found.file)

    def is_package(self, fullname: str) -> bool:
        """Tell whether a recorded module is a package."""
        return self._sources[fullname].package


def restore_modules(sources: Mapping[str, Source]) -> None:
    """Let every import from now on see the recorded modules first."""
    sys.meta_path.insert(0, RecordedModules(sources))


def restore_main(source: Source, parts: Iterable[str]) -> None:
    """Make ``__main__`` anew from a script's text, as far as the recorded parts need it.

    Only the statements that bind what the steps use are executed: a script ends in the run it
    started, and that must not start again.
    """
    module = ModuleType(MAIN)
    if source.file:
        module.__file__ = source.file
    sys.modules[MAIN] = module
    tree = needed_statements(source.text, _names(parts))
    exec(compile(tree, source.file or "notebook", "exec", dont_inherit=True), vars(module))  # noqa: S102 - the recorded script


def _names(parts: Iterable[str]) -> set[str]:
    found = (re.search(r"(?:^|\s)__main__:(\w+)", part) for part in parts)
    return {match[1] for match in found if match}


def needed_statements(text: str, names: set[str]) -> ast.Module:
    r"""Return the statements of a script that bind names or what those statements need.

    >>> script = "import os\nRATE = 2\ndef f(x): return x * RATE\nprint(f(1))"
    >>> ast.unparse(needed_statements(script, {"f"}))
    'RATE = 2\n\ndef f(x):\n    return x * RATE'
    """
    statements = list(_flat(ast.parse(text).body))
    bound = [_bound(statement) for statement in statements]
    needed = set(names)
    taken: set[int] = set()
    while True:
        more = [i for i, names in enumerate(bound) if i not in taken and names & needed]
        if not more:
            break
        for i in more:
            taken.add(i)
            needed |= _used(statements[i])
    future = {
        i
        for i, statement in enumerate(statements)
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
    }
    return ast.Module([statements[i] for i in sorted(taken | future)], type_ignores=[])


def _flat(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Give the statements of a script, those under its main guard among them."""
    for statement in body:
        guard = isinstance(statement, ast.If) and ast.unparse(statement.test)
        if guard in ("__name__ == '__main__'", "'__main__' == __name__"):
            assert isinstance(statement, ast.If)
            yield from _flat(statement.body)
        else:
            yield statement


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names a statement binds or changes in its module."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    found = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            found.add(_root(node))
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= _bound(node)
    return found - {""}


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _used(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
