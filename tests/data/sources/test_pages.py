from __future__ import annotations

from io import BytesIO

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.conftest import attempt

from mlwright.core.errors import MlwrightError
from mlwright.data.settings import DataSettings
from mlwright.data.sources import parquet
from mlwright.data.sources.pages import DamagedError, check_pages
from mlwright.data.sources.raw import RawTable

FRAME = pl.DataFrame({"a": [1, 2, None] * 9, "b": ["x", None, "z"] * 9, "c": [0.5, 1.5, 2.5] * 9})


def written(frame: pl.DataFrame, **how: object) -> bytes:
    buffer = BytesIO()
    frame.write_parquet(buffer, **how)  # type: ignore[arg-type]
    return buffer.getvalue()


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"compression": "uncompressed"},
        {"compression": "snappy"},
        {"row_group_size": 2},
        {"data_page_size": 10},
        {"statistics": "full"},
        {"statistics": False},
    ],
)
@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        FRAME.head(0),
        pl.DataFrame(),
        pl.DataFrame({"list": [[1, 2], [], None], "struct": [{"x": 1, "y": "a"}] * 3}),
        pl.DataFrame({"null": [None, None], "flag": [True, None]}),
    ],
)
def test_whole_files_pass(frame: pl.DataFrame, how: dict[str, object]) -> None:
    check_pages(written(frame, **how))


def test_every_damaged_byte_ends_in_a_table_or_a_coded_error(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "t.parquet"
    content = written(FRAME)
    found: list[RawTable | MlwrightError] = []

    for place in range(len(content)):
        path.write_bytes(content[:place] + b"\xff" + content[place + 1 :])
        found.append(attempt(lambda: parquet.read(path, DataSettings())))

    codes = {each.code for each in found if isinstance(each, MlwrightError)}
    assert codes <= {"parquet-broken", "column-name", "column-duplicate", "type-unsupported"}


@given(st.integers(0))
def test_a_file_that_ends_too_early_is_damage(length: int) -> None:
    content = written(FRAME)

    with pytest.raises(DamagedError):
        check_pages(content[: length % len(content)])


def test_headers_nested_without_end_are_damage() -> None:
    lists = b"\x19" * 5_000
    content = b"PAR1" + b"\x19" + lists + len(lists).to_bytes(4, "little") + b"PAR1"

    with pytest.raises(DamagedError):
        check_pages(content)
