"""Faults of ten kinds planted into a real table, each known by its row and column."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from mlwright.data.ingest import read_table
from mlwright.data.settings import DataSettings

EACH = 10
DAY = "seen_on"
Row = dict[str, Any]


@dataclass(frozen=True)
class Planted:
    """One fault: what was done, to which row and column (None: to the row as a whole)."""

    kind: str
    place: int
    column: str | None


@dataclass(frozen=True)
class Plot:
    """A table with its faults; ``partners`` are the clean rows that planted rows repeat."""

    file: Path
    planted: tuple[Planted, ...]
    partners: frozenset[int]


class Planter:
    """Draws rows and columns from a seed and spoils them one by one."""

    def __init__(self, source: Path, target: str, seed: int, ids: str | None) -> None:
        self.draw = random.Random(seed)
        self.frame = read_table(source, DataSettings())
        self.target, self.ids = target, ids
        self.rows: list[Row] = list(self.frame.iter_rows(named=True))
        for row in self.rows:
            row[DAY] = str(date(2012, 1, 1) + timedelta(days=self.draw.randrange(3000)))
        features = [c for c in self.frame.columns if c not in (target, ids)]
        self.numbers = [
            c
            for c in features
            if self.frame[c].dtype.is_numeric() and self.frame[c].n_unique() > 10
        ]
        self.texts = [c for c in features if self.frame[c].dtype == pl.String]
        self.long = [c for c in self.texts if self.frame[c].str.len_chars().max() >= 5]
        self.clean = list(range(len(self.rows)))
        self.draw.shuffle(self.clean)
        self.planted: list[Planted] = []
        self.added: list[tuple[str, str | None, Row]] = []
        self.partners: set[int] = set()

    def take(self, fits: Callable[[Row], bool] = lambda _: True) -> int:
        """Return a clean row that fits; it is clean no longer."""
        for place in reversed(range(len(self.clean))):
            if fits(self.rows[self.clean[place]]):
                return self.clean.pop(place)
        raise AssertionError("no clean row is left")

    def spoil(
        self,
        kind: str,
        columns: list[str],
        fits: Callable[[Any], bool],
        how: Callable[[Any], Any],
    ) -> None:
        """Change one cell of a clean row whose cell fits."""
        column = self.draw.choice(columns)
        place = self.take(lambda row: fits(row[column]))
        self.rows[place][column] = how(self.rows[place][column])
        self.planted.append(Planted(kind, place, column))

    def repeat(self, kind: str, column: str | None, change: Callable[[Row], None]) -> None:
        """Add a copy of a clean row, changed."""
        place = self.take()
        row = dict(self.rows[place])
        change(row)
        self.partners.add(place)
        self.added.append((kind, column, row))

    def other_answer(self, row: Row) -> None:
        """Turn the target, under another id where rows have one."""
        others = self.frame[self.target].unique().sort().to_list()
        row[self.target] = self.draw.choice([each for each in others if each != row[self.target]])
        if self.ids is not None:
            letters = "".join(self.draw.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=5))
            row[self.ids] = f"{self.draw.randrange(10_000):04d}-{letters}"

    def misspelt(self, text: str) -> str:
        """Leave a letter out, double, change or swap it."""
        place = self.draw.randrange(1, len(text) - 1)
        before, letter, after = text[:place], text[place], text[place + 1 :]
        changed = self.draw.choice(
            [
                before + after,
                before + letter + letter + after,
                before + ("y" if letter == "x" else "x") + after,
                before[:-1] + letter + before[-1] + after,
            ]
        )
        return changed if changed != text else before + letter + letter + after

    def plant(self) -> None:
        """Plant ten faults of each of ten kinds."""
        choose = self.draw.choice
        for _ in range(EACH):
            self.spoil(
                "missing spelling",
                self.texts,
                lambda text: text != "?",
                lambda _: choose(["N/A", "null", "?", "unknown", "-", " ", "None"]),
            )
            self.spoil(
                "text among numbers",
                self.numbers,
                lambda number: number is not None,
                lambda number: choose(["{} approx", "{}?", "ca. {}", "{} units", "#{}"]).format(
                    number
                ),
            )
            self.spoil(
                "impossible day",
                [DAY],
                lambda _: True,
                lambda _: choose(
                    ["2021-02-30", "2019-13-01", "1021-05-06", "2107-03-01", "2063-01-31"]
                ),
            )
            self.spoil("sign", self.numbers, is_positive, lambda number: -number)
            self.spoil(
                "unit", self.numbers, is_positive, lambda number: number * choose([10, 100, 1000])
            )
            self.spoil("misspelt", self.long, lambda text: len(text) >= 5, self.misspelt)
            self.spoil(
                "case or spaces",
                self.texts,
                lambda text: len(text) >= 2 and text[0].isalpha(),
                lambda text: choose([text.swapcase(), f"{text} ", f" {text}"]),
            )
            self.spoil(
                "encoding",
                self.texts,
                lambda text: len(text) >= 1,
                lambda text: choose(
                    [
                        text + "é".encode().decode("cp1252"),
                        text + "\u202e",
                        text[:1] + "\u200b" + text[1:],
                        text + "\x07",
                        text[:-1] + "\ufffd",
                    ]
                ),
            )
            self.repeat("duplicate", None, lambda _: None)
            self.repeat("contradiction", self.target, self.other_answer)
        for kind, column, row in self.added:
            self.planted.append(Planted(kind, len(self.rows), column))
            self.rows.append(row)


def is_positive(number: Any) -> bool:
    """Whether a cell is an amount that a slip would change."""
    return isinstance(number, int | float) and number > 0


def plant(source: Path, folder: Path, target: str, *, seed: int, ids: str | None = None) -> Plot:
    """Write a copy of a table with a hundred faults, the same for the same seed."""
    planter = Planter(source, target, seed, ids)
    planter.plant()
    texts = {
        name: [None if row[name] is None else str(row[name]) for row in planter.rows]
        for name in planter.rows[0]
    }
    file = folder / f"{source.stem}-{seed}.csv"
    pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String)).write_csv(file)
    return Plot(file, tuple(planter.planted), frozenset(planter.partners))
