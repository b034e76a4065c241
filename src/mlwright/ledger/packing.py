"""An event's bytes as they lie in the file: packed with words that events have in common.

Hashed, proved and read are always the clear bytes. Stored is one byte for the number of the
dictionary, the CRC-32 of what follows, and raw DEFLATE (RFC 1951); or, where that is not shorter
and in entries written before format 3, the clear bytes: they begin with ``{``, which is no number.
The ledger holds its dictionaries itself, so that a reader needs nothing of ours but zlib.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

_NEWEST = 1
_CLEAR = b"{"
_HEAD = 5
_WINDOW = -13  # bits; below zero is DEFLATE without a header, whose sums the leaf makes needless
_MEMORY = 6  # little state, for it is copied for each event
_LARGEST = 1 << 30
"""Bytes of an event: what is said to be more was not written by us."""

# What is met most often stands last, where it is cheapest to point at. Never change one: add one.
_NOTHING = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"  # of {}
_FIRST = (
    '"cached":false,"edges":{},"function":"mlwright.flows.stages:",'
    '"machine":"linux x86_64 x86-64-v3 openblas cores glibc 2.'
    '"check.judged","high":null,"low":null,"outcome":"pass","rule":"gain.low","value":0.,"why":"'
    '"model.registered","artefact":"sha256:","checks":["c_"],"data":"d_","evaluation":"sha256:",'
    '"failed":[],"judged":"sha256:","package":"sha256:","version":1'
    '"data.ingested","address":"","columns":,"content":"sha256:","digest":"sha256:",'
    '"format":"csv","manifest":"sha256:","row_ids":"digest of the row","rows":,"size":'
    '"label.answered","answer":"sha256:","claimed":true,"guideline":null,"person":"",'
    '"queue":"queue/1","skipped":false'
    '"role.changed","endpoint":"","move":"promote","previous":null,"reason":"","ref":"@1",'
    '"role":"live"'
    '"proof.made","recorded":"sha256:","replayed":"sha256:","seconds":0.,"step":"",'
    '"verdict":"exact","why":""}'
    '"file.kept","media":"image/png","name":"","object":"sha256:","size":,"step":null'
    '"run.failed","run.interrupted","error":"builtins.","status":"failed"'
    '"step.finished","key":"sha256:","output":"sha256:","run":"r_","step":"'
    '"metrics":{"loss":[1000,null],"val_loss","train/","fit/","accuracy","auc":[[0,0,0.'
    '"objects":["sha256:"],"sequence":,"uses":["d_","m_","r_"],"v":1}'
    '"kind":"points.logged","kind":"run.noted","note":"'
    '{"actor":"","facts":{"code":"sha256:","command":"run","inputs":{"plan":"sha256:",'
    '"command":"track","environment":"sha256:","inputs":{},"name":"",'
    '"params":{"batch_size":,"depth":,"epochs":,"lr":0.0,"seed":0},'
    f'"spec":"{_NOTHING}","tags":{{}}}},"kind":"run.started","objects":[],"sequence":1,'
    '"subject":"r_","time":"2026-01-01T10:00:00.000000Z","uses":[],"v":1}'
    '{"actor":"","facts":{"points":{"":[[0,0,0.0]],"":[[1,0,0.0],[2,0,"m0":[[0,0,0.0]]},'
    '"since":1790000000000000,"status":"finished"},"kind":"run.finished","objects":[],'
    '"sequence":1,"subject":"r_","time":"2026-01-01T10:00:00.000000Z","uses":[],"v":1}'
)
DICTIONARIES: Mapping[int, str] = {1: _FIRST}
"""By number; all ASCII, so that a ledger keeps them as texts."""

_WORDS = {number: text.encode("ascii") for number, text in DICTIONARIES.items()}
_PRIMED = zlib.compressobj(6, zlib.DEFLATED, _WINDOW, _MEMORY, zdict=_WORDS[_NEWEST])


def dictionary_rows() -> list[tuple[str, str]]:
    """Return what a ledger says of the dictionaries it may need."""
    return [(f"dictionary {number}", text) for number, text in DICTIONARIES.items()]


def packed(body: bytes) -> bytes:
    """Return an event's bytes as they are stored."""
    packer = _PRIMED.copy()
    short = packer.compress(body) + packer.flush()
    if _HEAD + len(short) >= len(body):
        return body
    return b"%c%b%b" % (_NEWEST, zlib.crc32(short).to_bytes(_HEAD - 1, "big"), short)


def tells_damage(stored: object) -> bool:
    """Tell whether what is stored carries a sum of its own: damage shows without unpacking."""
    return isinstance(stored, bytes) and len(stored) > _HEAD and stored[0] in _WORDS


def is_whole(stored: bytes) -> bool:
    """Tell whether what is stored, and carries a sum, is what was written."""
    return zlib.crc32(stored[_HEAD:]) == int.from_bytes(stored[1:_HEAD], "big")


def unpacked(stored: object) -> bytes:
    """Return an event's bytes from what is stored.

    Raises
    ------
    ValueError
        When it is no longer what was stored.
    """
    if not isinstance(stored, bytes) or not stored:
        raise ValueError("its bytes are gone")
    if stored.startswith(_CLEAR):
        return stored
    words, short = _WORDS.get(stored[0]), stored[_HEAD:]
    if words is None:
        raise ValueError(f"its bytes begin with {stored[:1]!r}, which no dictionary has")
    # The sum also covers the bits that say nothing, such as those after the end.
    if zlib.crc32(short) != int.from_bytes(stored[1:_HEAD], "big"):
        raise ValueError("its stored bytes are not those that were written")
    unpacker = zlib.decompressobj(_WINDOW, words)
    try:
        body = unpacker.decompress(short, _LARGEST)
    except zlib.error as error:
        raise ValueError(f"its stored bytes cannot be unpacked: {error}") from None
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("its stored bytes end too early or too late")
    return body
