"""One table from files whose format has types: each read whole, their columns fitted together."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from mlwright.data.fitting import fitted, joint_kinds
from mlwright.data.names import same_names
from mlwright.data.normalise import normalise
from mlwright.data.records import Reading
from mlwright.data.settings import DataSettings
from mlwright.data.sources.raw import Readable

Parse = Callable[[Readable, DataSettings], tuple[pl.DataFrame, tuple[Reading, ...]]]


class Gathered:
    """Frames of one format; a column is of one kind in all of them, or has no values."""

    encoding = None

    def __init__(self, settings: DataSettings, parse: Parse) -> None:
        self._settings = settings
        self._parse = parse
        self._frames: dict[str, pl.DataFrame] = {}
        self._readings: list[Reading] = []

    def add(self, source: Readable) -> None:
        """Take the table of a file.

        Raises
        ------
        DataError
            Whatever is wrong with the file; ``schema-differs`` for other columns than before.
        """
        frame, readings = self._parse(source, self._settings)
        for first in self._frames.values():
            same_names(first.columns, frame.columns)
            break
        self._frames[source.name] = frame
        self._readings.extend(readings)

    def finish(self) -> tuple[pl.DataFrame, tuple[Reading, ...]]:
        """Return the rows of all files; those of one file in the types it has.

        Raises
        ------
        DataError
            ``schema-differs`` names the file and the column that is of another kind than before.
        """
        frames, self._frames = self._frames, {}
        if len(frames) == 1:
            return next(iter(frames.values())), tuple(self._readings)
        normalised = {}
        for name, frame in frames.items():
            normalised[name], told = normalise(frame)
            self._readings.extend(told)
        kinds = joint_kinds(normalised)
        whole = pl.concat([fitted(frame, kinds) for frame in normalised.values()])
        # What is told of the whole table again is not told of its files as well.
        again = {(reading.column, reading.what) for reading in normalise(whole)[1]}
        return whole, tuple(r for r in self._readings if (r.column, r.what) not in again)
