"""A moment as text: a date, which means its end, or a time; in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from mlwright.core.errors import UsageError


def moment_of(text: str, *, now: datetime) -> datetime:
    """Return the moment a text means: of a date its last microsecond, UTC where nothing is said.

    A day that has begun may be asked for; a day or time that has not may not.

    Raises
    ------
    UsageError
        ``moment-form`` for text that is neither, ``moment-future`` for what is still to come.

    >>> moment_of("2026-08-14", now=datetime(2027, 1, 1, tzinfo=UTC)).isoformat()
    '2026-08-14T23:59:59.999999+00:00'
    >>> moment_of("2026-08-14T09:30+02:00", now=datetime(2027, 1, 1, tzinfo=UTC)).isoformat()
    '2026-08-14T07:30:00+00:00'
    """
    return _past(text, now)[1]


def beginning_of(text: str, *, now: datetime) -> datetime:
    """Return where the date or time a text means begins; like :func:`moment_of` otherwise.

    >>> beginning_of("2026-08-14", now=datetime(2027, 1, 1, tzinfo=UTC)).isoformat()
    '2026-08-14T00:00:00+00:00'
    """
    return _past(text, now)[0]


def _past(text: str, now: datetime) -> tuple[datetime, datetime]:
    begins, ends = _span(text)
    if begins > now:
        raise UsageError(
            "moment-future",
            f"{text!r} is still to come: it is {written(now)} now",
            fix="give a date or time that has been",
            facts={"moment": text, "now": written(now)},
        )
    return begins, ends


def written(moment: datetime) -> str:
    """Return a moment as the log writes it: UTC, to the microsecond, ending in Z.

    >>> written(datetime(2026, 8, 14, 7, 30, tzinfo=UTC))
    '2026-08-14T07:30:00.000000Z'
    """
    text = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


def _span(text: str) -> tuple[datetime, datetime]:
    try:
        if len(text) == len("2026-01-31"):
            day = date.fromisoformat(text)
            return datetime.combine(day, time.min, UTC), datetime.combine(day, time.max, UTC)
        found = datetime.fromisoformat(text)
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            "moment-form",
            f"{text!r} is neither a date nor a time",
            fix="give a date such as 2026-08-14 (its end, UTC) or a time such as 2026-08-14T09:30",
            facts={"moment": text},
        ) from None
    return found, found
