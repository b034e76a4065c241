"""The errors a user can meet: a stable code, what happened, where we looked and the next step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from itertools import islice
from typing import Self

_LONGEST_NAME = 200  # comparing spellings takes quadratic time
_MOST_NAMES = 2_000  # to compare with: 50 milliseconds
_SHOWN = 80  # characters of one name


class ExitCode(IntEnum):
    """What the command line returns; the meaning of each number is part of the contract."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    CHECK_FAILED = 3
    NOT_FOUND = 4
    REFUSED = 5
    NOT_REPRODUCIBLE = 6
    INTERRUPTED = 130


class MlwrightError(Exception):
    """Base of every error a user can meet.

    Parameters
    ----------
    code
        Stable and documented, such as ``data-empty``.
    message
        What happened, with the offending value, in one sentence.
    fix
        The next step: a command, an argument or a page.
    facts
        The values behind the message, for ``--json`` and for programs.
    looked
        Every place that was searched, in order.
    """

    exit_code: ExitCode = ExitCode.FAULT

    def __init__(
        self,
        code: str,
        message: str,
        *,
        fix: str,
        facts: Mapping[str, object] | None = None,
        looked: Iterable[str] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix
        self.facts: dict[str, object] = dict(facts or {})
        self.looked: tuple[str, ...] = tuple(looked)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.code, self.message, self.fix, self.facts, self.looked)

    def of(self, where: str) -> Self:
        """Return the same error, told of one place among several."""
        message = f"{where}: {self.message}"
        return type(self)(self.code, message, fix=self.fix, facts=self.facts, looked=self.looked)

    def __str__(self) -> str:
        return f"[{self.code}] {self.message}"


def _rebuild(
    kind: type[MlwrightError],
    code: str,
    message: str,
    fix: str,
    facts: dict[str, object],
    looked: tuple[str, ...],
) -> MlwrightError:
    return kind(code, message, fix=fix, facts=facts, looked=looked)


class FaultError(MlwrightError):
    """A fault of ours or of the machine, such as a full disk."""

    exit_code = ExitCode.FAULT


class UsageError(MlwrightError):
    """A command, setting or spec that cannot be carried out as written."""

    exit_code = ExitCode.USAGE


class DataError(MlwrightError):
    """Data that cannot be used as it is."""

    exit_code = ExitCode.USAGE


class NotFoundError(MlwrightError):
    """A name, id or file that does not exist."""

    exit_code = ExitCode.NOT_FOUND


class RefusedError(MlwrightError):
    """Something that may not be done: retention, permission, an approval missing."""

    exit_code = ExitCode.REFUSED


class GateError(MlwrightError):
    """A check or gate failed: the model stays registered and is neither promoted nor served."""

    exit_code = ExitCode.CHECK_FAILED


class BrokenError(MlwrightError):
    """A record that no longer says what was written: a corrupt object, a broken log."""

    exit_code = ExitCode.NOT_REPRODUCIBLE


class StoppedError(MlwrightError):
    """Work that was asked to end (Ctrl-C, SIGTERM) before it was done; it can be taken up again."""

    exit_code = ExitCode.INTERRUPTED


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest in spelling to ``name``, or None when none is close.

    >>> nearest("chured", ["churned", "age"])
    'churned'
    """
    known = list(islice(known, _MOST_NAMES))
    if len(name) > _LONGEST_NAME:
        return None
    from difflib import get_close_matches  # only a mistake needs it

    folded = {k.casefold(): k for k in reversed(known)}
    found = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def listed(names: Sequence[str], most: int = 12) -> str:
    """Return names of the user's own, each in quotes, so that none runs into the next.

    >>> listed(["age", "name, first", "c"], most=2)
    "'age', 'name, first' and 1 more"
    """
    shown = ", ".join(map(_quoted, names[:most]))
    return shown + (f" and {len(names) - most:,} more" if len(names) > most else "")


def _quoted(name: str) -> str:
    shown = repr(name)
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
