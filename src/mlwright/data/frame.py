"""``mw.Table``: what a table is to code of the user's own, a frame of polars."""

from __future__ import annotations

from typing import TypeAlias

import polars as pl

Table: TypeAlias = pl.DataFrame
