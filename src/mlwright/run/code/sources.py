"""The user's modules as text: kept beside a step, so that a replay runs what ran then."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, ModuleType

from mlwright.core.errors import RefusedError
from mlwright.run.closure.origin import Home, origin
from mlwright.run.code.secrecy import secret_in

_LIMIT = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """A module's text, where its file lay, and whether it is a package."""

    file: str
    package: bool
    text: str


@dataclass(frozen=True, slots=True)
class Sources:
    """The modules a step's code comes from, and those they import, by name.

    ``withheld`` names those whose text is not kept, and why: a replay takes them from their files.
    """

    modules: dict[str, Source]
    withheld: dict[str, str] = field(default_factory=dict)


def read_sources(modules: Iterable[str]) -> Sources:
    """Return the text of the user's modules, of their packages and of what they import.

    mlwright's own modules are left out: they come with its version. A script is ``__main__``; of
    a notebook the executed cells are kept in order. A text with a secret in it is withheld.
    """
    found: dict[str, Source] = {}
    withheld: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        module = sys.modules.get(name)
        if name in found or module is None or name.partition(".")[0] == "mlwright":
            continue
        if origin(name).home is not Home.USER:
            continue
        source = _read(module)
        if source is not None:
            found[name] = source
            if secret := secret_in(source.text.encode("utf-8", "surrogatepass")):
                withheld[name] = secret
            waiting.extend(_mentioned(module))
        waiting.extend(_packages(name))
    kept = {name: found[name] for name in sorted(found.keys() - withheld.keys())}
    return Sources(kept, withheld)


def require_open(sources: Sources) -> None:
    """Refuse code that is carried out from its kept text alone, where a secret stands in it.

    Raises
    ------
    RefusedError
        ``code-secret``.
    """
    for name, secret in sources.withheld.items():
        raise RefusedError(
            "code-secret",
            f"{name} is kept with what is made of it, and {secret}",
            fix="read it from the environment or a file when it is needed, such as"
            " os.environ['API_KEY']",
            facts={"module": name, "modules": dict(sources.withheld)},
        )


def _read(module: ModuleType) -> Source | None:
    file = getattr(module, "__file__", None)
    if file is None:
        cells = vars(module).get("In")
        if module.__name__ == "__main__" and isinstance(cells, list):
            return Source("", False, "\n\n".join(str(cell) for cell in cells if _parses(cell)))
        return None
    path = Path(file)
    if path.suffix != ".py" or not path.is_file() or path.stat().st_size > _LIMIT:
        return None
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        return None
    return Source(str(path.absolute()), hasattr(module, "__path__"), text)


def _parses(cell: object) -> bool:
    try:
        compile(str(cell), "cell", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _packages(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _mentioned(module: ModuleType) -> Iterator[str]:
    """Give the modules whose functions, classes or themselves a module holds by name."""
    for value in list(vars(module).values()):
        if isinstance(value, ModuleType):
            yield value.__name__
        elif isinstance(value, FunctionType | type) and isinstance(value.__module__, str):
            yield value.__module__
