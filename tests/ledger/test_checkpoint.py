"""Checkpoints are signed notes as C2SP writes them, and nothing unsigned is taken from one."""

from __future__ import annotations

import stat
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlwright.core.errors import BrokenError, NotFoundError, UsageError
from mlwright.core.seam import ReplaySeam
from mlwright.ledger.checkpoint import Checkpoint, VerifierKey, parse_key, seal, unseal
from mlwright.ledger.keys import SigningKey, check_signature, make_key, read_key, write_key

# From the documentation of Go's golang.org/x/mod/sumdb/note, the format's first implementation.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    f"\N{EM DASH} PeterNeumann {GO_SIGNATURE}\n"
)

KEY = make_key(ReplaySeam())
CHECKPOINT = Checkpoint(KEY.verifier.name, 20852, bytes(range(32)))
NOTE = seal(CHECKPOINT, KEY.verifier, KEY.sign)


def test_the_key_id_and_the_signature_are_those_of_gos_signed_notes() -> None:
    key = parse_key(GO_KEY)

    assert key.line() == GO_KEY
    # The note is signed, so it gets past the signature and fails only for being no checkpoint.
    with pytest.raises(BrokenError, match="no origin, size and root"):
        unseal(GO_NOTE, key, check_signature)
    with pytest.raises(BrokenError, match="no valid signature"):
        unseal(GO_NOTE.replace("answer", "Answer"), key, check_signature)


def test_a_checkpoint_reads_as_the_format_says() -> None:
    origin, size, root, blank, signature = NOTE.splitlines()

    assert (origin, size, blank) == (KEY.verifier.name, "20852", "")
    assert root == b64encode(bytes(range(32))).decode()
    assert signature.startswith(f"\N{EM DASH} {origin} ")
    assert NOTE.endswith("\n")


@given(st.integers(min_value=0), st.binary(min_size=32, max_size=32))
def test_what_was_sealed_is_unsealed(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(KEY.verifier.name, size, root)

    assert (
        unseal(seal(checkpoint, KEY.verifier, KEY.sign), KEY.verifier, check_signature)
        == checkpoint
    )


def test_signatures_of_witnesses_beside_ours_do_no_harm() -> None:
    witness = make_key(ReplaySeam(seed=9))
    theirs = seal(CHECKPOINT, witness.verifier, witness.sign).splitlines()[-1]

    assert unseal(f"{NOTE}{theirs}\n", KEY.verifier, check_signature) == CHECKPOINT
    with pytest.raises(BrokenError):
        unseal(NOTE.replace(NOTE.splitlines()[-1], theirs), KEY.verifier, check_signature)


@given(st.integers(0, len(NOTE) - 2), st.characters(codec="utf-8"))
def test_a_note_changed_in_one_character_is_refused_or_says_the_same(at: int, other: str) -> None:
    changed = NOTE[:at] + other + NOTE[at + 1 :]

    with suppress(BrokenError):
        assert unseal(changed, KEY.verifier, check_signature) == CHECKPOINT


@pytest.mark.parametrize("note", ["", "\n\n", "text", "a\n1\nb\n", NOTE.split("\n\n")[0]])
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(BrokenError) as caught:
        unseal(note, KEY.verifier, check_signature)

    assert caught.value.code == "checkpoint-invalid"


def test_a_checkpoint_of_another_log_signed_with_our_key_is_refused() -> None:
    note = seal(Checkpoint("mlwright/other", 1, bytes(32)), KEY.verifier, KEY.sign)

    with pytest.raises(BrokenError, match="of another log"):
        unseal(note, KEY.verifier, check_signature)


@pytest.mark.parametrize(
    "line", ["", "name", "name+00000000+AAAA", GO_KEY.replace("c74f", "c74e"), f"x{GO_KEY}"]
)
def test_what_is_no_key_is_refused(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_key(line)

    assert caught.value.code == "log-key-invalid"


def test_a_key_kept_in_a_folder_is_read_back_and_only_its_owner_may(tmp_path: Path) -> None:
    write_key(tmp_path / "keys", KEY)

    assert read_key(tmp_path / "keys").line() == KEY.line()
    assert parse_key((tmp_path / "keys" / "ledger.pub").read_text()) == KEY.verifier
    assert stat.S_IMODE((tmp_path / "keys" / "ledger.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert {path.name for path in (tmp_path / "keys").iterdir()} == {"ledger.key", "ledger.pub"}


@pytest.mark.parametrize("content", ["", "PRIVATE+KEY+", "PRIVATE+KEY+a+00000000+AQID", GO_KEY])
def test_a_file_that_holds_no_private_key_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "ledger.key").write_text(content)

    with pytest.raises(UsageError) as caught:
        read_key(tmp_path)

    assert caught.value.code == "log-key-invalid"


def test_a_missing_private_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        read_key(tmp_path)

    assert str(tmp_path / "ledger.key") in caught.value.looked


def test_keys_of_different_randomness_differ_in_name_and_key() -> None:
    other = make_key(ReplaySeam(seed=1)).verifier

    assert isinstance(other, VerifierKey)
    assert other.name != KEY.verifier.name
    assert other.public != KEY.verifier.public


def test_a_signature_is_the_same_each_time_and_of_one_message_only() -> None:
    key = SigningKey("name", bytes(32))

    signature = key.sign(b"message")

    assert signature == key.sign(b"message")
    assert check_signature(key.verifier.public, b"message", signature)
    assert not check_signature(key.verifier.public, b"other", signature)
    assert not check_signature(b"short", b"message", signature)
