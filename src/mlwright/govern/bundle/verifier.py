"""Verify a bundle of mlwright's, with the standard library alone and none of mlwright's own code.

    python verifier.py credit@1.mlw [--key KEY] [--checkpoint FILE]

KEY is the line `mlw audit key` prints where the bundle was made, or a file that holds it, come by
another way than the bundle. FILE is a checkpoint that was kept outside. Nothing in the bundle is
executed, and nothing is written.

What is shown: every byte of the file is what the holder of the key sealed, down to the container's
own headers; each entry of the log's excerpt stands under the root of the signed checkpoint; each
object is the one an entry names, and none is beside them. What was left out is told. Without
--key it is only shown that the file agrees with itself.

A bundle is a ZIP file of stored members. Entries and roots are those of RFC 6962, notes those of
https://c2sp.org/signed-note, signatures Ed25519 (RFC 8032).
"""

import argparse
import base64
import binascii
import contextlib
import hashlib
import json
import pathlib
import struct
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

MANIFEST, SEAL, KEY = "manifest.json", "seal.txt", "log/key.txt"
CHECKPOINT, ENTRIES, PATHS = "log/checkpoint.txt", "log/entries.jsonl", "log/paths.json"
SEALED = "mlwright bundle 1"
LARGE = 0xFFFFFFFF
_FULL, _MANY = 0xFFFFFFFF, 0xFFFF
_READ = {MANIFEST, SEAL, KEY, CHECKPOINT, ENTRIES, PATHS}
_MOST_READ = 1 << 30
_CHUNK = 1 << 20
_DASH = "\u2014 "


class NotVerifiedError(Exception):
    """A bundle that is not what was sealed: which part of it, and what is wrong there."""

    def __init__(self, part: str, why: str) -> None:
        self.part, self.why = shown(part), shown(why)
        super().__init__(f"{self.part}: {self.why}")


def shown(text: str) -> str:
    """Return text of a stranger's as it may be printed: nothing in it steers a terminal."""
    return "".join(each if each.isprintable() else "?" for each in text)


@dataclass(frozen=True)
class Member:
    """A member of the container: where its bytes lie, and the digests found there."""

    name: str
    size: int
    start: int
    crc: int
    sha256: str


@dataclass(frozen=True)
class Verified:
    """A bundle that is what was sealed: its manifest, its members and the log it rests on.

    ``key`` is the line of the key that sealed it, ``told`` the sentences for a person.
    """

    manifest: Mapping[str, Any]
    manifest_sha256: str
    members: Mapping[str, Member]
    key: str
    note: str
    size: int
    root: bytes
    entries: tuple[bytes, ...]
    told: tuple[str, ...]


def verify(
    path: pathlib.Path, *, key: str | None = None, checkpoint: str | None = None
) -> Verified:
    """Return what a bundle is; raise NotVerifiedError, naming the part, when it is not that.

    Parameters
    ----------
    key
        The line of the key that has to have sealed it.
    checkpoint
        The text of a checkpoint kept outside, whose log the excerpt has to be of.
    """
    with path.open("rb") as file:
        members, read = _container(file)
        sealed_by, manifest = _seal(read, key)
        with _formed(MANIFEST):
            _contents(manifest, members)
        _checksums(file, members)
    size, root = _checkpoint(_text(read, CHECKPOINT), sealed_by, CHECKPOINT)
    if checkpoint is not None:
        outside = _checkpoint(checkpoint, sealed_by, "the checkpoint from outside")
        if outside[0] != size:
            raise NotVerifiedError(
                "the checkpoint from outside",
                f"it is of {outside[0]} entries, the bundle's of {size}: ask for a bundle made with"
                " --checkpoint and that file",
            )
        if outside[1] != root:
            raise NotVerifiedError(
                "the checkpoint from outside", "its log is another one than the bundle's"
            )
    entries = _entries(read, size, root)
    with _formed(MANIFEST):
        _subject(manifest, entries)
        _objects(manifest, entries, members)
        told = _told(manifest, sealed_by, size, entries, given=key is not None)
    digest = hashlib.sha256(read[MANIFEST]).hexdigest()
    note = _text(read, CHECKPOINT)
    return Verified(manifest, digest, members, sealed_by, note, size, root, tuple(entries), told)


@contextlib.contextmanager
def _formed(part: str) -> Iterator[None]:
    """Tell of a part that was sealed and does not have the form it should."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotVerifiedError(part, f"it is not formed as it should be: {error!r}") from None


# The container: every byte of it that is no member's follows from names, sizes and checksums.


def local_header(name: str, crc: int, size: int) -> bytes:
    """Return what stands before the bytes of a member."""
    raw = name.encode()
    extra = struct.pack("<HHQQ", 1, 16, size, size) if size >= LARGE else b""
    shown = _shown(size)
    fixed = (0x04034B50, 45 if extra else 20, 0x800, 0, 0, 0x21, crc, shown, shown)
    return struct.pack("<IHHHHHIIIHH", *fixed, len(raw), len(extra)) + raw + extra


def listed(name: str, crc: int, size: int, offset: int) -> bytes:
    """Return the line of a member in the table of contents."""
    raw = name.encode()
    wide = [size, size] if size >= LARGE else []
    wide += [offset] if offset >= LARGE else []
    extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    needed = 45 if extra else 20
    shown = _shown(size)
    fixed = (0x02014B50, 3 << 8 | needed, needed, 0x800, 0, 0, 0x21, crc, shown, shown)
    rest = (len(raw), len(extra), 0, 0, 0, 0o100644 << 16, _shown(offset))
    return struct.pack("<IHHHHHHIIIHHHHHII", *fixed, *rest) + raw + extra


def ending(count: int, length: int, offset: int) -> bytes:
    """Return what stands after the table of contents."""
    wide = b""
    if count >= _MANY or length >= LARGE or offset >= LARGE:
        wide = struct.pack(
            "<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, length, offset
        )
        wide += struct.pack("<IIQI", 0x07064B50, 0, offset + length, 1)
    shown = (min(count, _MANY), min(count, _MANY), _shown(length), _shown(offset))
    return wide + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, *shown, 0)


def _shown(number: int) -> int:
    """Return a number as a field of 32 bits holds it: full where it stands elsewhere."""
    return number if number < LARGE else _FULL


def _container(file: BinaryIO) -> tuple[dict[str, Member], dict[str, bytes]]:
    """Return the members with their digests, and the bytes of those that are read whole."""
    members: dict[str, Member] = {}
    read: dict[str, bytes] = {}
    at = 0
    table = _table(file)
    for name, crc, size, offset in table:
        header = local_header(name, crc, size)
        file.seek(at)
        found = file.read(len(header))
        if offset != at or found != header:
            raise NotVerifiedError(f"the header of {name}", _where(found, header, at))
        if name in members:
            raise NotVerifiedError(name, "it is there twice")
        start, state, left = at + len(header), hashlib.sha256(), size
        kept: list[bytes] | None = [] if name in _READ else None
        if kept is not None and size > _MOST_READ:
            raise NotVerifiedError(name, f"it is of {size} bytes")
        while left:
            chunk = file.read(min(left, _CHUNK))
            if not chunk:
                raise NotVerifiedError(name, f"{left} of its {size} bytes are missing")
            state.update(chunk)
            left -= len(chunk)
            if kept is not None:
                kept.append(chunk)
        if kept is not None:
            read[name] = b"".join(kept)
        members[name] = Member(name, size, start, crc, state.hexdigest())
        at = start + size
    _rest(file, table, at)
    if missing := sorted(_READ - read.keys()):
        raise NotVerifiedError(missing[0], "the bundle has no such part")
    return members, read


def _table(file: BinaryIO) -> list[tuple[str, int, int, int]]:
    """Return name, checksum, size and place of each member, as the table of contents has them."""
    part = "the container's table of contents"
    total = file.seek(0, 2)
    file.seek(max(0, total - 98))
    tail = file.read()
    if len(tail) < 22 or tail[-22:-18] != b"PK\x05\x06":
        raise NotVerifiedError("the container's end", "this is no bundle, or its end is cut off")
    count, length, offset = struct.unpack("<HII", tail[-12:-2])
    if tail[-98:-94] == b"PK\x06\x06" and (count == _MANY or _FULL in (length, offset)):
        count, length, offset = struct.unpack("<QQQ", tail[-66:-42])
    if offset + length > total:
        raise NotVerifiedError("the container's end", "it points beyond the file")
    file.seek(offset)
    raw = file.read(length)
    found = []
    at = 0
    try:
        for _ in range(count):
            fields = struct.unpack("<IHHHHHHIIIHHHHHII", raw[at : at + 46])
            crc, size, place = fields[7], fields[9], fields[16]
            behind = at + 46 + fields[10]
            name, extra = raw[at + 46 : behind].decode(), raw[behind : behind + fields[11]]
            wide = list(struct.unpack(f"<{(len(extra) - 4) // 8}Q", extra[4:])) if extra else []
            size = wide.pop(0) if size == _FULL and wide else size
            place = wide.pop() if place == _FULL and wide else place
            found.append((name, crc, size, place))
            at = behind + fields[11]
    except (struct.error, UnicodeDecodeError) as error:
        raise NotVerifiedError(part, f"it is damaged at byte {offset + at}: {error}") from None
    return found


def _rest(file: BinaryIO, table: list[tuple[str, int, int, int]], at: int) -> None:
    """Check all that stands after the last member."""
    contents = b"".join(listed(*entry) for entry in table)
    wanted = contents + ending(len(table), len(contents), at)
    file.seek(at)
    found = file.read(len(wanted) + 1)
    if found != wanted:
        raise NotVerifiedError("the container's table of contents", _where(found, wanted, at))


def _where(found: bytes, wanted: bytes, at: int) -> str:
    both = zip(found, wanted, strict=False)
    place = next((i for i, (a, b) in enumerate(both) if a != b), min(len(found), len(wanted)))
    return f"byte {at + place} of the file is not what was written there"


def _checksums(file: BinaryIO, members: Mapping[str, Member]) -> None:
    for member in members.values():
        crc = 0
        for chunk in chunks(file, member):
            crc = zlib.crc32(chunk, crc)
        if crc != member.crc:
            raise NotVerifiedError(f"the header of {member.name}", "its checksum is another")


def chunks(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """Give the bytes of a member, in pieces."""
    file.seek(member.start)
    left = member.size
    while left and (chunk := file.read(min(left, _CHUNK))):
        left -= len(chunk)
        yield chunk


# The seal: a signed note over the manifest, which lists every other member.


def _seal(read: Mapping[str, bytes], wanted: str | None) -> tuple[str, dict[str, Any]]:
    """Return the key that sealed the bundle, and the manifest it sealed."""
    line = _text(read, KEY).strip()
    name, public = key_of(line, KEY)
    if wanted is not None and key_of(wanted, "the key from outside") != (name, public):
        raise NotVerifiedError(
            "the seal", f"it is of the key {line}, not of the one from outside, {wanted.strip()}"
        )
    note = _text(read, SEAL)
    text = _signed(note, name, public, SEAL)
    _, _, encoded = note.rstrip("\n").rpartition(" ")
    exact = base64.b64encode(base64.b64decode(encoded)).decode()
    if note != f"{text}\n{_DASH}{name} {exact}\n":
        raise NotVerifiedError(SEAL, "it has more in it than what was signed")
    digest = hashlib.sha256(read[MANIFEST]).hexdigest()
    if text != f"{SEALED}\nsha256:{digest}\n":
        raise NotVerifiedError(MANIFEST, "it is not the one that was sealed")
    manifest = _json(read, MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("schema") != "mlwright/bundle/1":
        raise NotVerifiedError(MANIFEST, "it is of a form that this program does not know")
    return line, manifest


def _contents(manifest: Mapping[str, Any], members: Mapping[str, Member]) -> None:
    told = manifest["members"]
    for name in sorted({*told, *members} - {MANIFEST, SEAL}):
        if name not in members:
            raise NotVerifiedError(name, "it was sealed and is not there")
        if name not in told:
            raise NotVerifiedError(name, "it was not sealed with the others")
        member = members[name]
        if (member.size, member.sha256) != (told[name]["bytes"], told[name]["sha256"]):
            raise NotVerifiedError(name, "its bytes are not those that were sealed")


def _text(read: Mapping[str, bytes], name: str) -> str:
    try:
        return read[name].decode()
    except UnicodeDecodeError:
        raise NotVerifiedError(name, "it is no text") from None


def _json(read: Mapping[str, bytes], name: str) -> Any:
    try:
        return json.loads(read[name])
    except (ValueError, RecursionError):
        raise NotVerifiedError(name, "it is no JSON") from None


def key_of(line: str, part: str) -> tuple[str, bytes]:
    """Return the name and the 32 bytes of a public key in its written form."""
    try:
        name, told, encoded = line.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        true = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex()
        if raw[:1] == b"\x01" and len(raw) == 33 and told == true:
            return name, raw[1:]
    except (ValueError, binascii.Error):
        pass
    raise NotVerifiedError(part, "it holds no public key")


def _signed(note: str, name: str, public: bytes, part: str) -> str:
    """Return the text of a note once one of its signatures is the key's."""
    text, blank, signatures = note.rpartition("\n\n")
    text += "\n"
    for line in signatures.splitlines():
        by, _, encoded = line.removeprefix(_DASH).rpartition(" ")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            continue
        known = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
        ours = blank and line.startswith(_DASH) and by == name and raw[:4] == known
        if ours and signature_holds(public, text.encode(), raw[4:]):
            return text
    raise NotVerifiedError(part, f"it has no valid signature of {name}")


# The log: each entry stands under the root of the checkpoint.


def _checkpoint(note: str, key: str, part: str) -> tuple[int, bytes]:
    name, public = key_of(key, KEY)
    text = _signed(note, name, public, part)
    try:
        origin, size, root = text.splitlines()[:3]
        found = int(size), base64.b64decode(root, validate=True)
    except (ValueError, binascii.Error):
        raise NotVerifiedError(part, "its lines are no origin, size and root") from None
    if origin != name:
        raise NotVerifiedError(part, f"it is of another log, {origin}")
    return found


def _entries(read: Mapping[str, bytes], size: int, root: bytes) -> list[bytes]:
    """Return the bytes of the entries, each shown to stand in the log at its place."""
    paths = _json(read, PATHS)
    found: list[bytes] = []
    before = -1
    for body in read[ENTRIES].splitlines():
        try:
            sequence = json.loads(body)["sequence"]
            path = [bytes.fromhex(node) for node in paths[str(sequence)]]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise NotVerifiedError(ENTRIES, f"its line {len(found) + 1} is no entry") from None
        if not before < sequence < size:
            raise NotVerifiedError(f"entry e_{sequence}", "it is not in its place")
        if _root(hashlib.sha256(b"\x00" + body).digest(), sequence, size, path) != root:
            raise NotVerifiedError(f"entry e_{sequence}", "it is not in the log of the checkpoint")
        found.append(body)
        before = sequence
    return found


def _root(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """Return the root that a leaf and its path lead to (RFC 9162, 2.1.3.2)."""
    node, last = leaf, size - 1
    for sibling in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        index, last = index >> 1, last >> 1
    return node if last == 0 else None


def _subject(manifest: Mapping[str, Any], entries: list[bytes]) -> None:
    told = manifest["subject"]
    for body in entries:
        entry = json.loads(body)
        if entry["kind"] != "model.registered" or entry["subject"] != told["model"]:
            continue
        facts = entry["facts"]
        if f"{facts['name']}@{facts['version']}" == told["ref"] and facts["run"] == told["run"]:
            return
    raise NotVerifiedError(MANIFEST, f"no entry of the log registers {told['ref']}")


def _objects(
    manifest: Mapping[str, Any], entries: list[bytes], members: Mapping[str, Member]
) -> None:
    """Check that the objects are those the entries name: here, withheld or gone, and no other."""
    told = manifest["objects"]
    named = {digest for body in entries for digest in json.loads(body)["objects"]}
    for digest in sorted(named ^ told.keys()):
        why = "an entry names it" if digest in named else "no entry names it"
        raise NotVerifiedError(MANIFEST, f"object {digest}: {why}")
    here = set()
    for digest, about in told.items():
        name = object_name(digest)
        if about["state"] != "here":
            continue
        here.add(name)
        if name not in members or f"sha256:{members[name].sha256}" != digest:
            raise NotVerifiedError(name, f"it is not object {digest} ({about['what']})")
    for name in members:
        if name.startswith("objects/") and name not in here:
            raise NotVerifiedError(name, "no entry of the log names it")


def object_name(digest: str) -> str:
    """Return the member that holds an object."""
    raw = digest.removeprefix("sha256:")
    return f"objects/{raw[:2]}/{raw[2:]}"


def _told(
    manifest: Mapping[str, Any], key: str, size: int, entries: list[bytes], *, given: bool
) -> tuple[str, ...]:
    subject, objects = manifest["subject"], manifest["objects"].values()
    here = sum(about["state"] == "here" for about in objects)
    by = "the key from outside" if given else f"a key that came with it: {key}"
    said = (
        f"{subject['ref']} ({subject['model']}), made by {subject['run']} from {subject['data']}",
        f"sealed by {by}",
        f"{len(entries)} entries of the log stand under its checkpoint of {size}",
        f"{here} of {len(objects)} objects that they name are here, to the last bit",
        *manifest["left_out"],
    )
    return tuple(map(shown, said))


# Ed25519, RFC 8032: slow, short, and only for verifying.

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_Point = tuple[int, int, int, int]


def signature_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether an Ed25519 signature over a message is of the public key."""
    point = _point(public)
    if point is None or len(signature) != 64:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if scalar >= _L:
        return False
    hashed = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(hashed, "little") % _L
    x, y, z, t = point
    base = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    assert base is not None
    left = _times(scalar, base)
    right = _times(challenge, (-x % _P, y, z, -t % _P))
    return _bytes(_plus(left, right)) == signature[:32]


def _point(raw: bytes) -> _Point | None:
    """Return the point of the curve behind its 32 bytes, None when there is none."""
    if len(raw) != 32:
        return None
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _plus(left: _Point, right: _Point) -> _Point:
    a = (left[1] - left[0]) * (right[1] - right[0]) % _P
    b = (left[1] + left[0]) * (right[1] + right[0]) % _P
    c = 2 * left[3] * right[3] * _D % _P
    d = 2 * left[2] * right[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, point: _Point) -> _Point:
    found: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            found = _plus(found, point)
        point = _plus(point, point)
        scalar >>= 1
    return found


def _bytes(point: _Point) -> bytes:
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def main(arguments: list[str]) -> str:
    """Return what was verified, for a person; raise when it was not."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("--key", help="the key it has to be sealed by, or a file that holds it")
    parser.add_argument("--checkpoint", type=pathlib.Path, help="a checkpoint kept outside")
    given = parser.parse_args(arguments)
    key = given.key
    if key is not None and pathlib.Path(key).is_file():
        key = pathlib.Path(key).read_text("utf-8")
    checkpoint = given.checkpoint.read_text("utf-8") if given.checkpoint else None
    found = verify(given.bundle, key=key, checkpoint=checkpoint)
    return "\n  ".join(("verified:", *found.told))


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))  # noqa: T201 - a program of its own
    except (NotVerifiedError, OSError, UnicodeDecodeError) as error:
        sys.exit(f"NOT VERIFIED: {error}")
