"""The process apart in which a model of the user's own is fitted, or opened and asked."""

from __future__ import annotations

import sys
from typing import Any

from mlwright.run.context import PrunedError
from mlwright.run.watching.elsewhere import watched_apart
from mlwright.train.own.attend import Blocks, Head, attend
from mlwright.train.own.content import head_of
from mlwright.train.own.talk import Talk
from mlwright.train.records import Module

FIT, ANSWER = "fit", "answer"


def main(role: str) -> None:
    """Answer messages on standard input and output until the other end is gone."""
    if role == FIT:
        attend(_Fitting, confined=False)
    else:
        attend(lambda _asked, _answered: _Answering(), confined=True)


class _Fitting:
    def __init__(self, asked: int, answered: int) -> None:
        from mlwright.train.own import work

        self._talk = Talk(asked, answered)
        self._work = work
        self._restored = False

    def __call__(self, head: Head, blocks: Blocks) -> list[bytes]:
        """Return a fitted model as it is kept; nothing where it was told not to go on."""
        modules = [Module(**each) for each in head["own"]["modules"]]
        with watched_apart({each.name: each.text for each in modules}):
            if not self._restored:
                self._work.restore(modules, head["own"]["parts"])
                self._restored = True
            try:
                return [self._work.fit(head, blocks, self._talk)]
            except PrunedError:
                return []


class _Answering:
    def __init__(self) -> None:
        from mlwright.train.own import work

        self._work = work
        self._restored = False
        self._opened: Any = None

    def __call__(self, head: Head, blocks: Blocks) -> list[bytes]:
        """Open a kept model, or return its answers."""
        if head["ask"] == "open":
            kept = head_of(blocks[0])
            if not self._restored:
                self._work.restore(kept.modules, kept.parts)
                self._restored = True
            self._opened = self._work.Opened(kept, blocks[0])
            return []
        X = _matrix(blocks[0], head["features"], head["rows"])
        return [self._opened.answers(X).tobytes()]


def _matrix(block: bytes, features: int, rows: int) -> Any:
    import numpy as np

    return np.frombuffer(block).reshape(rows, features).copy()


if __name__ == "__main__":
    main(sys.argv[1])
