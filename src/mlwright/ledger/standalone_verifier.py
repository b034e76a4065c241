"""Verify a log of events against a checkpoint kept outside, with none of mlwright's own code.

    python standalone_verifier.py ledger.db PUBLIC_KEY checkpoint.txt

PUBLIC_KEY is the line `mlw audit key` prints, or a file that holds it. Needs `cryptography`.
The log is RFC 6962's: leaf = SHA-256(0x00 + body), node = SHA-256(0x01 + left + right).
A stored body is clear and begins with {, or is the number of a dictionary, four bytes of
CRC-32 and raw DEFLATE (RFC 1951); the table meta holds the dictionaries.
"""

import base64
import hashlib
import json
import pathlib
import sqlite3
import sys
import zlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DAMAGED = (sqlite3.Error, zlib.error)


def checkpoint_of(note: str, key: str) -> tuple[int, bytes]:
    """Return size and root of a C2SP checkpoint, once its signature is the key's."""
    name, key_id, encoded = key.strip().split("+", 2)
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded)[1:])
    text, _, signatures = note.rpartition("\n\n")
    for line in signatures.splitlines():
        signed = base64.b64decode(line.rpartition(" ")[2])
        if line.startswith(f"\u2014 {name} ") and signed[:4].hex() == key_id:
            public.verify(signed[4:], f"{text}\n".encode())
            origin, size, root = text.splitlines()[:3]
            if origin == name:
                return int(size), base64.b64decode(root)
    raise ValueError(f"the checkpoint is not signed by {name}")


def body_of(stored: bytes, dictionaries: dict[int, bytes]) -> bytes:
    """Return the bytes of an event from what is stored."""
    if stored[:1] == b"{":
        return stored
    return zlib.decompressobj(-15, dictionaries[stored[0]]).decompress(stored[5:])


def root_of(database: str, size: int) -> tuple[bytes, int]:
    """Return the root over the first events of the log, and how many events follow them."""
    path = pathlib.Path(database).resolve(strict=True)
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
    log = sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True)
    said = log.execute("SELECT key, value FROM meta WHERE key LIKE 'dictionary %'").fetchall()
    dictionaries = {int(name.split()[1]): text.encode() for name, text in said}
    subtrees: list[bytes] = []
    count = 0
    for sequence, stored in log.execute("SELECT sequence, body FROM event ORDER BY sequence"):
        body = body_of(stored, dictionaries)
        if sequence != count or json.loads(body)["sequence"] != count:
            raise ValueError(f"entry {count} is missing, or entry {sequence} is not in its place")
        count += 1
        if count <= size:
            node = hashlib.sha256(b"\x00" + body).digest()
            for _ in range((count & -count).bit_length() - 1):
                node = hashlib.sha256(b"\x01" + subtrees.pop() + node).digest()
            subtrees.append(node)
    if count < size:
        raise ValueError(f"the checkpoint has {size} entries, the log only {count}")
    root = subtrees.pop() if subtrees else hashlib.sha256(b"").digest()
    while subtrees:
        root = hashlib.sha256(b"\x01" + subtrees.pop() + root).digest()
    return root, count - size


def main(database: str, key: str, checkpoint: str) -> str:
    """Return what was verified; raise ValueError or InvalidSignature when it was not."""
    if pathlib.Path(key).is_file():
        key = pathlib.Path(key).read_text("utf-8")
    size, root = checkpoint_of(pathlib.Path(checkpoint).read_text("utf-8"), key)
    found, later = root_of(database, size)
    if found != root:
        raise ValueError(f"the first {size} entries are not those of the checkpoint")
    return f"verified: {size} entries, root {root.hex()}; {later} later entries are not covered"


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        print(main(*sys.argv[1:]))  # noqa: T201 - a program of its own
    except (InvalidSignature, LookupError, OSError, TypeError, ValueError, *DAMAGED) as error:
        sys.exit(f"NOT VERIFIED: {type(error).__name__} {error}")
