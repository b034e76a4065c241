"""Which files are code, which are data, by their names."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path

_SOURCE = (
    *(".c", ".cc", ".cfg", ".cpp", ".cu", ".f90", ".go", ".h", ".hpp", ".ini", ".java", ".jl"),
    *(".lock", ".pxd", ".py", ".pyi", ".pyx", ".r", ".rs", ".sh", ".sql", ".toml", ".yaml", ".yml"),
)
_RESOURCES = (".css", ".html", ".j2", ".jinja", ".jinja2", ".js", ".pyd", ".so", ".tmpl")
_DATA = (
    *(".7z", ".arrow", ".avro", ".bz2", ".csv", ".db", ".dta", ".duckdb", ".feather", ".gz"),
    *(".h5", ".hdf5", ".ipc", ".ipynb", ".joblib", ".jsonl", ".ndjson", ".npy", ".npz", ".ods"),
    *(".orc", ".parquet", ".pickle", ".pkl", ".psv", ".rds", ".sas7bdat", ".sav", ".sqlite"),
    *(".sqlite3", ".tar", ".tsv", ".xls", ".xlsb", ".xlsx", ".xz", ".zip", ".zst"),
)
_REQUIREMENTS = "requirements*.txt"
_MOST_FILES = 2_000
_MOST_LOOKED = 100_000


def is_code(name: str) -> bool:
    """Tell whether a file holds code or settings, by its name; hidden ones do not count.

    >>> is_code("steps/rates.py"), is_code("rates.csv"), is_code(".cache/x.py")
    (True, False, False)
    """
    if name.startswith(".") or "/." in name:
        return False
    named = name.rpartition("/")[2].lower()
    return named.endswith(_SOURCE + _RESOURCES) or fnmatch(named, _REQUIREMENTS)


def is_data(name: str) -> bool:
    """Tell whether a file holds data or shows it, by its name."""
    return name.lower().endswith(_DATA)


def code_in(folder: Path) -> list[str]:
    """Return the code of a folder without git, without hidden folders and environments."""
    found: list[str] = []
    looked = 0
    top = os.fspath(folder)
    for place, folders, names in os.walk(top):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith((".", "__pycache__"))
            and name not in ("node_modules", "site-packages")
            and not (Path(place) / name / "pyvenv.cfg").exists()
        )
        within = "" if place == top else f"{Path(place).relative_to(folder).as_posix()}/"
        found += [f"{within}{name}" for name in sorted(names) if is_code(f"{within}{name}")]
        looked += len(names)
        if len(found) > _MOST_FILES or looked > _MOST_LOOKED:
            break
    return found
