"""How the code of two runs differs: the recorded texts, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff

from mlwright.core.digest import Digest
from mlwright.core.errors import MlwrightError
from mlwright.core.records import load
from mlwright.govern.difference import Difference, Part
from mlwright.run.code.snapshot import code_files
from mlwright.run.code.sources import Sources
from mlwright.run.recorded import RunRecord
from mlwright.run.records import CodeState
from mlwright.store.protocol import Store

_MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class TextDifference:
    """A text that differs: its name, the lines that came and went, and both in unified form."""

    name: str
    added: int
    removed: int
    diff: str

    @property
    def lines(self) -> str:
        """The lines without the name, which one text may have several of."""
        return self.diff.partition("\n")[2].partition("\n")[2] or self.diff


def code_texts(
    first: RunRecord, second: RunRecord, store: Store
) -> tuple[list[Difference], list[TextDifference]]:
    """Return how the state of the code differs, and each text that does.

    The files of the repository as they were recorded, and the modules that steps were carried out
    with, where those lay elsewhere: the cells of a notebook, or a folder beside it.
    """
    states = [_state(record, store) for record in (first, second)]
    told = list(_states(states[0], states[1], first.code, second.code))
    files = [{} if state is None else _files(state, store) for state in states]
    pairs = {
        name: (files[0].get(name), files[1].get(name))
        for name in sorted({*files[0], *files[1]})
        if files[0].get(name) != files[1].get(name)
    }
    modules = [_modules(record, store) for record in (first, second)]
    for name in sorted({*modules[0], *modules[1]}):
        pair = tuple(_bytes(side.get(name)) for side in modules)
        if pair[0] != pair[1] and pair not in pairs.values():
            pairs[name] = (pair[0], pair[1])
    texts = []
    for name, (old, new) in pairs.items():
        if (both := _read(old, new)) is None:
            told.append(Difference(name, _size(old), _size(new), Part.CODE))
        else:
            texts.append(text_difference(name, *both))
    return told, texts


def text_difference(name: str, old: str | None, new: str | None) -> TextDifference:
    """Return how two texts differ, as unified lines; None is a text that is not there."""
    before, after = ((side or "").splitlines() for side in (old, new))
    was, now = ("/dev/null" if side is None else name for side in (old, new))
    if max(len(before), len(after)) > _MOST_LINES:
        lines = [f"{len(before):,} lines became {len(after):,}: too many to compare"]
        return TextDifference(name, len(after), len(before), "\n".join(lines))
    lines = list(unified_diff(before, after, was, now, lineterm=""))
    added = sum(line.startswith("+") for line in lines[2:])
    removed = sum(line.startswith("-") for line in lines[2:])
    return TextDifference(name, added, removed, "\n".join(lines))


def _states(
    old: CodeState | None, new: CodeState | None, first: Digest, second: Digest
) -> Iterator[Difference]:
    if old is None or new is None:
        if first != second:
            yield Difference("state of the code", first, second, Part.CODE)
        return
    if old.commit != new.commit:
        yield Difference("commit", old.commit, new.commit, Part.CODE)
    for name in sorted({*old.submodules, *new.submodules}):
        if old.submodules.get(name) != new.submodules.get(name):
            one, other = old.submodules.get(name), new.submodules.get(name)
            yield Difference(f"submodule {name}", one, other, Part.CODE)


def _state(record: RunRecord, store: Store) -> CodeState | None:
    try:
        return load(CodeState, store.get(record.code))
    except MlwrightError:
        return None


def _files(state: CodeState, store: Store) -> Mapping[str, bytes]:
    try:
        return code_files(state, store)
    except MlwrightError:
        return {}


def _modules(record: RunRecord, store: Store) -> dict[str, str]:
    found: dict[str, str] = {}
    for digest in {step.sources for step in record.steps if step.sources is not None}:
        try:
            modules = load(Sources, store.get(digest)).modules
        except MlwrightError:
            continue
        found.update({name: source.text for name, source in modules.items()})
    return found


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def _read(old: bytes | None, new: bytes | None) -> tuple[str | None, str | None] | None:
    """Return both sides as text; None where one of them is none."""
    try:
        first, second = (None if side is None else side.decode() for side in (old, new))
    except UnicodeDecodeError:
        return None
    return first, second


def _size(content: bytes | None) -> str | None:
    return None if content is None else f"{len(content):,} bytes"
