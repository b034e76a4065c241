"""Snapshots of files: kept in the store once for each content, restored to the last byte."""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mlwright.core.digest import Digest, digest_bytes, from_raw, to_raw
from mlwright.core.encoding import canonical_json
from mlwright.core.errors import BrokenError, UsageError
from mlwright.core.files import disk_faults
from mlwright.core.records import dump, load
from mlwright.run.code.secrecy import secret_in
from mlwright.run.code.stamps import Stamps
from mlwright.run.records import Tree, TreeFile
from mlwright.store.local import LocalStore
from mlwright.store.protocol import Store

PLAIN, EXECUTED, LINK = "100644", "100755", "120000"
_LEVEL = 3
_MOST_PACKS = 50
_MAGIC = b"mlwright/pack/1\n"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a snapshot takes: bytes of one file, bytes and files in all."""

    file: int = 1 << 20
    total: int = 32 << 20
    files: int = 5_000


@dataclass(slots=True)
class Shelf:
    """Keeps contents in a store, each once, however many snapshots hold it.

    What a snapshot brings that none had before goes into one pack: an edit of one file costs an
    object of that size. ``named`` gathers the objects an event has to name.
    """

    store: Store
    stamps: Stamps = field(default_factory=lambda: Stamps(None))
    named: dict[Digest, None] = field(default_factory=dict)
    _there: dict[Digest, bool] = field(default_factory=dict)

    def keep(
        self, files: Iterable[tuple[str, str | bytes]], limits: Limits | None = None
    ) -> tuple[Digest | None, tuple[str, ...]]:
        """Keep files under the names given; return the tree's object, and what was left out.

        A file is given by its path, or by its content. Files with a secret in them, too large
        ones and what is neither file nor link are left out. Without a file left there is no tree.
        """
        found: dict[str, TreeFile] = {}
        fresh: dict[Digest, bytes] = {}
        skipped: list[str] = []
        limits = limits or Limits()
        room = limits.total
        for name, given in files:
            shown = os.fsencode(name).decode("utf-8", "replace")
            if len(found) >= limits.files:
                skipped.append(f"{shown} and what follows: more than {limits.files:,} files")
                break
            try:
                taken = self._take(name, given, min(limits.file, room), fresh)
            except _LeftOutError as error:
                skipped.append(f"{shown}: {error}")
                continue
            except OSError as error:
                skipped.append(f"{shown}: {type(error).__name__}")
                continue
            found[name] = taken
            room -= taken.size
        if not found:
            return None, tuple(skipped)
        tree = Tree(dict(sorted(found.items())), self._pack(found, fresh))
        return self._put(tree), tuple(skipped)

    def _put(self, tree: Tree) -> Digest:
        parts = "\n".join((tree_digest(tree), *tree.packs))
        fact = f"tree:{digest_bytes(parts.encode())}"
        noted = self.stamps.fact(fact)
        if noted is None or not self.store.has(Digest(noted)):
            noted = self.store.put(zlib.compress(dump(tree), _LEVEL))
            self.stamps.learn({fact: noted})
        digest = Digest(noted)
        self.named.update(dict.fromkeys((digest, *tree.packs)))
        return digest

    def close(self) -> tuple[Digest, ...]:
        """Keep what was noted of files, and return the objects an event has to name."""
        self.stamps.close()
        return tuple(self.named)

    def _take(
        self, name: str, given: str | bytes, most: int, fresh: dict[Digest, bytes]
    ) -> TreeFile:
        if not _writable_name(name):
            raise _LeftOutError("its name cannot be written down")
        if isinstance(given, bytes):
            return TreeFile(PLAIN, len(given), self._fresh(given, fresh))
        seen = os.lstat(given)
        if stat.S_ISLNK(seen.st_mode):
            content = os.fsencode(Path(given).readlink())
            if not _stays_inside(name, os.fsdecode(content)):
                raise _LeftOutError("a link that leads out of the folder")
            return TreeFile(LINK, len(content), self._fresh(content, fresh))
        if not stat.S_ISREG(seen.st_mode):
            raise _LeftOutError("neither a file nor a link")
        if seen.st_size > most:
            raise _LeftOutError(f"{seen.st_size:,} bytes")
        mode = EXECUTED if seen.st_mode & 0o100 else PLAIN
        noted = self.stamps.note_of(given, seen, kind="content")
        if noted is not None and noted.startswith("sha256:"):
            digest = Digest(noted)
            if self._packed(digest) is None and digest not in fresh:
                fresh[digest] = Path(given).read_bytes()
                if digest_bytes(fresh[digest]) != digest:
                    del fresh[digest]
                    raise _LeftOutError("it changed while it was read")
            return TreeFile(mode, seen.st_size, digest)
        if noted is not None:
            raise _LeftOutError(noted)
        content = Path(given).read_bytes()
        secret = secret_in(content)
        self.stamps.note(given, seen, secret or digest_bytes(content), kind="content")
        if secret is not None:
            raise _LeftOutError(secret)
        return TreeFile(mode, len(content), self._fresh(content, fresh))

    def _fresh(self, content: bytes, fresh: dict[Digest, bytes]) -> Digest:
        digest = digest_bytes(content)
        if self._packed(digest) is None:
            fresh[digest] = content
        return digest

    def _packed(self, digest: Digest) -> Digest | None:
        """Return the pack that holds a content already."""
        noted = self.stamps.fact(f"pack:{digest}")
        if noted is None:
            return None
        pack = Digest(noted)
        if pack not in self._there:
            self._there[pack] = self.store.has(pack)
        return pack if self._there[pack] else None

    def _pack(
        self, files: Mapping[str, TreeFile], fresh: dict[Digest, bytes]
    ) -> tuple[Digest, ...]:
        """Keep what no pack holds yet, and return every pack the files need."""
        needed = sorted({each.content for each in files.values()})
        new = [digest for digest in needed if digest in fresh]
        if new:
            pack = self.store.put(write_pack(fresh[digest] for digest in new))
            self.stamps.learn({f"pack:{digest}": pack for digest in new})
            self._there[pack] = True
        held = (self._packed(digest) for digest in needed)
        packs = tuple(sorted({pack for pack in held if pack is not None}))
        return packs if len(packs) <= _MOST_PACKS else (self._repacked(Tree(files, packs)),)

    def _repacked(self, tree: Tree) -> Digest:
        """Return one pack in place of many: edits of years would leave as many objects to open."""
        contents = {digest_bytes(raw): raw for raw in tree_contents(tree, self.store).values()}
        pack = self.store.put(write_pack(contents[digest] for digest in sorted(contents)))
        self.stamps.learn({f"pack:{digest}": pack for digest in contents})
        self._there[pack] = True
        return pack


def shelf_in(store: Store) -> Shelf:
    """Return a shelf on a store; in a folder's store, it notes beside it what it has read."""
    path = store.folder / "stamps.json" if isinstance(store, LocalStore) else None
    return Shelf(store, Stamps.open(path))


class _LeftOutError(Exception):
    """Why a file is not part of a snapshot."""


def write_pack(contents: Iterable[bytes]) -> bytes:
    """Return contents as one object: a line, their sizes, then all of them, compressed."""
    listed = list(contents)
    sizes = canonical_json([len(content) for content in listed])
    return zlib.compress(b"".join((_MAGIC, sizes, b"\n", *listed)), _LEVEL)


def read_pack(raw: bytes) -> Iterator[bytes]:
    """Give the contents of a pack, as they were written.

    >>> list(read_pack(write_pack([b"one", b"", b"three"])))
    [b'one', b'', b'three']
    """
    from json import loads

    text = memoryview(zlib.decompress(raw))
    if bytes(text[: len(_MAGIC)]) != _MAGIC:
        raise ValueError("no pack of files")
    head = bytes(text[len(_MAGIC) :]).split(b"\n", 1)[0]
    place = len(_MAGIC) + len(head) + 1
    for size in loads(head):
        yield bytes(text[place : place + size])
        place += size


def read_tree(digest: Digest, store: Store) -> Tree:
    """Return the snapshot an object holds.

    Raises
    ------
    NotFoundError
        ``object-missing`` when it is gone.
    """
    return load(Tree, zlib.decompress(store.get(digest)))


def tree_contents(tree: Tree, store: Store) -> dict[str, bytes]:
    """Return the content of each file of a snapshot; a link's is what it points at.

    Raises
    ------
    NotFoundError, BrokenError
        ``object-missing`` or ``object-corrupt`` for a pack; ``tree-broken`` when its packs do not
        hold what it lists.
    """
    wanted = {each.content for each in tree.files.values()}
    held: dict[Digest, bytes] = {}
    for pack in tree.packs:
        for content in read_pack(store.get(pack)):
            digest = digest_bytes(content)
            if digest in wanted:
                held[digest] = content
    missing = sorted(name for name, each in tree.files.items() if each.content not in held)
    if missing:
        raise BrokenError(
            "tree-broken",
            f"the snapshot's packs do not hold {missing[0]!r}",
            fix="restore the store from a backup",
            facts={"files": missing, "packs": list(tree.packs)},
        )
    return {name: held[each.content] for name, each in tree.files.items()}


def restore_tree(tree: Tree, store: Store, folder: Path) -> None:
    """Write a snapshot's files into an empty folder: bytes, modes and links as they were.

    Nothing is written outside the folder, whatever the snapshot says: links come last, and a name
    or a link that leads out is refused.

    Raises
    ------
    UsageError
        ``folder-not-empty``.
    BrokenError
        ``tree-broken`` for a name or a link that leads out of the folder, or a missing content.
    """
    with disk_faults(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(
                "folder-not-empty",
                f"{folder} holds files already, and none is written over",
                fix="name a folder that does not exist yet",
                facts={"folder": str(folder)},
            )
    contents = tree_contents(tree, store)
    links = {name for name, each in tree.files.items() if each.mode == LINK}
    for name in tree.files:
        leads_out = name in links and not _stays_inside(name, os.fsdecode(contents[name]))
        below = any(str(above) in links for above in PurePosixPath(name).parents)
        if not _is_inside(name) or leads_out or below:
            raise BrokenError(
                "tree-broken",
                f"{name!r} of the snapshot leads out of its folder",
                fix="trust no bundle or store it came from",
                facts={"file": name},
            )
    with disk_faults(folder):
        for name, each in sorted(tree.files.items(), key=lambda item: item[1].mode == LINK):
            _write(folder / name, each.mode, contents[name])


def _write(path: Path, mode: str, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if mode == LINK:
        path.symlink_to(os.fsdecode(content))
        return
    path.write_bytes(content)
    path.chmod(0o755 if mode == EXECUTED else 0o644)


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _stays_inside(name: str, target: str) -> bool:
    """Tell whether a link leads to a place within the folder it lies in."""
    if target.startswith("/"):
        return False
    depth = len(PurePosixPath(name).parent.parts)
    for part in PurePosixPath(target).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return False
    return True


def _writable_name(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def tree_digest(tree: Tree) -> Digest:
    """Return what a snapshot holds as one digest, wherever its contents are packed."""
    from hashlib import sha256

    state = sha256(b"mlwright/tree/1\n")
    for name, each in sorted(tree.files.items()):
        state.update(f"{each.mode} {len(name)} {name}\n".encode())
        state.update(to_raw(each.content))
    return from_raw(state.digest())
