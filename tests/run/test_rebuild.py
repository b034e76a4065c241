"""A deleted environment is built again from the store, and is the one that was recorded."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from mlwright.core.errors import BrokenError, MlwrightError, RefusedError
from mlwright.core.records import dump, load
from mlwright.core.seam import ReplaySeam
from mlwright.ledger.ledger import Ledger
from mlwright.run.code.trees import shelf_in
from mlwright.run.environments import installers, lock
from mlwright.run.environments.installers import find_python, install, make_environment
from mlwright.run.environments.rebuild import rebuild
from mlwright.run.environments.record import environment
from mlwright.run.environments.records import Rebuilt
from mlwright.run.environments.wheelfile import Member, files_in_wheel, write_wheel
from mlwright.run.environments.wheels import (
    keep_wheels,
    kept_wheels,
    record_wheels,
    wheels_for,
    wheels_of_run,
)
from mlwright.run.records import Environment
from mlwright.store.local import LocalStore

SCRIPT = b"#!python\nimport alpha\nprint(alpha.rate(2))\n"


def wheel(folder: Path, name: str, members: list[Member], entry: str = "") -> Path:
    info = f"{name}-1.0.dist-info"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    more = [
        Member(f"{info}/METADATA", about.encode()),
        Member(f"{info}/WHEEL", b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
    ]
    if entry:
        more.append(Member(f"{info}/entry_points.txt", entry.encode()))
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with path.open("wb") as file:
        write_wheel([*members, *more], info, file)
    return path


class Small:
    """A virtual environment with two tiny packages and a project installed as a folder."""

    def __init__(self, folder: Path) -> None:
        house = folder / "wheels"
        house.mkdir(parents=True)
        self.alpha = wheel(
            house,
            "alpha",
            [
                Member(
                    "alpha/__init__.py", b"from pathlib import Path\ndef rate(x): return x * 2\n"
                ),
                Member("alpha/with, comma.txt", b"x"),
                Member("alpha/native.so", bytes(range(256)), executed=True),
                Member("alpha-1.0.data/scripts/alpha-now", SCRIPT, executed=True),
                Member("alpha-1.0.data/data/share/alpha/table.txt", b"1"),
            ],
            "[console_scripts]\nalpha-run = alpha:rate\n",
        )
        beta = wheel(house, "beta", [Member("beta.py", b"import alpha\nRATE = alpha.rate(3)\n")])
        self.project = folder / "project"
        (self.project / "src" / "gamma").mkdir(parents=True)
        (self.project / "src" / "gamma" / "__init__.py").write_text("VALUE = 5\n")
        (self.project / "src" / "gamma" / "page.html").write_text("<p>")
        (self.project / "src" / "gamma" / "table.csv").write_text("a\n1\n")
        (self.project / "src" / "data.csv").write_text("name\nAlice\n")
        root = os.fsencode(self.project / "src")
        gamma = wheel(house, "gamma", [Member("_gamma.pth", root + b"\n")])
        self.venv = folder / "venv"
        self.python = make_environment(Path(sys.executable), self.venv, os.environ)
        wheels = [self.alpha, beta, gamma]
        install(wheels, self.python, os.environ, base=Path(sys.executable))
        self.house = house.rename(folder / "elsewhere")
        (self.site,) = self.venv.glob("lib/python*/site-packages")
        direct = {"url": self.project.as_uri(), "dir_info": {"editable": True}}
        (self.site / "gamma-1.0.dist-info" / "direct_url.json").write_text(json.dumps(direct))

    def says(self, code: str, python: str | None = None) -> str:
        command = [python or str(self.python), "-I", "-c", code]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return Small(tmp_path_factory.mktemp("small"))


@pytest.fixture
def small(made: Small, monkeypatch: pytest.MonkeyPatch) -> Small:
    """The small environment as if it were the one this process runs in."""
    monkeypatch.setattr(sys, "path", [str(made.site), *sys.path])
    monkeypatch.setattr(lock, "_FOUND", {})
    importlib.invalidate_caches()
    return made


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


def locked(small: Small, store: LocalStore) -> Environment:
    shelf = shelf_in(store)
    found = environment(shelf)
    shelf.close()
    own = {name: found.distributions[name] for name in ("alpha", "beta", "gamma")}
    return replace(found, distributions=own)


def test_a_deleted_environment_is_built_again_offline_from_the_store(
    small: Small, store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = locked(small, store)
    ledger = Ledger.in_memory(ReplaySeam())
    record_wheels("r_1", ["alpha", "beta", "gamma"], shelf_in(store), ledger)
    wheels = kept_wheels(ledger, store)
    text = dump(recorded).decode() + dump(wheels).decode()
    moved = small.project.rename(small.project.with_name("gone"))
    shutil.move(small.venv, tmp_path / "deleted")
    monkeypatch.setenv("UV_INDEX_URL", "http://127.0.0.1:9/nothing")
    try:
        built = rebuild(recorded, store, tmp_path / "cache", wheels=wheels, environ=os.environ)
        again = rebuild(recorded, store, tmp_path / "cache", wheels=wheels, environ=os.environ)

        says = "import beta, gamma; print(beta.RATE, gamma.VALUE, gamma.__file__)"
        rate, value, file = small.says(says, built.python).split()
        now = Path(built.python).parent / "alpha-now"
        ran = subprocess.run([now], check=True, capture_output=True, text=True).stdout
    finally:
        shutil.move(tmp_path / "deleted", small.venv)
        moved.rename(small.project)

    assert (rate, value, ran) == ("6", "5", "4\n")
    assert Path(file).is_relative_to(tmp_path / "cache")
    assert built.distributions == ("alpha", "beta", "gamma")
    assert built == again
    assert (Path(built.python).parents[1] / "share" / "alpha" / "table.txt").read_bytes() == b"1"
    assert (Path(file).parent / "page.html").read_text() == "<p>"
    assert (Path(file).parent / "table.csv").read_text() == "a\n1\n"
    assert not (Path(file).parents[1] / "data.csv").exists()
    assert "Alice" not in text
    assert str(small.project.parent) not in text
    assert list((tmp_path / "cache").glob("mlwright-wheels-*")) == []


def test_a_wheel_is_the_one_that_was_installed_or_made_again_with_the_same_files(
    small: Small, store: LocalStore, tmp_path: Path
) -> None:
    files = locked(small, store).distributions["alpha"].files
    assert files is not None

    again = keep_wheels(["alpha"], shelf_in(store)).wheels[files]
    lies = small.house.rename(small.alpha.parent)
    try:
        original = keep_wheels(["alpha"], shelf_in(store)).wheels[files]
        content = small.alpha.read_bytes()
    finally:
        lies.rename(small.house)
    (tmp_path / "again.whl").write_bytes(store.get(again.content))

    assert (again.original, original.original) == (False, True)
    assert store.get(original.content) == content
    assert files_in_wheel(tmp_path / "again.whl") == files
    assert again == keep_wheels(["alpha"], shelf_in(LocalStore(tmp_path / "other"))).wheels[files]
    with ZipFile(tmp_path / "again.whl") as archive:
        assert archive.read("alpha-1.0.data/scripts/alpha-now") == SCRIPT
        assert archive.read("alpha-1.0.data/data/share/alpha/table.txt") == b"1"
        assert archive.read("alpha/with, comma.txt") == b"x"
        assert archive.getinfo("alpha/native.so").external_attr >> 16 & 0o111
        assert not [name for name in archive.namelist() if "alpha-run" in name or "INST" in name]


def test_what_was_kept_is_not_kept_twice(small: Small, store: LocalStore) -> None:
    ledger = Ledger.in_memory(ReplaySeam())
    first = record_wheels("r_1", ["alpha", "beta", "gamma"], shelf_in(store), ledger)
    held = set(store.digests())

    second = record_wheels("r_2", ["alpha", "beta", "gamma"], shelf_in(store), ledger)

    assert second == first
    assert set(store.digests()) == held == set(ledger.objects())
    kept = wheels_of_run("r_2", ledger, store)
    assert kept is not None
    assert kept.names == ("alpha", "beta", "gamma")
    assert wheels_of_run("r_3", ledger, store) is None


def test_a_file_that_was_changed_or_is_listed_without_a_digest_makes_no_wheel(
    small: Small, store: LocalStore
) -> None:
    (small.site / "beta.py").write_text("RATE = 7\n")
    try:
        found = keep_wheels(["beta"], shelf_in(store))
    finally:
        (small.site / "beta.py").write_text("import alpha\nRATE = alpha.rate(3)\n")

    record = small.site / "beta-1.0.dist-info" / "RECORD"
    text = record.read_text()
    record.write_text(text + "beta_more.py,,\n")
    try:
        unlisted = keep_wheels(["beta"], shelf_in(store))
    finally:
        record.write_text(text)

    assert (found.wheels, unlisted.wheels) == ({}, {})
    assert found.left == {"beta": "beta.py was changed since it was installed"}
    assert unlisted.left == {"beta": "beta_more.py is listed without a digest"}


def test_a_project_that_is_imported_in_an_unknown_way_is_named_and_stops_no_run(
    small: Small, store: LocalStore
) -> None:
    path = small.site / "_gamma.pth"
    text = path.read_text()
    path.unlink()
    try:
        found = keep_wheels(["gamma"], shelf_in(store))
        recorded = locked(small, store)
    finally:
        path.write_text(text)

    assert (found.wheels, found.trees) == ({}, {})
    assert found.left == {"gamma": "it is imported from its folder in a way that is not known here"}
    assert recorded.distributions["gamma"].tree is None


def test_an_environment_without_its_wheels_is_refused_by_name(
    small: Small, store: LocalStore, tmp_path: Path
) -> None:
    recorded = locked(small, store)
    wheels = keep_wheels(["alpha"], shelf_in(store))

    with pytest.raises(RefusedError) as caught:
        rebuild(recorded, store, tmp_path / "cache", wheels=wheels, environ=os.environ)
    cache = tmp_path / "cache"
    only: dict[str, Any] = {"wheels": wheels, "needed": ["alpha"], "environ": os.environ}
    built = rebuild(recorded, store, cache, **only)
    fewer = rebuild(recorded, store, cache, leave=["gamma"], **only)

    assert caught.value.code == "environment-incomplete"
    assert caught.value.facts["missing"] == {"beta": "1.0"}
    assert (built.distributions, built.left) == (("alpha", "gamma"), ("beta",))
    assert (fewer.distributions, fewer.left) == (("alpha",), ("beta",))
    assert small.says("import gamma; print(gamma.VALUE)", built.python) == "5"
    looks = "from importlib.util import find_spec as f; print(f('gamma'), f('alpha') is None)"
    assert small.says(looks, fewer.python) == "None False"


def test_what_no_wheel_was_kept_of_is_taken_from_what_uv_has_at_hand_if_it_is_the_same(
    small: Small, store: LocalStore, tmp_path: Path
) -> None:
    recorded = locked(small, store)
    wheels = keep_wheels(["alpha"], shelf_in(store))
    wheel(tmp_path, "beta", [Member("beta.py", b"RATE = 8\n")])

    def built(folder: Path) -> Rebuilt:
        environ = {**os.environ, "UV_FIND_LINKS": str(folder), "UV_CACHE_DIR": str(tmp_path / "uv")}
        return rebuild(recorded, store, tmp_path / "cache", wheels=wheels, environ=environ)

    with pytest.raises(BrokenError) as caught:
        built(tmp_path)
    found = built(small.house)

    assert caught.value.code == "environment-differs"
    assert found.distributions == ("alpha", "beta", "gamma")
    assert small.says("import beta; print(beta.RATE)", found.python) == "6"


def test_an_environment_of_another_machine_or_python_is_refused(
    small: Small, store: LocalStore, tmp_path: Path
) -> None:
    recorded = locked(small, store)
    wheels = keep_wheels(recorded.distributions, shelf_in(store))

    codes = []
    for other in (replace(recorded, platform="darwin arm64"), replace(recorded, python="3.11.99")):
        with pytest.raises(MlwrightError) as caught:
            rebuild(other, store, tmp_path / "cache", wheels=wheels, environ={})
        codes.append(caught.value.code)

    assert codes == ["environment-elsewhere", "environment-no-python"]


def test_a_wheel_that_brings_other_files_is_named(
    small: Small, store: LocalStore, tmp_path: Path
) -> None:
    recorded = locked(small, store)
    wheels = keep_wheels(["alpha", "beta", "gamma"], shelf_in(store))
    other = wheel(tmp_path, "beta", [Member("beta.py", b"RATE = 8\n")])
    files = recorded.distributions["beta"].files
    assert files is not None
    swapped = replace(wheels.wheels[files], content=store.put(other.read_bytes()))

    with pytest.raises(BrokenError) as caught:
        rebuild(
            recorded,
            store,
            tmp_path / "cache",
            wheels=replace(wheels, wheels={**wheels.wheels, files: swapped}),
            environ=os.environ,
        )

    assert caught.value.code == "environment-differs"


def test_a_record_from_before_files_were_compared_finds_its_wheels_by_the_list_as_written(
    small: Small, store: LocalStore
) -> None:
    recorded = locked(small, store)
    old = json.loads(dump(recorded))
    for each in old["distributions"].values():
        for name in ("files", "wheel", "source", "tree"):
            del each[name]
    before = load(Environment, json.dumps(old).encode())

    found, missing = wheels_for(before, keep_wheels(["alpha"], shelf_in(store)))

    assert list(found) == ["alpha"]
    assert missing == ("beta", "gamma")


def test_pip_builds_it_where_there_is_no_uv(
    small: Small, store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = locked(small, store)
    wheels = keep_wheels(["alpha", "beta", "gamma"], shelf_in(store))
    monkeypatch.setattr(installers, "find_uv", lambda environ: None)

    built = rebuild(recorded, store, tmp_path / "cache", wheels=wheels, environ=os.environ)

    listed = (
        "from importlib.metadata import distributions as d; print(*sorted(x.name for x in d()))"
    )
    assert small.says(listed, built.python) == "alpha beta gamma"


def test_the_python_asked_for_is_found_by_its_exact_version() -> None:
    version = ".".join(map(str, sys.version_info[:3]))

    found = find_python(version, sys.implementation.name, os.environ)

    asked = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
    done = subprocess.run([found, "-I", "-c", asked], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == version
