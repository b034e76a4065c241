"""The ``[serve]`` settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlwright.core.quantities import Quantity


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Where answers are given, what they wait for, and what becomes of cells out of contract."""

    log: str = field(
        default="durable",
        metadata={
            "doc": "What an answer waits for: its record synced to disk, written, or none kept.",
            "choices": ("durable", "crash-safe", "off"),
        },
    )
    host: str = field(
        default="127.0.0.1",
        metadata={"doc": "The address to listen on; 0.0.0.0 lets other machines in."},
    )
    port: int = field(
        default=7700,
        metadata={
            "doc": "The port for predictions and labels; 0 takes a free one.",
            "minimum": 0,
            "maximum": 65_535,
        },
    )
    ui_port: int = field(
        default=7701,
        metadata={
            "doc": "The port for pages; 0 takes a free one.",
            "minimum": 0,
            "maximum": 65_535,
        },
    )
    workers: int | None = field(
        default=None,
        metadata={
            "doc": "Processes that answer; when absent one a core.",
            "minimum": 1,
            "maximum": 1_024,
        },
    )
    unseen: str = field(
        default="flag",
        metadata={
            "doc": "What becomes of a value outside the set its column promises, unless its "
            "line says.",
            "choices": ("flag", "refuse"),
        },
    )
    out_of_range: str = field(
        default="flag",
        metadata={
            "doc": "What becomes of a number outside the range its column promises, unless its "
            "line says.",
            "choices": ("flag", "clip", "refuse"),
        },
    )
    null: str = field(
        default="flag",
        metadata={
            "doc": "What becomes of an empty cell where its column promises none, unless its "
            "line says.",
            "choices": ("flag", "refuse"),
        },
    )
    max_body: float = field(
        default=10e6,
        metadata={
            "doc": "The largest request that is read.",
            "quantity": Quantity.SIZE,
            "minimum": 1.0,
            "maximum": 1e9,
        },
    )
    queue: int = field(
        default=4096,
        metadata={
            "doc": "Requests a worker lets wait for their record; more are answered 429.",
            "minimum": 1,
            "maximum": 1_000_000,
        },
    )
    queue_size: float = field(
        default=64e6,
        metadata={
            "doc": "Bytes of requests a worker lets wait for their record, and of large ones it "
            "reads at once; more are answered 429.",
            "quantity": Quantity.SIZE,
            "minimum": 1.0,
            "maximum": 100e9,
        },
    )
    slow_queue: int = field(
        default=64,
        metadata={
            "doc": "Requests a worker lets wait for a model of your own, which answers in a slow "
            "process; more are answered 429.",
            "minimum": 1,
            "maximum": 100_000,
        },
    )
    timeout: float = field(
        default=30.0,
        metadata={
            "doc": "How long a request may take to arrive, and how long its answer may take.",
            "quantity": Quantity.DURATION,
            "minimum": 0.1,
            "maximum": 86_400.0,
        },
    )
    drain: float = field(
        default=10.0,
        metadata={
            "doc": "How long requests in flight may take to end when serving is stopped.",
            "quantity": Quantity.DURATION,
            "minimum": 0.0,
            "maximum": 86_400.0,
        },
    )
    seal_after: float = field(
        default=3600.0,
        metadata={
            "doc": "How old a segment of records grows before it is sealed into the log.",
            "quantity": Quantity.DURATION,
            "minimum": 1.0,
            "maximum": 31_557_600.0,
        },
    )
    seal_rows: int = field(
        default=1_000_000,
        metadata={
            "doc": "How many rows a segment of records holds before it is sealed; under 4 million.",
            "minimum": 1,
            "maximum": 3_999_999,
        },
    )
