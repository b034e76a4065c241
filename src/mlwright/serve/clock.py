"""Times of records: whole microseconds since 1970 in UTC, and as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mlwright.core.moments import written

_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(time: datetime) -> int:
    """Return the microseconds from 1970 to a time with a zone.

    >>> microseconds(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (time - _BEGAN) // _MICROSECOND


def written_time(since: int) -> str:
    """Return a time as the log writes it.

    >>> written_time(1_500_000)
    '1970-01-01T00:00:01.500000Z'
    """
    return written(_BEGAN + timedelta(microseconds=since))
