"""An environment built again as it was recorded: from wheels in the store, without a network."""

from __future__ import annotations

import fcntl
import platform
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from mlwright.core.digest import Digest, hex_of
from mlwright.core.encoding import digest_of
from mlwright.core.errors import BrokenError, RefusedError
from mlwright.core.files import disk_faults
from mlwright.core.records import dump, load
from mlwright.run.closure.origin import normalised
from mlwright.run.code.trees import read_tree, restore_tree
from mlwright.run.environments.editable import editable_members
from mlwright.run.environments.installers import (
    find_python,
    install,
    install_at_hand,
    make_environment,
)
from mlwright.run.environments.lock import files_digest_of
from mlwright.run.environments.records import Rebuilt, Wheel, Wheels
from mlwright.run.environments.wheelfile import write_wheel
from mlwright.run.environments.wheels import wheels_for
from mlwright.run.records import Environment
from mlwright.store.protocol import Store

_DONE = "rebuilt.json"


def rebuild(
    environment: Environment,
    store: Store,
    folder: Path,
    *,
    wheels: Wheels,
    needed: Collection[str] | None = None,
    leave: Collection[str] = (),
    environ: Mapping[str, str],
) -> Rebuilt:
    """Build a recorded environment again, or return the one that was built before.

    Nothing is fetched: each distribution comes from its wheel in the store, verified against its
    digest as it is read; one of which no wheel was kept from what uv has at hand without a network,
    its cache for one. Each list of files is compared with what was recorded once it is installed.

    Parameters
    ----------
    folder
        Where environments are built, each in a folder named by what is in it. They can be deleted
        at any time, and are built again then.
    wheels
        The wheels that were kept: :func:`kept_wheels`.
    needed
        The distributions that it must hold; others are left out where no wheel of them was kept.
        All by default.
    leave
        The distributions that it must not hold.

    Raises
    ------
    RefusedError
        ``environment-elsewhere`` for one of another platform; ``environment-incomplete`` where
        wheels were not kept.
    NotFoundError
        ``environment-no-python``.
    BrokenError
        ``environment-differs`` where what was installed is not what was recorded.
    FaultError
        ``environment-not-built`` where the installer failed.
    """
    _require_here(environment)
    kept = {name: each for name, each in environment.distributions.items() if name not in leave}
    environment = replace(environment, distributions=kept)
    trees = {
        name: tree
        for name, each in environment.distributions.items()
        if (tree := each.tree or wheels.trees.get(name)) is not None
    }
    found, missing = wheels_for(environment, wheels)
    missing = tuple(name for name in missing if name not in trees)
    lacking = {
        name: environment.distributions[name].version
        for name in missing
        if needed is None or name in needed
    }
    terms = (
        environment.python,
        environment.implementation,
        {name: wheel.content for name, wheel in found.items()},
        trees,
        {name: environment.distributions[name].files for name in lacking},
    )
    place = folder / hex_of(digest_of(terms, tag="mlwright/rebuilt/1"))[:24]
    with _alone(place):
        if (place / _DONE).is_file():
            return load(Rebuilt, (place / _DONE).read_bytes())
        python = find_python(environment.python, environment.implementation, environ)
        if place.exists():
            shutil.rmtree(place)
        made = make_environment(python, place / "venv", environ)
        if not _found_at_hand(lacking, environment, made, environ):
            shutil.rmtree(place)
            raise _incomplete(lacking)
        with TemporaryDirectory(prefix="mlwright-wheels-", dir=folder) as house:
            files = list(_laid_out(found, store, Path(house)))
            files += _projects(trees, environment, store, place / "projects", Path(house))
            install(files, made, environ, base=python)
        _require_same(environment, (*found, *lacking), place / "venv")
        left = tuple(name for name in missing if name not in lacking)
        rebuilt = Rebuilt(str(made), tuple(sorted({*found, *trees, *lacking})), left)
        (place / _DONE).write_bytes(dump(rebuilt))
    return rebuilt


def _require_here(environment: Environment) -> None:
    here = f"{platform.system().lower()} {platform.machine()}"
    if environment.platform != here:
        raise RefusedError(
            "environment-elsewhere",
            f"the run was done on {environment.platform}, and this is {here}: its packages are"
            " built for another kind of machine",
            fix=f"prove it on a machine of the kind {environment.platform}",
            facts={"recorded": environment.platform, "here": here},
        )


def _found_at_hand(
    lacking: Mapping[str, str], environment: Environment, python: Path, environ: Mapping[str, str]
) -> bool:
    """Install what no wheel was kept of, if it is at hand and can be told from others after."""
    told = all(environment.distributions[name].files is not None for name in lacking)
    return not lacking or (told and install_at_hand(lacking, python, environ))


def _incomplete(lacking: Mapping[str, str]) -> RefusedError:
    named = ", ".join(f"{name} {version}" for name, version in list(lacking.items())[:3])
    more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
    return RefusedError(
        "environment-incomplete",
        f"no wheel was kept of {named}{more}, so the environment cannot be built again",
        fix="install those versions again, or prove in what is installed now; from now on"
        " mlw run --keep-wheels keeps them",
        facts={"missing": dict(lacking)},
        looked=["the wheels in the project's store", "what uv has at hand without a network"],
    )


def _laid_out(found: Mapping[str, Wheel], store: Store, house: Path) -> Iterator[Path]:
    """Write wheels out under the names installers know them by."""
    for wheel in found.values():
        path = house / wheel.filename
        held = store.held(wheel.content)
        with disk_faults(path):
            if isinstance(held, bytes):
                path.write_bytes(held)
            else:
                path.symlink_to(held.absolute())
        yield path


def _projects(
    trees: Mapping[str, Digest], environment: Environment, store: Store, folder: Path, house: Path
) -> Iterator[Path]:
    """Restore the projects that were installed as folders, and give a wheel that leads to each."""
    for name, tree in trees.items():
        restore_tree(read_tree(tree, store), store, folder / name)
        members = list(editable_members(folder / name))
        info = next(m.path.partition("/")[0] for m in members if ".dist-info/" in m.path)
        version = environment.distributions[name].version
        path = house / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        with disk_faults(path), path.open("wb") as file:
            write_wheel(members, info, file)
        yield path


def _require_same(environment: Environment, found: Iterable[str], venv: Path) -> None:
    """Compare what is installed now with what was recorded, file by file as listed."""
    lists = {
        normalised(record.parent.name.partition("-")[0]): record
        for record in venv.glob("lib/python*/site-packages/*.dist-info/RECORD")
    }
    for name in found:
        recorded = environment.distributions[name].files
        record = lists.get(name)
        if record is None:
            raise _differs(name, "it is not there")
        text = record.read_text("utf-8", "surrogateescape")
        if recorded is not None and files_digest_of(text, record.parent.name) != recorded:
            raise _differs(name, "its files are others")


def _differs(name: str, how: str) -> BrokenError:
    return BrokenError(
        "environment-differs",
        f"{name} was installed again from its wheel, and {how}",
        fix="trust no bundle or store it came from; report it if it was made here",
        facts={"distribution": name},
    )


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Keep other processes from building the same at once."""
    with disk_faults(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.with_suffix(".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
