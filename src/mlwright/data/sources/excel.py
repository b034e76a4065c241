"""Workbooks, by fastexcel: the sheet that has cells, its first row the names.

A workbook has one type for all numbers and one for days and times: a column of whole numbers
only is read as such, and one of midnights only as days.
"""

from __future__ import annotations

import io
import logging
import zipfile
from typing import TYPE_CHECKING

import polars as pl

from mlwright.core.errors import DataError, UsageError, listed, nearest
from mlwright.data.names import settle_names
from mlwright.data.records import Reading
from mlwright.data.settings import DataSettings
from mlwright.data.sources.extras import missing_extra
from mlwright.data.sources.raw import Readable

if TYPE_CHECKING:
    from fastexcel import ExcelReader

FORMAT = "excel"

_EXACT = 2.0**53
_ZIP = b"PK\x03\x04"
_WORKBOOK = {"[Content_Types].xml", "mimetype"}


def parse(source: Readable, settings: DataSettings) -> tuple[pl.DataFrame, tuple[Reading, ...]]:
    """Read one sheet of a workbook.

    Raises
    ------
    DataError
        ``excel-broken``, ``data-empty``, ``sheet-unclear`` where several sheets have cells.
    UsageError
        ``sheet-unknown``; ``extra-missing`` where fastexcel is not installed.
    """
    try:
        import fastexcel
    except ImportError:
        raise missing_extra("excel", f"the workbook {source.name}") from None
    # It says of a column without values that it has no type: normalising tells that too.
    logging.getLogger("fastexcel").setLevel(logging.ERROR)
    logging.getLogger("_fastexcel").setLevel(logging.ERROR)
    content = source.read()
    _require_workbook(content, source.name)
    try:
        workbook = fastexcel.read_excel(content)
        sheet = _sheet(workbook, settings.sheet, source.name)
        head = workbook.load_sheet(sheet, header_row=None, n_rows=1, dtypes="string")
        names, readings = settle_names(
            [cell or "" for cell in pl.DataFrame(head).row(0)], settings.max_columns
        )
        body = workbook.load_sheet(
            sheet,
            header_row=None,
            skip_rows=1,
            column_names=names,
            schema_sample_rows=None,
        )
        frame = pl.DataFrame(body)
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError) as error:
        raise DataError(
            "excel-broken",
            f"{source.name} is no whole workbook: {str(error).splitlines()[0]}",
            fix="save the workbook again, or export the sheet as CSV",
            facts={"path": source.name},
        ) from error
    columns = []
    for name in names:
        values, told = _narrowed(frame[name])
        columns.append(values)
        readings.extend(Reading(name, what, count) for what, count in told)
    return pl.DataFrame(columns), tuple(readings)


def _require_workbook(content: bytes, path: str) -> None:
    """Refuse a zip archive of something else: both begin alike."""
    if not content.startswith(_ZIP):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        names = set()
    if not names & _WORKBOOK:
        raise DataError(
            "source-format",
            f"{path} is a zip archive",
            fix="unpack it and name the table in it; gzip, bzip2, xz and zstd are read as they are",
            facts={"path": path},
        )


def _sheet(workbook: ExcelReader, wanted: str | None, path: str) -> str:
    names = workbook.sheet_names
    if wanted is not None:
        if wanted in names:
            return wanted
        close = nearest(wanted, names)
        raise UsageError(
            "sheet-unknown",
            f"{path} has no sheet {wanted!r}" + (f"; did you mean {close!r}?" if close else ""),
            fix=f"name one of its sheets: {listed(names)}",
            facts={"sheet": wanted, "nearest": close},
            looked=[f"the {len(names)} sheets of {path}"],
        )
    filled = [
        name
        for name in names
        if pl.DataFrame(workbook.load_sheet(name, header_row=None, n_rows=1, dtypes="string")).width
    ]
    if not filled:
        raise DataError(
            "data-empty",
            f"{path} has no sheet with cells",
            fix="give a table with a header and at least two rows",
            facts={"path": path},
        )
    if len(filled) > 1:
        raise DataError(
            "sheet-unclear",
            f"{path} has {len(filled)} sheets with cells: {listed(filled)}",
            fix=f"name one: --sheet {filled[0]!r}",
            facts={"sheets": filled},
        )
    return filled[0]


def _narrowed(series: pl.Series) -> tuple[pl.Series, list[tuple[str, int]]]:
    present = len(series) - series.null_count()
    if series.dtype == pl.Float64 and present:
        whole = (series == series.round()) & (series.abs() <= _EXACT)
        if bool(whole.all()):
            return series.cast(pl.Int64), []
    if isinstance(series.dtype, pl.Datetime) and present:
        days = series.dt.date()
        if bool((days.cast(series.dtype) == series).all()):
            return days, [("times that are all midnight read as dates", present)]
    return series, []
