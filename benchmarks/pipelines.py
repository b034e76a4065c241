"""What conducting costs beside the work: three trivial steps here and in other systems.

Each system keeps its state in a folder of its own, in an environment of its own. In a process
that is up already: the steps for the first time, and once more. As a command: a new process for
the first time, and once more. Rounds of all systems are interleaved, so that a busy moment of the
machine is everybody's. Metaflow keeps no step of a run before; DVC and Metaflow know no process
that is up.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from servers.environments import environment

LISTS = Path(__file__).parent / "conductors"
APPS = LISTS / "apps"
PROMISED = {"first": 25.0, "again": 10.0, "command again": 300.0}
QUIET = {
    "DO_NOT_TRACK": "1",
    "DVC_NO_ANALYTICS": "1",
    "METAFLOW_USER": "benchmark",
    "PREFECT_LOGGING_LEVEL": "ERROR",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "ZENML_ANALYTICS_OPT_IN": "false",
    "ZENML_LOGGING_VERBOSITY": "ERROR",
}
ROWS = ("first", "again", "command first", "command again")


@dataclass
class System:
    """A system: how it is set up, its command for a number, and its process of many rounds."""

    name: str
    folder: Path
    setup: Callable[[System], None]
    command: Callable[[System, int], list[str]]
    rounds: Callable[[System, int, int], list[str]] | None
    program: Path = Path()
    taken: dict[str, list[float]] = field(default_factory=lambda: {row: [] for row in ROWS})

    def call(self, command: list[str]) -> str:
        """Run a command of the system in its folder and return what it says."""
        environ = {**os.environ, **QUIET, "HOME": str(self.folder)}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each command compiles what it imports
        environ |= {"METAFLOW_DATASTORE_SYSROOT_LOCAL": str(self.folder / "metaflow")}
        environ |= {"PREFECT_HOME": str(self.folder / "prefect")}
        environ |= {"ZENML_CONFIG_PATH": str(self.folder / "zenml")}
        done = subprocess.run(
            command, cwd=self.folder, env=environ, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"{self.name} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done.stdout


def plain(_system: System) -> None:
    """Need nothing set up."""


def python(system: System, app: str, *words: object) -> list[str]:
    """Return the command of an app under a system's Python."""
    return [str(system.program / "python"), str(system.folder / app), *map(str, words)]


def in_process(app: str) -> tuple[Callable[..., list[str]], Callable[..., list[str]]]:
    """Return how an app is called once, and for many rounds in one process."""
    return (
        lambda system, number: python(system, app, number),
        lambda system, number, count: python(system, app, number, count),
    )


def set_up_dvc(system: System) -> None:
    """Make three stages from file to file."""
    system.call([str(system.program / "dvc"), "init", "--no-scm", "--quiet"])
    stages = {}
    for name, source in (("first", "n"), ("second", "first"), ("third", "second")):
        stages[name] = {
            "cmd": " ".join(python(system, "dvc_app.py", name, source, name)),
            "deps": [source],
            "outs": [name],
        }
    (system.folder / "dvc.yaml").write_text(json.dumps({"stages": stages}))


def dvc(system: System, number: int) -> list[str]:
    """Return the command, once the number is written down."""
    (system.folder / "n").write_text(str(number))
    return [str(system.program / "dvc"), "repro", "--quiet"]


def set_up_zenml(system: System) -> None:
    """Make a repository of ZenML's."""
    system.call([str(system.program / "zenml"), "init"])


def systems(folder: Path, wanted: list[str]) -> list[System]:
    """Return the systems that are asked for, set up."""
    made = [
        System("mlwright", folder / "ours", plain, *in_process("ours.py")),
        System("ZenML", folder / "zenml", set_up_zenml, *in_process("zenml_app.py")),
        System("Prefect", folder / "prefect", plain, *in_process("prefect_app.py")),
        System(
            "Metaflow",
            folder / "metaflow",
            plain,
            lambda s, n: python(s, "metaflow_app.py", "run", "--n", n),
            None,
        ),
        System("DVC", folder / "dvc", set_up_dvc, dvc, None),
    ]
    chosen = [each for each in made if each.name.lower() in wanted or each.name == "mlwright"]
    for each in chosen:
        shutil.copytree(APPS, each.folder)  # ZenML wants its steps below its repository
        if each.name == "mlwright":
            each.program = Path(sys.executable).parent
            (each.folder / "mlwright.toml").write_text("")
        else:
            lists = LISTS.parent / "keepers" if each.name == "DVC" else LISTS
            each.program = environment(each.name.lower(), lists)
        each.setup(each)
    return chosen


def measure(chosen: list[System], rounds: int, inside: int) -> None:
    """Take turns."""
    for turn in range(rounds):
        for each in chosen:
            for row in ("command first", "command again"):
                command = each.command(each, turn)
                began = perf_counter()
                each.call(command)
                each.taken[row].append(1000 * (perf_counter() - began))
            if each.rounds is not None:
                told = each.call(each.rounds(each, 1000 * (turn + 1), inside))
                for row, spent in json.loads(told.splitlines()[-1]).items():
                    each.taken[row] += [1000 * seconds for seconds in spent]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("systems", nargs="*", default=["zenml", "prefect", "metaflow", "dvc"])
    parser.add_argument("--rounds", type=int, default=5, help="commands of each system")
    parser.add_argument("--inside", type=int, default=10, help="runs in a process that is up")
    given = parser.parse_args()
    with TemporaryDirectory() as place:
        chosen = systems(Path(place), [each.lower() for each in given.systems])
        measure(chosen, given.rounds, given.inside)
        shutil.rmtree(place, ignore_errors=True)
        Path(place).mkdir()
    ours = chosen[0]
    print(f"milliseconds for three trivial steps, medians; {os.cpu_count()} cores\n")
    print(f"{'':16}" + "".join(f"{each.name:>18}" for each in chosen) + f"{'promised':>12}")
    for row in ROWS:
        line = f"{row:16}"
        for each in chosen:
            if not each.taken[row]:
                line += f"{'-':>18}"
                continue
            spent = median(each.taken[row])
            times = "" if each is ours else f" {spent / median(ours.taken[row]):6.1f}x"
            line += f"{f'{spent:.0f}{times}':>18}"
        print(line + (f"{'<= ' + format(PROMISED[row], '.0f'):>12}" if row in PROMISED else ""))


if __name__ == "__main__":
    main()
