"""A model in one file: made twice alike, proved where no project is, and no byte of it changed."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlwright.api.bundle import open_bundle, prove_bundle
from mlwright.api.project import Project
from mlwright.core.errors import BrokenError, RefusedError
from mlwright.govern.bundle.verifier import KEY, MANIFEST, SEAL
from mlwright.ledger.records import NewEvent
from mlwright.run.code.trees import shelf_in
from mlwright.run.environments.wheels import record_wheels
from mlwright.train.progress import Silent

Find = Callable[[str], Path]
SECRET = "Zoe Umbrellawright"


class Quiet:
    """Hears of a build and says nothing."""

    def finished(self, stage: str, value: object, seconds: float, *, cached: bool) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Handed:
    """A project with one model, and the bundle that was made of it."""

    project: Path
    bundle: Path
    key: str
    early: str

    def open(self) -> Project:
        return Project.open(self.project)


def built(folder: Path, table: Path) -> str:
    flags = {
        "data.source": str(table),
        "target": "target",
        "project.name": "wine",
        "search.budget": "1s",
        "search.models": ("linear",),
    }
    with Project.open(folder, create=True, flags=flags) as project:
        return project.build(listener=Quiet(), progress=Silent()).version.ref


@pytest.fixture(scope="module")
def handed(dataset: Find, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handed]:
    folder = tmp_path_factory.mktemp("handed")
    lines = dataset("wine").read_text().splitlines()
    table = folder / "wine.csv"
    grown = [f"taster,{lines[0]}", *(f"{SECRET} {i},{row}" for i, row in enumerate(lines[1:]))]
    table.write_text("\n".join(grown))
    made = folder / "project"
    made.mkdir()
    with Project.open(made, create=True) as project:
        early = project.checkpoint()
    ref = built(made, table)
    table.unlink()
    with Project.open(made) as project:
        path = project.bundle(ref, out=folder / "wine.mlw").path
        yield Handed(made, path, project.public_key(), early)


def test_the_same_version_gives_the_same_bytes_until_something_is_recorded_of_it(
    handed: Handed, tmp_path: Path
) -> None:
    with handed.open() as project:
        project.workspace.ledger.checkpoint()  # the log goes on: it holds bundle.made by now
        second = project.bundle("wine", out=tmp_path / "second.mlw")
        later = project.bundle("wine", out=tmp_path / "third.mlw")
        made = list(project.workspace.ledger.events(kind="bundle.made"))

    assert second.path.read_bytes() == handed.bundle.read_bytes() == later.path.read_bytes()
    assert [event.facts["bundle"] for event in made] == [second.digest]
    assert second.event == made[0].id


def test_a_bundle_is_proved_in_another_environment_with_the_project_gone(
    handed: Handed, tmp_path: Path
) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    inside = sysconfig.get_path("purelib", vars={"base": str(venv), "platbase": str(venv)})
    there = sysconfig.get_path("purelib")
    Path(inside, "installed.pth").write_text(f"import site; site.addsitedir({there!r})\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(handed.bundle, elsewhere / "x.mlw")
    handed.project.rename(tmp_path / "gone")
    try:
        command = [venv / "bin" / "python", "-m", "mlwright", "prove", "x.mlw", "--json"]
        done = subprocess.run(
            [*command, "--key", handed.key],
            cwd=elsewhere,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        (tmp_path / "gone").rename(handed.project)

    assert done.returncode == 0, done.stderr
    proof = json.loads(done.stdout)
    assert proof["verdict"] == "exact"
    steps = {step["step"]: step["verdict"] for step in proof["steps"]}
    assert {"bundle", "log", "data", "search", "model", "evaluation", "report"} <= steps.keys()
    assert [each.name for each in elsewhere.iterdir()] == ["x.mlw"]


def run_alone(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the verifier out of the bundle, by a Python that sees no package at all."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_verifier_in_the_bundle_needs_nothing_but_python(
    handed: Handed, tmp_path: Path
) -> None:
    with zipfile.ZipFile(handed.bundle) as archive:
        archive.extract("verify.py", tmp_path)
        read = set(archive.namelist())
    spoilt = bytearray(handed.bundle.read_bytes())
    spoilt[len(spoilt) // 2] ^= 1
    (tmp_path / "spoilt.mlw").write_bytes(spoilt)
    other = handed.key[:-2] + ("AA" if handed.key[-2:] != "AA" else "BB")

    sound = run_alone(tmp_path, str(handed.bundle), "--key", handed.key)
    refused = run_alone(tmp_path, "spoilt.mlw")
    strange = run_alone(tmp_path, str(handed.bundle), "--key", other)

    assert sound.stdout.startswith("verified:\n  wine@1")
    assert refused.returncode == strange.returncode == 1
    assert refused.stderr.startswith("NOT VERIFIED: objects/")
    assert "the key from outside: it holds no public key" in strange.stderr
    assert {"README.txt", "report.html", "environment/requirements.txt"} <= read


def flipped(handed: Handed, work: Path, place: int, bit: int) -> str:
    """Return the part that a verification names when one bit of the file is another."""
    spoilt = bytearray(handed.bundle.read_bytes())
    spoilt[place] ^= 1 << bit
    work.write_bytes(spoilt)
    with pytest.raises(BrokenError) as caught:
        open_bundle(work, key=handed.key)
    assert caught.value.code == "bundle-broken"
    return str(caught.value.facts["part"])


def test_a_changed_byte_is_named_by_the_part_it_lies_in(handed: Handed, tmp_path: Path) -> None:
    members = open_bundle(handed.bundle).verified.members
    chosen = [*list(members.values())[:12], members[KEY], members[MANIFEST], members[SEAL]]
    work = tmp_path / "x.mlw"

    named = {m.name: flipped(handed, work, m.start + m.size // 2, 3) for m in chosen}
    header = flipped(handed, work, members["report.html"].start - 30, 0)

    kept = {name: part for name, part in named.items() if name not in (KEY, SEAL)}
    assert all(part == name for name, part in kept.items())
    assert named[KEY] in (KEY, "the seal")
    assert named[SEAL] in (SEAL, MANIFEST)
    assert header == "the header of report.html"


def flip_many(handed: Handed, work: Path, flips: int, seed: int) -> None:
    draw = random.Random(seed)
    size = handed.bundle.stat().st_size
    for _ in range(flips):
        flipped(handed, work, draw.randrange(size), draw.randrange(8))
    for _ in range(flips // 2):  # the table of contents and the end, byte by byte
        flipped(handed, work, size - 1 - draw.randrange(8_000), draw.randrange(8))


def test_no_flipped_bit_passes(handed: Handed, tmp_path: Path) -> None:
    flip_many(handed, tmp_path / "x.mlw", 20, seed=3)


@pytest.mark.deep
def test_none_of_thousands_of_flipped_bits_passes(handed: Handed, tmp_path: Path) -> None:
    flip_many(handed, tmp_path / "x.mlw", 4_000, seed=5)


def test_bytes_cut_off_added_or_sealed_by_another_key_are_refused(
    handed: Handed, tmp_path: Path
) -> None:
    whole, work = handed.bundle.read_bytes(), tmp_path / "x.mlw"
    for spoilt in (whole[:-1], whole + b"\0", b"\0" + whole, whole[: len(whole) // 2]):
        work.write_bytes(spoilt)
        with pytest.raises(BrokenError, match="bundle-broken"):
            open_bundle(work)
    with (
        Project.open(tmp_path / "other", create=True) as other,
        pytest.raises(BrokenError, match="not of the one from outside"),
    ):
        open_bundle(handed.bundle, key=other.public_key())


def test_no_cell_of_a_row_is_in_a_bundle_without_data(handed: Handed, tmp_path: Path) -> None:
    with handed.open() as project:
        made = project.bundle("wine", out=tmp_path / "x.mlw", data=False)

    opened = open_bundle(made.path, key=handed.key)

    assert SECRET.encode() in handed.bundle.read_bytes()
    assert SECRET.encode() not in made.path.read_bytes()
    assert opened.withheld
    assert all("withheld" in said for said in made.manifest.left_out)
    with pytest.raises(RefusedError, match="bundle-withheld"):
        prove_bundle(opened, start=tmp_path)


@pytest.mark.deep
def test_a_bundle_without_data_is_proved_where_the_rows_are(handed: Handed, tmp_path: Path) -> None:
    with handed.open() as project:
        made = project.bundle("wine", out=tmp_path / "x.mlw", data=False)

    proof = prove_bundle(open_bundle(made.path), folder=handed.project)

    assert proof.verdict.value == "exact"


def test_a_checkpoint_the_receiver_keeps_is_the_root_of_the_excerpt(
    handed: Handed, tmp_path: Path
) -> None:
    with handed.open() as project:
        kept = tmp_path / "kept.txt"
        kept.write_text(project.checkpoint())
        facts = {"rows": 1, "p50": 1e-5, "p99": 1e-5}
        timed = NewEvent("model.timed", project.find("wine").model, facts)
        project.workspace.ledger.append([timed])
        made = project.bundle("wine", out=tmp_path / "x.mlw", checkpoint=kept)
        whole = project.bundle("wine", out=tmp_path / "y.mlw")
        early = tmp_path / "early.txt"
        early.write_text(handed.early)
        with pytest.raises(RefusedError, match="checkpoint-too-old"):
            project.bundle("wine", out=tmp_path / "z.mlw", checkpoint=early)
    with Project.open(tmp_path / "new", create=True) as new:
        strange = new.checkpoint()

    opened = open_bundle(made.path, checkpoint=kept.read_text())

    assert whole.entries == made.entries + 1
    assert opened.verified.size < open_bundle(whole.path).verified.size
    with pytest.raises(BrokenError, match=r"of another log|no valid signature"):
        open_bundle(made.path, checkpoint=strange)
    with pytest.raises(BrokenError, match="ask for a bundle made with --checkpoint"):
        open_bundle(whole.path, checkpoint=kept.read_text())


def test_wheels_go_along_when_they_are_asked_for_and_are_told_when_not(
    handed: Handed, tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    shutil.copytree(handed.project, folder)
    with Project.open(folder) as project:
        work = project.workspace
        run = project.find("wine").run
        kept = record_wheels(run, ["iniconfig"], shelf_in(work.store), work.ledger)
        (wheel,) = kept.wheels.values()
        light = project.bundle("wine", out=tmp_path / "light.mlw")
        heavy = project.bundle("wine", out=tmp_path / "heavy.mlw", wheels=True)

    assert heavy.size - light.size > wheel.size
    assert heavy.manifest.objects[wheel.content].state == "here"
    assert light.manifest.objects[wheel.content].state == "apart"
    assert light.manifest.left_out[0].startswith("left out: 1 wheel of the environment")
    assert open_bundle(light.path).absent == (wheel.content,)
    assert heavy.manifest.left_out == ()


def test_what_is_gone_is_named_and_keeps_the_rest_verifiable(
    handed: Handed, tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    shutil.copytree(handed.project, folder)
    with Project.open(folder) as project:
        data = project.find("wine").data
        manifest = next(iter(project.workspace.ledger.events(subject=data))).facts["manifest"]
        lost = next(d for d in project.workspace.ledger.objects() if d != manifest)
        raw = lost.removeprefix("sha256:")
        (folder / ".mlwright/store/objects" / raw[:2] / raw[2:]).unlink()
        made = project.bundle("wine", out=tmp_path / "x.mlw")

    opened = open_bundle(made.path)

    assert [lost] == list(opened.absent)
    assert made.manifest.left_out[0].startswith(f"gone: {lost}, rows of {data}")
    with pytest.raises(RefusedError, match=r"bundle-withheld.*1 objects"):
        prove_bundle(opened, start=tmp_path)


def test_a_file_from_a_stranger_is_verified_and_not_executed(
    handed: Handed, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "mlwright", "prove", str(handed.bundle)]

    asked = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )

    assert asked.returncode == 5
    assert "wine@1" in asked.stdout
    assert "bundle-not-trusted" in asked.stderr
