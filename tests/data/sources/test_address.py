"""What a source is called: what counts as a path, and what of an address may be told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.errors import MlwrightError
from mlwright.data.sources.address import Place, absolute, is_table_name, parse_address, without


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("t.csv", Place.PATH),
        ("C:t.csv", Place.PATH),
        ("a:b.csv", Place.PATH),
        ("sales/*.csv", Place.GLOB),
        ("t[12].csv", Place.GLOB),
        ("HTTP://h/t.csv", Place.WEB),
        ("https://h/t.csv?page=2", Place.WEB),
        ("sqlite:t.db", Place.SQLITE),
        ("sklearn:iris", Place.BUILT_IN),
    ],
)
def test_a_source_is_told_by_how_it_is_written(text: str, place: Place) -> None:
    assert parse_address(text, {}).place is place


def test_a_path_that_exists_is_no_pattern(tmp_path: Path) -> None:
    (tmp_path / "t[12].csv").write_text("a\n1\n")

    assert parse_address(str(tmp_path / "t[12].csv"), {}).place is Place.PATH


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("postgresql://h/d", "source-secret"),
        ("postgres:u:p@h/d", "source-secret"),
        ("https://h/t?X-Amz-Signature=ab", "source-secret"),
        ("gs://bucket/t", "source-scheme"),
        ("htps://h/t.csv", "source-scheme"),
        ("env:", "source-variable"),
        ("env:NO", "source-variable"),
        ("env:EMPTY", "source-variable"),
        ("env:AGAIN", "source-scheme"),
        ("env:FRAME", "source-scheme"),
        ("env:WORDS", "source-scheme"),
        ("env:SLIP", "source-scheme"),
        ("env:OTHER", "source-scheme"),
        ("env:SECRET", "source-scheme"),
    ],
)
def test_an_address_that_is_not_read_has_a_code_and_never_shows_its_value(
    text: str, code: str
) -> None:
    environ = {"AGAIN": "env:SECRET", "FRAME": "frame:polars", "EMPTY": " ", "SECRET": "s3cret"}
    environ |= {"WORDS": "host=h password=s3cret", "SLIP": "postgresql:u:s3cret@h/d"}
    environ |= {"OTHER": "mysql://u:s3cret@h/d"}

    with pytest.raises(MlwrightError) as caught:
        parse_address(text, environ)

    assert caught.value.code == code
    assert "s3cret" not in repr((caught.value, caught.value.facts))


WORD = st.text("abcXYZ019-._~", min_size=3, max_size=9)


@given(WORD, WORD, WORD, WORD, st.integers(1, 65535))
def test_nothing_of_an_address_is_left_in_a_message(
    user: str, password: str, host: str, base: str, port: int
) -> None:
    address = f"postgresql://{user}:{password}@{host}:{port}/{base}"
    message = f'no "{user}" at {host} with <{password}> for {base}: {address}'

    told = without(message, address)

    assert not any(f"{mark}{part}" in told for mark, part in ((' "', user), ("<", password)))
    assert address not in told
    assert "…" in told
    assert repr(parse_address("env:W", {"W": address})) == "Address('postgresql', 'env:W')"


def test_paths_become_absolute_and_addresses_stay(tmp_path: Path) -> None:
    assert absolute("t.csv", tmp_path) == str(tmp_path / "t.csv")
    assert absolute("sqlite:t.db", tmp_path) == f"sqlite:{tmp_path}/t.db"
    assert absolute("sqlite:////x/t.db", tmp_path) == "sqlite:/x/t.db"
    assert absolute("~/t.csv", tmp_path) == str(Path.home() / "t.csv")
    for text in ("env:W", "http://h/t.csv", "sklearn:iris"):
        assert absolute(text, tmp_path) == text


def test_names_of_models_are_no_tables() -> None:
    assert not any(map(is_table_name, ("churned", "churned@3", "d_abc", "m_abc")))
    assert all(map(is_table_name, ("t.csv.gz", "a/b", "env:W", "t.xlsx", "*.csv", "t.db")))
