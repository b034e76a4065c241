"""An error carried between processes of ours: told as plain values, raised again by who asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlwright.core import errors
from mlwright.core.errors import MlwrightError


def told(error: MlwrightError) -> dict[str, Any]:
    """Return an error as values that JSON can hold; facts of other kinds become their text."""
    return {
        "kind": type(error).__name__,
        "code": error.code,
        "message": error.message,
        "fix": error.fix,
        "facts": {name: _plain(value) for name, value in error.facts.items()},
        "looked": list(error.looked),
    }


def carried(told: Mapping[str, Any]) -> MlwrightError:
    """Return the error that :func:`told` told of, to be raised where it was waited for.

    Examples
    --------
    >>> str(carried(told(errors.UsageError("no-such", "there is none", fix="make one"))))
    '[no-such] there is none'
    """
    kind: type[MlwrightError] = getattr(errors, told["kind"])
    return kind(
        told["code"],
        told["message"],
        fix=told["fix"],
        facts=told["facts"],
        looked=told["looked"],
    )


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
