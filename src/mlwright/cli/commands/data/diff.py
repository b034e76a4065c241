"""`mlw data diff`: what differs between two data versions; the same as `mlw diff`."""

from __future__ import annotations

from mlwright.cli.commands.diff import command

__all__ = ["command"]
