"""The ``[run]`` and ``[environment]`` settings."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class EnvironmentSettings:
    """What is kept of the environment a run runs in."""

    keep_wheels: bool = field(
        default=False,
        metadata={
            "doc": "Keep the packages a run uses in the project's store, so that its environment"
            " can be built again anywhere, without a network."
        },
    )


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Where the steps of a pipeline are carried out, and how a run's energy is told."""

    executor: str = field(
        default="inline",
        metadata={
            "doc": "Where the steps of a pipeline run: inline in this process, one after the other;"
            " in processes of their own, several at once; or those in a sandbox without network,"
            " with nothing to write and few files to read (bubblewrap).",
            "choices": ("inline", "processes", "sandbox"),
        },
    )
    workers: int | None = field(
        default=None,
        metadata={
            "doc": "How many steps run at once in processes or a sandbox, each with its share of"
            " the cores; as many as there are cores when absent.",
            "minimum": 1,
            "maximum": 1_024,
        },
    )
    energy: str = field(
        default="presumed",
        metadata={
            "doc": "How the energy of a build is told: presumed from the seconds of its cores and"
            " the memory it held, or by codecarbon, which reads the processor's counters where"
            " they may be read (pip install 'mlwright[codecarbon]').",
            "choices": ("presumed", "codecarbon"),
        },
    )
