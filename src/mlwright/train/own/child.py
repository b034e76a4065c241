"""The process apart in which a model of the user's own is fitted, or opened and asked."""

from __future__ import annotations

import os
import sys
from typing import Any

from mlwright.core.errors import MlwrightError
from mlwright.train.own.channel import ChannelEndedError, receive, send
from mlwright.train.own.confine import confine
from mlwright.train.own.content import head_of
from mlwright.train.records import Module

FIT, ANSWER = "fit", "answer"
_MOST_DESCRIPTORS = 65_536


def main(role: str) -> None:
    """Answer messages on standard input and output until the other end is gone."""
    asked, answered = _channel(quiet=role == ANSWER)
    held = confine() if role == ANSWER else {}
    # After the confinement: what is imported may be anything.
    from mlwright.train.own import work

    send(answered, {"ready": held})
    opened: Any = None
    restored = False
    while True:
        try:
            head, blocks = receive(asked)
        except ChannelEndedError:
            return
        try:
            if role == FIT:
                if not restored:
                    modules = [Module(**each) for each in head["own"]["modules"]]
                    work.restore(modules, head["own"]["parts"])
                    restored = True
                send(answered, {}, [work.fit(head, blocks)])
            elif head["ask"] == "open":
                kept = head_of(blocks[0])
                if not restored:
                    work.restore(kept.modules, kept.parts)
                    restored = True
                opened = work.Opened(kept, blocks[0])
                send(answered, {})
            else:
                X = _matrix(blocks[0], head["features"], head["rows"])
                send(answered, {}, [opened.answers(X).tobytes()])
        except MlwrightError as error:
            send(answered, {"error": _told(error)})
        except ChannelEndedError:
            return
        except Exception as error:  # noqa: BLE001 - the top of the process: told to who asked
            send(answered, {"fault": f"{type(error).__name__}: {error}"})


def _matrix(block: bytes, features: int, rows: int) -> Any:
    import numpy as np

    return np.frombuffer(block).reshape(rows, features).copy()


def _told(error: MlwrightError) -> dict[str, object]:
    return {
        "kind": type(error).__name__,
        "code": error.code,
        "message": error.message,
        "fix": error.fix,
        "facts": error.facts,
        "looked": list(error.looked),
    }


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


if __name__ == "__main__":
    main(sys.argv[1])
