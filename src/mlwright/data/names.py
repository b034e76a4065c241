"""Names of columns: which are refused, which are made up, and the nearest to a mistyped one."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

from mlwright.core.errors import DataError, listed, nearest
from mlwright.data.records import Column, Reading

_MAX_LENGTH = 500
# Characters that no reader sees but every comparison does: controls, bidirectional marks.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def settle_names(names: Sequence[str], max_columns: int) -> tuple[list[str], list[Reading]]:
    """Return usable names for columns and what was changed: outer spaces, empty names.

    Raises
    ------
    DataError
        ``data-too-many-columns``, ``column-name`` for characters nobody can see,
        ``column-duplicate`` for a name that stands twice.
    """
    if len(names) > max_columns:
        raise DataError(
            "data-too-many-columns",
            f"the table has {len(names):,} columns, more than {max_columns:,}",
            fix=f"drop columns, or allow them: max_columns = {len(names)} under [data]",
            facts={"columns": len(names), "limit": max_columns},
        )
    settled, readings = [], []
    for place, name in enumerate(names, start=1):
        used = name.strip(" \t")
        if not used:
            used = f"column_{place}"
            readings.append(Reading(used, "the header had no name for it", 1))
        elif used != name:
            readings.append(Reading(used, "spaces around the name removed", 1))
        _check(used, place)
        settled.append(used)
    for name, times in Counter(settled).items():
        if times > 1:
            places = [i for i, each in enumerate(settled, start=1) if each == name]
            raise DataError(
                "column-duplicate",
                f"{times} columns are named {name!r}: columns {_listed(places)}",
                fix="give every column a name of its own",
                facts={"column": name, "places": places},
            )
    return settled, readings


def same_names(known: Sequence[str], names: Sequence[str]) -> None:
    """Refuse columns that are not those of the table they are to join, in any order.

    Raises
    ------
    DataError
        ``schema-differs``, with the columns that are missing and those that are too many.
    """
    missing = [name for name in known if name not in names]
    extra = [name for name in names if name not in known]
    if missing or extra:
        told = [f"it lacks {listed(missing)}"] if missing else []
        told += [f"it has {listed(extra)} beside them"] if extra else []
        raise DataError(
            "schema-differs",
            f"not the columns of the rows before: {' and '.join(told)}",
            fix="give tables of the same columns, or read them apart",
            facts={"column": (missing + extra)[0], "missing": missing, "extra": extra},
        )


def require_column(columns: Sequence[Column], name: str, role: str) -> Column:
    """Return the column of that name.

    Raises
    ------
    DataError
        ``column-unknown``, with the nearest name, when there is none; ``role`` says what the
        column was wanted for, such as ``key``.
    """
    for column in columns:
        if column.name == name:
            return column
    names = [column.name for column in columns]
    close = nearest(name, names)
    hint = f"; did you mean {close!r}?" if close else ""
    raise DataError(
        "column-unknown",
        f"there is no column {name!r} for the {role}{hint}",
        fix=f"name one of the table's columns: {listed(names)}",
        facts={"column": name, "role": role, "nearest": close},
        looked=[f"the {len(names):,} columns of the table"],
    )


def _check(name: str, place: int) -> None:
    unseen = [c for c in name if unicodedata.category(c) in _UNSEEN]
    if unseen or len(name) > _MAX_LENGTH:
        what = (
            f"the character U+{ord(unseen[0]):04X}, which nobody can see"
            if unseen
            else f"{len(name):,} characters, more than {_MAX_LENGTH}"
        )
        raise DataError(
            "column-name",
            f"the name of column {place} has {what}: {name[:60]!r}",
            fix="rename that column in the source",
            facts={"place": place, "name": name[:_MAX_LENGTH]},
        )


def _listed(places: Sequence[int]) -> str:
    return ", ".join(str(place) for place in places[:10]) + (", …" if len(places) > 10 else "")
