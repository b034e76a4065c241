"""What leaves the data stage: snapshots, splits, profiles, contracts and what screening found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from mlwright.core.digest import Digest

Scalar = bool | int | float | str


class Kind(str, Enum):
    """The kinds of value a column can hold after reading."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    FLOAT = "float"
    STRING = "string"
    DATE = "date"
    DATETIME = "datetime"


class Part(str, Enum):
    """The three parts of a split; a row keeps its part for life."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name and kind."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table came from and what it was, without any secret.

    ``content`` is of the bytes that were read; where there were none (a query, a frame) of the
    rows, and ``size`` is None. ``schema`` is the type of each column as the source has it.
    """

    address: str
    format: str
    content: Digest
    size: int | None
    encoding: str | None
    query: str | None = None
    files: int | None = None
    schema: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """One normalisation made while reading a column, told rather than done silently."""

    column: str
    what: str
    count: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """An immutable piece of a snapshot: a Parquet object and the row digests beside it.

    ``rows`` counts the live rows. ``deleted`` names a bitmap of those that are gone; None when all
    are there. ``row_ids`` names the ids that rows kept from the table they were derived from; None
    when ids are computed: the key, or the row's content.
    """

    rows: int
    table: Digest
    row_digests: Digest
    deleted: Digest | None = None
    row_ids: Digest | None = None

    @property
    def objects(self) -> tuple[Digest, ...]:
        """Return the names of all objects the fragment consists of."""
        named = (self.table, self.row_digests, self.deleted, self.row_ids)
        return tuple(name for name in named if name is not None)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An immutable version of a table; ``digest`` depends on schema and rows alone.

    The same rows in another order, in other fragments or written by another version of a
    library have the same ``id`` and ``digest``.
    """

    id: str
    digest: Digest
    columns: tuple[Column, ...]
    rows: int
    key: str | None
    fragments: tuple[Fragment, ...]
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """The rule that gives each row its part; assignment is recomputed from it, never stored.

    ``method`` is ``hash`` (a keyed hash of the row's unit), ``time`` (rows from
    ``validation_start`` on are validation, from ``test_start`` on test) or ``nested`` (too few
    rows for a sealed part: repeated nested cross-validation, all rows are ``train``).
    """

    method: str
    seed: int
    unit: str | None
    time: str | None
    validation_start: str | None
    test_start: str | None
    counts: Mapping[str, int]
    why: str


class Semantic(str, Enum):
    """What the cells of a column mean, beyond the kind of value they hold."""

    ID = "id"
    EMAIL = "e-mail"
    WEB_ADDRESS = "web address"
    PHONE = "phone number"
    DATE = "date"
    MOMENT = "moment"
    CURRENCY = "currency"
    PERCENTAGE = "percentage"
    NUMBER = "number"
    TRUTH = "truth value"
    CATEGORY = "category"
    CODE = "code"
    TEXT = "text"
    FREE_TEXT = "free text"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column described, from the rows outside the sealed test part.

    ``semantic`` is what the cells mean; None in profiles made before meanings were told.
    ``spellings`` are texts that stand for missing cells, with how often each does. ``edges`` are
    the limits of a histogram's bars, and ``bars`` how many cells lie in each.
    """

    name: str
    kind: Kind
    rows: int
    nulls: int
    distinct: int
    low: Scalar | None
    high: Scalar | None
    mean: float | None
    deviation: float | None
    quantiles: tuple[float, ...]
    top: tuple[tuple[str, int], ...]
    semantic: Semantic | None = None
    spellings: tuple[tuple[str, int], ...] = ()
    skew: float | None = None
    edges: tuple[Scalar, ...] = ()
    bars: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """A table described, column by column."""

    rows: int
    columns: tuple[ColumnProfile, ...]


class Breach(str, Enum):
    """How a cell broke what its contract promises."""

    UNSEEN = "unseen"
    OUT_OF_RANGE = "out-of-range"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class FeatureContract:
    """What a column promises: told from training rows, or stated; serving flags what breaks it.

    ``categories`` are the values of a set: texts, or numbers for a column of numbers.
    """

    name: str
    kind: Kind
    nullable: bool
    low: Scalar | None
    high: Scalar | None
    categories: tuple[Scalar, ...] | None


@dataclass(frozen=True, slots=True)
class Contract:
    """The promises of a table's feature columns, and the same as rules of the checks grammar.

    A rule may begin with what becomes of a cell that breaks it: ``clip: age in [17, 90]``.
    """

    features: tuple[FeatureContract, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """A contract of before, and the keys of the lines in it that a person had written."""

    contract: Contract
    stated: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a contract is made of beside a profile: lines a person wrote, and what was agreed."""

    stated: tuple[tuple[str, str], ...]
    before: Agreement | None


@dataclass(frozen=True, slots=True)
class KindChange:
    """A column of two snapshots that holds another kind of value in the later one."""

    column: str
    first: Kind
    second: Kind


@dataclass(frozen=True, slots=True)
class Shift:
    """How the cells of a column that came differ from those that went, or from all before.

    ``gone`` and ``came`` count cells that only one snapshot has; ``against`` says what those that
    came were compared with. ``effect`` lies between 0 and 1: the largest step between two
    distributions of numbers, or the share of rows in another category. ``chance`` is that of such a
    difference by luck, ``real`` whether it stands when all columns were looked at. Where there
    are too few cells to say, all three are None and ``words`` says so.
    """

    column: str
    gone: int
    came: int
    against: str | None
    statistic: str | None
    effect: float | None
    chance: float | None
    real: bool | None
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """What differs between two snapshots.

    ``added``, ``removed`` and ``changed`` count rows; ``cells`` maps a column both have to the
    number of its cells that differ in changed rows.
    """

    added: int
    removed: int
    changed: int
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    kinds: tuple[KindChange, ...]
    cells: Mapping[str, int]
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class Loss:
    """A column that a file format cannot hold as it is, and what becomes of it."""

    column: str
    why: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is probably wrong: the rule that found it, and where.

    ``row`` is a row id; None for what is said of a whole column, ``column`` None for what is said
    of a whole row or table. ``place`` is the row's number in the file that was read, from 1
    without the header; None for rows of a data version, which have no order of their own.
    ``meant`` is what probably should stand there; None where no rule can tell.
    """

    check: str
    column: str | None
    row: str | None
    value: Scalar | None
    why: str
    place: int | None = None
    meant: Scalar | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found in one column: how many rows, and the first of them as faults.

    ``rows`` is 0 where the finding is about the column and not about single rows.
    """

    check: str
    column: str | None
    rows: int
    why: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Screening:
    """A table looked through by every rule of the catalogue.

    ``sealed`` rows were judged by what the others showed; ``faulty`` rows have one fault or more.
    ``checks`` are the rules that were asked; ``profile`` describes the rows that taught, if asked.
    """

    rows: int
    columns: int
    sealed: int
    faulty: int
    checks: tuple[str, ...]
    findings: tuple[Finding, ...]
    profile: Profile | None = None

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Return every fault that was kept, in the order of the catalogue."""
        return tuple(fault for finding in self.findings for fault in finding.faults)
