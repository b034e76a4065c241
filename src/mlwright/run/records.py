"""What a run is made of and records: closures, keys, its shape, environment and code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlwright.core.digest import Digest
from mlwright.core.encoding import digest_of


@dataclass(frozen=True, slots=True)
class Closure:
    """Everything of the user's code that can decide what a function returns.

    ``parts`` maps ``module:name`` of each function, class and module-level value to its digest;
    ``distributions`` are the third-party packages the code touches, and what those require, by
    version. ``modules`` are the modules the parts come from. ``unseen`` tells what could not be
    seen through; unless it is empty, the digest is no ground for keeping a result.
    """

    digest: Digest
    parts: Mapping[str, Digest]
    distributions: Mapping[str, str]
    modules: tuple[str, ...]
    unseen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What a step's key is made of; two executions differ where these differ.

    ``inputs`` maps each parameter to the digest of its content, ``config`` those that came from
    the run's configuration.
    """

    function: str
    code: Digest
    parts: Mapping[str, Digest]
    inputs: Mapping[str, Digest]
    config: Mapping[str, Digest]
    distributions: Mapping[str, str]
    seed: Digest | None
    python: str
    unseen: tuple[str, ...]

    @property
    def key(self) -> Digest:
        """The step's key; ``parts`` and ``unseen`` are in it through ``code``."""
        terms = (
            self.function,
            self.code,
            self.inputs,
            self.config,
            self.distributions,
            self.seed,
            self.python,
        )
        return digest_of(terms, tag="mlwright/step/1")


@dataclass(frozen=True, slots=True)
class Planned:
    """A step of a pipeline before it runs: its name, its function, and what feeds its parameters.

    ``edges`` maps a parameter, or a slot of one, to the step that gives it, ``inputs`` a parameter
    to the input of the run.
    """

    step: str
    function: str
    edges: Mapping[str, str]
    inputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shape:
    """The steps a run is made of, in order, as far as they are known before it starts."""

    name: str
    steps: tuple[Planned, ...]


"""The kinds of event that end a run."""


@dataclass(frozen=True, slots=True)
class StepReport:
    """A step that just finished: its value, how long it took, and why it was not kept."""

    step: str
    value: object
    seconds: float
    cached: bool
    key: Digest
    output: Digest
    unseen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Installed:
    """An installed distribution: its version and what tells its files from others'.

    ``record`` is the digest of the list of files as the installer wrote it, ``files`` of the
    files it lists that came with the distribution: equal wherever the same is installed, by
    whatever installer. ``wheel`` is the digest of the archive it was installed from, where that is
    known; ``source`` the repository and commit, without any password. ``tree`` names the snapshot
    of a project that is installed as a folder of its own, and can be edited.
    """

    version: str
    record: Digest | None
    files: Digest | None = None
    wheel: Digest | None = None
    source: str = ""
    tree: Digest | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a run ran, as far as it can decide a bit of the result.

    ``cpu`` is the architecture and its vector level, ``blas`` the libraries and the kernel each
    chose, ``threads`` how many threads each may use, ``variables`` the environment variables
    that decide threads, hashing and kernels.
    """

    python: str
    implementation: str
    platform: str
    libc: str
    cpu: str
    cores: int
    blas: tuple[str, ...]
    threads: Mapping[str, int]
    distributions: Mapping[str, Installed]
    locale: str
    timezone: str
    variables: Mapping[str, str]

    @property
    def digest(self) -> Digest:
        """The digest over all of it."""
        fields = tuple(getattr(self, name) for name in self.__slots__)
        return digest_of(fields, tag="mlwright/environment/1")

    @property
    def machine_class(self) -> str:
        """The kind of machine: equal wherever the same work may be planned and give equal bits."""
        return " ".join((self.platform, self.cpu, *self.blas, f"{self.cores} cores", self.libc))


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used: seconds on the wall and of processors, and the most memory held at once."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file of a snapshot: its mode as git writes it, its size and its content.

    ``mode`` is ``100644``, ``100755`` for one that is executed, ``120000`` for a link, whose
    content is what it points at.
    """

    mode: str
    size: int
    content: Digest


@dataclass(frozen=True, slots=True)
class Tree:
    """Files by path, to the last byte; ``packs`` are the objects that hold their contents."""

    files: Mapping[str, TreeFile]
    packs: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class CodeState:
    """The user's folder of code: a git commit, what differs from it, and the files themselves.

    ``changed`` are the paths that differ from the commit, ``patch`` is their difference as text.
    ``tree`` names the snapshot of all code, as far as limits allow; ``skipped`` tells what was left
    out and why. ``submodules`` are the commits of repositories inside, by path, ``prefix`` where
    the project lies within the repository. Without a commit ``why`` tells the reason.
    ``files`` are the untracked texts of a record without a tree, as they were once kept.
    """

    commit: str | None
    changed: tuple[str, ...]
    patch: str
    files: Mapping[str, str]
    skipped: tuple[str, ...]
    why: str
    tree: Digest | None = None
    submodules: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
