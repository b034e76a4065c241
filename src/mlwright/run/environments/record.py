"""The environment a run runs in: Python, machine, arithmetic libraries, distributions."""

from __future__ import annotations

import json
import locale
import os
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from mlwright.core.encoding import digest_of
from mlwright.run.code.stamps import Stamps
from mlwright.run.code.trees import Shelf
from mlwright.run.environments.lock import editable, locked
from mlwright.run.records import Environment, Installed

OURS = "mlwright"
"""Our own distribution."""

ARITHMETIC = (
    "BLIS_NUM_THREADS",
    "GOTO_NUM_THREADS",
    "MKL_CBWR",
    "MKL_NUM_THREADS",
    "NPY_DISABLE_CPU_FEATURES",
    "NUMEXPR_NUM_THREADS",
    "OMP_DYNAMIC",
    "OMP_NUM_THREADS",
    "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""Variables that decide threads and kernels, and with them bits."""

DECIDING = (
    *ARITHMETIC,
    *("LANG", "LC_ALL", "PYTHONHASHSEED", "PYTHONOPTIMIZE", "PYTHONUTF8", "TZ"),
)
"""Variables that can decide a result; a replay sets them as recorded."""

_LEVELS = (
    ("x86-64-v4", {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}),
    ("x86-64-v3", {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"}),
    ("x86-64-v2", {"cx16", "popcnt", "sse4_1", "sse4_2", "ssse3"}),
)


def environment(shelf: Shelf | None = None) -> Environment:
    """Return the environment of this process.

    Paths, host names and the addresses of indexes are left out: they decide no bit and may be
    personal.

    Parameters
    ----------
    shelf
        Where projects that are installed as folders are kept, and what was read before is noted;
        without one they are named by their version alone.
    """
    found = _distributions(shelf)
    known = None if shelf is None else _Remembered(shelf.stamps, found.get("numpy"))
    return replace(_bare(known), distributions=found)


def _bare(known: _Remembered | None = None) -> Environment:
    """Return the environment without what is installed in it."""
    blas, threads = _arithmetic() if known is None else known.arithmetic()
    return Environment(
        python=platform.python_version(),
        implementation=sys.implementation.name,
        platform=f"{platform.system().lower()} {platform.machine()}",
        libc=" ".join(platform.libc_ver()).strip(),
        cpu=cpu_level(),
        cores=_cores(),
        blas=blas,
        threads=threads,
        distributions={},
        locale=locale.setlocale(locale.LC_CTYPE),
        timezone="/".join(time.tzname),
        variables={name: os.environ[name] for name in DECIDING if name in os.environ},
    )


def _arithmetic() -> tuple[tuple[str, ...], dict[str, int]]:
    """Return the BLAS kernels in use, and the threads each kind of library may take."""
    import numpy  # noqa: F401 - loads the BLAS that is asked about
    from threadpoolctl import threadpool_info

    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    kernels = {f"{pool['internal_api']} {pool.get('architecture') or ''}".strip() for pool in pools}
    threads = {"blas": max((int(pool["num_threads"]) for pool in pools), default=1)}
    return tuple(sorted(kernels)), threads


@dataclass(frozen=True, slots=True)
class _Remembered:
    """The kernels that numpy alone chose on this machine before: to load it only to ask is dear."""

    stamps: Stamps
    numpy: Installed | None

    def arithmetic(self) -> tuple[tuple[str, ...], dict[str, int]]:
        """Ask the libraries where they are loaded, else what they said in the same circumstances.

        The kernel follows from the library, the processor and the variables.
        """
        given = {name: os.environ[name] for name in ARITHMETIC if name in os.environ}
        told = (self.numpy, _processor(), _cores(), given)
        name = f"arithmetic {digest_of(told, tag='mlwright/arithmetic/1')}"
        noted = self.stamps.fact(name)
        if noted is not None and "numpy" not in sys.modules:
            blas, threads = json.loads(noted)
            return tuple(blas), threads
        alone = "numpy" not in sys.modules
        found = _arithmetic()
        if alone:
            self.stamps.learn({name: json.dumps(found)})
        return found


@cache
def _processor() -> str:
    """Return all that tells this processor from others, as far as the system describes it."""
    described = Path("/proc/cpuinfo")
    if not described.exists():
        return platform.processor() or platform.machine()
    lines = described.read_text("utf-8", "replace").partition("\n\n")[0].splitlines()
    return "\n".join(line for line in lines if not line.startswith(("cpu MHz", "bogomips")))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def cpu_level() -> str:
    """Return the architecture and its vector level: what decides which code a library picks."""
    described = Path("/proc/cpuinfo")
    machine = platform.machine()
    if machine not in ("x86_64", "AMD64") or not described.exists():
        return machine
    text = described.read_text("utf-8", "replace")
    line = next((line for line in text.splitlines() if line.startswith("flags")), "")
    flags = set(line.partition(":")[2].split())
    return next((name for name, needed in _LEVELS if needed <= flags), "x86-64")


def machine_class() -> str:
    """Return the class of this machine: :attr:`Environment.machine_class`, without a lock of it."""
    return replace(_bare(), distributions={}).machine_class


def _distributions(shelf: Shelf | None) -> Mapping[str, Installed]:
    if shelf is None:
        return locked()
    found = dict(locked(shelf.stamps))
    # mlwright's own is kept with the wheels: elsewhere its version stands for it.
    for name, info in editable(shelf.stamps).items():
        if name == OURS:
            continue
        from mlwright.run.environments.editable import keep_editable

        tree, _ = keep_editable(info, shelf)
        found[name] = replace(found[name], tree=tree)
    return found
