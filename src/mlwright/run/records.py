"""What leaves the run stage: closures, keys, finished steps and runs, code, environment, replay."""

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


@dataclass(frozen=True, slots=True)
class StepStanding:
    """A step of a run as it stands: what feeds it, and what has come of it.

    ``state`` is ``done``, ``kept`` (from an earlier run), ``failed``, ``open`` (it was begun, or
    is to come) or ``not reached``. ``edges`` maps parameters to steps, ``inputs`` to inputs.
    """

    step: str
    function: str
    state: str
    edges: Mapping[str, str]
    inputs: Mapping[str, str]
    seconds: float | None
    output: Digest | None
    made_by: str | None


@dataclass(frozen=True, slots=True)
class RunShape:
    """The steps of a run, in order: those that are finished and those that were to come."""

    run: str
    name: str
    status: str
    steps: tuple[StepStanding, ...]


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A finished step of a run, as the ledger has it.

    ``inputs`` and ``content`` are digests of content; ``objects`` and ``output`` name the stored
    bytes, ``kinds`` and ``kind`` how to read them. ``edges`` maps a parameter to the step of the
    same run that gave it. ``sources`` names the object that holds the user's modules, ``log`` the
    one that holds what the step printed. ``seed`` is what its context told it, if it took one;
    ``failures`` are the codes of attempts before the one that gave the output.
    """

    run: str
    step: str
    function: str
    key: Digest
    terms: Digest
    code: Digest
    inputs: Mapping[str, Digest]
    objects: Mapping[str, Digest]
    kinds: Mapping[str, str]
    edges: Mapping[str, str]
    resources: tuple[str, ...]
    sources: Digest | None
    output: Digest
    kind: str
    content: Digest
    seconds: float
    cached: bool
    made_by: str
    sequence: int
    seed: int | None = None
    log: Digest | None = None
    failures: tuple[str, ...] = ()
    executor: str = "inline"


ENDINGS = ("run.finished", "run.failed", "run.interrupted")
"""The kinds of event that end a run."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run, as the ledger has it: what it was started with, and the steps it finished.

    ``status`` is ``open`` until the run is finished, failed or interrupted; one that was killed
    stays open.
    """

    id: str
    status: str
    command: str
    started: str
    actor: str
    spec: Digest
    environment: Digest
    code: Digest
    inputs: Mapping[str, Digest]
    steps: tuple[StepRecord, ...]


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
class Wheel:
    """A wheel in the store: the object that holds it, and the name an installer knows it by.

    ``record`` is the digest of the list of files as its installer wrote it where it was kept.
    ``original`` tells one that was installed from one made again of what is installed.
    """

    name: str
    version: str
    filename: str
    content: Digest
    size: int
    record: Digest | None
    original: bool


@dataclass(frozen=True, slots=True)
class Wheels:
    """Wheels by the digest of the files they bring, ``Installed.files``.

    ``trees`` are snapshots of projects that are installed as folders, by name; ``left`` tells of
    what no wheel could be kept, and why.
    """

    wheels: Mapping[str, Wheel]
    trees: Mapping[str, Digest]
    left: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RunWheels:
    """What was kept of the environment of one run: which distributions, and their wheels."""

    names: tuple[str, ...]
    wheels: Wheels


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """An environment built again: its interpreter, what is in it, and what is left out."""

    python: str
    distributions: tuple[str, ...]
    left: tuple[str, ...]


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


@dataclass(frozen=True, slots=True)
class Replayed:
    """A recorded step executed again: equal digests mean equal content to the last bit.

    ``replayed`` is None when the step could not be executed; ``error`` tells why. ``output``
    names the bytes it gave, in the store the replay put them in. ``changed`` names the parts of
    the code that are not what was recorded, mlwright's own among them.
    """

    step: str
    recorded: Digest
    replayed: Digest | None
    output: Digest | None
    seconds: float
    error: str | None
    changed: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether the step gave the recorded content again."""
        return self.recorded == self.replayed


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something a step took in that is none of its inputs, and the line of the user's that did.

    ``kind`` is one of :mod:`mlwright.run.watching.giveaways`, ``what`` names the function, file,
    host or variable; ``text`` is the line as it ran. ``through`` is the library that did it on its
    own account while that line ran; empty where the line asked for it. ``path`` is that of a file,
    ``at_import`` tells that the line is not within a function.
    """

    kind: str
    what: str
    file: str
    line: int
    text: str
    through: str = ""
    path: str | None = None
    at_import: bool = False


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What executing a step that differs once more, watched, showed of the cause.

    ``steady`` tells whether it gave the same as the replay before, in another process with another
    hash seed; None where it could not be executed. ``by_process`` tells that it only changes from
    process to process, ``by_hash`` that it gives the replay's content with the replay's hash seed,
    ``by_chance`` whether it is the same twice once every generator nobody seeded is pinned; None
    where that was not tried. ``sets`` are the lines that make a set.
    """

    step: str
    steady: bool | None
    by_process: bool
    by_hash: bool
    by_chance: bool | None
    seen: tuple[Sighting, ...]
    sets: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """A run's steps executed again, and the environment that was done in.

    ``diagnoses`` are those of the steps that differ though they were fed what was recorded.
    """

    steps: tuple[Replayed, ...]
    environment: Environment
    diagnoses: tuple[Diagnosis, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One term of a key that differs between two executions of a step.

    ``term`` is ``code``, ``input``, ``config``, ``distribution``, ``seed`` or ``python``.
    """

    term: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class StepWhy:
    """Why a step was executed, or not, the last time it was asked for."""

    step: str
    run: str
    key: Digest
    cached: bool
    made_by: str
    previous: str | None
    changes: tuple[Change, ...]
    why: str
