"""Times of records: whole microseconds since 1970 in UTC, and as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mlwright.core.moments import written

_DAYS = (b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun")
_MONTHS = (
    *(b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun"),
    *(b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"),
)
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


def http_date(time: datetime) -> bytes:
    """Return a time in UTC as HTTP writes it (RFC 9110, 5.6.7).

    >>> http_date(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC))
    b'Sun, 06 Nov 1994 08:49:37 GMT'
    """
    day, month = _DAYS[time.weekday()], _MONTHS[time.month - 1]
    clock = (time.hour, time.minute, time.second)
    return b"%b, %02d %b %d %02d:%02d:%02d GMT" % (day, time.day, month, time.year, *clock)
