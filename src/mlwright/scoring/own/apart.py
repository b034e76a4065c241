"""Ask the user's feature steps: a row, rows or a table in, the columns they make out.

They are carried out in a confined process (:mod:`mlwright.train.own.confine`) that starts with the
first question and is started again when it ends. Rows need no table library on this side.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlwright.core.errors import UsageError
from mlwright.core.records import dump, load, to_json
from mlwright.data.records import Column
from mlwright.scoring.own.records import Ask
from mlwright.scoring.records import MadeColumn, OwnFeatures, OwnSteps
from mlwright.train.own.process import ANSWER, Apart, code_of

if TYPE_CHECKING:
    import polars as pl

_CHILD = "mlwright.scoring.own.child"
_UNOPENED = "own-step-failed"
_CODE = code_of(Path(__file__).parent, "child.py", "work.py", "tracing.py", "compare.py")


class StepsApart:
    """Feature steps of the user's own and their process; may be shared by threads.

    ``timeout`` is how many seconds a question may take before the process is ended.
    """

    def __init__(
        self,
        steps: OwnSteps,
        reads: Sequence[Column] = (),
        makes: Sequence[MadeColumn] = (),
    ) -> None:
        self.name = _names(steps)
        self.timeout: float | None = None
        self._apart = Apart(ANSWER, self.name, child=_CHILD, code=_CODE)
        self._reads = tuple(column.name for column in reads)
        self._makes = [[column.name, column.kind.value] for column in makes]
        modules = {each.name: each for step in steps.steps for each in step.modules}
        opening = {
            "ask": Ask.OPEN.value,
            "steps": [[step.name, step.function] for step in steps.steps],
            "modules": to_json(list(modules.values())),
            "parts": sorted({part for step in steps.steps for part in step.parts}),
            "reads": [[column.name, column.kind.value] for column in reads],
            "makes": self._makes,
        }
        self._opening: tuple[Mapping[str, Any], Sequence[bytes]] = (opening, ())

    @property
    def pid(self) -> int | None:
        """The number of its process, None while there is none."""
        return self._apart.pid

    @property
    def told(self) -> str:
        """What it is, in words."""
        return _words(self.name)

    def stop(self) -> None:
        """End the process for good, also in the midst of a question."""
        self._apart.stop()

    def close(self) -> None:
        """End the process; it is started again when it is asked again."""
        self._apart.close()

    def ask(self, ask: Ask, blocks: Sequence[bytes] = (), **told: object) -> list[bytes]:
        """Return what the process answers."""
        head = {"ask": ask.value, **told}
        try:
            return self._apart.ask(head, blocks, before=self._opening, timeout=self.timeout)
        except UsageError as error:
            if error.code == _UNOPENED:
                self._apart.close()  # it has nothing that could be asked
            raise

    def columns(self, cells: Mapping[str, Sequence[object]], height: int) -> dict[str, list[Any]]:
        """Return the columns that are made of others, each with a cell a row; days are ISO text.

        Parameters
        ----------
        cells
            The columns the steps read, cast strictly.
        """
        asked = [list(cells[name]) for name in self._reads]
        block = json.dumps(asked, default=str_of_day).encode()
        (raw,) = self.ask(Ask.ROWS, [block], height=height)
        names = (name for name, _ in self._makes)
        return dict(zip(names, json.loads(raw), strict=True))

    def table(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the columns that are made of a table's."""
        from mlwright.scoring.frames import packed, unpacked

        asked = packed(frame.select(self._reads))
        (raw,) = self.ask(Ask.TABLE, [asked], makes=self._makes)
        return unpacked(raw)


def words(steps: OwnSteps) -> str:
    """Return what feature steps of the user's own are, in words."""
    return _words(_names(steps))


def _words(name: str) -> str:
    return (
        f"{name}, feature steps of your own, are carried out in a confined process: slowly, "
        "beside mlwright's own"
    )


def _names(steps: OwnSteps) -> str:
    return ", ".join(step.name for step in steps.steps)


def steps_of(own: OwnFeatures) -> StepsApart:
    """Return the steps behind features, in a process of their own."""
    return StepsApart(own.steps, own.reads, own.makes)


def shared_steps(own: OwnFeatures) -> StepsApart:
    """Return the steps behind features, in a process that all who ask for the same steps share."""
    return _shared(dump(own))


@lru_cache(maxsize=4)
def _shared(raw: bytes) -> StepsApart:
    return steps_of(load(OwnFeatures, raw))


def str_of_day(value: object) -> str:
    """Return a date or time as ISO text, which JSON holds."""
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} is no cell")
