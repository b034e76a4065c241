"""The search space of a model of the user's own: which values its parameters may take."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from mlwright.core.errors import UsageError

Value = int | float | str | bool
Draw = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Values:
    """Some values, one of which is taken."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers between two, evenly or by their logarithms; whole ones where both ends are."""

    low: float
    high: float
    whole: bool
    log: bool


def parse(text: str, where: str) -> Values | Range:
    """Return what a line of ``[space]`` says.

    Raises
    ------
    UsageError
        ``space-syntax``.

    >>> parse("3, 5, 8", "fit.depth")
    Values(values=(3, 5, 8))
    >>> parse("0.001 .. 0.1 log", "fit.rate")
    Range(low=0.001, high=0.1, whole=False, log=True)
    """
    low, dots, rest = text.partition("..")
    if not dots:
        values = tuple(_value(each.strip()) for each in text.split(",") if each.strip())
        if not values:
            raise _syntax(where, text, "it names no value")
        return Values(values)
    high, _, word = rest.strip().partition(" ")
    ends = [_value(low.strip()), _value(high.strip())]
    if word.strip() not in ("", "log"):
        raise _syntax(where, text, f"{word.strip()!r} is not log")
    if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends):
        raise _syntax(where, text, "a range goes from one number to another")
    first, last = (float(end) for end in ends)
    if not first < last or (word and first <= 0.0) or not math.isfinite(last - first):
        raise _syntax(where, text, "a range goes from a smaller number, above 0 for log")
    whole = all(isinstance(end, int) for end in ends)
    return Range(first, last, whole, bool(word))


def space_of(lines: Mapping[str, str], name: str) -> dict[str, Values | Range]:
    """Return what the parameters of one model may be.

    >>> space_of({"fit.depth": "3, 5", "other.depth": "1"}, "fit")
    {'depth': Values(values=(3, 5))}
    """
    prefix = f"{name}."
    return {k.removeprefix(prefix): parse(v, k) for k, v in lines.items() if k.startswith(prefix)}


def is_whole(space: Mapping[str, Values | Range], tries: int) -> bool:
    """Tell whether every combination of values is no more than may be tried."""
    counts = [len(each.values) for each in space.values() if isinstance(each, Values)]
    return len(counts) == len(space) and math.prod(counts) <= tries


def draws(lines: Mapping[str, str], name: str, tries: int, seed: int) -> tuple[Draw, ...]:
    """Return the parameters that are tried of one model, at most ``tries``.

    Where every combination of values is no more than that, each is tried; else they are drawn.

    >>> draws({"fit.depth": "3, 5", "other.depth": "1"}, "fit", 8, 0)
    ({'depth': 3}, {'depth': 5})
    """
    own = space_of(lines, name)
    if is_whole(own, tries):
        choices = [each.values for each in own.values() if isinstance(each, Values)]
        return tuple(dict(zip(own, each, strict=True)) for each in product(*choices))
    random = np.random.default_rng(seed)
    found: list[Draw] = []
    for _ in range(tries):
        draw = {parameter: _drawn(each, random) for parameter, each in own.items()}
        if draw not in found:
            found.append(draw)
    return tuple(found)


def require_names(lines: Mapping[str, str], names: Sequence[str]) -> None:
    """Refuse a line that is of no model that is tried.

    Raises
    ------
    UsageError
        ``space-model``.
    """
    for key in lines:
        if not any(key.startswith(f"{name}.") for name in names):
            raise UsageError(
                "space-model",
                f"space.{key} is of no model of your own that is tried",
                fix='write it as [space."MODEL"] with the model\'s name as in search.models'
                + (f": {', '.join(names)}" if names else ""),
                facts={"key": key, "models": list(names)},
            )


def _drawn(each: Values | Range, random: np.random.Generator) -> Value:
    if isinstance(each, Values):
        return each.values[int(random.integers(len(each.values)))]
    if each.log:
        number = math.exp(random.uniform(math.log(each.low), math.log(each.high)))
    else:
        number = float(random.uniform(each.low, each.high + each.whole))
    return min(int(number), int(each.high)) if each.whole else number


def _value(text: str) -> Value:
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, bool | int | float | str) else text


def _syntax(where: str, text: str, why: str) -> UsageError:
    return UsageError(
        "space-syntax",
        f'space.{where} = "{text}": {why}',
        fix='write values as "3, 5, 8" or a range as "0.001 .. 0.1 log"',
        facts={"key": where, "text": text},
    )
