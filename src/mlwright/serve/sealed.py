"""Sealed segments: Parquet files that never change, read only as the log says they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TypeVar

import polars as pl

from mlwright.core.digest import Digest, digest_bytes, digest_file
from mlwright.core.errors import BrokenError, MlwrightError, RefusedError
from mlwright.core.files import write_durably
from mlwright.core.records import dump, load
from mlwright.core.seam import Seam
from mlwright.serve import commitments
from mlwright.serve.clock import written_time
from mlwright.serve.records import Durability, NewLabel, NewRecord, Seal, Sealed, Segment
from mlwright.serve.segments import sealed_folder

FORMAT = 1

Schema = Mapping[str, type[pl.DataType]]
Kept = TypeVar("Kept", NewRecord, NewLabel)

_FORMAT_KEY = "mlwright.format"
_SAID_KEY = "mlwright.segment"

_RECORD: Schema = {
    "first": pl.Int64,
    "rows": pl.Int64,
    "random": pl.Binary,
    "time": pl.Int64,
    "endpoint": pl.String,
    "ref": pl.String,
    "model": pl.String,
    "role": pl.String,
    "body": pl.Binary,
    "answers": pl.Binary,
    "flags": pl.Binary,
}
_LABEL: Schema = {
    "first": pl.Int64,
    "random": pl.Binary,
    "time": pl.Int64,
    "prediction": pl.String,
    "endpoint": pl.String,
    "key": pl.String,
    "value": pl.Binary,
}
_PROOF: Schema = {"salt": pl.Binary, "commitment": pl.Binary}
_GROUP = 4096  # rows read at once
_FAULTS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a file says of itself beside its rows."""

    number: int
    durability: Durability
    policy: Mapping[str, str]
    environment: Mapping[str, str]
    times: tuple[int, int]
    counts: Mapping[str, int]


def write(
    records: Path,
    segment: Segment,
    requests: Iterator[NewRecord],
    labels: Iterator[NewLabel],
    seam: Seam,
) -> Sealed | None:
    """Write a segment's two files durably and return what the log says of it.

    Files that an interrupted sealing left are replaced. None when there is nothing to write.
    """
    asked, of_asked = _table(requests, _RECORD, commitments.of_record, seam)
    told, of_told = _table(labels, _LABEL, commitments.of_label, seam)
    if asked.is_empty() and told.is_empty():
        return None
    said = _Said(
        number=segment.number,
        durability=segment.durability,
        policy=segment.policy,
        environment=segment.environment,
        times=_times(asked),
        counts=_rows_by(asked, "model"),
    )
    about = {_FORMAT_KEY: str(FORMAT), _SAID_KEY: dump(said).decode()}
    files = {}
    for path, table in (
        (records_file(records, segment.number), asked),
        (labels_file(records, segment.number), told),
    ):
        content = BytesIO()
        table.write_parquet(content, compression="zstd", row_group_size=_GROUP, metadata=about)
        write_durably(path, content.getvalue(), staging=records / "staging")
        files[path.name] = digest_bytes(content.getbuffer())
    first, last = _times(pl.concat([asked.select("time"), told.select("time")]))
    return Sealed(
        number=segment.number,
        records=asked.height,
        predictions=int(asked["rows"].sum()),
        labels=told.height,
        first=written_time(first),
        last=written_time(last),
        refs=_rows_by(asked, "ref"),
        models=said.counts,
        durability=segment.durability,
        policy=segment.policy,
        environment=segment.environment,
        root=commitments.root(commitments.of_segment(segment), of_asked, of_told),
        files=files,
    )


class SealedReader:
    """A sealed segment; what is read of it is held against what the log says.

    What it says of itself in short (:meth:`times`, :meth:`counts`) is taken as it stands.
    """

    def __init__(self, records: Path, number: int, seal: Seal) -> None:
        self._records = records_file(records, number)
        self._labels = labels_file(records, number)
        self._seal = seal
        try:
            self._said = _said(self._records)
        except MlwrightError:
            self._require_whole(self._records)  # a damaged file first of all is that
            raise
        self._segment = Segment(
            number=self._said.number,
            durability=self._said.durability,
            policy=self._said.policy,
            environment=self._said.environment,
            sealed=True,
            root=seal.root,
            event=seal.event,
        )

    def about(self) -> Segment:
        """Return what the segment says of itself."""
        return self._segment

    def records(self, first: int, last: int) -> Iterator[NewRecord]:
        """Yield the records with a row whose sequence is from ``first`` to ``last``, in order.

        Raises
        ------
        BrokenError
            ``segment-broken`` when one is not what the log's root was made of.
        """
        self._require_root()
        wanted = (pl.col("first") <= last) & (pl.col("first") + pl.col("rows") > first)
        found = pl.scan_parquet(self._records).filter(wanted).collect()
        for *row, salt, commitment in found.iter_rows():
            record = NewRecord(*row)
            if commitments.of_record(salt, record) != commitment:
                raise _broken(self._records, f"its record {record.first} was changed")
            yield record

    def newest_first(self) -> Iterator[NewRecord]:
        """Yield all records, the newest first."""
        self._require_whole(self._records)
        frame = pl.scan_parquet(self._records).select(list(_RECORD))
        end = pl.scan_parquet(self._records).select(pl.len()).collect().item()
        while end:
            start = max(end - _GROUP, 0)
            for row in frame.slice(start, end - start).collect().reverse().iter_rows():
                yield NewRecord(*row)
            end = start

    def labels(self, first: int, last: int) -> Iterator[NewLabel]:
        """Yield the labels with a sequence from ``first`` to ``last``, in order."""
        return self._checked_labels(pl.col("first").is_between(first, last))

    def labels_of(
        self, prediction: str, endpoint: str | None, key: str | None
    ) -> Iterator[NewLabel]:
        """Yield the labels of a prediction, by its id or by its endpoint and its row's key."""
        wanted = pl.col("prediction") == prediction
        if endpoint is not None and key is not None:
            wanted |= (pl.col("endpoint") == endpoint) & (pl.col("key") == key)
        return self._checked_labels(wanted)

    def times(self) -> tuple[int, int]:
        """Return the times of the oldest and the newest record; zeros when there is none."""
        return self._said.times

    def verify(self) -> tuple[Digest, int]:
        """Hold every record and label against its commitment and those against the root.

        Returns
        -------
        tuple
            The root they make, and how many there are.
        """
        records = sum(1 for _ in self.records(0, 1 << 62))
        labels = sum(1 for _ in self._checked_labels(pl.lit(value=True)))
        return self._require_root(), records + labels

    def _checked_labels(self, wanted: pl.Expr) -> Iterator[NewLabel]:
        self._require_whole(self._labels)
        found = pl.scan_parquet(self._labels).filter(wanted).collect()
        if not found.is_empty():
            self._require_root()
        for *row, salt, commitment in found.iter_rows():
            label = NewLabel(*row)
            if commitments.of_label(salt, label) != commitment:
                raise _broken(self._labels, f"its label {label.first} was changed")
            yield label

    def _require_whole(self, path: Path) -> None:
        """Refuse a file whose bytes are not those the log names, before anything reads them."""
        try:
            stat = path.stat()
        except FileNotFoundError:
            raise _broken(path, "the file is gone") from None
        found = _digest(path, stat.st_mtime_ns, stat.st_size)
        if found != self._seal.files.get(path.name):
            raise _broken(path, f"its bytes are not those {self._seal.event} names")

    def _require_root(self) -> Digest:
        self._require_whole(self._records)
        self._require_whole(self._labels)
        about = commitments.of_segment(self._segment)
        found = _root(self._records, self._labels, about, tuple(self._seal.files.values()))
        if found != self._seal.root:
            raise _broken(
                self._records, f"its root is {found}, {self._seal.event} says {self._seal.root}"
            )
        return found


def counts(records: Path, number: int) -> Mapping[str, int]:
    """Return how many rows each model answered in a sealed segment, as it says itself."""
    path = records_file(records, number)
    return _said(path).counts if path.exists() else {}


def numbers(records: Path) -> list[int]:
    """Return the numbers of the sealed segments, in order."""
    names = (path.name.partition(".")[0] for path in sealed_folder(records).glob("*.parquet"))
    return sorted({int(name) for name in names if name.isdecimal()})


def records_file(records: Path, number: int) -> Path:
    """Return where a sealed segment's records lie."""
    return sealed_folder(records) / f"{number:08d}.parquet"


def labels_file(records: Path, number: int) -> Path:
    """Return where a sealed segment's labels lie."""
    return sealed_folder(records) / f"{number:08d}.labels.parquet"


# A server asks the same segments again and again; one that changed has another time or size.
@lru_cache(maxsize=1024)
def _digest(path: Path, modified: int, size: int) -> Digest:  # noqa: ARG001 - the cache's key
    return digest_file(path)


@lru_cache(maxsize=1024)
def _root(records: Path, labels: Path, segment: bytes, files: tuple[str, ...]) -> Digest:  # noqa: ARG001 - the cache's key
    of_records, of_labels = (
        pl.read_parquet(path, columns=["commitment"])["commitment"] for path in (records, labels)
    )
    return commitments.root(segment, of_records, of_labels)


def _table(
    kept: Iterator[Kept],
    columns: Schema,
    commit: Callable[[bytes, Kept], bytes],
    seam: Seam,
) -> tuple[pl.DataFrame, list[bytes]]:
    """Return records as a table with salts and commitments, and the commitments again."""
    schema: Schema = {**columns, **_PROOF}
    parts = [pl.DataFrame(schema=schema)]
    committed: list[bytes] = []
    size = commitments.SALT_BYTES
    # In portions: as Python objects, a whole segment takes several times its bytes.
    while portion := list(islice(kept, _GROUP)):
        drawn = seam.random_bytes(size * len(portion))
        salts = [drawn[at : at + size] for at in range(0, len(drawn), size)]
        proofs = [commit(salt, each) for salt, each in zip(salts, portion, strict=True)]
        cells: dict[str, object] = {
            name: [getattr(each, name) for each in portion] for name in columns
        }
        parts.append(pl.DataFrame({**cells, "salt": salts, "commitment": proofs}, schema=schema))
        committed += proofs
    return pl.concat(parts), committed


def _times(table: pl.DataFrame) -> tuple[int, int]:
    if table.is_empty():
        return 0, 0
    (found,) = table.select(pl.col("time").min().alias("a"), pl.col("time").max().alias("b")).rows()
    return found[0], found[1]


def _rows_by(table: pl.DataFrame, name: str) -> Mapping[str, int]:
    return dict(table.group_by(name).agg(pl.col("rows").sum()).sort(name).iter_rows())


def _said(path: Path) -> _Said:
    """Return what a file says of itself, from its end alone."""
    try:
        about = pl.read_parquet_metadata(path)
        if about.get(_FORMAT_KEY) == str(FORMAT):
            return load(_Said, about[_SAID_KEY].encode())
    except (*_FAULTS, KeyError, ValueError, TypeError) as error:
        raise _broken(path, f"it does not say what it is: {error}") from error
    raise RefusedError(
        "segment-format",
        f"the records in {path} are of format {about.get(_FORMAT_KEY)!r}; this version of mlwright"
        f" reads {FORMAT}",
        fix="upgrade mlwright",
        facts={"path": str(path), "format": about.get(_FORMAT_KEY)},
    )


def _broken(path: Path, what: str) -> BrokenError:
    return BrokenError(
        "segment-broken",
        f"the sealed records in {path} are not what was sealed: {what}",
        fix="keep the file as it is for inquiry and restore a copy; mlw prove audit verifies all",
        facts={"path": str(path)},
    )
