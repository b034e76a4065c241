"""Libraries that a source needs and not everyone has installed."""

from __future__ import annotations

from mlwright.core.errors import UsageError


def missing_extra(extra: str, what: str) -> UsageError:
    """Return the error for a source whose library is not installed."""
    return UsageError(
        "extra-missing",
        f"{what} needs a library that is not installed",
        fix=f"pip install 'mlwright[{extra}]'",
        facts={"extra": extra},
    )
