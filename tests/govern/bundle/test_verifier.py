"""The verifier that stands alone: its signatures, and the container it reads and writes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from mlwright.govern.bundle import verifier
from mlwright.govern.bundle.container import write_container
from mlwright.govern.bundle.verifier import NotVerifiedError, signature_holds, verify


@settings(max_examples=20)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 511))
def test_a_signature_holds_as_it_does_for_cryptography_and_not_with_a_bit_changed(
    seed: bytes, message: bytes, bit: int
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), bytearray(key.sign(message))

    whole = signature_holds(public, message, bytes(signature))
    signature[bit // 8] ^= 1 << bit % 8

    assert whole
    assert not signature_holds(public, message, bytes(signature))


def test_a_signature_whose_scalar_is_not_reduced_is_refused() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    signature = key.sign(b"x")
    order = 2**252 + 27742317777372353535851937790883648493
    larger = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")

    held = signature_holds(key.public_key().public_bytes_raw(), b"x", signature[:32] + larger)

    assert not held


def written(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    write_container(file, members.items())
    return file.getvalue()


def test_a_container_is_a_zip_archive_with_no_time_in_it() -> None:
    members = {"a": b"", "folder/Zoë.txt": b"text", "b": bytes(70_000)}

    raw = written(members)

    with zipfile.ZipFile(io.BytesIO(raw)) as read:
        assert {each.filename: read.read(each) for each in read.infolist()} == members
        assert {each.date_time for each in read.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert written(members) == raw


def test_what_is_too_large_for_its_field_stands_in_the_wide_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verifier, "LARGE", 1_000)
    members = {"small": b"1", "large": bytes(5_000), "behind": b"2"}

    raw = written(members)

    with zipfile.ZipFile(io.BytesIO(raw)) as read:
        assert {name: read.read(name) for name in read.namelist()} == members
    table = verifier._table(io.BytesIO(raw))
    assert [(name, size) for name, _, size, _ in table] == [
        ("small", 1),
        ("large", 5_000),
        ("behind", 1),
    ]


def test_more_members_than_a_short_count_holds_are_all_listed() -> None:
    members = {f"{i}": b"" for i in range(66_000)}

    raw = written(members)

    assert len(zipfile.ZipFile(io.BytesIO(raw)).namelist()) == 66_000
    assert len(verifier._table(io.BytesIO(raw))) == 66_000


@pytest.mark.parametrize("raw", [b"", b"PK", b"no archive at all" * 40, written({"a": b"b"})])
def test_what_is_no_bundle_is_refused_by_name(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.mlw"
    path.write_bytes(raw)

    with pytest.raises(NotVerifiedError):
        verify(path)


def test_what_a_stranger_wrote_steers_no_terminal() -> None:
    error = NotVerifiedError("a\x1b[2J\u202eb", "gone\r")

    assert str(error) == "a?[2J?b: gone?"
