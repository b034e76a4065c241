"""The key a log signs its checkpoints with, kept beside it; the one door to `cryptography`."""

from __future__ import annotations

import binascii
from base64 import b32encode, b64decode, b64encode
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mlwright.core.errors import NotFoundError, UsageError
from mlwright.core.files import write_durably
from mlwright.core.seam import Seam
from mlwright.ledger.checkpoint import VerifierKey

PRIVATE, PUBLIC = "ledger.key", "ledger.pub"
"""The files a key is kept in."""

_MARK = "PRIVATE+KEY+"
_ED25519 = b"\x01"


class SigningKey:
    """A private Ed25519 key and the name it signs under."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = VerifierKey(name, self._private.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message; the same message always gives the same."""
        return self._private.sign(message)

    def line(self) -> str:
        """Return the private key in the written form of Go's signed notes."""
        encoded = b64encode(_ED25519 + self._seed).decode("ascii")
        return f"{_MARK}{self.verifier.name}+{self.verifier.id.hex()}+{encoded}"


def make_key(seam: Seam) -> SigningKey:
    """Return a fresh key under a name of its own, which becomes the log's origin."""
    name = b32encode(seam.random_bytes(10)).decode("ascii").lower()
    return SigningKey(f"mlwright/{name}", seam.random_bytes(32))


def check_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a signature over a message is of the public key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def write_key(folder: Path, key: SigningKey) -> None:
    """Keep a key in ``folder``: the private half for its owner alone, the public one for all."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    public, private = f"{key.verifier.line()}\n".encode(), f"{key.line()}\n".encode()
    write_durably(folder / PUBLIC, public, staging=folder, mode=0o644)
    write_durably(folder / PRIVATE, private, staging=folder, mode=0o600)


def read_key(folder: Path) -> SigningKey:
    """Return the private key kept in ``folder``.

    Raises
    ------
    NotFoundError
        ``log-key-missing`` when there is none.
    UsageError
        ``log-key-invalid`` when the file holds no private key.
    """
    path = folder / PRIVATE
    try:
        line = path.read_text("utf-8").strip()
    except FileNotFoundError:
        raise NotFoundError(
            "log-key-missing",
            f"the log's private key {path} is not there, so no checkpoint can be signed",
            fix="restore the file from a copy of the project",
            facts={"path": str(path)},
            looked=(str(path),),
        ) from None
    try:
        name, _, encoded = line.removeprefix(_MARK).split("+", 2)
        raw = b64decode(encoded, validate=True)
        if raw[:1] == _ED25519 and (key := SigningKey(name, raw[1:])).line() == line:
            return key
    except (ValueError, binascii.Error):
        pass
    raise UsageError(
        "log-key-invalid",
        f"{path} does not hold the private key of a log",
        fix="restore the file from a copy of the project",
        facts={"path": str(path)},
    )
