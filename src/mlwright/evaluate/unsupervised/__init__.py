"""Judging models without a target, on rows they never saw."""
