"""The life of a process apart: confined where it has to be, it answers message after message."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlwright.core.carried import told
from mlwright.core.channel import ChannelEndedError, receive, send
from mlwright.core.errors import MlwrightError
from mlwright.train.own.confine import confine

Head = Mapping[str, Any]
Blocks = Sequence[bytes]

_MOST_DESCRIPTORS = 65_536


def attend(
    make: Callable[[int, int], Callable[[Head, Blocks], list[bytes]]], *, confined: bool
) -> None:
    """Answer messages on standard input and output until the other end is gone.

    Parameters
    ----------
    make
        Returns what answers, once nothing can be done any more that the process has no need of:
        whatever it imports may be anything. It is given where we are asked and where we answer.
    confined
        Whether that is given up. A confined process is also silent.
    """
    asked, answered = _channel(quiet=confined)
    held = confine() if confined else {}
    answer = make(asked, answered)
    send(answered, {"ready": held})
    while True:
        try:
            head, blocks = receive(asked)
        except ChannelEndedError:
            return
        try:
            send(answered, {}, answer(head, blocks))
        except MlwrightError as error:
            send(answered, {"error": told(error)})
        except ChannelEndedError:
            return
        except Exception as error:  # noqa: BLE001 - the top of the process: told to who asked
            send(answered, {"fault": f"{type(error).__name__}: {error}"})


def _channel(*, quiet: bool) -> tuple[int, int]:
    """Keep the pipe apart from what the user's code prints, and close all else we inherited."""
    os.closerange(3, _MOST_DESCRIPTORS)
    asked, answered = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing if quiet else 2, 1)
    if quiet:
        os.dup2(nothing, 2)
    os.close(nothing)
    return asked, answered
