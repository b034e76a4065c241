"""A list in the spec made longer by text alone: every comment, order and line ending stays.

The place is found by reading the file as far as that takes: statements, strings and brackets. The
result is read as TOML and has to differ from what was there by the new entries and nothing else;
where it does not, nothing is written and the lines are told instead.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlwright.core.errors import UsageError
from mlwright.core.toml import key, text

_OPENING, _CLOSING = "[{", "]}"
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class _Statement:
    """One header or entry: where it begins, where its value and its line end."""

    start: int
    end: int
    line_end: int
    is_header: bool


def extend_list(spec: str, path: Sequence[str], entries: Sequence[str], *, name: str) -> str:
    r"""Return a spec in which a list has further entries at its end.

    Parameters
    ----------
    path
        The keys that lead to the list, such as ``("data", "repair")``.
    name
        What messages call the spec.

    Raises
    ------
    UsageError
        ``spec-not-editable`` where no place was found that keeps everything else as it is.

    >>> spec = '[data]\nkey = "id"  # who\n'
    >>> print(extend_list(spec, ("data", "repair"), ["trim x"], name="mlwright.toml"))
    [data]
    key = "id"  # who
    repair = [
      "trim x",
    ]
    <BLANKLINE>
    """
    newline = "\r\n" if "\r\n" in spec else "\n"
    wanted = _with(tomllib.loads(spec), path, entries)
    for place in (_in_list, _in_section, _at_end, _before_sections):
        made = place(spec, path, entries, newline)
        if made is not None and _reads_as(made, wanted) and _holds(made, spec):
            return made
    lines = "\n".join(_lines(path[-1], entries))
    raise UsageError(
        "spec-not-editable",
        f"{name} is written in a way that cannot be added to without changing something else",
        fix=f"add this yourself, under [{'.'.join(path[:-1])}]:\n{lines}",
        facts={"path": list(path), "entries": list(entries)},
    )


def _with(
    table: Mapping[str, object], path: Sequence[str], entries: Sequence[str]
) -> dict[str, object]:
    first, *rest = path
    made = dict(table)
    if rest:
        inner = made.get(first, {})
        made[first] = _with(inner if isinstance(inner, Mapping) else {}, rest, entries)
    else:
        there = made.get(first, [])
        made[first] = [*(there if isinstance(there, list) else []), *entries]
    return made


def _reads_as(spec: str, wanted: Mapping[str, object]) -> bool:
    try:
        return tomllib.loads(spec) == wanted
    except ValueError:
        return False


def _holds(made: str, spec: str) -> bool:
    """Whether everything but spaces is still there, in its order: comments too."""
    rest = iter(made)
    return all(character in rest for character in spec if not character.isspace())


def _in_list(spec: str, path: Sequence[str], entries: Sequence[str], newline: str) -> str | None:
    """Add to the list where it stands."""
    found = _entry(spec, path)
    if found is None:
        return None
    closing = found.end - 1
    opening = spec.index("[", spec.index("=", found.start))
    inside = spec[opening + 1 : closing]
    last = _last_content(inside)
    head = spec[: opening + 1] + inside[:last]
    comma = "," if last and inside[last - 1] != "," else ""
    rest = inside[last:]
    if newline in inside:
        indent = _indent_of(inside, newline)
        added = "".join(f"{newline}{indent}{text(each)}," for each in entries)
        end_of_line = rest.find(newline)
        # What stands behind the last entry is its comment.
        kept, tail = rest[:end_of_line], rest[end_of_line:]
        return f"{head}{comma}{kept}{added}{tail}{spec[closing:]}"
    added = "".join(f"{newline}{_INDENT}{text(each)}," for each in entries)
    before = inside[:last].strip()
    first = f"{newline}{_INDENT}{before}{comma}" if before else ""
    return f"{spec[: opening + 1]}{first}{added}{newline}{spec[closing:]}"


def _in_section(spec: str, path: Sequence[str], entries: Sequence[str], newline: str) -> str | None:
    """Add the list below the last entry of its section."""
    at = None
    inside = False
    for statement in _statements(spec):
        if statement.is_header:
            if inside:
                break
            inside = _keys_of(spec[statement.start : statement.end]) == tuple(path[:-1])
        if inside:
            at = statement.line_end
    if at is None:
        return None
    return _inserted(spec, at, path[-1], entries, newline)


def _before_sections(
    spec: str, path: Sequence[str], entries: Sequence[str], newline: str
) -> str | None:
    """Add the list with a dotted name before the first section."""
    at = 0
    for statement in _statements(spec):
        if statement.is_header:
            break
        at = statement.line_end
    return _inserted(spec, at, ".".join(map(key, path)), entries, newline)


def _at_end(spec: str, path: Sequence[str], entries: Sequence[str], newline: str) -> str | None:
    """Add a section with the list behind everything."""
    gap = newline if spec.strip() else ""
    body = spec if not spec or spec.endswith(("\n", "\r")) else spec + newline
    header = f"[{'.'.join(map(key, path[:-1]))}]{newline}"
    return _inserted(f"{body}{gap}{header}", len(body + gap + header), path[-1], entries, newline)


def _inserted(spec: str, at: int, name: str, entries: Sequence[str], newline: str) -> str:
    head, tail = spec[:at], spec[at:]
    if head and not head.endswith(("\n", "\r")):
        head += newline
    return head + "".join(line + newline for line in _lines(name, entries)) + tail


def _lines(name: str, entries: Sequence[str]) -> list[str]:
    return [f"{name} = [", *(f"{_INDENT}{text(each)}," for each in entries), "]"]


def _indent_of(inside: str, newline: str) -> str:
    for line in inside.split(newline)[1:]:
        bare = line.strip()
        if bare and not bare.startswith("#"):
            return line[: len(line) - len(line.lstrip())]
    return _INDENT


def _last_content(inside: str) -> int:
    """Return where the last entry or comma of a list ends, comments aside."""
    last = 0
    place = 0
    while place < len(inside):
        if inside[place] == "#":
            place = _line_end(inside, place)
        elif inside[place] in "\"'":
            place = last = _string_end(inside, place)
        else:
            place += 1
            if not inside[place - 1].isspace():
                last = place
    return last


def _entry(spec: str, path: Sequence[str]) -> _Statement | None:
    """Return the entry that gives a key its value."""
    section: tuple[str, ...] | None = ()
    for statement in _statements(spec):
        written = spec[statement.start : statement.end]
        if statement.is_header:
            section = _keys_of(written)
            continue
        own = _keys_of(written.partition("=")[0])
        if section is not None and own is not None and section + own == tuple(path):
            return statement
    return None


def _keys_of(written: str) -> tuple[str, ...] | None:
    """Return the keys of a header or a dotted name; None for what is no plain one."""
    bare = written.strip()
    if bare.startswith("[["):
        return None
    name = bare.removeprefix("[").removesuffix("]")
    try:
        table: object = tomllib.loads(f"{name} = 0")
    except ValueError:
        return None
    keys = []
    while isinstance(table, dict):
        ((first, table),) = table.items()
        keys.append(str(first))
    return tuple(keys)


def _statements(spec: str) -> Iterator[_Statement]:
    place = 0
    while place < len(spec):
        if spec[place].isspace() or spec[place] == "\ufeff":
            place += 1
        elif spec[place] == "#":
            place = _line_end(spec, place)
        else:
            end = _statement_end(spec, place)
            line_end = _line_end(spec, end)
            line_end += len("\r\n") if spec.startswith("\r\n", line_end) else len("\n")
            yield _Statement(place, end, line_end, is_header=spec[place] == "[")
            place = line_end


def _statement_end(spec: str, start: int) -> int:
    """Return where a header or an entry ends, its comment left out."""
    depth, place, last = 0, start, start
    while place < len(spec):
        character = spec[place]
        if character in "\"'":
            place = last = _string_end(spec, place)
            continue
        if character == "#":
            if not depth:
                return last
            place = _line_end(spec, place)
            continue
        if character in "\r\n" and not depth:
            return last
        depth += (character in _OPENING) - (character in _CLOSING)
        place += 1
        if not character.isspace():
            last = place
    return last


def _string_end(spec: str, start: int) -> int:
    quote = spec[start]
    delimiter = quote * 3 if spec.startswith(quote * 3, start) else quote
    place = start + len(delimiter)
    while place < len(spec):
        if spec[place] == "\\" and quote == '"':
            place += 2
        elif spec.startswith(delimiter, place):
            place += len(delimiter)
            # A text may end in quotes of its own, before the three that close it.
            while len(delimiter) == 3 and spec[place : place + 1] == quote:
                place += 1
            return place
        else:
            place += 1
    return len(spec)


def _line_end(spec: str, place: int) -> int:
    found = [at for at in (spec.find("\n", place), spec.find("\r\n", place)) if at >= 0]
    return min(found, default=len(spec))
