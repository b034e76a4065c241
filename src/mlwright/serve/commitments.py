"""What of a record goes into the log: a salted hash, which tells nothing once its salt is gone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from struct import Struct

from mlwright.core.digest import Digest, from_raw
from mlwright.core.merkle import Frontier, leaf_hash
from mlwright.serve.records import NewLabel, NewRecord, Segment

SALT_BYTES = 16

_RECORD = Struct(">QQq8Q")
_LABEL = Struct(">Qq5Q")
_ABSENT = (1 << 64) - 1  # the length of a text that is not there


def of_record(salt: bytes, record: NewRecord) -> bytes:
    """Return the commitment of one request."""
    parts = (
        record.random,
        record.endpoint.encode(),
        record.ref.encode(),
        record.model.encode(),
        record.role.encode(),
        record.body,
        record.answers,
        record.flags,
    )
    numbers = _RECORD.pack(record.first, record.rows, record.time, *map(len, parts))
    return sha256(b"".join((b"mlwright/record/1\0", salt, numbers, *parts))).digest()


def of_label(salt: bytes, label: NewLabel) -> bytes:
    """Return the commitment of one label."""
    texts = (label.prediction, label.endpoint, label.key)
    parts = (label.random, label.value, *((text or "").encode() for text in texts))
    lengths = [len(part) for part in parts]
    lengths[2:] = [
        _ABSENT if text is None else length for text, length in zip(texts, lengths[2:], strict=True)
    ]
    numbers = _LABEL.pack(label.first, label.time, *lengths)
    return sha256(b"".join((b"mlwright/label/1\0", salt, numbers, *parts))).digest()


def of_segment(segment: Segment) -> bytes:
    """Return the commitment of what a segment says of itself; nothing in it is secret."""
    said = {
        "number": segment.number,
        "durability": segment.durability.value,
        "policy": dict(segment.policy),
        "environment": dict(segment.environment),
    }
    content = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return sha256(b"mlwright/segment/1\0" + content.encode()).digest()


def root(segment: bytes, records: Iterable[bytes], labels: Iterable[bytes]) -> Digest:
    """Return the Merkle root (RFC 6962) over the commitments of a segment, in this order."""
    tree = Frontier().append(leaf_hash(segment))
    tree = tree.extend(map(leaf_hash, records))
    return from_raw(tree.extend(map(leaf_hash, labels)).root())
