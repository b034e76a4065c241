"""Messages between us and a process apart: a JSON head, and blocks of bytes after it."""

from __future__ import annotations

import json
import os
import select
import struct
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

_HEAD = struct.Struct("<Q")
_PIECE = 1 << 20

Message = tuple[dict[str, Any], list[bytes]]


class ChannelEndedError(Exception):
    """The other end is gone."""


class ChannelSlowError(Exception):
    """The other end said nothing in time."""


def send(fd: int, head: Mapping[str, Any], blocks: Sequence[bytes] = ()) -> None:
    """Write one message."""
    told = json.dumps({**head, "blocks": [len(block) for block in blocks]}).encode()
    for each in (_HEAD.pack(len(told)), told, *blocks):
        rest = memoryview(each)
        while rest:
            try:
                rest = rest[os.write(fd, rest[:_PIECE]) :]
            except BrokenPipeError as error:
                raise ChannelEndedError from error


def receive(fd: int, timeout: float | None = None) -> Message:
    """Return the next message, waiting ``timeout`` seconds for all of it at most."""
    until = None if timeout is None else monotonic() + timeout
    (size,) = _HEAD.unpack(_take(fd, _HEAD.size, until))
    head = json.loads(_take(fd, size, until))
    return head, [_take(fd, size, until) for size in head.pop("blocks")]


def _take(fd: int, size: int, until: float | None) -> bytes:
    taken = bytearray()
    while len(taken) < size:
        if until is not None:
            ready, _, _ = select.select([fd], [], [], max(0.0, until - monotonic()))
            if not ready:
                raise ChannelSlowError
        piece = os.read(fd, min(size - len(taken), _PIECE))
        if not piece:
            raise ChannelEndedError
        taken += piece
    return bytes(taken)
