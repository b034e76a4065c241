"""The confined process in which feature steps of the user's own are carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlwright.scoring.own.records import Ask
from mlwright.train.own.attend import Blocks, Head, attend

if TYPE_CHECKING:
    from mlwright.scoring.own.work import Opened


class _Steps:
    def __init__(self) -> None:
        from mlwright.scoring.own.work import Opened

        self._open = Opened
        self._opened: Opened | None = None

    def __call__(self, head: Head, blocks: Blocks) -> list[bytes]:
        """Open steps, or carry them out as asked."""
        if head["ask"] == Ask.OPEN:
            self._opened = self._open(head)
            return []
        assert self._opened is not None
        return self._opened.answer(head, blocks)


if __name__ == "__main__":
    attend(lambda _asked, _answered: _Steps(), confined=True)
