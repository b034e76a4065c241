"""Code that is watched is named by line for what it takes in, and libraries not for their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlwright.run.watching.elsewhere import ASKED, PINNED, sightings_in, watched_apart
from mlwright.run.watching.records import Sighting
from mlwright.run.watching.watch import Watch

TEXT = """
import datetime, glob, logging, os, random, secrets, socket, sqlite3, subprocess, sys, tempfile
import time, uuid
from datetime import datetime as DT
from pathlib import Path
from time import time as now

import numpy as np
import pandas as pd
import polars as pl
from sklearn.ensemble import RandomForestClassifier

X = np.arange(80.0).reshape(20, 4)
Y = (X[:, 0] > 40).astype(int)

def time_by_another_name(): return now()
def date_and_time(): return DT.now().isoformat()
def today(): return datetime.date.today()
def this_year(): return time.strftime("%Y")
def in_pandas(): return pd.Timestamp.now()
def in_numpy(): return np.datetime64("now")
def shared(): return random.choice([1, 2, 3])
def shared_of_numpy(): return np.random.rand(3)
def unseeded():
    before = 1
    generator = np.random.default_rng()
    return generator.normal()
def unseeded_of_python(): return random.Random().random()
def forest(): return RandomForestClassifier(n_estimators=2).fit(X, Y)
def sampled(): return pd.DataFrame({"a": [1, 2, 3]}).sample(2)
def identity(): return uuid.uuid4().hex
def secret(): return secrets.token_hex()
def read_text(path): return path.read_text()
def opened(path):
    with open(path) as file:
        return file.read()
def by_pandas(path): return pd.read_csv(path)
def by_polars(path): return pl.read_csv(path)
def lazily(path): return pl.scan_csv(path).collect()
def by_numpy(path): return np.loadtxt(path, skiprows=1, delimiter=",")
def listed(path): return os.listdir(path.parent)
def found(path): return glob.glob(str(path.parent / "*.csv"))
def database(path):
    held = sqlite3.connect(path.with_suffix(".db"))
    held.close()
def connected():
    try:
        socket.create_connection(("127.0.0.1", 9), timeout=0.2)
    except OSError:
        return None
def program(): return subprocess.run([sys.executable, "-c", ""], check=True)
def variable(): return os.environ.get("HOME")
def process(): return os.getpid()

def another_time(): return time.strftime("%Y", time.gmtime(0)), DT.fromtimestamp(0)
def seeded():
    random.seed(3)
    np.random.seed(3)
    drawn = random.random() + np.random.rand()
    return drawn + np.random.default_rng(3).normal() + random.Random(4).random()
def seeded_forest(): return RandomForestClassifier(n_estimators=2, random_state=0).fit(X, Y)
def scratch():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mine.txt"
        path.write_text("a")
        return path.read_text(), list(Path(folder).iterdir())
def logged():
    logging.getLogger("of a step").debug("at %s", "work")
    logging.getLogger("of a step").warning("at work")
def place():
    import zoneinfo
    return DT(2020, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
def late_import():
    import sklearn.manifold
    import colorsys, turtledemo
    return sklearn.manifold
def of_the_library():
    from sklearn.datasets import load_iris
    return load_iris().data.sum()
def arithmetic(): return np.linalg.solve(np.eye(3), np.ones(3)), pl.DataFrame({"a": [1]}).sum()
"""

NAMED = {
    "time_by_another_name": ("clock", "time.time"),
    "date_and_time": ("clock", "datetime.now"),
    "today": ("clock", "date.today"),
    "this_year": ("clock", "time.strftime"),
    "in_pandas": ("clock", "Timestamp.now"),
    "in_numpy": ("clock", "datetime64('now')"),
    "shared": ("randomness", "the generator of random"),
    "shared_of_numpy": ("randomness", "the generator everybody shares of numpy"),
    "unseeded": ("randomness", "a generator without a seed"),
    "unseeded_of_python": ("randomness", "random.Random without a seed"),
    "forest": ("randomness", "the generator everybody shares of numpy"),
    "sampled": ("randomness", "the generator everybody shares of numpy"),
    "identity": ("randomness", "uuid"),
    "secret": ("randomness", "secrets"),
    "read_text": ("file", "rates.csv"),
    "opened": ("file", "rates.csv"),
    "by_pandas": ("file", "rates.csv"),
    "by_polars": ("file", "rates.csv"),
    "lazily": ("file", "rates.csv"),
    "by_numpy": ("file", "rates.csv"),
    "listed": ("folder", "data"),
    "found": ("folder", "*.csv"),
    "database": ("file", "rates.db"),
    "connected": ("network", "127.0.0.1"),
    "program": ("program", "python"),
    "variable": ("variable", "HOME"),
    "process": ("machine", "os.getpid"),
}
ELSEWHERE = {
    "unseeded": "default_rng()",
    "opened": "with open(path)",
    "database": "sqlite3.connect",
    "connected": "create_connection",
}
"""What stands on the line, where it is not that of the function."""

SILENT = (
    *("another_time", "seeded", "seeded_forest", "scratch", "logged", "place", "late_import"),
    *("of_the_library", "arithmetic"),
)

Look = Callable[[str], tuple[Sighting, ...]]


@pytest.fixture
def look(write: Any, tmp_path: Path) -> Look:
    """Return a function that runs a function of the module watched, and gives what it did."""
    steps = write({"steps.py": TEXT})
    path = tmp_path / "data" / "rates.csv"
    path.parent.mkdir()
    path.write_text("a,b\n1,2\n")
    watch = Watch({"steps": TEXT})

    def seen(name: str) -> tuple[Sighting, ...]:
        function = getattr(steps, name)
        given = [path] if function.__code__.co_argcount else []
        with watch:
            function(*given)
        return tuple(each for each in watch.taken() if not each.through)

    return seen


def test_what_is_no_input_is_named_with_the_line_that_asked_for_it(look: Look) -> None:
    lines = TEXT.splitlines()
    for name, (kind, what) in NAMED.items():
        seen = look(name)

        assert [each.kind for each in seen] == [kind], (name, seen)
        assert seen[0].what.startswith(what), name
        assert seen[0].file == "steps.py"
        assert lines[seen[0].line - 1].strip() == seen[0].text
        assert ELSEWHERE.get(name, f"def {name}(") in seen[0].text


def test_seeds_scratch_files_logs_imports_and_a_librarys_own_files_are_nobodys_fault(
    look: Look,
) -> None:
    for name in SILENT:
        assert look(name) == (), name


def test_a_generator_seeded_by_one_function_is_unseeded_again_for_the_next(look: Look) -> None:
    assert look("seeded") == ()
    assert [each.kind for each in look("shared_of_numpy")] == ["randomness"]
    assert [each.kind for each in look("shared")] == ["randomness"]


def test_a_process_apart_hands_on_what_it_saw_and_pins_chance_when_asked(
    write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = write({"steps.py": TEXT})
    texts = {"steps": TEXT}
    with watched_apart(texts):
        steps.unseeded()
    monkeypatch.setenv(ASKED, str(tmp_path))

    with watched_apart(texts):
        steps.unseeded()
        steps.today()
    seen = sightings_in(tmp_path)
    (tmp_path / PINNED).touch()
    drawn = []
    for _ in range(2):
        with watched_apart(texts):
            drawn.append(
                [steps.unseeded(), steps.shared(), steps.unseeded_of_python(), steps.identity()]
            )
            drawn[-1] += list(steps.shared_of_numpy())

    assert [each.kind for each in seen] == ["randomness", "clock"]
    assert sightings_in(tmp_path) == ()
    assert drawn[0] == drawn[1]
    assert steps.unseeded() != steps.unseeded()


def test_nothing_is_seen_of_what_runs_unwatched(write: Any) -> None:
    steps = write({"steps.py": TEXT})
    watch = Watch({"steps": TEXT})
    with watch:
        pass

    steps.today()

    assert watch.taken() == ()
