"""Wheels of what is installed, kept in the store: with them an environment can be built again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from mlwright.core.digest import Digest, digest_bytes
from mlwright.core.records import dump, load
from mlwright.ledger.ledger import Ledger
from mlwright.ledger.records import Event, NewEvent
from mlwright.run.closure.origin import installed
from mlwright.run.code.trees import Shelf
from mlwright.run.environments.editable import keep_editable
from mlwright.run.environments.lock import direct_url, is_editable, locked
from mlwright.run.environments.records import RunWheels, Wheel, Wheels
from mlwright.run.environments.wheelfile import (
    UnkeptError,
    files_in_wheel,
    repacked,
    wheel_name,
    write_wheel,
)
from mlwright.run.records import Environment, Installed
from mlwright.store.protocol import Store

KEPT = "wheels.kept"


def keep_wheels(names: Iterable[str], shelf: Shelf, known: Wheels | None = None) -> Wheels:
    """Keep a wheel of each distribution of these that is installed here.

    The one it was installed from, where it still lies there; else one made of the installed files,
    each of which is held against the digest its installer wrote down. Projects that are installed
    as folders are kept as snapshots. Nothing is asked of any other host.

    Parameters
    ----------
    known
        What was kept before, and is not kept twice.
    """
    before = known or Wheels({}, {}, {})
    wanted = frozenset(names)
    wheels: dict[str, Wheel] = {}
    trees: dict[str, Digest] = {}
    left: dict[str, str] = {}
    lock = locked(shelf.stamps)
    for name, _, info in installed():
        if name not in wanted:
            continue
        if is_editable(direct_url(info)):
            tree, skipped = keep_editable(info, shelf)
            if tree is not None:
                trees[name] = tree
            else:
                left[name] = "; ".join(skipped[:3])
            continue
        files = lock[name].files
        if files is None:
            left[name] = "its installer kept no list of files"
            continue
        held = before.wheels.get(files)
        if held is not None and shelf.store.has(held.content):
            wheels[files] = held
            continue
        try:
            wheels[files] = _kept(name, lock[name], info, shelf)
        except UnkeptError as error:
            left[name] = str(error)
    return Wheels(dict(sorted(wheels.items())), dict(sorted(trees.items())), left)


def record_wheels(run: str, names: Iterable[str], shelf: Shelf, ledger: Ledger) -> Wheels:
    """Keep the wheels of a run's distributions, each once, and record which they are."""
    wanted = tuple(sorted(set(names)))
    wheels = keep_wheels(wanted, shelf, kept_wheels(ledger, shelf.store))
    listed = shelf.store.put(dump(RunWheels(wanted, wheels)))
    objects = (listed, *(wheel.content for wheel in wheels.wheels.values()), *shelf.close())
    facts = {
        "wheels": listed,
        "count": len(wheels.wheels) + len(wheels.trees),
        "bytes": sum(wheel.size for wheel in wheels.wheels.values()),
        "left": wheels.left,
    }
    ledger.append([NewEvent(KEPT, run, facts, objects=tuple(dict.fromkeys(objects)))])
    return wheels


def wheels_of_run(run: str, ledger: Ledger, store: Store) -> RunWheels | None:
    """Return what was kept of the environment of a run, or None."""
    events = list(ledger.events(kind=KEPT, subject=run))
    return _of_event(events[-1], store) if events else None


def kept_wheels(ledger: Ledger, store: Store) -> Wheels:
    """Return every wheel that was ever kept, by the files it brings."""
    wheels: dict[str, Wheel] = {}
    trees: dict[str, Digest] = {}
    listed: dict[object, Event] = {e.facts["wheels"]: e for e in ledger.events(kind=KEPT)}
    for event in listed.values():
        found = _of_event(event, store).wheels
        wheels.update(found.wheels)
        trees.update(found.trees)
    return Wheels(wheels, trees, {})


def _of_event(event: Event, store: Store) -> RunWheels:
    facts: Any = event.facts
    return load(RunWheels, store.get(Digest(facts["wheels"])))


def wheels_for(
    environment: Environment, wheels: Wheels
) -> tuple[dict[str, Wheel], tuple[str, ...]]:
    """Return the wheel of each distribution of an environment, and the names that have none.

    A wheel fits when it brings the files that were recorded. Where a record from before lists of
    files were compared tells no files, it has to be of the same list, as it was written.
    """
    by_list = {wheel.record: wheel for wheel in wheels.wheels.values() if wheel.record is not None}
    found: dict[str, Wheel] = {}
    missing = []
    for name, each in environment.distributions.items():
        wheel = wheels.wheels.get(each.files) if each.files is not None else None
        wheel = wheel or (by_list.get(each.record) if each.record is not None else None)
        if wheel is None:
            missing.append(name)
        else:
            found[name] = wheel
    return found, tuple(missing)


@dataclass(frozen=True, slots=True)
class _Made:
    filename: str
    content: bytes
    original: bool


def _kept(name: str, lock: Installed, info: Path, shelf: Shelf) -> Wheel:
    made = _original(lock, info) or _repacked(lock, info)
    digest = shelf.store.put(made.content)
    return Wheel(
        name=name,
        version=lock.version,
        filename=made.filename,
        content=digest,
        size=len(made.content),
        record=lock.record,
        original=made.original,
    )


def _original(lock: Installed, info: Path) -> _Made | None:
    """Return the wheel a distribution was installed from, if it lies on this machine still."""
    url = urlsplit(str(direct_url(info).get("url", "")))
    path = Path(unquote(url.path))
    if url.scheme != "file" or path.suffix != ".whl" or not path.is_file():
        return None
    content = path.read_bytes()
    if lock.wheel is not None and digest_bytes(content) != lock.wheel:
        return None
    return _Made(path.name, content, original=True) if files_in_wheel(path) == lock.files else None


def _repacked(lock: Installed, info: Path) -> _Made:
    with TemporaryFile() as file:
        write_wheel(repacked(info, info.parents[3]), info.name, file)
        if files_in_wheel(file) != lock.files:
            raise UnkeptError("what is installed changed while it was read")
        return _Made(wheel_name(info), _all(file), original=False)


def _all(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()
