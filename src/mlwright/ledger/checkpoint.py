"""Checkpoints: the size and root of a log as a signed note in the C2SP formats.

The formats are https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint, so that other
tools (witnesses among them) read ours. How to sign and to verify comes as an argument.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from mlwright.core.errors import BrokenError, UsageError

Sign = Callable[[bytes], bytes]
Check = Callable[[bytes, bytes, bytes], bool]
"""Tells whether (public key, message, signature) belong together."""

_ED25519 = b"\x01"
_DASH = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public Ed25519 key with the name it signs under; the name is also the log's origin."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that tell which key a signature is of."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def line(self) -> str:
        """Return the key as C2SP writes it: name, id and key, joined by ``+``."""
        return f"{self.name}+{self.id.hex()}+{_base64(_ED25519 + self.public)}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: whose, how many events, and the root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the lines that are signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"


def parse_key(line: str) -> VerifierKey:
    """Return the key behind its written form.

    Raises
    ------
    UsageError
        ``log-key-invalid`` when the line is no Ed25519 verifier key.
    """
    try:
        name, identifier, encoded = line.strip().split("+", 2)
        raw = b64decode(encoded, validate=True)
        key = VerifierKey(name, raw[1:])
        if raw[:1] == _ED25519 and len(key.public) == 32 and key.id.hex() == identifier:
            return key
    except (ValueError, binascii.Error):
        pass
    raise UsageError(
        "log-key-invalid",
        f"not the public key of a log: {line.strip()!r}",
        fix="mlw audit key prints the key of this project's log",
        facts={"key": line.strip()},
    )


def seal(checkpoint: Checkpoint, key: VerifierKey, sign: Sign) -> str:
    """Return the checkpoint as a note, signed."""
    return sealed_note(checkpoint.text(), key, sign)


def sealed_note(text: str, key: VerifierKey, sign: Sign) -> str:
    """Return lines of text as a signed note."""
    signature = _base64(key.id + sign(text.encode()))
    return f"{text}\n{_DASH}{key.name} {signature}\n"


def unseal(note: str, key: VerifierKey, check: Check) -> Checkpoint:
    """Return the checkpoint of a note that ``key`` has signed; other signatures are passed over.

    Raises
    ------
    BrokenError
        ``checkpoint-invalid`` when the note is malformed or not signed by the key.
    """
    text, blank, signatures = note.rpartition("\n\n")
    text += "\n"
    if not blank:
        raise _invalid(note, "it is no signed note")
    if not any(_signed(line, text, key, check) for line in signatures.splitlines()):
        raise _invalid(note, f"it has no valid signature of {key.name}")
    try:
        origin, size, root, *_ = text.split("\n")
        checkpoint = Checkpoint(origin, int(size), b64decode(root, validate=True))
    except (ValueError, binascii.Error):
        raise _invalid(note, "its lines are no origin, size and root") from None
    if checkpoint.origin != key.name:
        raise _invalid(note, f"it is of another log, {checkpoint.origin}")
    return checkpoint


def _signed(line: str, text: str, key: VerifierKey, check: Check) -> bool:
    name, _, encoded = line.removeprefix(_DASH).rpartition(" ")
    try:
        raw = b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        return False
    ours = line.startswith(_DASH) and name == key.name and raw[:4] == key.id
    return ours and check(key.public, text.encode(), raw[4:])


def _invalid(note: str, why: str) -> BrokenError:
    return BrokenError(
        "checkpoint-invalid",
        f"the checkpoint cannot be relied on: {why}",
        fix="use a checkpoint that mlw audit checkpoint of this project handed out, unchanged",
        facts={"checkpoint": note},
    )


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
