"""What cannot be seen through by reading code, and what reads outside a step's arguments."""

from __future__ import annotations

from functools import cache

OUTSIDE = "reads what is not an argument"
"""How a report ends that an author may answer for with ``@step(pure=True)``."""

_RUNS_CODE = frozenset(
    {
        "builtins.eval",
        "builtins.exec",
        "builtins.compile",
        "builtins.__import__",
        "cloudpickle.load",
        "cloudpickle.loads",
        "code.interact",
        "dill.load",
        "dill.loads",
        "importlib.import_module",
        "importlib.metadata.entry_points",
        "importlib.reload",
        "importlib.util.module_from_spec",
        "importlib.util.spec_from_file_location",
        "joblib.load",
        "marshal.loads",
        "os.popen",
        "os.system",
        "pickle.Unpickler",
        "pickle.load",
        "pickle.loads",
        "pkgutil.iter_modules",
        "pkgutil.resolve_name",
        "pkgutil.walk_packages",
        "runpy.run_module",
        "runpy.run_path",
        "subprocess",
        "sys.modules",
        "torch.load",
        "types.CodeType",
        "types.FunctionType",
        "types.LambdaType",
    }
)
_READS = frozenset(
    {
        "builtins.input",
        "builtins.open",
        # A library's own code, from a file: whoever loads it answers for which one it is.
        "ctypes.CDLL",
        "ctypes.PyDLL",
        "ctypes.cdll",
        "io.open",
        "numpy.fromfile",
        "numpy.genfromtxt",
        "numpy.load",
        "numpy.loadtxt",
        "numpy.memmap",
        "os.environ",
        "os.getenv",
        "os.listdir",
        "os.open",
        "os.scandir",
        "os.walk",
        "requests",
        "httpx",
        "socket",
        "sqlite3.connect",
        "sys.argv",
        "sys.stdin",
        "urllib.request",
    }
)
_READING_METHODS = frozenset({"read_bytes", "read_text"})
_ALIASES = {
    "_io.open": "builtins.open",
    "_pickle.load": "pickle.load",
    "_pickle.loads": "pickle.loads",
    "_pickle.Unpickler": "pickle.Unpickler",
    "ctypes.LibraryLoader": "ctypes.cdll",
    "nt": "os",
    "posix": "os",
}


@cache
def look_up(name: str) -> tuple[str | None, str | None]:
    """Return what :func:`runs_unknown_code` and :func:`reads_outside` say of a name."""
    return runs_unknown_code(name), reads_outside(name)


def runs_unknown_code(name: str) -> str | None:
    """Return what runs code that only shows while running, or None.

    ``name`` is the dotted name of something of Python or of a library.

    >>> runs_unknown_code("pickle.loads")
    'pickle.loads'
    """
    return _listed(name, _RUNS_CODE)


def reads_outside(name: str) -> str | None:
    """Return what reads files, the network or the environment, or None.

    >>> reads_outside("os.environ.get")
    'os.environ'
    >>> reads_outside("polars.read_csv")
    'polars.read_csv'
    """
    top, _, rest = name.partition(".")
    last = name.rpartition(".")[2]
    if rest and top not in ("builtins", "io") and last.startswith(("read_", "scan_")):
        return name
    return _listed(name, _READS)


def reading_methods(attributes: frozenset[str]) -> list[str]:
    """Return the names of methods that read files, whatever object they are called on."""
    return sorted(attributes & _READING_METHODS)


def _listed(name: str, table: frozenset[str]) -> str | None:
    parts = name.split(".")
    # A function imported by name shows as the private module it is written in.
    shortened = f"{parts[0]}.{parts[-1]}"
    if shortened in table:
        return shortened
    for end in range(len(parts), 0, -1):
        prefix = ".".join(parts[:end])
        prefix = _ALIASES.get(prefix, prefix)
        head, _, rest = prefix.partition(".")
        prefix = f"{_ALIASES.get(head, head)}.{rest}" if rest else prefix
        if prefix in table:
            return prefix
    return None
