"""The one digest and its one written form."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.digest import (
    Digest,
    digest_bytes,
    digest_file,
    from_raw,
    hex_of,
    is_digest,
    to_raw,
)


@given(st.binary())
def test_a_digest_is_the_sha256_of_the_bytes(content: bytes) -> None:
    assert digest_bytes(content) == "sha256:" + hashlib.sha256(content).hexdigest()
    assert digest_bytes(memoryview(content)) == digest_bytes(content)


@given(st.binary(min_size=32, max_size=32))
def test_raw_and_written_form_are_inverse(raw: bytes) -> None:
    assert to_raw(from_raw(raw)) == raw
    assert hex_of(from_raw(raw)) == raw.hex()


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
def test_a_file_has_the_digest_of_its_bytes_around_the_chunk_size(
    tmp_path: Path, size: int
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * size)

    assert digest_file(path) == digest_bytes(b"x" * size)


@pytest.mark.parametrize("count", [0, 31, 33])
def test_raw_bytes_of_another_length_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"not {count}"):
        from_raw(b"\0" * count)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256:",
        "a" * 64,
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 65,
        "sha256:" + "A" * 64,
        "sha256:" + "g" * 64,
        "sha256:" + "\u0660" * 64,
        "SHA256:" + "a" * 64,
        "sha512:" + "a" * 64,
        "sha256:" + "a" * 64 + "\n",
    ],
)
def test_nothing_but_the_one_written_form_is_a_digest(text: str) -> None:
    assert not is_digest(text)
    with pytest.raises(ValueError, match="not a digest"):
        hex_of(Digest(text))
