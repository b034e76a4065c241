"""What a run was done with, in words: its code and its environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mlwright.core.digest import Digest
from mlwright.core.errors import BrokenError, NotFoundError
from mlwright.core.ids import short
from mlwright.core.records import load
from mlwright.ledger.records import Event
from mlwright.run.code.snapshot import code_tree
from mlwright.run.environments.wheels import KEPT
from mlwright.run.records import CodeState, Environment
from mlwright.store.protocol import Store


def surroundings_in_words(
    run: str, events: Sequence[Event], store: Store
) -> tuple[tuple[str, str], ...]:
    """Return the code and the environment of a run as two lines, as far as they were recorded.

    Parameters
    ----------
    events
        The run's own, the first of which started it.
    """
    facts = events[0].facts
    code, environment = facts.get("code"), facts.get("environment")
    kept = [event.facts for event in events if event.kind == KEPT]
    lines = []
    if isinstance(code, str):
        told = _or_gone(lambda: _code(run, load(CodeState, store.get(Digest(code))), store))
        lines.append(("code", told))
    if isinstance(environment, str):
        last = kept[-1] if kept else None
        digest = Digest(environment)
        told = _or_gone(lambda: _environment(load(Environment, store.get(digest)), last))
        lines.append(("environment", told))
    return tuple(lines)


def _or_gone(words: Callable[[], str]) -> str:
    try:
        return words()
    except (NotFoundError, BrokenError) as error:
        return error.message


def _code(run: str, state: CodeState, store: Store) -> str:
    words = [f"commit {state.commit[:12]}" if state.commit else f"no commit ({state.why})"]
    if state.changed:
        words.append(f"{_files(len(state.changed))} differ from it")
    tree = code_tree(state, store)
    if tree is not None:
        words.append(f"{_files(len(tree.files))} kept (mlw export code {short(run)} FOLDER)")
    if state.skipped:
        words.append(f"{len(state.skipped)} left out")
    return "; ".join(words)


def _environment(recorded: Environment, kept: Mapping[str, object] | None) -> str:
    words = (
        f"{recorded.implementation} {recorded.python} on {recorded.platform} ({recorded.cpu}),"
        f" {recorded.cores} cores; {len(recorded.distributions)} packages"
    )
    return words if kept is None else f"{words}, {kept['count']} of them kept"


def _files(count: int) -> str:
    return f"{count:,} file{'s' * (count != 1)}"
